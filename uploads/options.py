"""How the cells of one file are to be read: what was settled from the file itself, or asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

DATE_ORDERS = ("dmy", "mdy", "ymd")
DECIMALS = (",", ".")
#: What nobody is asked for: whoever is owed has it.
_NEVER_ASKED = {"country"}


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
    #: Whose documents and telephone numbers the file holds: that of whoever is owed. Never asked.
    country: str | None = None
    #: The sender's own codes: field -> spelling -> the platform's code, "" for nothing, None to leave the row out.
    codes: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    #: Fields whose columns prove that they are written otherwise than the rest of the file: field -> option -> value.
    by_field: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: What dates are that are written as bare numbers, see `uploads.dates.NUMBERS`; said by field only.
    numbers: str = ""

    def of(self, name: str) -> Options:
        """How the cells of one field are to be read."""
        own: Mapping[str, Any] = self.by_field.get(name, {})
        return replace(self, **own) if own else self

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
        both = {name: mine[name] if mine[name] is not None else theirs[name] for name in mine}
        fields = {*self.codes, *other.codes}
        codes = {name: {**other.codes.get(name, {}), **self.codes.get(name, {})} for name in sorted(fields)}
        by_field = {**other.by_field, **self.by_field}
        return Options(**{**both, "codes": codes, "by_field": by_field})

    @property
    def unsettled(self) -> tuple[str, ...]:
        """The names of what is still to be asked."""
        return tuple(name for name, value in self.to_dict().items() if value is None and name not in _NEVER_ASKED)
