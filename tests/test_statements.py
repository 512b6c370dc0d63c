"""SQL is put together from our own words only: what people send goes to the database as parameters."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("agencies", "uploads", "assignments", "portal")
#: What gives words to the database as they are.
AS_IT_IS = {"text", "exec_driver_sql", "literal_column"}
#: What gives a driver's cursor its words, which its own means compose.
CURSORS = {"execute", "executemany", "copy", "copy_expert"}
_WHOLE = "<module>"
_CHECKS = "runs the statements of a table of constants in the same file"
_GIVEN = "takes its statement from functions of the same package, which name constants"
_SIDE = "the columns of the reader's side, from constants"
_CATALOGUE = "names of tables and columns from constants"
#: Functions that give a statement which does not stand there as it is, each with where its words come from. Read the
#: function, and whoever calls it, before it is added here.
KNOWN = {
    "assignments/conduct/service.py": {_WHOLE: "one statement with three conditions, all written there"},
    "assignments/ledger/statements.py": {"verify": _CHECKS},
    "assignments/performance.py": {"rebuild": _CATALOGUE, "differing": _CATALOGUE},
    "assignments/placements/holding.py": {
        _WHOLE: "where a placement stands, as a constant of the table of moves",
        "active_by_upload": "conditions written there; its callers name the table of what was reported",
        "active_by_activity": "a condition written there",
    },
    "assignments/placements/recall_moves.py": {_WHOLE: "where a placement stands, as a constant of the table of moves"},
    "assignments/reports/crediting.py": {"_found": _GIVEN},
    "assignments/reports/recovery.py": {
        "worked_by_activities": "a condition written there",
        "worked_by_activity": "a condition written there",
    },
    "assignments/reports/service.py": {"_remark": _GIVEN, "_screen": _GIVEN, "_add": _GIVEN},
    "assignments/sla/cases.py": {"cases_of": "conditions by kind of question, from constants"},
    "assignments/sla/idle.py": {"idle_watch": _SIDE, "idle_cases": _SIDE},
    "assignments/sla/queries.py": {"obligations": _SIDE, "_of_cases": _SIDE},
    "assignments/subjects/dossier.py": {"gather": _CHECKS},
    "assignments/subjects/tombstones.py": {"refuse_erased": "two constants behind each other"},
    "portal/dossiers.py": {"_add": "no statement: a file on its way into an archive"},
    "portal/invariants.py": {"_found": _CHECKS},
    "portal/keeping.py": {"_named_by": _CHECKS},
    "portal/migrations/first_sealing.py": {"_each": _CATALOGUE},
    "portal/ports.py": {"check_login": "a constant within words written there"},
    "portal/rotation.py": {"count_older": _CATALOGUE, "_older": _CATALOGUE, "_seal_anew": _CATALOGUE},
    "portal/views/health.py": {"ready": "a constant within words written there"},
}


def put_together(tree: ast.Module) -> set[str]:
    """The functions that give the database anything but words written down or a constant of a module."""
    return set(_in(tree, _WHOLE, _names(tree)))


def _names(tree: ast.Module) -> dict[str, str]:
    """What the functions of SQLAlchemy are called here: this name -> its own."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
            found |= {one.asname or one.name: one.name for one in node.names if one.name in AS_IT_IS}
    return found


def _in(node: ast.AST, function: str, names: dict[str, str]) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        inside = child.name if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else function
        if isinstance(child, ast.Call) and not _is_written(child, names):
            yield inside
        yield from _in(child, inside, names)


def _is_written(call: ast.Call, names: dict[str, str]) -> bool:
    called, is_method = call.func, isinstance(call.func, ast.Attribute)
    name = called.attr if isinstance(called, ast.Attribute) else names.get(getattr(called, "id", ""), "")
    given = call.args[0] if call.args else next((one.value for one in call.keywords if one.arg == "text"), None)
    if name in AS_IT_IS:
        return isinstance(given, ast.Constant) or (
            isinstance(given, ast.Name | ast.Attribute) and ast.unparse(given).rpartition(".")[2].isupper()
        )
    # What a cursor is given is composed by the driver's own means, or stands there.
    is_formatted = isinstance(given, ast.Call) and ast.unparse(given.func).endswith("'.format")
    return not (is_method and name in CURSORS and (isinstance(given, ast.JoinedStr | ast.BinOp) or is_formatted))


def test_statements_are_put_together_in_these_places_only():
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations/versions" in str(path) or "stack" in path.parts:
                continue
            if functions := put_together(ast.parse(path.read_text())):
                found[str(path.relative_to(ROOT))] = functions

    assert found == {path: set(functions) for path, functions in KNOWN.items()}


@pytest.mark.parametrize(
    "planted",
    [
        'return session.scalar(text(f"select 1 from users where name = {name}"))',
        'statement = f"select 1 from users where name = {name}"; return session.scalar(text(statement))',
        'return session.scalar(text("select 1 from users where name = " + name))',
        'return session.scalar(text("select 1 from users where name = {}".format(name)))',
        'return session.scalar(text(text=f"select {name}"))',
        'return session.scalar(sqlalchemy.text(f"select {name}"))',
        'return session.scalar(words(f"select {name}"))',
        'return session.connection().exec_driver_sql(f"select {name}")',
        'return session.connection().exec_driver_sql("select " + name)',
        'return session.scalars(select(User).order_by(literal_column(f"{name}")))',
        "return session.scalars(select(User).order_by(sa.literal_column(name)))",
        'return lambda: session.scalar(text(f"select {name}"))',
        'return session.connection().connection.cursor().execute(f"select {name}")',
        "return session.connection().connection.cursor().execute('select {}'.format(name))",
        'return session.connection().connection.cursor().copy("copy (" + name + ") to stdout")',
    ],
)
def test_a_statement_put_together_from_input_would_be_found(planted):
    beginning = "from sqlalchemy import literal_column, text, text as words\ndef find(session, name):\n    "

    assert put_together(ast.parse(beginning + planted)) == {"find"}


def test_a_statement_put_together_outside_of_functions_would_be_found():
    assert put_together(ast.parse("from sqlalchemy import text\nFIND = text(f'select {NAME}')")) == {"<module>"}
    planted = "from sqlalchemy import text\nclass Finds:\n    by = lambda name: text(f'select {name}')"
    assert put_together(ast.parse(planted)) == {"<module>"}


def test_what_is_written_down_is_left_alone():
    written = "from sqlalchemy import text\nimport words\ndef find(session):\n"
    for said in ("text('select 1')", "text(FIND)", "text(words.FIND)", "session.execute(text(FIND), {'a': 1})"):
        assert put_together(ast.parse(f"{written}    return {said}")) == set()
