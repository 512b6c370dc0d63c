"""What is said of an incident, and whom it is narrowed to: plain values, with what is wrong with them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from agencies.kernel import clock
from agencies.kernel.errors import Invalid, msg
from assignments.incidents.models import DataCategory, IncidentKind

LONGEST = 4_000
#: Accounts an incident can be narrowed to by name.
MOST_ACCOUNTS = 20_000
#: By our policy an agency tells its creditors within this time of knowing.
REPORTED_WITHIN = timedelta(hours=24)

#: So long an agency may keep what it gave back; in a year of which no calendar is kept, days of any kind.
KEPT_WORKING_DAYS = 10
_KEPT_DAYS = 21


class TimesDisagree(Invalid):
    """Something happens before it is known, and is known before it is told."""

    text = msg("Check the times: it began before it ended, and nothing lies in the future.")


class NothingSaid(Invalid):
    """A report without its facts."""

    text = msg("Say what happened, what has been done about it and whom to ask, with up to 4,000 characters each.")


class AwareLater(Invalid):
    """The deadlines of the law run from knowing: nobody gives itself more time by having known later."""

    text = msg(
        "When it became known is not moved later, for the deadlines are counted from it. Leave it as it was, or give "
        "an earlier time; write what was wrong with it under how it happened."
    )


class TooManyAccounts(Invalid):
    """A list of accounts that is no list any more."""

    text = msg("Up to 20,000 accounts can be listed. Narrow by consignment or by time instead.")


@dataclass(frozen=True)
class Facts:
    """What is known of an incident when somebody says it."""

    kind: IncidentKind
    aware_at: datetime
    happened_from: datetime
    #: Empty while it goes on.
    happened_to: datetime | None
    categories: tuple[DataCategory, ...]
    systems: str
    cause: str
    measures: str
    #: Whom to ask, and how to reach them.
    contact: str

    def to_dict(self) -> dict[str, Any]:
        """As it is kept."""
        told = asdict(self)
        for name in ("aware_at", "happened_from", "happened_to"):
            told[name] = told[name].isoformat() if told[name] else None
        return {**told, "categories": [one.value for one in self.categories]}

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Facts:
        """As it was said."""
        return cls(
            kind=IncidentKind(told["kind"]),
            aware_at=datetime.fromisoformat(told["aware_at"]),
            happened_from=datetime.fromisoformat(told["happened_from"]),
            happened_to=datetime.fromisoformat(told["happened_to"]) if told["happened_to"] else None,
            categories=tuple(DataCategory(one) for one in told["categories"]),
            systems=told["systems"],
            cause=told["cause"],
            measures=told["measures"],
            contact=told["contact"],
        )


@dataclass(frozen=True)
class Scope:
    """Whose data an incident may have touched, as far as it can be narrowed; nothing named means everybody held."""

    consignment_ids: tuple[int, ...] = ()
    accounts: tuple[str, ...] = ()
    user_ids: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As it is kept."""
        return {name: list(value) for name, value in asdict(self).items()}


def check(facts: Facts, scope: Scope, *, now: datetime) -> None:
    """Raise `TimesDisagree`, `NothingSaid` or `TooManyAccounts` when a report cannot be as it is stated."""
    until = facts.happened_to or now
    if not facts.happened_from <= until <= now or facts.aware_at > now or facts.aware_at < facts.happened_from:
        raise TimesDisagree
    said = (facts.cause.strip(), facts.measures.strip(), facts.contact.strip())
    if not all(said) or any(len(one) > LONGEST for one in (*said, facts.systems)):
        raise NothingSaid
    if len(scope.accounts) > MOST_ACCOUNTS:
        raise TooManyAccounts


def window(facts: Facts, *, now: datetime) -> tuple[datetime, datetime]:
    """From when to when data lay open."""
    return facts.happened_from, facts.happened_to or now


def kept_from(begins: datetime, *, country: str, time_zone: str) -> datetime:
    """Since when what was given back, and never certified gone, may still have lain with the agency."""
    day = clock.local_date(begins, time_zone)
    try:
        first = clock.add_business_days(day, -KEPT_WORKING_DAYS, country)
    except clock.CalendarUnknown:
        first = day - timedelta(days=_KEPT_DAYS)
    return clock.end_of_day(first - timedelta(days=1), time_zone)


def is_late(aware_at: datetime, reported_at: datetime) -> bool:
    """Whether it was told later than our policy asks."""
    return reported_at > aware_at + REPORTED_WITHIN
