"""SQL is put together from our own words only: what people send goes to the database as parameters."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("agencies", "uploads", "assignments", "portal")
#: Functions that put a statement together, each of words that stand in the same file or in the one it names: columns
#: by side, conditions by kind of question. Read the function before it is added here.
KNOWN = {
    "assignments/performance.py": {"differing", "rebuild"},
    "assignments/reports/recovery.py": {"worked_by_activities", "worked_by_activity"},
    "assignments/reports/service.py": {"_screen"},
    "assignments/sla/cases.py": {"cases_of"},
    "assignments/sla/queries.py": {"_of_cases", "obligations"},
    "assignments/subjects/tombstones.py": {"refuse_erased"},
    "portal/migrations/first_sealing.py": {"_each"},
    "portal/ports.py": {"check_login"},
    "portal/rotation.py": {"_seal_anew", "count_older"},
    "portal/views/health.py": {"ready"},
}


def put_together(tree: ast.Module) -> Iterator[str]:
    """The functions that give `text` anything but words written down."""
    for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"text", "sa.text", "sqlalchemy.text"}:
                given = node.args[0]
                is_constant = isinstance(given, ast.Constant) or (isinstance(given, ast.Name) and given.id.isupper())
                if isinstance(given, ast.JoinedStr | ast.BinOp) or (isinstance(given, ast.Call) and not is_constant):
                    yield function.name


def test_statements_are_put_together_in_these_places_only():
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations/versions" not in str(path) and "stack" not in path.parts:
                for name in put_together(ast.parse(path.read_text())):
                    found.setdefault(str(path.relative_to(ROOT)), set()).add(name)

    assert found == KNOWN


def test_a_statement_put_together_from_input_would_be_found():
    planted = 'def find(session, name):\n    return session.scalar(text(f"select 1 from users where name = {name}"))'

    assert list(put_together(ast.parse(planted))) == ["find"]
