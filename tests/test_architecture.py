"""The rules of the house, read from the sources: who may import whom, what lives where, what no file may do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("agencies", "uploads", "assignments", "portal")
MODULES = ("config.py", "wsgi.py")
OTHER_CODE = ("tests", "bench")
LONGEST = 350

#: Each may import what stands to its left, and nothing to its right.
ORDER = (
    "agencies.kernel",
    "agencies.organisations",
    "agencies.approvals",
    "agencies.standing",
    "agencies.applications",
    "agencies.attestations",
    "agencies.mandates",
    "agencies.scorecards",
    "agencies.webhooks",
    "uploads",
    # Whatever shows or hands out debtors' data, which is all to its right, writes that down in it.
    "assignments.reads",
    "assignments.cases",
    "assignments.contacts",
    "assignments.flags",
    "assignments.segments",
    "assignments.placements",
    "assignments.manifests",
    "assignments.locates",
    "assignments.ledger",
    "assignments.marketplace",
    "assignments.conduct",
    "assignments.matches",
    "assignments.reports",
    "assignments.indicators",
    # Whether a promise was kept is read from the payments of the reports.
    "assignments.promises",
    "assignments.inventories",
    "assignments.sla",
    "assignments.deadlines",
    "assignments.incidents",
    "assignments.subjects",
    "assignments.undoing",
    "assignments.intake",
    "assignments.recount",
    "assignments.performance",
    "assignments.comparison",
    "assignments.unfinished",
    "assignments.things",
    "assignments.houses",
    "assignments.offers",
    "assignments.today",
    "assignments.tasks",
    "config",
    "portal",
    "wsgi",
)

#: The rooms of a file's way to its rows; again, each may import what stands to its left.
ROOMS = ("uploads.schemas", "uploads.formats", "uploads.cells", "uploads.mapping", "uploads.checking")

#: Library -> the places that may import it.
HOMES = {
    "flask": ("portal/",),
    "flask_babel": ("portal/",),
    "flask_limiter": ("portal/",),
    "flask_login": ("portal/",),
    "flask_migrate": ("portal/",),
    "flask_sqlalchemy": ("portal/",),
    "jinja2": ("portal/",),
    "werkzeug": ("portal/",),
    "wtforms": ("portal/forms/",),
    "pydantic": ("portal/api/",),
    "standardwebhooks": ("agencies/webhooks/",),
    "click": ("portal/",),
    "babel": ("portal/",),
    "structlog": ("portal/",),
    "alembic": ("portal/migrations/",),
    "rq": ("portal/jobs/",),
    "redis": ("portal/jobs/",),
    "boto3": ("uploads/stores/s3.py",),
    "botocore": ("uploads/stores/s3.py",),
    "polars": ("uploads/",),
    "pyarrow": ("uploads/",),
    "python_calamine": ("uploads/formats/workbooks.py",),
    "pandas": ("uploads/reading.py", "agencies/scorecards/", "assignments/performance.py", "portal/presenters/"),
    "holidays": ("agencies/kernel/clock.py",),
    "phonenumbers": ("uploads/cells/phones.py",),
    "email_validator": ("agencies/organisations/", "uploads/cells/emails.py"),
    "argon2": ("agencies/organisations/credentials.py",),
    "pyotp": ("agencies/organisations/totp.py",),
    "webauthn": ("agencies/organisations/passkeys.py",),
    "segno": ("portal/presenters/",),
    "zxcvbn": ("agencies/organisations/credentials.py",),
    "cryptography": ("agencies/kernel/",),
    "psutil": ("portal/",),
    "clamav_client": ("portal/scanner.py",),
    "smtplib": ("portal/postbox.py",),
    "httpx": ("portal/outbound.py", "portal/openid.py"),
    "authlib": ("portal/openid.py",),
    "joserfc": ("portal/openid.py",),
    "email": ("portal/postbox.py", "portal/letters/", "portal/jobs/letters.py", "config.py"),
    "reportlab": ("portal/contracts.py",),
    "xlsxwriter": ("portal/workbooks.py", "portal/kindbooks.py", "uploads/checking/errorforms.py"),
}

#: The only places that end a transaction: one block for everybody, and the edges that use it.
COMMITS = ("portal/", "agencies/kernel/session.py")
CLOCK = "agencies/kernel/clock.py"
CLOCK_READERS = {"now", "utcnow", "today"}
CLOCK_OWNERS = {"datetime", "date", "func", "pd", "pandas", "pl"}


def place_of(module: str, order: tuple[str, ...] = ORDER) -> int | None:
    """Where a module stands in the order; None when it is not in it or is a package's own `__init__`."""
    for place, name in enumerate(order):
        if module == name or module.startswith(f"{name}."):
            return place
    return None


