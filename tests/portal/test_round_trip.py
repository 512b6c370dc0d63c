"""What is written in any dialect, imported and exported again is what was written; hostile text is text."""

from __future__ import annotations

import csv
import gzip
import io
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from agencies.kernel.money import exponent, major
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role
from assignments.cases.models import Case, Debtor, Portfolio
from portal.jobs import tasks
from tests import files
from tests.approving import approve, ask_for_limit
from tests.realfiles import real_folder
from tests.uploads.opened import workbook, zipped
from uploads import confirming
from uploads.models import Upload, UploadState
from uploads.options import Options
from uploads.queries import get_upload
from uploads.service import apply

HEADER = ["obligacion", "nombre", "saldo total", "fecha vencimiento"]
COLUMNS = {0: "account_ref", 1: "full_name", 2: "balance_total", 3: "due_date"}
#: Begins a cell that a spreadsheet would take for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00")
FORMATS = {"dmy": "%d/%m/%Y", "mdy": "%m-%d-%Y", "ymd": "%Y-%m-%d"}
_numbers = count(1)


@dataclass(frozen=True)
class Row:
    account: str
    name: str
    minor: int
    due: date


@dataclass(frozen=True)
class Dialect:
    container: str
    encoding: str
    delimiter: str
    quoting: int
    line_end: str
    decimal: str
    grouped: bool
    order: str
    currency: str

    @property
    def options(self) -> Options:
        if self.container == "xlsx":
            # Numbers and dates of a workbook are typed: nothing about them is open.
            return Options(self.currency, "ymd", ".", "America/Bogota")
        return Options(self.currency, self.order, self.decimal, "America/Bogota")


