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
    #: Options that nobody said and no cell proved, because no cell looked at needs them: whoever does is told.
    assumed: tuple[str, ...] = ()

    def of(self, name: str) -> Options:
        """How the cells of one field are to be read."""
        own: Mapping[str, Any] = self.by_field.get(name, {})
        return replace(self, **own, assumed=tuple(one for one in self.assumed if one not in own)) if own else self

    def to_dict(self) -> dict[str, Any]:
        """As stored with the upload."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any] | None) -> Options:
        """As stored with the upload; unknown keys are ignored."""
        known = cls.__dataclass_fields__
        kept = {name: value for name, value in (stored or {}).items() if name in known}
        return cls(**{**kept, "assumed": tuple(kept.get("assumed", ()))})

    @property
    def known(self) -> Options:
        """The same without what is only assumed."""
        nothing: dict[str, Any] = dict.fromkeys(self.assumed)
        return replace(self, **nothing, assumed=())

    def or_else(self, other: Options) -> Options:
        """These options, with what is not settled taken from the other ones; what they assume gives way to it.

        What these say of the whole file holds for every column, whatever the others say of single ones.
        """
        mine, theirs, known = self.to_dict(), other.to_dict(), self.known.to_dict()
        both = {name: known[name] if known[name] is not None else theirs[name] for name in mine}
        left = [name for name in self.assumed if theirs[name] is None]
        both |= {name: mine[name] for name in left}
        assumed = tuple(sorted({*left, *(name for name in other.assumed if known[name] is None)}))
        fields = {*self.codes, *other.codes}
        codes = {name: {**other.codes.get(name, {}), **self.codes.get(name, {})} for name in sorted(fields)}
        theirs_by_field = {
            name: {one: value for one, value in own.items() if known[one] is None or one == "numbers"}
            for name, own in other.by_field.items()
        }
        by_field = {
            name: own
            for name in sorted({*self.by_field, *theirs_by_field})
            if (own := {**theirs_by_field.get(name, {}), **self.by_field.get(name, {})})
        }
        return Options(**{**both, "codes": codes, "by_field": by_field, "assumed": assumed})

    @property
    def unsettled(self) -> tuple[str, ...]:
        """The names of what is still to be asked."""
        return tuple(name for name, value in self.to_dict().items() if value is None and name not in _NEVER_ASKED)
