"""Files cut into blocks of whole records, wherever their lines and quotes stand."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uploads.formats.blocks import blocks
from uploads.formats.frames import Sheet, read

CELL = st.text(st.sampled_from('ab1 ,;"\n\r\tñé'), max_size=6)


def sheets(data: bytes, *, width: int, size: int, delimiter: str = ",", encoding: str = "utf-8") -> list[Sheet]:
    found, line = [], 0
    for block in blocks(io.BytesIO(data), encoding, delimiter, 0, size):
        sheet = read(block, width, delimiter, range(width), line + 1)
        line += sheet.records
        found.append(sheet)
    return found


def rows(found: list[Sheet]) -> list[tuple[object, ...]]:
    return [row for sheet in found for row in sheet.frame.iter_rows()]


def faults(found: list[Sheet]) -> list[tuple[int, str]]:
    return [(ragged.line, ragged.code) for sheet in found for ragged in sheet.ragged]


@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=12), st.integers(16, 90))
def test_records_survive_any_block_size(cells: list[tuple[str, str, str]], size: int) -> None:
    written = io.StringIO(newline="")
    # A cell that is quoted throughout tells an empty one from a blank line.
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(cells)
    found = sheets(written.getvalue().encode(), width=3, size=size)
    expected = [
        (line, *(cell or None for cell in row))
        for line, row in enumerate(cells, start=1)
        if any(c.strip() for c in row)
    ]
    assert rows(found) == expected
    assert faults(found) == []
    assert sum(sheet.records for sheet in found) == len(cells)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16-le", "utf-16-be", "mac-roman"])
def test_blocks_end_where_records_end_in_every_encoding(encoding: str) -> None:
    text = "".join(f"año {number};Peña;niño\r\n" for number in range(40))
    data = text.encode(encoding)
    ends = [block.end for block in blocks(io.BytesIO(data), encoding, ";", 0, 200)]
    assert len(ends) > 3
    assert ends[-1] == len(data)
    for start, end in zip([0, *ends], ends, strict=False):
        assert data[start:end].decode(encoding).endswith("\r\n")
    assert [row[1] for row in rows(sheets(data, width=3, size=200, delimiter=";", encoding=encoding))] == [
        f"año {number}" for number in range(40)
    ]


def test_blank_records_are_passed_over_and_counted() -> None:
    found = sheets(b"a,b\n\n\nc,d\n,\ne,f\n", width=2, size=1000)
    assert rows(found) == [(1, "a", "b"), (4, "c", "d"), (6, "e", "f")]


def test_a_row_of_placeholders_in_one_column_is_no_blank_row() -> None:
    found = [read(block, 2, ",", [0], 1) for block in blocks(io.BytesIO(b"-,seen\n-,\nx,\n"), "utf-8", ",", 0)]
    assert rows(found) == [(1, None), (3, "x")]


def test_rows_of_another_width_are_kept_aside_with_their_line() -> None:
    found = sheets(b"a,b\nc\nd,e,f\n\ng,h\n", width=2, size=1000)
    assert rows(found) == [(1, "a", "b"), (5, "g", "h")]
    assert faults(found) == [(2, "too_few_cells"), (3, "too_many_cells")]


def test_a_last_row_without_its_end_was_cut() -> None:
    assert faults(sheets(b"a,b,c\nd,e", width=3, size=4)) == [(2, "cut_short")]
    assert faults(sheets(b"a,b,c\nd,e\n", width=3, size=4)) == [(2, "too_few_cells")]


@pytest.mark.parametrize("size", [10, 64, 4096])
def test_a_quote_that_is_never_closed_costs_its_line_only(size: int) -> None:
    data = b"a,b\n" + b'"c,d\n' + b"".join(b"e%d,f\n" % number for number in range(100))
    found = sheets(data, width=2, size=size)
    assert faults(found) == [(2, "unclosed_quote")]
    assert len(rows(found)) == 101
    assert rows(found)[-1] == (102, "e99", "f")


def test_a_quote_inside_a_cell_is_a_character() -> None:
    found = sheets(b'TV 50",b\nc,d "e" f\n' * 30, width=2, size=40)
    assert faults(found) == []
    assert rows(found)[:2] == [(1, 'TV 50"', "b"), (2, "c", 'd "e" f')]
    assert len(rows(found)) == 60


def test_old_line_ends_are_line_ends() -> None:
    assert rows(sheets(b"a,b\rc,d\re,f", width=2, size=5)) == [(1, "a", "b"), (2, "c", "d"), (3, "e", "f")]


def test_a_line_without_end_stops_nobody() -> None:
    found = sheets(b"a,b\n" + b"x" * 5000 + b"\nc,d\n", width=2, size=64)
    assert rows(found)[0] == (1, "a", "b")
    assert rows(found)[-1][1:] == ("c", "d")
    assert {code for _, code in faults(found)} <= {"unclosed_quote", "too_few_cells"}
    assert faults(found)