DIALECTS = st.builds(
    Dialect,
    container=st.sampled_from(["text", "text", "text", "zip", "gzip", "xlsx"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"]),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    decimal=st.sampled_from([",", "."]),
    grouped=st.booleans(),
    order=st.sampled_from(sorted(FORMATS)),
    currency=st.sampled_from(["COP", "CLP", "USD"]),
)
#: Letters of every encoding above, quotation marks, every separator and what begins a formula.
#: What stands for nothing, and what names a row of totals.
#: An apostrophe before what begins a formula is none of the name: some spreadsheet was kept from running it.
NOTHING = re.compile(r"total|suma|^(?:null|nan|n\W?a)$|sin informacion|no aplica|^' *[=+@-]", re.IGNORECASE)
NAME = st.text(string.ascii_letters + "áéíóúñÑü '\"=+@,;|.-", min_size=3, max_size=40).map(str.strip)
ROWS = st.lists(
    st.builds(
        Row,
        account=st.text(string.digits + string.ascii_uppercase + "-", min_size=1, max_size=12),
        name=NAME.filter(lambda name: len(re.findall("[A-Za-z]", name)) > 2 and not NOTHING.search(name)),
        minor=st.integers(100, 10**11),
        due=st.dates(date(1990, 1, 1), date(2060, 12, 31)),
    ),
    min_size=3,
    max_size=12,
    unique_by=lambda row: row.account,
)


@pytest.fixture
def browser(sign_in):
    return sign_in(Role.ANALYST)


def written(minor: int, dialect: Dialect) -> str:
    """An amount as this dialect writes it."""
    text = f"{major(minor, dialect.currency):,f}" if dialect.grouped else f"{major(minor, dialect.currency):f}"
    return text if dialect.decimal == "." else text.translate(str.maketrans(",.", ".,"))


def as_file(rows: Sequence[Row], dialect: Dialect) -> tuple[str, bytes]:
    """The rows in this dialect, and what such a file is called."""
    if dialect.container == "xlsx":
        cells = [[row.account, row.name, float(major(row.minor, dialect.currency)), row.due] for row in rows]
        return "cartera.xlsx", workbook([HEADER, *cells])
    out = io.StringIO()
    writer = csv.writer(out, delimiter=dialect.delimiter, quoting=dialect.quoting, lineterminator=dialect.line_end)
    writer.writerow(HEADER)
    for row in rows:
        writer.writerow([row.account, row.name, written(row.minor, dialect), row.due.strftime(FORMATS[dialect.order])])
    data = out.getvalue().encode(dialect.encoding)
    if dialect.container == "zip":
        return "cartera.zip", zipped({"cartera.csv": data})
    if dialect.container == "gzip":
        return "cartera.csv.gz", gzip.compress(data)
    return "cartera.csv", data


def taken_in(ports, actor, name: str, data: bytes, options: Options) -> Upload:
    """A file sent, confirmed as it is meant, checked, and its good rows applied."""
    upload_id = files.send(ports, actor, data, filename=name).upload.id
    tasks.perform_due(ports)
    with ports.session(actor) as session, transaction(session):
        if get_upload(session, actor, upload_id).state is not UploadState.RECEIVED:
            # The same columns were confirmed for another file before; this one is meant otherwise.
            confirming.reopen(session, actor, upload_id, now=ports.now())
        confirming.confirm(session, actor, upload_id, mapping=COLUMNS, options=options, now=ports.now())
    tasks.perform_due(ports)
    with ports.session(actor) as session, transaction(session):
        assert get_upload(session, actor, upload_id).state is UploadState.CHECKED
        apply(session, actor, upload_id, good_rows_only=True, now=ports.now())
    tasks.perform_due(ports)
    with ports.session(actor) as session:
        return get_upload(session, actor, upload_id)


def in_the_books(ports, actor, upload_id: int) -> set[Row]:
    """What the product holds of a file."""
    with ports.session(actor) as session:
        rows = session.execute(
            select(Case.account_ref, Debtor.name, Case.placed_minor, Case.due_on)
            .join(Debtor, (Debtor.creditor_id == Case.creditor_id) & (Debtor.id == Case.debtor_id))
            .join(Portfolio, (Portfolio.creditor_id == Case.creditor_id) & (Portfolio.id == Case.portfolio_id))
            .where(Portfolio.upload_id == upload_id)
        )
        return {Row(*row) for row in rows}


def exported(browser) -> dict[str, tuple[str, Decimal]]:
    """Account -> name and balance, as the downloaded list of cases has them; an apostrophe keeps formulas inert."""
    answer = browser.get("/cases/listing.csv")
    assert answer.status_code == 200
    rows = csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig")))
    next(rows)
    told = {}
    for row in rows:
        assert not row[0].startswith(FORMULA)
        assert not row[1].startswith(FORMULA) or re.fullmatch(r"[-+]?[\d.,' ()-]+", row[1])
        told[bare(row[0])] = (bare(row[1]), Decimal(row[10]))
    return told


def bare(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, dialect=DIALECTS)
def test_a_table_in_any_dialect_comes_out_as_it_went_in(world, browser, rows, dialect):
    lot = next(_numbers)
    rows = [Row(f"{lot:04}{row.account}", row.name, row.minor, row.due) for row in rows]
    ports, analyst = world.ports, world.actor(Role.ANALYST)
    name, data = as_file(rows, dialect)
    upload = taken_in(ports, analyst, name, data, dialect.options)
    assert (upload.state, upload.rows_applied, upload.error_counts) == (UploadState.APPLIED, len(rows), {})
    assert in_the_books(ports, analyst, upload.id) == set(rows)
    told = exported(browser)
    for row in rows:
        assert told[row.account] == (row.name, major(row.minor, dialect.currency))
    assert exponent(dialect.currency) in {0, 2}


@pytest.mark.real
@pytest.mark.parametrize("name", ["blns.txt", "csv-payload.txt"])
def test_hostile_text_is_kept_as_text_or_refused_and_never_does_anything(world, browser, name):
    path = real_folder("import-fixtures") / "strings" / name
    lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    writer.writerows([f"{number:05}", line, "1500.00", "2026-01-31"] for number, line in enumerate(lines))
    ports, analyst = world.ports, world.actor(Role.ANALYST)
    options = Options("COP", "ymd", ".", "America/Bogota")
    upload = taken_in(ports, analyst, "cadenas.csv", out.getvalue().encode(), options)
    assert upload.rows_read == len(lines) == upload.rows_applied + upload.rows_rejected
    assert set(upload.error_counts) <= {"full_name:control_character", "full_name:too_long"}
    assert upload.rows_applied > 0.9 * len(lines)
    kept = {row.account: row.name for row in in_the_books(ports, analyst, upload.id)}
    for number, line in enumerate(lines):
        told = kept.get(f"{number:05}")
        # What stands for nothing is nothing; everything else is what stood there.
        assert told is None or told == " ".join(re.split(r"[ \u00a0]*[\t\r\n]+[ \u00a0]*", line.strip()))
    # One of the files has more rows than one person takes away alone.
    more = ask_for_limit(ports, world.actor(Role.DIRECTOR), len(lines) + 1, now=ports.now())
    approve(ports, world.actor(Role.FINANCE), more, now=ports.now())
    assert set(exported(browser)) == set(kept)
    page = browser.get("/cases/").text
    assert "<script>alert" not in page
    assert browser.get("/cases/", query_string={"text": lines[0]}).status_code == 200
