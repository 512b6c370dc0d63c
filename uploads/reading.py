"""What a file looks like before anything is known of it: encoding, separator, header, and rows from all over it."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from uploads import encodings
from uploads.blocks import record_ends
from uploads.faults import UnusableFile

SEPARATORS = (",", ";", "\t", "|")
_HEAD_BYTES = 1 << 20
#: The first rows are shown; the others, taken from all over the file, only settle how it is to be read.
_FIRST_ROWS, _PLACES, _ROWS_PER_PLACE, _PLACE_BYTES = 40, 20, 5, 32 << 10
_MAX_CELL = 200
#: A spreadsheet's own way to name the separator, on a line above the header.
_SEPARATOR_LINE = re.compile(r'^"?sep=(.)"?\r?\n', re.IGNORECASE)
#: A number, date, e-mail address or code with more digits than letters: what columns are not called.
_DATA = re.compile(
    r"[-+($\s]*[\d.,'\s]*\d[\d.,'%)\s-]*|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|[^@\s]+@[^@\s]+\.\w+|[A-Za-z]{0,3}[-\d]{5,}"
)


@dataclass(frozen=True)
class Dialect:
    """How a file is written, where its rows begin, and what its first and some other rows hold."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    #: Place of the first record behind the header, and how many records come before it.
    data_offset: int
    data_line: int


def sniff(file: BinaryIO) -> Dialect:
    """How a file is written; raises `UnusableFile` when no row of it could be used."""
    found = encodings.detect(file)
    head = _text(file, found.codec, found.start, _HEAD_BYTES)
    skipped, head, separator = _skip_to_header(head)
    separator = separator or _separator(head)
    if separator is None:
        raise UnusableFile("header_unclosed" if record_ends(head.encode(), ",").open_at == 0 else "no_separator")
    data = head.encode()
    ends = record_ends(data, separator).ends
    end = int(ends[0]) if len(ends) else len(data)
    if not len(ends) and data.count(b'"') % 2:
        raise UnusableFile("header_unclosed")
    header = [cell.strip().strip("\ufeff") for cell in _rows(data[:end].decode(), separator)[0]]
    first = _rows(head[len(data[:end].decode()) :], separator, _FIRST_ROWS)
    _check_header(header, first)
    # Every row may end in a separator that the header lacks.
    if first and all(len(row) == len(header) + 1 and not row[-1] for row in first):
        header = [*header, ""]
    offset = found.start + len((skipped.text + data[:end].decode()).encode(found.codec))
    return Dialect(
        found.codec,
        separator,
        tuple(header),
        _sample(file, found.codec, separator, len(header), offset, first),
        offset,
        skipped.records + 1,
    )


@dataclass(frozen=True)
class _Skipped:
    text: str
    records: int


def _skip_to_header(head: str) -> tuple[_Skipped, str, str | None]:
    separator = None
    text, records = "", 0
    if named := _SEPARATOR_LINE.match(head):
        separator, text = named[1], named[0]
    rest = head[len(text) :]
    blank = re.match(r"(?:[ \t]*\r?\n)*", rest)
    above = blank[0] if blank else ""
    records = above.count("\n")
    return _Skipped(text + above, records), rest[len(above) :], separator


def _text(file: BinaryIO, codec: str, start: int, size: int) -> str:
    file.seek(start)
    return file.read(size).decode(codec, errors="ignore")


def _rows(text: str, separator: str, limit: int | None = None) -> list[list[str]]:
    """Rows of the text that hold anything; what is cut off at its end is left out when `limit` asks for some only."""
    rows: list[list[str]] = []
    reader = csv.reader(text.splitlines(keepends=True), delimiter=separator)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append([cell[:_MAX_CELL] for cell in row])
            if limit is not None and len(rows) == limit:
                break
    except csv.Error:
        pass
    return rows or [[]]


def _separator(head: str) -> str | None:
    """The candidate by which most of the first rows have the same number of cells, the more cells the better."""
    lines = head.splitlines(keepends=True)
    text = "".join(lines[:60]) if len(lines) > 60 else head
    best: tuple[float, int, str] | None = None
    for candidate in SEPARATORS:
        rows = _rows(text, candidate)
        width = len(rows[0])
        if width < 2:
            continue
        widths = Counter(len(row) for row in rows)
        share = (widths[width] + widths[width + 1] / 2) / len(rows)
        best = max(best or (0.0, 0, ""), (round(share, 2), width, candidate))
    return best[2] if best else None


def _check_header(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    named = [name for name in header if name]
    if not named or sum(bool(_DATA.fullmatch(name)) for name in named) / len(named) >= 1 / 3:
        raise UnusableFile("no_header")
    repeated = [name for name, count in Counter(name.casefold() for name in named).items() if count > 1]
    if repeated:
        raise UnusableFile("duplicate_headers", names=", ".join(repeated)[:200])
    if not any(rows):
        raise UnusableFile("header_only")


def _sample(
    file: BinaryIO, codec: str, separator: str, width: int, offset: int, first: Sequence[Sequence[str]]
) -> tuple[tuple[str, ...], ...]:
    rows = [tuple(row[:width]) + ("",) * (width - len(row)) for row in first if row]
    size = file.seek(0, 2)
    if size - offset > _PLACES * _PLACE_BYTES:
        step = (size - offset) // _PLACES
        for place in range(1, _PLACES):
            start = offset + place * step
            start -= (start - offset) % 2  # A character of UTF-16 has two bytes.
            lines = _text(file, codec, start, _PLACE_BYTES).splitlines(keepends=True)[1:-1]
            whole = [row for row in _rows("".join(lines), separator, 4 * _ROWS_PER_PLACE) if len(row) == width]
            rows += [tuple(row) for row in whole[:_ROWS_PER_PLACE]]
    return tuple(tuple(cell.replace("\x00", "") for cell in row) for row in rows)
