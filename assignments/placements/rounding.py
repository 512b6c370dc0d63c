"""Whole units out of fractions: largest remainder for one row, controlled rounding where several rows share columns.

Sources: Balinski and Young 1975 (American Mathematical Monthly 82(7)) for the former, Cox 1987 (Journal of the American
Statistical Association 82) for the latter. All is done in integers, so that every machine rounds alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

#: Quotas are written in so many parts of a unit.
UNIT = 10**9

Rows: TypeAlias = list[list[int]]
_Cell: TypeAlias = tuple[int, int]


def apportion(units: int, weights: Sequence[int]) -> list[int]:
    """Whole units by weight: the whole part of each quota, the rest by largest remainder, of equal ones to the earlier.

    >>> apportion(100, [5117, 4400, 162, 161, 160])
    [51, 44, 2, 2, 1]
    """
    total = sum(weights)
    given = [units * weight // total for weight in weights]
    short = [units * weight % total for weight in weights]
    for at in sorted(range(len(weights)), key=lambda at: -short[at])[: units - sum(given)]:
        given[at] += 1
    return given


def rounded(quotas: Rows, owed: Sequence[int]) -> Rows:
    """Each quota up or down to a whole number of units, so that rows keep their sums and so, within one, do columns.

    Every row must come to whole units. `owed` is what each column is still short of: it decides who is rounded up.
    """
    if len(quotas) == 1:
        return [_by_remainder(quotas[0], owed)]
    given = [[quota // UNIT for quota in row] for row in quotas]
    parts = [[quota % UNIT for quota in row] for row in quotas]
    # One more row takes up what the columns lack to whole units; what it is rounded to is nobody's.
    parts.append([-sum(column) % UNIT for column in zip(*parts, strict=True)])
    while (cycle := _cycle(parts)) is not None:
        _push(parts, cycle, owed)
    return [
        [whole + (part == UNIT) for whole, part in zip(*row, strict=True)]
        for row in zip(given, parts[:-1], strict=True)
    ]


def _by_remainder(quotas: Sequence[int], owed: Sequence[int]) -> list[int]:
    given = [quota // UNIT for quota in quotas]
    # Whoever has no remainder is not rounded up, however much it is owed: it would be a whole unit off.
    candidates = [at for at, quota in enumerate(quotas) if quota % UNIT]
    candidates.sort(key=lambda at: -(quotas[at] % UNIT + owed[at]))
    for at in candidates[: sum(quotas) // UNIT - sum(given)]:
        given[at] += 1
    return given


def _is_open(part: int) -> bool:
    return 0 < part < UNIT


def _cycle(parts: Rows) -> list[_Cell] | None:
    """Cells that are not whole yet, each in the row or the column of the one before by turns, back to the first.

    There is one as long as there is such a cell: a row or column of whole sum never has just one.
    """
    start = next(((r, c) for r, row in enumerate(parts) for c, part in enumerate(row) if _is_open(part)), None)
    if start is None:
        return None
    row, column = start
    path: list[_Cell] = []
    #: After how many cells each row, and each column, was come to.
    rows, columns = {row: 0}, dict[int, int]()
    while True:
        path.append((row, column))
        if column in columns:
            return path[columns[column] :]
        columns[column] = len(path)
        row = next(r for r in range(len(parts)) if r != row and _is_open(parts[r][column]))
        path.append((row, column))
        if row in rows:
            return path[rows[row] :]
        rows[row] = len(path)
        column = next(c for c in range(len(parts[row])) if c != column and _is_open(parts[row][c]))


def _push(parts: Rows, cycle: list[_Cell], owed: Sequence[int]) -> None:
    """Move along a cycle, up and down by turns, until a cell is whole: sums of rows and columns stay as they are."""
    up, down = cycle[::2], cycle[1::2]
    last = len(parts) - 1
    wanted = sum(owed[c] for r, c in up if r < last) - sum(owed[c] for r, c in down if r < last)
    forth, back = _way(parts, up, down), _way(parts, down, up)
    if wanted < 0 or (wanted == 0 and back < forth):
        up, down, forth = down, up, back
    for row, column in up:
        parts[row][column] += forth
    for row, column in down:
        parts[row][column] -= forth


def _way(parts: Rows, up: list[_Cell], down: list[_Cell]) -> int:
    return min(*(UNIT - parts[r][c] for r, c in up), *(parts[r][c] for r, c in down))
