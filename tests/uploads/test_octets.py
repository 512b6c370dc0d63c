"""What the bytes of a block prove of its cells is true of each of them."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uploads.cells.reader import CONTROL, clean
from uploads.formats.blocks import blocks
from uploads.formats.frames import LINE, PLACEHOLDERS, Sheet, read
from uploads.formats.octets import is_clean

CELL = st.one_of(
    st.text(st.sampled_from("ab1 '=+-é\u00a0\u0085\u1680\u2009\u202f\u205f\u3000\t\x01\x0b\x7f\r,;"), max_size=5),
    st.sampled_from(PLACEHOLDERS),
    st.sampled_from(["José", "Calle 1 # 2-3", "O'Hara", "5º"]),
)
ROWS = st.lists(st.tuples(CELL, CELL), min_size=1, max_size=6)


def sheet(data: bytes, delimiter: str = ",") -> Sheet:
    block = next(blocks(io.BytesIO(data), "utf-8", delimiter, 0))
    return read(block, 2, delimiter, range(2), 1)


@given(ROWS, st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans(), st.sampled_from(["", '"']))
def test_what_is_said_of_a_block_is_true_of_every_cell(
    rows: list[tuple[str, str]], delimiter: str, end: str, is_ended: bool, quote: str
) -> None:
    lines = (delimiter.join(f"{quote}{cell}{quote}" for cell in row) for row in rows)
    found = sheet((end.join(lines) + (end if is_ended else "")).encode(), delimiter)
    for column in found.frame.drop(LINE):
        if column.name in found.clean:
            assert clean(column).equals(column, null_equal=True)
        if found.is_plain:
            assert not any(re.search(rf"{CONTROL}|[\t\r\n]", cell) for cell in column.drop_nulls())


@pytest.mark.parametrize("row", ["Ana María,O'Hara", "José,-", "n/a,x", "Calle 1 # 2-3,5º", "1,sin información", "x,"])
def test_most_blocks_need_no_cleaning(row: str) -> None:
    assert is_clean(f"a,b\n{row}\r\nc,d\n".encode(), ",")


@pytest.mark.parametrize(
    "text",
    [" a,b\n", "a,b \n", "a, b\n", "a ,b\n", "a,b \r\n", "a,b\n c,d\n", "'=1,b\n", "a,'+57\n", "a,b\n'-,c\n", "'a,b\n"]
    + [f"a,{space}b\n" for space in "\u00a0\u1680\u2003\u2028\u202f\u205f\u3000"]
    + ["a,b"],
)
def test_a_block_that_may_need_cleaning_is_never_said_to_be_clean(text: str) -> None:
    assert not is_clean(text.encode(), ",")


def test_quoted_or_untidy_blocks_are_cleaned_column_by_column() -> None:
    assert sheet(b'"a, b",\'=c\n"d",e\n').clean == {"0"}
    assert sheet(b"a ,b\nc,O'Hara\n").clean == {"1"}
