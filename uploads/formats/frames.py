"""One block of a file as columns of text, every row with the number of its record.

Rows of another width than the header are kept aside as they stand, blank ones are passed over, and both are counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from pyarrow import csv

from uploads.formats.blocks import Block
from uploads.formats.marks import UNREADABLE
from uploads.formats.octets import is_clean, is_plain

LINE = "line"
#: Written where there is nothing to write.
_NOTHING = ("-", "--", "n/a", "#n/a", "n.a.", "null", "nan", "sin informacion", "sin información", "no aplica")
PLACEHOLDERS = ["", *dict.fromkeys(form for word in _NOTHING for form in (word, word.upper(), word.capitalize()))]


@dataclass(frozen=True)
class Ragged:
    """A record that does not fit the header, as it stands in the file."""

    line: int
    code: str
    text: str


@dataclass(frozen=True)
class Sheet:
    """The records of one block: those that fit the header as columns of text, and those that do not."""

    #: `line`, then one column of text per wanted position, named by the position; null where nothing stands.
    frame: pl.DataFrame
    ragged: tuple[Ragged, ...]
    #: Records in the block, blank ones included: the next block begins so many further.
    records: int
    #: No cell holds a line break, a tab or a control character.
    is_plain: bool = False
    #: Columns whose cells all read as they stand: `uploads.cells.clean` would find nothing to take off or make null.
    clean: frozenset[str] = frozenset()
    #: Nothing of the file comes below it.
    is_last: bool = False


def read(block: Block, width: int, delimiter: str, wanted: Sequence[int], first_line: int) -> Sheet:
    """The wanted columns of a block whose first record has the number `first_line`; blank records are left out."""
    if block.is_broken:
        text = block.data.decode(errors="replace").rstrip("\r\n")
        return Sheet(_empty(wanted), (Ragged(first_line, "unclosed_quote", text),), 1)
    if not block.data.strip(b"\r\n"):
        ends = block.data.count(b"\n") or block.data.count(b"\r")
        return Sheet(_empty(wanted), (), ends)
    frame, misfits, records = _parse(block.data, width, delimiter, wanted, first_line)
    nothing = _blank(frame, included=frame.columns[1:2])
    if nothing.any():
        # Few rows lack their first cell, so only for them the whole record is looked at.
        whole, _, _ = _parse(block.data, width, delimiter, range(width), first_line)
        frame = frame.filter(~(nothing & _blank(whole, included=whole.columns[1:])))
    is_cut = block.is_last and not block.data.endswith((b"\n", b"\r"))
    last = first_line + records - 1
    ragged = [
        _ragged(number, columns, width, text, is_cut=is_cut and number == last)
        for number, columns, text in misfits
        if text.strip()
    ]
    plain = is_plain(block.data, delimiter)
    clean = frozenset(frame.columns) if plain and is_clean(block.data, delimiter) else _clean(frame)
    return Sheet(frame, tuple(ragged), records, is_plain=plain, clean=clean, is_last=block.is_last)


def as_written(block: Block, width: int, delimiter: str, first_line: int) -> pl.DataFrame:
    """All columns of a block exactly as they stand in the file, blank records included."""
    if block.is_broken or not block.data.strip(b"\r\n"):
        return _empty(range(width))
    return _parse(block.data, width, delimiter, range(width), first_line, nothing=[])[0]


def _parse(
    data: bytes,
    width: int,
    delimiter: str,
    wanted: Sequence[int],
    first_line: int,
    nothing: Sequence[str] = PLACEHOLDERS,
) -> tuple[pl.DataFrame, list[tuple[int, int, str]], int]:
    misfits: list[tuple[int, int, str]] = []

    def skip(row: Any) -> str:
        misfits.append((first_line + row.number - 1, row.actual_columns, row.text))
        return "skip"

    names = [str(position) for position in range(width)]
    included = [str(position) for position in wanted]
    table = csv.read_csv(
        pa.BufferReader(data),
        read_options=csv.ReadOptions(column_names=names, block_size=len(data) + 1, use_threads=False),
        parse_options=csv.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=skip
        ),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(included, pa.string()),
            include_columns=included,
            null_values=list(nothing),
            strings_can_be_null=bool(nothing),
        ),
    )
    records = table.num_rows + len(misfits)
    lines = np.arange(first_line, first_line + records, dtype=np.int64)
    if misfits:
        lines = np.delete(lines, [number - first_line for number, _, _ in misfits])
    frame = pl.DataFrame(pl.from_arrow(table)).insert_column(0, pl.Series(LINE, lines))
    return frame, misfits, records


def _blank(frame: pl.DataFrame, included: Sequence[str]) -> pl.Series:
    cells = pl.col(*included)
    return frame.select(pl.all_horizontal(cells.is_null() | (cells.str.strip_chars() == ""))).to_series()


def _clean(frame: pl.DataFrame) -> frozenset[str]:
    """The columns in which no cell has spaces around it or an apostrophe before it; placeholders are null already."""
    cells = pl.exclude(LINE)
    is_clean = frame.select(((cells.str.strip_chars() == cells) & ~cells.str.starts_with("'")).all())
    return frozenset(name for name, answer in is_clean.row(0, named=True).items() if answer)


def _ragged(number: int, columns: int, width: int, text: str, *, is_cut: bool) -> Ragged:
    if text.startswith(UNREADABLE):
        return Ragged(number, "no_record", text.removeprefix(UNREADABLE))
    if columns > width:
        return Ragged(number, "too_many_cells", text)
    return Ragged(number, "cut_short" if is_cut else "too_few_cells", text)


def _empty(wanted: Sequence[int]) -> pl.DataFrame:
    return pl.DataFrame(schema={LINE: pl.Int64, **{str(position): pl.String for position in wanted}})
