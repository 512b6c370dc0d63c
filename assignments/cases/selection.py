"""A filter over cases as a value: what it asks for, and how it is stored with what was made from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from assignments.cases.models import CaseState, ReturnCode


class Reach(StrEnum):
    """By what a debtor can be reached, as far as it was handed over or released."""

    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    ANY = "any"
    NONE = "none"


class Mark(StrEnum):
    """What stands against working a case now."""

    HELD = "held"
    CLAIM = "claim"
    FREE = "free"


@dataclass(frozen=True)
class Selection:
    """A filter over cases; what is left empty lets everything through."""

    portfolio_id: int | None = None
    product: str | None = None
    region: str | None = None
    segment: str | None = None
    state: CaseState | None = None
    agency_id: int | None = None
    #: Balance, both ends included.
    min_minor: int | None = None
    max_minor: int | None = None
    #: Days past due as the creditor last told them, both ends included; a case without them is in no range.
    min_dpd: int | None = None
    max_dpd: int | None = None
    #: The beginning of the account's number.
    search: str | None = None
    #: Why the last agency gave it back.
    return_code: ReturnCode | None = None
    #: Only cases with which this lot was listed.
    lot_id: int | None = None
    currency: str | None = None
    #: As the creditor wrote them, but for large and small letters.
    stage: str | None = None
    city: str | None = None
    person_type: str | None = None
    #: Whether the debtor's document is known.
    has_document: bool | None = None
    #: Days past due on the day the filter is used; the creditor's only, as its portfolios are.
    min_age: int | None = None
    max_age: int | None = None
    #: Days since the last payment that anybody told of; a case without one is in no range.
    min_unpaid: int | None = None
    max_unpaid: int | None = None
    reach: Reach | None = None
    mark: Mark | None = None
    #: How often it was placed for collection and came back, and with whom; the creditor's only.
    min_placed: int | None = None
    max_placed: int | None = None
    placed_with: int | None = None
    #: How many debts of the debtor are not closed, and what is left of those in the currency of the case.
    min_debts: int | None = None
    max_debts: int | None = None
    min_debtor_minor: int | None = None
    max_debtor_minor: int | None = None
    #: Only cases of this micro-segment.
    part: Part | None = None

    def to_dict(self) -> dict[str, Any]:
        """As stored with a wave: only what is set."""
        return {name: value.to_dict() if isinstance(value, Part) else value for name, value in self.set_fields()}

    def set_fields(self) -> Iterator[tuple[str, Any]]:
        """What is set, by the name of the field."""
        for field in fields(self):
            if (value := getattr(self, field.name)) is not None:
                yield field.name, value

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Selection:
        """As stored with a wave."""
        return cls(**{name: _CODES[name](value) if name in _CODES else value for name, value in stored.items()})


@dataclass(frozen=True)
class Part:
    """A micro-segment: what a rule of a decision table takes in, of a whole, after the rules before it took theirs.

    It holds all that decides, so that whatever was made from it keeps selecting by the rules of that day.
    """

    #: The rule it comes from, which is never edited.
    rule_id: int
    label: str
    whole: Selection
    rule: Selection
    earlier: tuple[Selection, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As stored inside a selection."""
        return {
            "rule_id": self.rule_id,
            "label": self.label,
            "whole": self.whole.to_dict(),
            "rule": self.rule.to_dict(),
            "earlier": [one.to_dict() for one in self.earlier],
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Part:
        """As stored inside a selection."""
        read = Selection.from_dict
        earlier = tuple(read(one) for one in stored["earlier"])
        return cls(stored["rule_id"], stored["label"], read(stored["whole"]), read(stored["rule"]), earlier)


_CODES: dict[str, Callable[[Any], Any]] = {
    "state": CaseState,
    "return_code": ReturnCode,
    "reach": Reach,
    "mark": Mark,
    "part": Part.from_dict,
}
#: What only a creditor may ask for: it speaks of portfolios, of earlier placements or of other agencies.
CREDITOR_S_OWN = frozenset(
    {"portfolio_id", "agency_id", "min_age", "max_age", "min_placed", "max_placed", "placed_with", "part"}
)
