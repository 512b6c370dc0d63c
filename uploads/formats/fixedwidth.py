"""Files of fixed width: a layout says where each column stands, and the records become rows of text.

A line that is no record of its layout stays in its place as one cell, so that it is reported and harms no other.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from uploads.formats.marks import UNREADABLE

_FOLDER = Path(__file__).parent / "layouts"
#: A record may be this long; what is longer has no line ends and is none.
LONGEST_RECORD = 32 << 10
#: Lines of fewer characters are a list of words rather than records.
_NARROWEST = 10
#: First lines by which a layout is recognised.
_RECOGNISED_BY = 5


@dataclass(frozen=True)
class Column:
    """Where one column stands, the first character being 1, and how what stands there becomes a cell."""

    name: str
    start: int
    length: int
    #: `number` loses the zeros before it, `mdy` becomes a date, `name` is nothing where only zeros stand.
    type: str = "text"


@dataclass(frozen=True)
class Layout:
    """How the records of a file are divided."""

    code: str
    name: str
    columns: tuple[Column, ...]
    #: What lines are records; lines that are none are reported. Everything is one where nothing is said.
    record: str = ""
    #: Lines that are there for other reasons: headers and trailers.
    left_out: tuple[str, ...] = ()
    #: Whether lines that are no records are left out as well, and not reported.
    is_selective: bool = False
    #: What a file's first line begins with, for a layout that is recognised by itself.
    recognised_by: str = ""
    #: Length of a record before its segments.
    record_length: int = 0
    #: Mark of a segment behind the record -> its length; they are counted and not read.
    segments: Mapping[str, int] = field(default_factory=dict)
    #: Where the trailer says how many records there are.
    control: Mapping[str, Any] = field(default_factory=dict)
    #: Columns that have the same value in every row.
    constants: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Layout:
        """As stored, in a file of the product or with an organisation."""
        columns = tuple(Column(**column) for column in stored["columns"])
        rest = {name: value for name, value in stored.items() if name in cls.__dataclass_fields__ and name != "columns"}
        return cls(**{**rest, "columns": columns, "left_out": tuple(stored.get("left_out", ()))})

    @property
    def header(self) -> list[str]:
        """The names of the columns of its rows."""
        return [*(column.name for column in self.columns), *self.constants]

    @property
    def shortest(self) -> int:
        """A line must reach into its last column; blanks at its end may have been cut off."""
        return max(self.record_length, *(column.start for column in self.columns))


@dataclass
class Tally:
    """What a file of fixed width holds beside its rows."""

    records: int = 0
    unreadable: int = 0
    left_out: int = 0
    segments: Counter[str] = field(default_factory=Counter)
    #: Records that the trailer declares.
    declared: int | None = None


@cache
def shipped() -> dict[str, Layout]:
    """The layouts that come with the product, by code."""
    found = (Layout.from_dict(json.loads(path.read_text("utf-8"))) for path in sorted(_FOLDER.glob("*.json")))
    return {layout.code: layout for layout in found}


def recognise(head: str) -> Layout | None:
    """The shipped layout that a file's first lines are in, if any."""
    lines = [line for line in head.splitlines() if line.strip()][:_RECOGNISED_BY]
    for layout in shipped().values():
        is_it = re.compile(layout.recognised_by)
        if lines and is_it.match(lines[0]) and sum(bool(is_it.match(line)) for line in lines) * 2 > len(lines):
            return layout
    return None


def is_even(head: str, *, is_whole: bool) -> bool:
    """Whether nearly all lines have one length, as records of fixed width do."""
    lines = [line.rstrip("\r") for line in head.split("\n")]
    lines = lines if is_whole else lines[:-1]
    lengths = Counter(len(line) for line in lines if line.strip())
    if not lengths or lengths.total() < 2:
        return False
    length, times = lengths.most_common(1)[0]
    return length >= _NARROWEST and times >= 0.9 * lengths.total()


def rows(lines: Iterable[str], layout: Layout, tally: Tally) -> Iterator[list[str]]:
    """One row per line: a record's cells, nothing for what is left out, and the line itself where it is no record."""
    cut = [(column.start - 1, column.start - 1 + column.length, _READ[column.type]) for column in layout.columns]
    constants = list(layout.constants.values())
    is_record, shortest = re.compile(layout.record), layout.shortest
    left_out = [re.compile(pattern) for pattern in layout.left_out]
    control = re.compile(layout.control["record"]) if layout.control else None
    for line in lines:
        text = line.rstrip("\r\n")
        if is_record.match(text) and len(text) >= shortest:
            tally.records += 1
            if layout.segments and len(text) > layout.record_length:
                tally.segments.update(_segments(text, layout))
            yield [read(text[start:end]) for start, end, read in cut] + constants
            continue
        if control and control.match(text):
            tally.declared = _declared(text, layout)
        if not text.strip() or any(pattern.match(text) for pattern in left_out) or layout.is_selective:
            tally.left_out += bool(text.strip())
            yield []
        else:
            tally.unreadable += 1
            yield [UNREADABLE + text]


def beginning_with(text: str) -> str:
    """The pattern of records that begin with a text."""
    return re.escape(text)


def problem(columns: Sequence[Column]) -> str | None:
    """Why columns make no layout: a code, or None."""
    if len(columns) < 2:
        return "too_few"
    if any(column.start < 1 or column.length < 1 for column in columns):
        return "no_place"
    if max(column.start + column.length for column in columns) > LONGEST_RECORD:
        return "too_wide"
    if len({column.name.casefold() for column in columns}) < len(columns):
        return "repeated"
    return None


def _segments(text: str, layout: Layout) -> Iterator[str]:
    at = layout.record_length
    while (length := layout.segments.get(text[at : at + 2])) is not None:
        yield text[at : at + 2]
        at += length


def _declared(text: str, layout: Layout) -> int | None:
    place = layout.control["rows"]
    said = text[place["start"] - 1 : place["start"] - 1 + place["length"]].strip()
    return int(said) if said.isdigit() else None


def _number(cell: str) -> str:
    bare = cell.strip()
    sign, digits = ("-", bare[1:]) if bare.startswith("-") else ("", bare)
    return sign + (digits.lstrip("0") or "0") if digits.isdigit() else bare


def _mdy(cell: str) -> str:
    bare = cell.strip()
    if len(bare) != 8 or not bare.isdigit():
        return bare
    return "" if not int(bare) else f"{bare[4:]}-{bare[:2]}-{bare[2:4]}"


def _name(cell: str) -> str:
    bare = cell.strip()
    return "" if not bare.strip("0") else bare


_READ: dict[str, Callable[[str], str]] = {"text": str.strip, "number": _number, "mdy": _mdy, "name": _name}
