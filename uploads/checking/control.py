"""What a file is said to hold, by its sender or by its own last rows, and whether that is what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

#: Typed by the sender; declared by the format of the file, such as its trailer; found in rows of totals.
TYPED, TRAILER, TOTALS = "typed", "trailer", "totals"


def sums(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    """Amounts by currency, added up."""
    return {code: one.get(code, 0) + other.get(code, 0) for code in sorted({*one, *other})}


@dataclass(frozen=True)
class Control:
    """Rows and amount a file should have; None for what nobody said."""

    rows: int | None = None
    #: In minor units; of the column whose total is shown.
    amount_minor: int | None = None
    #: Of the amount; the file's own when nobody said.
    currency: str | None = None
    source: str = TYPED

    @property
    def says_something(self) -> bool:
        """Whether there is anything to compare with."""
        return self.rows is not None or self.amount_minor is not None

    def to_dict(self) -> dict[str, Any]:
        """As stored with the upload."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any] | None) -> Control | None:
        """As stored with the upload; None where nothing is stored."""
        if not stored:
            return None
        return cls(stored.get("rows"), stored.get("amount_minor"), stored.get("currency"), stored.get("source", TYPED))

    def mismatch(self, rows: int, totals: Mapping[str, int], own: str) -> dict[str, Any] | None:
        """What was said and what was found where they differ, ready to fill a message; None when they agree.

        `totals` has the value of every readable row by currency, those that were rejected included.
        """
        currency = self.currency or own
        found = totals.get(currency, 0)
        # A row of totals that names no currency says nothing about a file of several.
        is_clear = self.source != TOTALS or self.currency is not None or not totals.keys() - {own}
        if self.rows in {None, rows} and (self.amount_minor in {None, found} or not is_clear):
            return None
        return {
            "rows_said": self.rows,
            "rows_found": rows,
            "amount_said": self.amount_minor,
            "amount_found": found,
            "currency": currency,
            "source": self.source,
        }
