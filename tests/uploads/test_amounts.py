"""Amounts as people write them, read to the cent or refused."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.kernel.money import EXPONENT
from uploads.cells.amounts import read_amounts


def read(text: str | None, decimal: str, currency: str = "COP") -> tuple[int | None, str | None]:
    read = read_amounts(pl.Series([text], dtype=pl.String), decimal, pl.Series([currency]), EXPONENT)
    return read.value[0], read.faults[0]


@pytest.mark.parametrize(
    ("text", "decimal", "minor"),
    [
        ("60000", ",", 6_000_000),
        ("0", ".", 0),
        ("1.234.567,89", ",", 123_456_789),
        ("1234567,8", ",", 123_456_780),
        ("1,234,567.89", ".", 123_456_789),
        ("1 234,00", ",", 123_400),
        ("1\u00a0234,00", ",", 123_400),
        ("1'234.50", ".", 123_450),
        ("$ 2341172480", ",", 234_117_248_000),
        ("$7,475,467,218", ".", 747_546_721_800),
        ("COP 5", ",", 500),
        ("5 COP", ",", 500),
        ("(1.234)", ",", -123_400),
        ("133,55-", ",", -13_355),
        ("$-5", ",", -500),
        ("- 5", ",", -500),
        ("+5", ",", 500),
        ("12.5000", ".", 1_250),
        ("999999999999999", ".", 99_999_999_999_999_900),
    ],
)
def test_an_amount_is_read_to_the_cent(text: str, decimal: str, minor: int) -> None:
    assert read(text, decimal) == (minor, None)


@pytest.mark.parametrize(
    ("text", "decimal", "fault"),
    [
        ("", ",", "unreadable_amount"),
        ("abc", ",", "unreadable_amount"),
        ("١٢", ",", "unreadable_amount"),
        ("8.6E+08", ".", "unreadable_amount"),
        ("1234.56", ",", "unreadable_amount"),
        ("1.23.456", ",", "unreadable_amount"),
        ("1,2,3", ".", "unreadable_amount"),
        ("USD 5", ",", "unreadable_amount"),
        ("-5-", ",", "unreadable_amount"),
        ("(5", ",", "unreadable_amount"),
        ("1.500", ".", "too_many_decimals"),
        ("1,500", ",", "too_many_decimals"),
        ("12.345", ".", "too_many_decimals"),
        ("117.0800000000000001", ".", "too_many_decimals"),
        ("9999999999999999", ".", "amount_too_large"),
        ("9" * 30, ".", "amount_too_large"),
    ],
)
def test_an_amount_that_could_be_misread_is_refused(text: str, decimal: str, fault: str) -> None:
    assert read(text, decimal)[1] == fault


def test_a_currency_without_cents_takes_no_decimals() -> None:
    assert read("1.500", ",", "CLP") == (1_500, None)
    assert read("1500,00", ",", "CLP") == (1_500, None)
    assert read("1500,50", ",", "CLP")[1] == "too_many_decimals"


def test_each_row_is_read_in_its_own_currency() -> None:
    read = read_amounts(pl.Series(["10,5", "10"]), ",", pl.Series(["COP", "CLP"]), EXPONENT)
    assert read.value.to_list() == [1_050, 10]
    assert read.fault is None


def test_a_missing_amount_is_no_fault_here() -> None:
    assert read(None, ",") == (None, None)


@given(
    st.lists(st.integers(-(10**17), 10**17), min_size=1, max_size=8),
    st.sampled_from([",", "."]),
    st.booleans(),
    st.sampled_from(["", "$", "COP "]),
)
def test_what_is_written_in_a_format_is_read_back_to_the_cent(
    cents: list[int], decimal: str, is_grouped: bool, symbol: str
) -> None:
    group = "." if decimal == "," else ","

    def written(minor: int) -> str:
        whole = f"{abs(minor) // 100:,}" if is_grouped else str(abs(minor) // 100)
        sign = "-" if minor < 0 else ""
        return f"{symbol}{sign}{whole.replace(',', group)}{decimal}{abs(minor) % 100:02d}"

    cents = [minor for minor in cents if abs(minor) < 10**17] or [0]
    text = pl.Series([written(minor) for minor in cents])
    read = read_amounts(text, decimal, pl.Series(["COP"] * len(cents)), EXPONENT)
    assert read.fault is None
    assert read.value.to_list() == cents


@given(
    st.lists(st.none() | st.from_regex(r"\A[0-9٣]{1,15}([.,][0-9٣]{1,2})?\Z"), min_size=1, max_size=6),
    st.sampled_from([",", "."]),
    st.sampled_from(["COP", "CLP", "XXX", ""]),
)
def test_a_column_of_one_currency_is_read_as_beside_another(
    cells: list[str | None], decimal: str, currency: str
) -> None:
    def read(cells: list[str | None], currencies: list[str]) -> list[tuple[int | None, str | None]]:
        found = read_amounts(pl.Series(cells, dtype=pl.String), decimal, pl.Series(currencies), EXPONENT)
        return list(zip(found.value, found.faults, strict=True))

    alone = read(cells, [currency] * len(cells))
    assert alone == read([*cells, "1"], [*[currency] * len(cells), "BRL"])[:-1]
