"""Cells kept from the rows of a file that are only looked at, because they settle how its columns are to be read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from uploads.cells.amounts import decimal_of
from uploads.cells.dates import order_of

#: Filled cells that every column is judged by, if it has them; more are kept only of what speaks.
_FILLED = 20
#: Cells of one column that say the same.
_ALIKE = 100
_LONGEST = 40
_AMOUNT = re.compile(r"[-+($A-Z/\s]{0,8}\.?\s?\d[\d.,'\s\u00a0]*[A-Z]{0,3}[-)\s]*")
_DATE = re.compile(r"\d{1,2}[-/. ]\d{1,2}[-/. ]\d{2,4}(?:\D.*)?|\d{8}")


class Evidence:
    """What is kept of the rows behind those that are shown."""

    def __init__(self, width: int, shown: Sequence[Sequence[str]]) -> None:
        self._width = width
        self._filled = [sum(bool(row[at].strip()) for row in shown) for at in range(width)]
        self._said: Counter[tuple[int, str]] = Counter()
        self._rows: list[tuple[str, ...]] = []

    @property
    def rows(self) -> Sequence[tuple[str, ...]]:
        """Rows with the kept cells in their columns and nothing else."""
        return self._rows

    def take(self, rows: Iterable[Sequence[str]]) -> None:
        """Keep what says something, and what fills columns that are nearly empty."""
        for row in rows:
            kept = tuple(cell if self._is_kept(at, cell.strip()) else "" for at, cell in enumerate(row))
            if any(kept):
                self._rows.append(kept)

    def _is_kept(self, at: int, cell: str) -> bool:
        if not cell:
            return False
        if self._filled[at] < _FILLED:
            self._filled[at] += 1
            return True
        said = says(cell)
        if said is None or self._said[at, said] >= _ALIKE:
            return False
        self._said[at, said] += 1
        return True


def says(cell: str) -> str | None:
    """What a cell says of the order of dates or the decimal sign, or that it needs one; None when neither."""
    if len(cell) > _LONGEST or not cell[-1:].isascii():
        return None
    if _DATE.fullmatch(cell):
        order = order_of(cell)
        return "date" if order == "" else order
    if ("." in cell or "," in cell) and _AMOUNT.fullmatch(cell):
        return decimal_of(cell)
    return None
