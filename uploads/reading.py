"""What a file looks like before anything is known of it: encoding, separator, header, and rows from all over it."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from uploads.faults import UnusableFile
from uploads.formats import encodings
from uploads.formats.blocks import record_ends
from uploads.formats.headerrows import LOOKED_AT, check_header, count_known, find_header, tidy
from uploads.mapping.sampling import Evidence

SEPARATORS = (",", ";", "\t", "|")
#: How the text is written that is made of workbooks and files of fixed width.
MADE_IN, MADE_WITH = "utf-8", ","
_HEAD_BYTES = 1 << 20
#: The first rows are shown; the others, taken from all over the file, only settle how it is to be read. What fits into
#: all places is read whole.
FIRST_ROWS, _PLACES, _ROWS_PER_PLACE, _PLACE_BYTES = 40, 20, 5, 32 << 10
_MAX_CELL = 200
#: A spreadsheet's own way to name the separator, on a line above the header.
_SEPARATOR_LINE = re.compile(r'^"?sep=(.?)"?\r?\n', re.IGNORECASE)
#: A broken quotation mark spoils only so many lines of what is looked at.
_LINES_AT_ONCE = 200


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
    #: New name of a column -> what stood in the header.
    renamed: Mapping[str, str] = field(default_factory=dict)


def sniff(file: BinaryIO, known: frozenset[str] = frozenset(), header_row: int | None = None) -> Dialect:
    """How a text file is written; raises `UnusableFile` when no row of it could be used.

    `known` are names of columns, by which a header is found below titles; `header_row` is where a user saw it, the
    first record being 1.
    """
    found = encodings.detect(file)
    head = _text(file, found.codec, found.start, _HEAD_BYTES)
    skipped, head, separator = _skip_to_records(head)
    separator = separator or _separator(head) or _only_column(head, known)
    if separator is None:
        raise UnusableFile("header_unclosed" if record_ends(head.encode(), ",").open_at == 0 else "no_separator")
    records = _records(head.encode(), separator)
    at = header_row - 1 - skipped.records if header_row else find_header([row for _, row in records], known)
    if at is None or not 0 <= at < len(records):
        raise UnusableFile("no_header")
    end, names = records[at]
    above = head.encode()[:end]
    first = _rows(head[len(above.decode()) :], separator, FIRST_ROWS)
    check_header(names, first)
    header, renamed = tidy(names)
    # Every row may end in a separator that the header lacks.
    if first and all(len(row) == len(names) + 1 and not row[-1] for row in first):
        header = [*header, ""]
    offset = found.start + len((skipped.text + above.decode()).encode(found.codec))
    return Dialect(
        found.codec,
        separator,
        tuple(header),
        sample(file, found.codec, separator, len(header), offset, first),
        offset,
        skipped.records + at + 1,
        renamed,
    )


def made(file: BinaryIO, header: Sequence[str], data_line: int) -> Dialect:
    """How a text is written that the product made itself, with a header of these names."""
    head = _text(file, MADE_IN, 0, _HEAD_BYTES)
    ends = record_ends(head.encode(), MADE_WITH).ends
    offset = int(ends[0])
    first = _rows(head.encode()[offset:].decode(), MADE_WITH, FIRST_ROWS)
    rows = sample(file, MADE_IN, MADE_WITH, len(header), offset, first)
    return Dialect(MADE_IN, MADE_WITH, tuple(header), rows, offset, data_line, {})


@dataclass(frozen=True)
class _Skipped:
    text: str
    records: int


def _skip_to_records(head: str) -> tuple[_Skipped, str, str | None]:
    """What stands above the first record: the line that names the separator, and blank ones."""
    named = _SEPARATOR_LINE.match(head)
    separator, text = (named[1], named[0]) if named else (None, "")
    if separator not in SEPARATORS:
        # Whatever stands there, only what can separate columns does.
        separator = None
    rest = head[len(text) :]
    blank = re.match(r"(?:[ \t]*\r?\n)*", rest)
    above = blank[0] if blank else ""
    return _Skipped(text + above, above.count("\n")), rest[len(above) :], separator


def _records(data: bytes, separator: str) -> list[tuple[int, list[str]]]:
    """The first records, blank ones included: where each ends, and its cells."""
    ends = record_ends(data, separator).ends[:LOOKED_AT].tolist()
    if not ends:
        if data.count(b'"') % 2:
            raise UnusableFile("header_unclosed")
        ends = [len(data)]
    starts = [0, *ends[:-1]]
    return [
        (end, [cell.strip() for cell in _rows(data[start:end].decode(), separator)[0]])
        for start, end in zip(starts, ends, strict=True)
    ]


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
    """The candidate by which most of the first rows have the same number of cells, the more cells the better.

    Titles above the header are of another width, so the usual width counts as well as that of the first row.
    """
    lines = head.splitlines(keepends=True)
    text = "".join(lines[:60]) if len(lines) > 60 else head
    best: tuple[float, int, str] | None = None
    for candidate in SEPARATORS:
        widths = [len(row) for row in _rows(text, candidate)]
        counted = Counter(widths)
        for width in {widths[0], counted.most_common(1)[0][0]}:
            if width < 2:
                continue
            share = (counted[width] + counted[width + 1] / 2) / len(widths)
            best = max(best or (0.0, 0, ""), (round(share, 2), width, candidate))
    return best[2] if best else None


def _only_column(head: str, known: frozenset[str]) -> str | None:
    """A list of accounts needs no separator: its one column is known by its name."""
    return MADE_WITH if count_known(head.splitlines()[:1], known) else None


def sample(
    file: BinaryIO, codec: str, separator: str, width: int, offset: int, first: Sequence[Sequence[str]]
) -> tuple[tuple[str, ...], ...]:
    """The first rows, some from all over the file, and cells of the others that settle how it is to be read.

    A small file is looked at whole. Of most rows only the cells that speak are kept: a sample may outlive its file.
    """
    shown = [tuple(row[:width]) + ("",) * (width - len(row)) for row in first if row]
    evidence = Evidence(width, shown)
    for place, text in _places(file, codec, offset):
        lines = text.splitlines(keepends=True)
        whole = [row for row in _by_pieces(lines, separator) if len(row) == width]
        # The first place begins with the first rows.
        more = whole[len(shown) :] if not place else whole
        shown += [tuple(row) for row in more[: _ROWS_PER_PLACE if place else 0]]
        evidence.take(more[_ROWS_PER_PLACE if place else 0 :])
    rows = [*shown, *evidence.rows]
    return tuple(tuple(cell.replace("\x00", "") for cell in row) for row in rows)


def _places(file: BinaryIO, codec: str, offset: int) -> Iterator[tuple[int, str]]:
    """Whole lines from all over the rows of a file; of a small one all of them, in as many places."""
    size = file.seek(0, 2)
    if size - offset <= _PLACES * _PLACE_BYTES:
        lines = _text(file, codec, offset, size - offset).splitlines(keepends=True)
        step = max(_LINES_AT_ONCE, -(-len(lines) // _PLACES))
        for place, at in enumerate(range(0, len(lines), step)):
            yield place, "".join(lines[at : at + step])
        return
    step = (size - offset) // _PLACES
    for place in range(_PLACES):
        start = offset + place * step
        start -= (start - offset) % 2  # A character of UTF-16 has two bytes.
        lines = _text(file, codec, start, _PLACE_BYTES).splitlines(keepends=True)
        yield place, "".join(lines[1 if place else 0 : -1])


def _by_pieces(lines: Sequence[str], separator: str) -> Iterator[list[str]]:
    for at in range(0, len(lines), _LINES_AT_ONCE):
        yield from _rows("".join(lines[at : at + _LINES_AT_ONCE]), separator)
