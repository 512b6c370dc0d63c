"""What is known of an activity, what was found against it, and the verdict that follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from assignments.conduct.models import Verdict


class Kind(StrEnum):
    """How much a finding weighs."""

    VIOLATION = "violation"
    #: Something without which the law cannot be asked is not known.
    UNKNOWN = "unknown"
    #: Allowed by the prevailing reading; another reading forbids it.
    CAUTION = "caution"


@dataclass(frozen=True)
class Touch:
    """One activity on a debtor as an agency reported it, with what the law needs to know of its case."""

    agency_id: int
    activity_id: int
    #: Known by it wherever it is reported, so that the order of arrival decides nothing.
    natural_key: str
    case_id: int
    happened_at: datetime
    channel: str | None
    result: str | None
    placed_at: datetime
    ended_at: datetime | None = None
    counterpart: str | None = None
    direction: str | None = None
    product: str | None = None
    #: Where the debtor lives, as the case says: some countries have several clocks.
    region: str | None = None
    city: str | None = None
    #: Where its sender lives: a date without a time arrives as that place's midnight.
    sender_zone: str = "America/Bogota"

    @property
    def key(self) -> tuple[int, int]:
        """By which its judgement is found."""
        return self.agency_id, self.activity_id

    @property
    def place_in_time(self) -> tuple[datetime, int, str]:
        """The order in which touches of one person happened, the same whichever was reported first."""
        return self.happened_at, self.agency_id, self.natural_key


@dataclass(frozen=True)
class Finding:
    """One rule broken, or one thing not known."""

    kind: Kind
    #: `V01` to `V17` for violations and cautions, a word for what is not known.
    code: str
    #: The rule: `hours`, `stop:deceased`, or the id of a limit.
    rule: str
    #: Whether what another agency did is part of it.
    is_shared: bool = False


@dataclass(frozen=True)
class Judgement:
    """How one activity stands."""

    day: date
    #: The clock it was judged by.
    time_zone: str
    ruleset: str
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """A rule that was certainly broken weighs more than what is not known; what is not known is never allowed."""
        kinds = {one.kind for one in self.findings}
        if Kind.VIOLATION in kinds:
            return Verdict.VIOLATION
        return Verdict.NOT_EVALUABLE if Kind.UNKNOWN in kinds else Verdict.COMPLIANT

    @property
    def code(self) -> str:
        """The first rule broken, in the order the law is asked; empty when none was."""
        return next((one.code for one in self.findings if one.kind is Kind.VIOLATION), "")

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code it can be found by."""
        return tuple(dict.fromkeys(one.code for one in self.findings))

    @property
    def is_shared(self) -> bool:
        """Whether another agency had a part in a violation."""
        return any(one.is_shared for one in self.findings if one.kind is Kind.VIOLATION)
