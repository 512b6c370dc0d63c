"""How amounts and dates are written is settled over whole columns, and by column where columns differ."""

from __future__ import annotations

from datetime import date

import pytest

from tests.uploads.test_checks import checked
from uploads.mapping.percolumn import settle_columns
from uploads.options import Options
from uploads.schemas.portfolio import PORTFOLIO

OWN = Options(currency="COP", time_zone="America/Bogota", country="CO")


def settled(**columns: list[str]) -> Options:
    return settle_columns(columns, PORTFOLIO, OWN)


def test_a_file_written_in_one_way_says_it_once() -> None:
    options = settled(
        balance_total=["1.234,50"], principal=["1.200"], due_date=["25/12/2023"], open_date=["01/02/2020"]
    )
    assert (options.decimal, options.date_order, options.by_field, options.unsettled) == (",", "dmy", {}, ())


def test_two_columns_that_prove_two_signs_are_read_each_by_its_own() -> None:
    options = settled(balance_total=["1.234,50"] * 3, principal=["1,200.75"] * 3, fees=["12"])
    assert options.by_field == {"balance_total": {"decimal": ","}, "principal": {"decimal": "."}}
    assert options.unsettled == ()
    found = checked("account_ref;balance_total;principal;fees", "A1;1.234,50;1,200.75;12", options=options)
    assert found.rows.select("balance_total", "principal", "fees").row(0) == (123_450, 120_075, 1_200)


def test_a_column_that_proves_nothing_beside_two_that_differ_is_asked() -> None:
    options = settled(balance_total=["1.234,50"] * 3, principal=["1,200.75"] * 3, fees=["1.200"])
    assert options.decimal is None
    assert "decimal" in options.unsettled


def test_a_column_that_proves_two_things_is_asked() -> None:
    assert settled(balance_total=["1.234,50", "1,234.50"]).decimal is None
    assert settled(due_date=["25/12/2023", "12/25/2023"]).date_order is None


def test_two_columns_of_dates_are_read_each_by_its_own_order() -> None:
    options = settled(due_date=["25/12/2023"] * 3, open_date=["12/25/2020"] * 3, birth_date=["1980-01-01"])
    assert options.by_field == {"due_date": {"date_order": "dmy"}, "open_date": {"date_order": "mdy"}}
    found = checked(
        "account_ref;balance_total;due_date;open_date",
        "A1;1;03/04/2023;03/04/2020",
        options=options,
    )
    assert found.rows.select("due_date", "open_date").row(0) == (date(2023, 4, 3), date(2020, 3, 4))


@pytest.mark.parametrize(
    ("cells", "numbers", "day"),
    [
        (["45231", "44000"], "serial_1900", date(2023, 11, 1)),
        (["45231.0", "44000.5"], "serial_1900", date(2023, 11, 1)),
        (["1698796800000", "1598796800000"], "epoch_ms", date(2023, 11, 1)),
        (["1698796800", "1598796800"], "epoch_s", date(2023, 11, 1)),
    ],
)
def test_a_column_of_bare_numbers_is_days_or_seconds(cells: list[str], numbers: str, day: date) -> None:
    options = settled(due_date=cells, balance_total=["1.5"])
    assert (options.by_field, options.unsettled) == ({"due_date": {"numbers": numbers}}, ())
    found = checked("account_ref;balance_total;due_date", f"A1;1;{cells[0]}", options=options)
    assert found.rows["due_date"][0] == day


def test_one_bare_number_among_dates_is_not_guessed() -> None:
    options = settled(due_date=["45231", "25/12/2023"], balance_total=["1"])
    assert options.by_field == {}
    found = checked("account_ref;balance_total;due_date", "A1;1;45231", options=options)
    assert [code for _, _, code, _ in found.errors.rows()] == ["unreadable_date"]


def test_days_since_1904_are_read_when_somebody_says_so() -> None:
    options = Options("COP", "dmy", ".", "America/Bogota", by_field={"due_date": {"numbers": "serial_1904"}})
    found = checked("account_ref;balance_total;due_date", "A1;1;43769", options=options)
    assert found.rows["due_date"][0] == date(2023, 11, 1)


def test_two_styles_in_one_column_are_both_read() -> None:
    options = settled(charge_off_date=["2/28/1997", "24-Jun-91"], balance_total=["1"])
    assert options.date_order == "mdy"
    found = checked("account_ref;balance_total;charge_off_date", "A1;1;2/28/1997", "A2;1;24-Jun-91", options=options)
    assert found.rows["charge_off_date"].to_list() == [date(1997, 2, 28), date(1991, 6, 24)]


@pytest.mark.parametrize(("order", "cell"), [("mdy", "03152013"), ("dmy", "15032013"), ("dmy", "20130315")])
def test_eight_digits_are_read_by_the_order(order: str, cell: str) -> None:
    assert settled(due_date=[cell], balance_total=["1"]).date_order == (order if cell[:2] != "20" else "ymd")
    options = Options("COP", order, ".", "UTC")
    found = checked("account_ref;balance_total;due_date", f"A1;1;{cell}", options=options)
    assert found.rows["due_date"][0] == date(2013, 3, 15)


@pytest.mark.parametrize("cell", ["202616", "202601", "2026W16", "2026-W16"])
def test_a_week_or_a_month_is_refused_with_its_reason(cell: str) -> None:
    options = Options("COP", "dmy", ".", "UTC")
    found = checked("account_ref;balance_total;due_date", f"A1;1;{cell}", options=options)
    assert [code for _, _, code, _ in found.errors.rows()] == ["week_or_month"]
