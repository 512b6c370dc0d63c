"""Cells of the files we hand out, and pages of lists."""

from __future__ import annotations

from decimal import Decimal

import pytest

from agencies.kernel.pages import cut
from agencies.kernel.sheets import csv_bytes, inert


@pytest.mark.parametrize(
    "text",
    [
        *(
            "=1+1",
            "+1-2",
            "-cmd",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "  =1",
            "\uff1d1",
            "+57 300|cmd",
            "+573001112233; =1",
            "-1;2",
        ),
        *(
            "-1+cmd|' /C calc'!A0",
            "-1.234,56+cmd|x!A1",
            "+57 300 123 4567=A1",
            "+57 300 123 4567\n=1",
            "+57 (300) A1:B2",
        ),
        # Reckoned with: 57 less 300 less 1234567.
        *("+57-300-1234567", "+1 - 2000000", "-1-234", "-1.23.456", "-(1)", "+\uff11\uff12"),
    ],
)
def test_text_a_spreadsheet_would_run_gets_an_apostrophe(text):
    assert inert(text) == f"'{text}"


@pytest.mark.parametrize(
    "text",
    [
        *("", "Ana", "a=b", "12-34", "+573001112233", "-12.50", "+573001112233; 6011234567", "'=1"),
        *("-1.234,56", "-1,234.56", "+1.234.567", "-1 234,5", "-12'345.00", "-1\u00a0234,56"),
        *("+57 300 123 4567", "+57 (601) 123-4567", "+57(601)1234567", "+1 809-555-0100"),
    ],
)
def test_other_text_stays_as_it_is(text):
    assert inert(text) == text


def test_numbers_and_gaps_are_not_text():
    assert csv_bytes([["=1", Decimal("-5.00"), None, 7, 'a "b", c']]) == b'\'=1,-5.00,,7,"a ""b"", c"\r\n'


def test_a_page_ends_where_nothing_follows():
    assert cut([1, 2, 3], 2, lambda row: row).next_cursor == 2
    assert cut([1, 2, 3], 2, lambda row: row).rows == (1, 2)
    assert cut([1, 2], 2, lambda row: row).next_cursor is None
    assert cut([], 2, lambda row: row).rows == ()
