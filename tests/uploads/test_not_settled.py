"""Nothing is read by an option that only a few cells, or none, have proved: it is asked, or told where it stands."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Role
from portal.ports import Ports
from tests import files
from tests.people import World
from tests.uploads.test_checks import checked
from uploads import confirming
from uploads.mapping.evidence import settle_currency
from uploads.mapping.percolumn import settle_columns
from uploads.models import UploadState
from uploads.options import Options
from uploads.reading import sniff
from uploads.schemas.portfolio import PORTFOLIO

OWN = Options(currency="COP", time_zone="America/Bogota", country="CO")
NAMES = "account_ref;balance_total;due_date"
HEADER = "obligacion;nombre;saldo total;fecha vencimiento\n"
#: What a sample of 41 rows says of the file: nothing.
SILENT = "".join(f"A{number};Peña Ñandú;{number}00;\n" for number in range(1, 42))
SPEAKING = "".join(f"B{number};Peña Ñandú;298,500;05/03/24\n" for number in range(3000))


def settled(**columns: list[str]) -> Options:
    return settle_columns(columns, PORTFOLIO, OWN)


def codes(*rows: str, options: Options, names: str = NAMES) -> list[tuple[str, str]]:
    return [(field, code) for _, field, code, _ in checked(names, *rows, options=options).errors.rows()]


@pytest.fixture
def analyst(ports: Ports) -> Actor:
    return World(ports).actor(Role.ANALYST)


def test_a_small_file_that_is_ambiguous_below_its_first_rows_is_asked(ports: Ports, analyst: Actor) -> None:
    upload = files.send(ports, analyst, (HEADER + SILENT + SPEAKING).encode()).upload
    with ports.session(analyst) as session:
        assert set(confirming.proposal(session, analyst, upload.id).questions) == {"date_order", "decimal"}
    with pytest.raises(confirming.OptionNotSettled):
        files.confirm(ports, analyst, upload.id)


@pytest.mark.parametrize("size", [2_000, 60_000])
def test_proofs_below_the_first_rows_are_found_in_a_file_of_any_size(size: int) -> None:
    rows = "".join(f"B{number};{number}\n" for number in range(size - 3)) + "C;1.298,50\n" * 3
    found = sniff(io.BytesIO(("id;saldo\n" + rows).encode()))
    if size < 10_000:
        assert [row[1] for row in found.sample[-3:]] == ["1.298,50"] * 3
    assert settled(balance_total=[row[1] for row in found.sample]).decimal == ("," if size < 10_000 else ".")


def test_what_was_only_looked_at_keeps_no_names() -> None:
    found = sniff(io.BytesIO((HEADER + SILENT + SPEAKING).encode()))
    assert len(found.sample) < 500
    assert sum(bool(row[1]) for row in found.sample) < 200
    assert {row[2] for row in found.sample if not row[1]} <= {"", "298,500"}


def test_a_broken_quotation_mark_hides_only_what_stands_near_it() -> None:
    broken = 'X;"Peña;1;\n'
    found = sniff(io.BytesIO((HEADER + SILENT + broken + SPEAKING).encode()))
    assert any(row[3] == "05/03/24" for row in found.sample)


@pytest.mark.parametrize("cell", ["05/03/24", "05/03/2024", "25/12/2023", "05 03 24", "01022024"])
def test_a_date_whose_order_nobody_said_is_not_read_by_a_default(cell: str) -> None:
    options = settled(due_date=["2024-01-01", "24-Jun-91", ""], balance_total=["1"])
    assert options.assumed == ("date_order", "decimal")
    assert codes(f"A1;1;{cell}", "A2;1;2024-01-01", "A3;1;00/00/0000", options=options) == [("due_date", "not_settled")]
    assert codes("A1;1;05/03/24", options=options.or_else(OWN)) == [("due_date", "not_settled")]
    assert codes("A1;1;05/03/24", options=Options(date_order="dmy").or_else(options)) == []


@pytest.mark.parametrize("cell", ["298,500", "298.500", "298,50", "1.298,50"])
def test_an_amount_whose_sign_nobody_said_is_not_read_by_a_default(cell: str) -> None:
    options = settled(balance_total=["100", "200"])
    assert codes(f"A1;{cell};", "A2;300;", "A3;1,298.50;", "A4;12.5;", options=options) == [
        ("balance_total", "not_settled")
    ]
    said = Options(decimal=",").or_else(options)
    assert ("decimal" in said.assumed, codes("A1;1.298,50;", options=said)) == (False, [])


def test_the_currency_sign_of_the_sol_and_words_for_nothing_prove_no_decimal_sign() -> None:
    assert settled(balance_total=["S/. 200", "N.A."]).assumed == ("date_order", "decimal")


def test_what_was_assumed_is_not_remembered_as_said(ports: Ports, analyst: Actor) -> None:
    first = files.send(ports, analyst, (HEADER + SILENT).encode()).upload
    done = files.check(ports, analyst, files.confirm(ports, analyst, first.id).id)
    assert (done.state, Options.from_dict(done.options).assumed) == (UploadState.CHECKED, ("date_order", "decimal"))
    second = files.send(ports, analyst, (HEADER + SPEAKING).encode()).upload
    with ports.session(analyst) as session:
        proposed = confirming.proposal(session, analyst, second.id)
    assert (proposed.is_remembered, set(proposed.questions)) == (True, {"date_order", "decimal"})


def test_one_typing_error_turns_no_column() -> None:
    due = ["05/03/2024"] * 30 + ["02/13/2024"]
    options = settled(birth_date=["25/12/1980"] * 30, due_date=due)
    assert (options.date_order, options.by_field) == (None, {})
    # Nor a whole file, where nothing else proves anything.
    assert settled(due_date=due).date_order is None
    assert settled(balance_total=["298,500"] * 30 + ["12,5"]).decimal is None


def test_three_proofs_among_very_many_are_too_few_to_differ() -> None:
    options = settled(birth_date=["25/12/1980"] * 30, due_date=["05/03/2024"] * 40 + ["02/13/2024"] * 3)
    assert (options.date_order, options.by_field) == (None, {})


def test_what_is_said_of_the_file_holds_for_columns_that_prove_something_else() -> None:
    options = settled(
        birth_date=["25/12/1980"] * 5, due_date=["12/25/2023"] * 5, balance_total=["1,5"] * 5, fees=["1.5"] * 5
    )
    assert options.by_field["due_date"] == {"date_order": "mdy"}
    said = Options(date_order="dmy").or_else(options)
    assert said.by_field == {"balance_total": {"decimal": ","}, "fees": {"decimal": "."}}
    assert codes("A1;1;12/25/2023", options=said) == [("due_date", "date_order")]
    # What nobody touches stays with its columns.
    assert Options(currency="USD").or_else(options).by_field == options.by_field


def test_what_is_said_of_the_file_is_what_the_check_reads_by(ports: Ports, analyst: Actor) -> None:
    rows = "".join(f"A{number};25/12/1980;12/2{number}/2023;1,5\n" for number in range(5))
    data = ("obligacion;fecha nacimiento;fecha vencimiento;saldo total\n" + rows).encode()
    upload = files.send(ports, analyst, data).upload
    confirmed = files.confirm(ports, analyst, upload.id, options=Options(date_order="dmy"))
    assert Options.from_dict(confirmed.options).by_field == {}
    done = files.check(ports, analyst, upload.id)
    assert done.error_counts == {"due_date:date_order": 5}


@pytest.mark.parametrize(
    ("cells", "currency", "is_assumed"),
    [
        (["USD", "USD", "", "COP"], "COP", False),
        (["USD", "EUR", "USD", ""], "COP", False),
        (["USD", "", "USD"], "USD", True),
        (["USD", "$"], "COP", False),
        (["", ""], "COP", False),
    ],
)
def test_rows_without_a_currency_never_take_the_most_frequent_one(
    cells: list[str], currency: str, is_assumed: bool
) -> None:
    assert settle_currency(cells, "COP") == (currency, is_assumed)


def test_a_row_without_a_currency_among_foreign_ones_is_told_until_somebody_says_it() -> None:
    options = replace(settled(balance_total=["1"]), currency="USD", assumed=("currency",))
    names = "account_ref;balance_total;currency"
    rows = ("A1;1;USD", "A2;1;", "A3;1;COP", "A4;1;$")
    assert codes(*rows, names=names, options=options) == [("currency", "not_settled")] * 2
    said = Options(currency="COP").or_else(options)
    assert checked(names, *rows, options=said).rows["currency"].to_list() == ["USD", "COP", "COP", "COP"]


@pytest.mark.parametrize("sign", ["…", "a", "", " ", "/"])
def test_a_line_that_names_no_separator_we_take_is_passed_over(sign: str) -> None:
    found = sniff(io.BytesIO(f"sep={sign}\nid;saldo\nA1;1\nA2;2\n".encode()))
    assert (found.delimiter, found.header, found.data_line) == (";", ("id", "saldo"), 1)


def test_a_row_that_lacks_its_account_is_no_total_in_the_middle_of_a_file(ports: Ports, analyst: Actor) -> None:
    above = "A1;Ana;100;\nA2;Eva;200;\n"
    for below, rejected in (("A3;Luz;5;\n", 1), ("", 0)):
        upload = files.send(ports, analyst, (HEADER + above + ";;300;\n" + below).encode()).upload
        files.confirm(ports, analyst, upload.id)
        done = files.check(ports, analyst, upload.id)
        assert (done.rows_rejected, done.rows_good) == (rejected, 3 - (not rejected))
