"""By when whom the law wants told of an incident: one clock for each country it touches, and our own 24 hours.

Time is counted from when the first of the two, agency or creditor, was aware: the earlier reading of every law here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from agencies.kernel.clock import COUNTRIES, local_date
from assignments.deadlines import rules
from assignments.deadlines.rules import Duty, Rule
from assignments.incidents.models import Incident, IncidentStep, StepKind

#: A deadline nearer than this is near.
NEAR_HOURS = 24
_TOLD = {Duty.BREACH_TO_AUTHORITY: StepKind.AUTHORITY_TOLD, Duty.BREACH_TO_PEOPLE: StepKind.PEOPLE_TOLD}


@dataclass(frozen=True)
class Clock:
    """One deadline of an incident."""

    country: str
    rule: Rule
    #: How many people of the country are touched.
    subjects: int
    #: Empty where the law names no number.
    due_at: datetime | None
    #: When what it asks for was done, if it was.
    done_at: datetime | None
    #: Whether it was decided that nobody needs to be told.
    is_waived: bool

    def is_late(self, now: datetime) -> bool:
        """Whether it was or is missed."""
        return self.due_at is not None and not self.is_waived and (self.done_at or now) > self.due_at

    @property
    def is_running(self) -> bool:
        """Whether something is still to be done."""
        return self.done_at is None and not self.is_waived


def clocks(part: Incident, steps: Iterable[IncidentStep], *, home: str, time_zone: str) -> list[Clock]:
    """The clocks of a part: for the countries of the people and of the creditor, to the authority and to the people."""
    done = list(steps)
    lands = sorted({*part.countries, home}, key=lambda one: (one != home, one))
    on = local_date(part.aware_at, time_zone)
    found = []
    for country in lands:
        for duty in _TOLD:
            rule = rules.rule_of(country, duty, on=on)
            due = rules.due_at(rule, part.aware_at, time_zone=time_zone) if country in COUNTRIES else None
            subjects = int(part.countries.get(country, 0))
            found.append(Clock(country, rule, subjects, due, _done(done, duty, country), _is_waived(part, duty)))
    return found


def reporting_clock(part: Incident, *, home: str, time_zone: str) -> Clock:
    """Our policy's clock: from knowing to telling the creditor."""
    rule = rules.policy_of(Duty.BREACH_TO_CREDITOR)
    due = rules.due_at(rule, part.aware_at, time_zone=time_zone, country=home)
    return Clock(home, rule, part.subjects, due, part.reported_at, is_waived=False)


def next_due(found: Iterable[Clock]) -> datetime | None:
    """The nearest deadline that still runs."""
    return min((one.due_at for one in found if one.is_running and one.due_at is not None), default=None)


def _done(steps: Iterable[IncidentStep], duty: Duty, country: str) -> datetime | None:
    kind = _TOLD[duty]
    told = [one for one in steps if one.kind is kind and (one.country in {country, None})]
    return min((one.happened_at for one in told), default=None)


def _is_waived(part: Incident, duty: Duty) -> bool:
    decided = part.tells_authority if duty is Duty.BREACH_TO_AUTHORITY else part.tells_people
    return decided is False
