"""Sheets of a workbook as text: the one that fits the kind of file best, its header, and its cells by their types.

Runs in the process that opens files. A workbook is read whole by its reader, so that its memory is limited outside.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

import python_calamine as calamine

from uploads.faults import UnusableFile
from uploads.formats.headerrows import LOOKED_AT, check_header, count_known, find_header, is_data, tidy
from uploads.formats.limits import Limits

#: A number of more digits than a double holds is shown by its first ones only: what it was is lost.
_EXACT = 10**15
#: From here on a spreadsheet shows a number by its power of ten, and nobody sees what it cut off.
_LONG = 10**11
#: A fraction written with more characters shows the noise of its last bits.
_LONGEST_EXACT = 16
#: A fraction nearer to nothing is what is left of adding and subtracting others, and hundreds of zeros as text.
_NOTHING = 1e-15
_MANY_LINES = 40
_MIDNIGHT = time()
_MAX_HEADER_ROWS = 5
#: Row and column of the first and of the last cell of a merged area.
Area = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class SheetInfo:
    """What is known of one sheet, for the user to choose by."""

    name: str
    rows: int
    columns: int
    is_hidden: bool
    #: How many names of its header we know.
    known: int


@dataclass(frozen=True)
class Taken:
    """The sheet that is read: its header and where its rows begin, counted from 0."""

    info: SheetInfo
    header: tuple[str, ...]
    #: New name of a column -> what stood there.
    renamed: dict[str, str]
    #: The row of the header, and the first row of data.
    header_row: int
    first_row: int
    #: The first column of the sheet that holds anything.
    left: int


class Workbook:
    """One open workbook and the sheets that hold anything."""

    def __init__(self, path: str, known: frozenset[str], limits: Limits) -> None:
        self._known, self._limits = known, limits
        try:
            self._book = calamine.CalamineWorkbook.from_path(path)
        except calamine.PasswordError as error:
            raise UnusableFile("password") from error
        except calamine.CalamineError as error:
            raise UnusableFile("damaged") from error
        self._loaded: tuple[str, Any] | None = None
        self.sheets = self._listed()

    def take(self, name: str | None, header_row: int | None) -> Taken:
        """The sheet asked for or the best one, with the header asked for or found; raises `UnusableFile`."""
        if name is not None:
            asked = [one for one in self.sheets if one.name == name]
            if not asked:
                raise UnusableFile("no_such_sheet", name=name[:80])
            return self._take(asked[0], header_row)
        faults = []
        for info in sorted(self.sheets, key=lambda one: (one.is_hidden, -one.known, -one.rows)):
            try:
                return self._take(info, header_row)
            except UnusableFile as unusable:
                faults.append(unusable)
        raise faults[0]

    def rows(self, taken: Taken, notice: Callable[[int], object]) -> Iterator[list[str]]:
        """Every row below the header as text, blank ones included, all of the header's width.

        `notice` is told the place of every number that a spreadsheet shows by its power of ten.
        """
        width, text = len(taken.header), _TEXT
        for row in islice(self._load(taken.info.name).iter_rows(), taken.first_row, None):
            cells = [text[type(cell)](cell) for cell in row[:width]]
            # Long numbers are rare, and only their text is that long.
            if any(type(cell) is float and not -_LONG < cell < _LONG for cell in row):
                for at, cell in enumerate(row[:width]):
                    if type(cell) is float and not -_LONG < cell < _LONG:
                        notice(at)
            yield cells if any(cells) else []

    def _take(self, info: SheetInfo, header_row: int | None) -> Taken:
        sheet = self._load(info.name)
        top = _top(sheet, header_row or 0)
        at = find_header(top.rows, self._known) if header_row is None else header_row - top.offset
        if at is None or not 0 <= at < len(top.rows):
            raise UnusableFile("no_header")
        names, last = joined(top.rows, at, top.merged)
        under = top.rows[last + 1 :]
        # Cells beside the named ones belong to their row as well.
        width = max(len(names), *(_width(row) for row in (*under, ())))
        if width > self._limits.columns:
            raise UnusableFile("too_many_columns", limit=self._limits.columns)
        header, renamed = tidy([*names, *[""] * width][:width], sheet.start[1])
        check_header(names, under)
        return Taken(info, tuple(header), renamed, top.offset + at, top.offset + last + 1, sheet.start[1])

    def _load(self, name: str) -> Any:
        if self._loaded is None or self._loaded[0] != name:
            self._loaded = None
            try:
                self._loaded = name, self._book.get_sheet_by_name(name)
            except calamine.CalamineError as error:
                raise UnusableFile("damaged") from error
        return self._loaded[1]

    def _listed(self) -> list[SheetInfo]:
        found, cells = [], 0
        for meta in self._book.sheets_metadata:
            if meta.typ is not calamine.SheetTypeEnum.WorkSheet:
                continue
            sheet = self._load(meta.name)
            if not sheet.height:
                continue
            cells += sheet.height * sheet.width
            if cells > self._limits.cells:
                raise UnusableFile("too_many_cells", limit=self._limits.cells)
            top = _top(sheet, 0)
            at = find_header(top.rows, self._known)
            is_hidden = meta.visible is not calamine.SheetVisibleEnum.Visible
            known = count_known(top.rows[at], self._known) if at is not None else 0
            found.append(SheetInfo(meta.name, sheet.end[0] + 1, sheet.width, is_hidden, known))
        if not found:
            raise UnusableFile("no_rows_in_workbook")
        return found


@dataclass(frozen=True)
class _Top:
    """The first rows of a sheet that hold anything, and the merged areas in them, both counted from `offset`."""

    offset: int
    rows: list[list[str]]
    merged: list[Area]


def joined(rows: Sequence[Sequence[str]], at: int, merged: Iterable[Area]) -> tuple[list[str], int]:
    """The names of the columns of a header at a row, and the last row it takes up.

    A name stands in every column its merged cell covers. Rows that merged cells bind together are one header, whose
    names are put together from above: `Saldo` over `Capital` is `Saldo Capital`.
    """
    areas = [area for area in merged if area[0][0] <= at + _MAX_HEADER_ROWS and area[1][0] >= at - _MAX_HEADER_ROWS]
    first = last = at
    for (top, _), (bottom, _) in areas:
        if top <= at <= bottom:
            first, last = min(first, top), max(last, min(bottom, at + _MAX_HEADER_ROWS, len(rows) - 1))
    groups = [area for area in areas if area[0][0] >= first and area[1][0] == last and area[1][1] > area[0][1]]
    if groups and last + 1 < len(rows) and _names_parts(rows, last + 1, groups):
        last += 1
    wide = max((_width(row) for row in rows), default=0)
    if any(bottom == first - 1 and 0 < right - left < wide - 1 for (_, left), (bottom, right) in areas):
        first -= 1
    width = max(_width(row) for row in rows[first : last + 1])
    parts: list[list[str]] = [[] for _ in range(max(width, *(area[1][1] + 1 for area in areas), 0))]
    for number in range(first, last + 1):
        cells = list(rows[number]) + [""] * (len(parts) - len(rows[number]))
        for (top, left), (bottom, right) in areas:
            if top <= number <= bottom and first <= top:
                cells[left : right + 1] = [rows[top][left] if left < len(rows[top]) else ""] * (right - left + 1)
        for column, cell in enumerate(cells[: len(parts)]):
            if cell.strip() and cell not in parts[column]:
                parts[column].append(cell)
    return [" ".join(" ".join(part).split()) for part in parts], last


def _names_parts(rows: Sequence[Sequence[str]], at: int, groups: Sequence[Area]) -> bool:
    """Whether a row names the columns under merged headings: filled there, empty elsewhere, and no data."""
    row = rows[at]
    under = {column for (_, left), (_, right) in groups for column in range(left, right + 1)}
    inside = [cell for column, cell in enumerate(row) if column in under]
    outside = [cell for column, cell in enumerate(row) if column not in under and cell.strip()]
    if outside or not all(cell.strip() for cell in inside) or is_data(inside):
        return False
    has_digits = any(character.isdigit() for cell in inside for character in cell)
    return not has_digits and len(set(inside)) > 1


def _top(sheet: Any, at_least: int) -> _Top:
    start = min(sheet.start[0], at_least) if at_least else sheet.start[0]
    rows = islice(sheet.iter_rows(), start, max(sheet.start[0], at_least) + LOOKED_AT)
    left = sheet.start[1]
    merged = [
        ((top - start, first - left), (bottom - start, last - left))
        for (top, first), (bottom, last) in sheet.merged_cell_ranges or ()
    ]
    return _Top(start, [[_TEXT[type(cell)](cell) for cell in row] for row in rows], merged)


def _width(row: Sequence[str]) -> int:
    return max((at + 1 for at, cell in enumerate(row) if cell.strip()), default=0)


def _string(cell: str) -> str:
    # A cell of very many lines would be taken for a quotation mark that nobody closed.
    return cell if cell.count("\n") < _MANY_LINES else " ".join(cell.split())


def _number(cell: float) -> str:
    """A whole number without a point, any other as a spreadsheet shows it: 15 digits, never a power of ten.

    A whole number of more digits was not kept whole by whoever wrote it, so it is given with its power of ten, which
    no account and no amount is read from.
    """
    if cell.is_integer():
        return str(int(cell)) if -_EXACT < cell < _EXACT else f"{cell:.14E}"
    if not math.isfinite(cell):
        return ""
    if -_NOTHING < cell < _NOTHING:
        return "0"
    shortest = repr(cell)
    if len(shortest) > _LONGEST_EXACT or "e" in shortest:
        return format(Decimal(f"{cell:.15g}"), "f")
    return shortest


def _instant(cell: datetime) -> str:
    return cell.date().isoformat() if cell.time() == _MIDNIGHT else cell.isoformat(" ", "seconds")


def _duration(cell: timedelta) -> str:
    seconds = round(cell.total_seconds())
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


_TEXT: dict[type, Callable[[Any], str]] = {
    str: _string,
    float: _number,
    int: str,
    bool: lambda cell: "TRUE" if cell else "FALSE",
    date: date.isoformat,
    datetime: _instant,
    time: lambda cell: cell.isoformat("seconds"),
    timedelta: _duration,
    type(None): lambda _: "",
}