def module_of(path: PurePosixPath) -> str:
    """The dotted name of a file."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every module a file imports, at any depth, with its line; a leading dot marks a relative import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            yield source, node.lineno
            # `from agencies import kernel` names a module too.
            yield from ((f"{source}.{alias.name}", node.lineno) for alias in node.names)


def violations(path: PurePosixPath, source: str) -> list[str]:
    """What a file of the product does against the rules."""
    tree = ast.parse(source)
    found = [*_general(path, source, tree)]
    for name, line in imports_of(tree):
        top = name.partition(".")[0]
        for order in (ORDER, ROOMS):
            own, other = place_of(module_of(path), order), place_of(name, order)
            if own is not None and other is not None and other > own:
                found.append(f"{path}:{line} imports {name}, which stands to its right")
        if top in OTHER_CODE:
            found.append(f"{path}:{line} imports {name}, which is not part of the product")
        if top in HOMES and not str(path).startswith(HOMES[top]):
            found.append(f"{path}:{line} imports {top}, whose home is {' or '.join(HOMES[top])}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            found += _calls(path, node, node.func)
    return found


def _general(path: PurePosixPath, source: str, tree: ast.Module) -> Iterator[str]:
    if not (ast.get_docstring(tree) or "").strip():
        yield f"{path} has no module docstring"
    if len(source.splitlines()) > LONGEST and "migrations/versions" not in str(path):
        yield f"{path} is longer than {LONGEST} lines"
    for name, line in imports_of(tree):
        if name.startswith("."):
            yield f"{path}:{line} imports relatively"
    is_domain_init = path.name == "__init__.py" and path.parts[0] in PACKAGES[:3]
    if is_domain_init and (len(tree.body) != 1 or ast.get_docstring(tree) is None):
        yield f"{path} holds more than a docstring"


def _calls(path: PurePosixPath, node: ast.Call, call: ast.Attribute) -> Iterator[str]:
    if call.attr == "commit" and not str(path).startswith(COMMITS):
        yield f"{path}:{node.lineno} commits"
    owner = call.value.attr if isinstance(call.value, ast.Attribute) else getattr(call.value, "id", "")
    if call.attr in CLOCK_READERS and owner in CLOCK_OWNERS and str(path) != CLOCK:
        yield f"{path}:{node.lineno} reads the clock by itself"


def product_files() -> list[Path]:
    """Every Python file of the product."""
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    return sorted([*files, *(ROOT / name for name in MODULES)])


def test_every_file_of_the_product_keeps_the_rules() -> None:
    files = product_files()
    assert len(files) > 60
    broken = [
        violation
        for file in files
        for violation in violations(PurePosixPath(file.relative_to(ROOT)), file.read_text(encoding="utf-8"))
    ]
    assert not broken, "\n".join(broken)


def test_tests_and_benchmarks_keep_the_rules_of_form() -> None:
    broken = []
    for file in sorted(file for folder in OTHER_CODE for file in (ROOT / folder).rglob("*.py")):
        source = file.read_text(encoding="utf-8")
        broken += _general(PurePosixPath(file.relative_to(ROOT)), source, ast.parse(source))
    assert not broken, "\n".join(broken)


def test_there_is_no_other_package_at_the_top() -> None:
    folders = {file.parent.relative_to(ROOT).parts[0] for file in ROOT.glob("*/*.py")}
    assert folders <= {*PACKAGES, *OTHER_CODE}
    assert {file.name for file in ROOT.glob("*.py")} == set(MODULES)


def test_every_topic_has_its_place_in_the_order() -> None:
    topics = {
        f"{package}.{file.parent.name}"
        for package in ("agencies", "assignments")
        for file in (ROOT / package).glob("*/__init__.py")
    }
    modules = {f"assignments.{file.stem}" for file in (ROOT / "assignments").glob("*.py") if file.stem != "__init__"}
    assert topics | modules <= set(ORDER)


@pytest.mark.parametrize(
    ("path", "source", "complaint"),
    [
        ("agencies/kernel/money.py", "from agencies.organisations import models", "to its right"),
        ("assignments/cases/service.py", "import assignments.reports.service", "to its right"),
        ("uploads/service.py", "def f():\n    from portal.ports import Ports", "to its right"),
        ("agencies/mandates/service.py", "from agencies import scorecards", "to its right"),
        ("assignments/performance.py", "import assignments.today", "to its right"),
        ("config.py", "from portal import app", "to its right"),
        ("uploads/formats/blocks.py", "from uploads.checking import checks", "to its right"),
        ("uploads/service.py", "if True:\n    import flask", "whose home"),
        ("assignments/intake.py", "import pandas as pd", "whose home"),
        ("portal/views/home.py", "from rq import Queue", "whose home"),
        ("portal/views/home.py", "from wtforms import Form", "whose home"),
        ("portal/ports.py", "import boto3", "whose home"),
        ("uploads/service.py", "from tests import people", "not part of the product"),
        ("uploads/service.py", "from . import models", "relatively"),
        ("portal/views/home.py", "from .paging import after", "relatively"),
        ("uploads/service.py", "def f(session):\n    session.commit()", "commits"),
        ("uploads/service.py", "import datetime\nx = datetime.datetime.now()", "the clock"),
        ("portal/views/home.py", "from datetime import date\nx = date.today()", "the clock"),
        ("assignments/ledger/service.py", "from sqlalchemy import func\nx = func.now()", "the clock"),
        ("agencies/mandates/__init__.py", "from agencies.mandates import models", "more than a docstring"),
        ("uploads/schemas/__init__.py", "X = 1", "more than a docstring"),
        ("uploads/service.py", "\n" * 351, "longer than"),
    ],
)
def test_a_planted_violation_is_found(path: str, source: str, complaint: str) -> None:
    found = violations(PurePosixPath(path), f'"""Planted."""\n{source}\n')
    assert len(found) >= 1
    assert all(complaint in one for one in found), found


def test_a_missing_docstring_is_found() -> None:
    assert violations(PurePosixPath("uploads/service.py"), "X = 1\n") == ["uploads/service.py has no module docstring"]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("portal/jobs/queues.py", "from redis import Redis\nfrom assignments.today import list_waiting"),
        ("agencies/kernel/clock.py", "from datetime import UTC, datetime\nx = datetime.now(UTC)"),
        ("agencies/kernel/session.py", "def f(session):\n    session.commit()"),
        ("portal/migrations/versions/0001_x.py", "\n" * 900),
        ("assignments/reports/service.py", "from assignments.ledger import service\nfrom uploads.rows import Loaded"),
    ],
)
def test_what_is_allowed_is_not_complained_about(path: str, source: str) -> None:
    assert violations(PurePosixPath(path), f'"""Fine."""\n{source}\n') == []


def named_templates() -> Iterator[str]:
    """The files of templates that the portal's sources name."""
    for path in (ROOT / "portal").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(".html"):
                yield node.value


def test_every_template_that_is_named_is_there():
    named = set(named_templates())

    assert len(named) > 50
    assert {name for name in named if not (ROOT / "portal" / "templates" / name).is_file()} == set()
