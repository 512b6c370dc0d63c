"""Dates and instants as people write them, read or refused."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from uploads.cells.dates import decisive_orders, needs_an_order, order_of, read_dates, read_instants


def read(text: str | None, order: str) -> tuple[date | None, str | None]:
    read = read_dates(pl.Series([text], dtype=pl.String), order)
    return read.value[0], read.faults[0]


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("2024-03-01", "mdy", date(2024, 3, 1)),
        ("2024/3/1", "dmy", date(2024, 3, 1)),
        ("20240305", "dmy", date(2024, 3, 5)),
        ("01/02/2024", "dmy", date(2024, 2, 1)),
        ("01/02/2024", "mdy", date(2024, 1, 2)),
        ("01.02.2024", "dmy", date(2024, 2, 1)),
        ("1-2-2024", "dmy", date(2024, 2, 1)),
        ("25/12/24", "dmy", date(2024, 12, 25)),
        ("24-03-01", "ymd", date(2024, 3, 1)),
        ("24-Jun-91", "dmy", date(1991, 6, 24)),
        ("3 de enero de 2024", "dmy", date(2024, 1, 3)),
        ("12 agosto 2023", "dmy", date(2023, 8, 12)),
        ("jul-13", "dmy", date(2013, 7, 1)),
        ("Dec-2011", "ymd", date(2011, 12, 1)),
        ("2024-03-01 00:00:00", "dmy", date(2024, 3, 1)),
        ("2024-03-01T10:00:00Z", "dmy", date(2024, 3, 1)),
        ("29/02/2024", "dmy", date(2024, 2, 29)),
    ],
)
def test_a_date_is_read(text: str, order: str, expected: date) -> None:
    assert read(text, order) == (expected, None)


@pytest.mark.parametrize(
    ("text", "order", "fault"),
    [
        ("31/02/2023", "dmy", "unreadable_date"),
        ("29/02/2023", "dmy", "unreadable_date"),
        ("mañana", "dmy", "unreadable_date"),
        ("45231", "dmy", "unreadable_date"),
        ("24", "dmy", "unreadable_date"),
        ("12/25/2024", "dmy", "date_order"),
        ("25/12/2024", "mdy", "date_order"),
        ("25/12/2024", "ymd", "date_order"),
        ("1850-01-01", "dmy", "date_out_of_range"),
        ("01/01/2150", "dmy", "date_out_of_range"),
    ],
)
def test_what_is_no_date_says_why(text: str, order: str, fault: str) -> None:
    assert read(text, order)[1] == fault


@pytest.mark.parametrize("text", ["99/99/9999", "00/00/0000", "0000-00-00", "0", None])
def test_a_placeholder_is_no_date_and_no_fault(text: str | None) -> None:
    assert read(text, "dmy") == (None, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-01 14:05", datetime(2024, 3, 1, 19, 5, tzinfo=UTC)),
        ("01/03/2024 2:05 p.m.", datetime(2024, 3, 1, 19, 5, tzinfo=UTC)),
        ("01/03/2024 12:00:01 AM", datetime(2024, 3, 1, 5, 0, 1, tzinfo=UTC)),
        ("2024-03-01T14:05:00Z", datetime(2024, 3, 1, 14, 5, tzinfo=UTC)),
        ("2024-03-01T14:05:00-05:00", datetime(2024, 3, 1, 19, 5, tzinfo=UTC)),
        ("2024-03-01", datetime(2024, 3, 1, 5, 0, tzinfo=UTC)),
    ],
)
def test_a_clock_time_is_the_senders(text: str, expected: datetime) -> None:
    read = read_instants(pl.Series([text]), "dmy", "America/Bogota")
    assert (read.value[0], read.faults[0]) == (expected, None)


def test_an_hour_that_does_not_exist_is_refused() -> None:
    read = read_instants(pl.Series(["01/03/2024 25:00", "x"]), "dmy", "America/Bogota")
    assert read.faults.to_list() == ["unreadable_date", "unreadable_date"]


@pytest.mark.parametrize(
    ("cells", "orders"),
    [
        (["25/12/2024", "01/02/2024"], {"dmy"}),
        (["12/25/2024"], {"mdy"}),
        (["25/12/2024", "12/25/2024"], {"dmy", "mdy"}),
        (["01/02/2024", "2024-12-25"], set()),
    ],
)
def test_only_numbers_above_twelve_prove_an_order(cells: list[str], orders: set[str]) -> None:
    assert set(decisive_orders(pl.Series(cells))) == orders
    assert {order for cell in cells if (order := order_of(cell))} == orders


def test_iso_dates_need_no_order() -> None:
    assert not needs_an_order(pl.Series(["2024-03-01", "24-Jun-91", "00/00/0000"])).any()
    assert needs_an_order(pl.Series(["2024-03-01", "01/02/2024", "01 02 24"])).to_list() == [False, True, True]


@given(
    st.lists(st.dates(date(1900, 1, 1), date(2099, 12, 31)), min_size=1, max_size=8),
    st.sampled_from(
        [("dmy", "%d/%m/%Y"), ("mdy", "%m/%d/%Y"), ("ymd", "%Y-%m-%d"), ("dmy", "%Y%m%d"), ("dmy", "%d.%m.%Y")]
    ),
)
def test_what_is_written_in_an_order_is_read_back(days: list[date], style: tuple[str, str]) -> None:
    order, form = style
    read = read_dates(pl.Series([day.strftime(form) for day in days]), order)
    assert read.fault is None
    assert read.value.to_list() == days


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("05/03/55", "dmy", date(1955, 3, 5)),
        ("29/02/28 00:00", "dmy", date(1928, 2, 29)),
        ("12-ago-43", "mdy", date(1943, 8, 12)),
        ("55-03-05", "ymd", date(1955, 3, 5)),
        # Of this year's days nobody knows which have come, and four digits say what they say.
        ("31/12/26", "dmy", date(2026, 12, 31)),
        ("05/03/2055", "dmy", date(2055, 3, 5)),
        ("20550305", "dmy", date(2055, 3, 5)),
        ("05/03/91", "dmy", date(1991, 3, 5)),
    ],
)
def test_two_digits_of_a_year_that_is_to_come_are_of_the_century_before(text: str, order: str, expected: date) -> None:
    column = read_dates(pl.Series([text, None, "mañana"]), order, latest=2026)
    assert column.value.to_list() == [expected, None, None]
    assert column.faults.to_list() == [None, None, "unreadable_date"]


@given(
    st.lists(
        st.dates().map(str)
        | st.sampled_from(["0024-01-02", "+12345-01-01", "01/02/2024", "31122020", "24-01-02", "0", "00/00/0000", "x"]),
        min_size=1,
        max_size=6,
    )
)
def test_a_column_is_read_as_each_of_its_dates(column: list[str]) -> None:
    def read(cells: list[str]) -> list[tuple[str | None, str | None, bool]]:
        found = read_dates(pl.Series(cells), "dmy", latest=2026)
        # A year of five digits is no date of Python.
        days = found.value.dt.to_string("%Y-%m-%d")
        return list(zip(days, found.faults, needs_an_order(pl.Series(cells)), strict=True))

    assert read(column) == [one for cell in column for one in read([cell])]
