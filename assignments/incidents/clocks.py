"""By when whom the law wants told of an incident: one clock for each country it touches, and our own 24 hours.

Time is counted from when the first of the two, agency or creditor, was aware: the earlier reading of every law here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from agencies.kernel.clock import COUNTRIES, local_date
from assignments.deadlines import rules
from assignments.deadlines.rules import Duty, Rule, Term
from assignments.incidents.models import Incident, IncidentStep, StepKind

#: A deadline nearer than this is near.
NEAR_HOURS = 24
#: A law that asks for it, with a number or at once.
_BINDING = frozenset({Term.FIXED, Term.WITHOUT_DELAY})
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
            told_at = _done(part, done, duty, country)
            found.append(Clock(country, rule, subjects, due, told_at, _is_waived(part, duty)))
    return found


def reporting_clock(part: Incident, *, home: str, time_zone: str) -> Clock:
    """Our policy's clock: from knowing to telling the creditor."""
    rule = rules.policy_of(Duty.BREACH_TO_CREDITOR)
    due = rules.due_at(rule, part.aware_at, time_zone=time_zone, country=home)
    return Clock(home, rule, part.subjects, due, part.reported_at, is_waived=False)


def next_due(found: Iterable[Clock]) -> datetime | None:
    """The nearest deadline that still runs."""
    return min((one.due_at for one in found if one.is_running and one.due_at is not None), default=None)


def are_all_told(found: Iterable[Clock]) -> bool:
    """Whether what was decided is done in every country whose law asks for it; where none does, anywhere."""
    wanted = [one for one in found if not one.is_waived]
    for duty in _TOLD:
        rows = [one for one in wanted if one.rule.duty is duty]
        binding = [one for one in rows if one.rule.term in _BINDING]
        if any(one.is_running for one in binding) or (rows and all(one.is_running for one in rows)):
            return False
    return True


def _done(part: Incident, steps: Iterable[IncidentStep], duty: Duty, country: str) -> datetime | None:
    kind = _TOLD[duty]
    told = [one for one in steps if one.kind is kind and (one.country in {country, None})]
    if duty is Duty.BREACH_TO_PEOPLE and part.widened_at is not None:
        # Of those told before, nobody told the people who came in since.
        told = [one for one in told if one.recorded_at >= part.widened_at]
    return min((one.happened_at for one in told), default=None)


def _is_waived(part: Incident, duty: Duty) -> bool:
    decided = part.tells_authority if duty is Duty.BREACH_TO_AUTHORITY else part.tells_people
    return decided is False
