"""What reading one column gives: a value per cell, and the code of a fault where there is one."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl


class Read(NamedTuple):
    """Values of a column; `fault` has a code or null per cell, or is None when no cell has one."""

    value: pl.Series
    fault: pl.Series | None = None

    @property
    def faults(self) -> pl.Series:
        """A code or null for every cell."""
        return constant(None, len(self.value)) if self.fault is None else self.fault

    def with_fault(self, where: pl.Series, code: str) -> Read:
        """The same with a fault at these cells; `where` knows no null."""
        return Read(self.value, self.faults.set(where, code)) if where.any() else self


def constant(value: str | None, length: int) -> pl.Series:
    """A column of text with one value."""
    return pl.Series([value], dtype=pl.String).new_from_index(0, length)
