"""Cuts a file into blocks of whole records, each known by where it ends, so that reading can go on after any of them.

A newline ends a record unless it stands in quotes. Which quotes count is decided as the CSV reader decides it: one
opens only at the beginning of a cell, and the next single one closes. A cell of very many lines is not believed: it is
a quotation mark that somebody forgot to close, its first line is given back as broken, and reading goes on behind it.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

BLOCK_BYTES = 4 << 20
#: A line longer than this many blocks is cut and refused.
_MAX_GROWTH = 5
_MAX_LINES_IN_A_CELL = 50
_LF, _CR, _QUOTE = 10, 13, 34

Positions = NDArray[np.intp]


@dataclass(frozen=True)
class Block:
    """Whole records as UTF-8, and the place in the file behind them."""

    data: bytes
    end: int
    #: A single line whose quotation mark is never closed.
    is_broken: bool
    is_last: bool


@dataclass(frozen=True)
class Ends:
    """Where records end, up to the first record whose quotes are not closed within what was looked at."""

    ends: Positions
    #: Start of a record that a quotation mark swallows, and whether more data could still close it.
    open_at: int | None
    is_hopeless: bool


def blocks(file: BinaryIO, encoding: str, delimiter: str, offset: int, size: int = BLOCK_BYTES) -> Iterator[Block]:
    """The blocks of a file from a place at which a record begins, to its end."""
    total = file.seek(0, 2)

    def cut_next() -> Block | None:
        nonlocal offset
        if offset >= total:
            return None
        block = _block(file, encoding, delimiter, offset, size, total)
        offset = block.end
        return block

    # Not a loop, which would hold each block until it is asked for the next one.
    return iter(cut_next, None)


def record_ends(data: bytes, delimiter: str) -> Ends:
    """Where the records of `data` end, which begins with one."""
    octets = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(octets == _LF) + 1
    if not len(ends):
        ends = np.flatnonzero(octets == _CR) + 1
    if b'"' not in data:
        return Ends(ends, None, is_hopeless=False)
    quotes = _counting_quotes(data, octets, ord(delimiter))
    before = np.searchsorted(quotes, ends)
    outside = ends[before % 2 == 0]
    inside = before[before % 2 == 1]
    swallowing = np.flatnonzero(np.bincount(inside) > _MAX_LINES_IN_A_CELL) if len(inside) else inside
    if len(swallowing):
        at = _record_start(outside, int(quotes[swallowing[0] - 1]))
        return Ends(outside[outside <= at], at, is_hopeless=True)
    if len(quotes) % 2:
        at = _record_start(outside, int(quotes[-1]))
        return Ends(outside[outside <= at], at, is_hopeless=False)
    return Ends(outside, None, is_hopeless=False)


def _block(file: BinaryIO, encoding: str, delimiter: str, offset: int, size: int, total: int) -> Block:
    data = b""
    for growth in range(_MAX_GROWTH):
        file.seek(offset)
        raw = file.read(size << growth)
        is_last = offset + len(raw) >= total
        data = _utf8(raw, encoding, is_last=is_last)
        found = record_ends(data, delimiter) if b'"' in data else _last_end(data)
        if found.open_at is None and is_last:
            return Block(data, total, is_broken=False, is_last=True)
        if len(found.ends):
            whole = data[: int(found.ends[-1])]
            end = offset + _raw_length(whole, encoding)
            return Block(whole, end, is_broken=False, is_last=end >= total)
        if is_last or found.is_hopeless:
            break
    # The first line is given up; if there is none, as much of it as was read, up to a whole character.
    cut = (data.find(b"\n") + 1) or len(data.decode(errors="ignore").encode())
    end = offset + _raw_length(data[:cut], encoding)
    return Block(data[:cut], end, is_broken=True, is_last=end >= total)


def _last_end(data: bytes) -> Ends:
    """The last record end of a text without quotes, which is all it takes to cut there."""
    at = data.rfind(b"\n" if b"\n" in data else b"\r")
    return Ends(np.array([at + 1] if at >= 0 else [], np.intp), None, is_hopeless=False)


def _counting_quotes(data: bytes, octets: NDArray[np.uint8], delimiter: int) -> Positions:
    """The quotes that open and close, alternating; well-formed files are recognised without a loop."""
    quotes = np.flatnonzero(octets == _QUOTE)
    neighbours = np.zeros(256, bool)
    neighbours[[delimiter, _LF, _CR, _QUOTE]] = True
    opening, closing = quotes[0::2], quotes[1::2]
    opens_well = neighbours[octets[np.maximum(opening - 1, 0)]] | (opening == 0)
    closes_well = neighbours[octets[np.minimum(closing + 1, len(octets) - 1)]] | (closing == len(octets) - 1)
    if opens_well.all() and closes_well.all():
        return quotes
    begins_cell = (delimiter, _LF, _CR)
    counting: list[int] = []
    escaped = -1
    for at in quotes.tolist():
        if at == escaped:
            continue
        if len(counting) % 2 == 0:
            if at == 0 or data[at - 1] in begins_cell:
                counting.append(at)
        elif data[at + 1 : at + 2] == b'"':
            escaped = at + 1
        else:
            counting.append(at)
    return np.array(counting, dtype=np.intp)


def _record_start(ends: NDArray[Any], position: int) -> int:
    before = int(np.searchsorted(ends, position, side="right"))
    return int(ends[before - 1]) if before else 0


def _utf8(raw: bytes, encoding: str, *, is_last: bool) -> bytes:
    if encoding == "utf-8":
        return raw
    return codecs.getincrementaldecoder(encoding)().decode(raw, final=is_last).encode()


def _raw_length(data: bytes, encoding: str) -> int:
    """How many bytes of the file `data` was; a cut stands behind a newline, so it never splits a character."""
    if encoding == "utf-8":
        return len(data)
    text = data.decode()
    return len(text.encode(encoding)) if encoding.startswith("utf-16") else len(text)
