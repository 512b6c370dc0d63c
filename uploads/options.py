"""How the cells of one file are to be read: what was settled from the file itself, or asked."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

DATE_ORDERS = ("dmy", "mdy", "ymd")
DECIMALS = (",", ".")


@dataclass(frozen=True)
class Options:
    """None means not settled; nothing is checked before all are."""

    #: ISO 4217; of every row without a currency of its own.
    currency: str | None = None
    #: Order of day, month and year where only the order tells them apart.
    date_order: str | None = None
    #: The sign before the decimals; the other one groups thousands.
    decimal: str | None = None
    #: IANA name; where the sender's clock times are.
    time_zone: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """As stored with the upload."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any] | None) -> Options:
        """As stored with the upload; unknown keys are ignored."""
        known = cls.__dataclass_fields__
        return cls(**{name: value for name, value in (stored or {}).items() if name in known})

    def or_else(self, other: Options) -> Options:
        """These options, with what is not settled taken from the other ones."""
        mine, theirs = self.to_dict(), other.to_dict()
        return Options(**{name: mine[name] if mine[name] is not None else theirs[name] for name in mine})

    @property
    def unsettled(self) -> tuple[str, ...]:
        """The names of what is still to be asked."""
        return tuple(name for name, value in self.to_dict().items() if value is None)
