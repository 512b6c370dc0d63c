"""Which periods an agency reports on, by when, and whether it did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from agencies.kernel.clock import add_business_days, add_months, end_of_day, first_of_month
from agencies.mandates.models import ReportFrequency

_DAY = timedelta(days=1)


class Standing(StrEnum):
    """How a report stands at an instant."""

    DUE = "due"
    MISSING = "missing"
    ON_TIME = "on_time"
    LATE = "late"


@dataclass(frozen=True)
class Period:
    """The days one report speaks of, both ends included."""

    start: date
    end: date


def periods(first: date, until: date, frequency: ReportFrequency) -> list[Period]:
    """The periods that are over on the day `until`, from the one that holds the day `first`."""
    return periods_under(beginning(first, frequency), until, lambda _day: frequency)


def beginning(day: date, frequency: ReportFrequency) -> date:
    """The first day of the period that holds a day."""
    return _containing(day, frequency).start


def periods_under(
    start: date, until: date, frequency_on: Callable[[date], ReportFrequency], last: date | None = None
) -> list[Period]:
    """The periods that are over on the day `until`, from the day `start` to the day `last`, where terms may change.

    Each follows the terms of its first day and begins where the last one ended, so that a change within a period takes
    effect after it, no day is reported twice and none is left out. The period that holds the last day is one of them.
    """
    found = []
    while (last is None or start <= last) and (end := _containing(start, frequency_on(start)).end) < until:
        found.append(Period(start, end))
        start = end + _DAY
    return found


def _containing(day: date, frequency: ReportFrequency) -> Period:
    if frequency is ReportFrequency.WEEKLY:
        monday = day - timedelta(days=day.weekday())
        return Period(monday, monday + timedelta(days=6))
    last = add_months(day, 1) - _DAY
    if frequency is ReportFrequency.MONTHLY:
        return Period(first_of_month(day), last)
    middle = day.replace(day=15)
    return Period(first_of_month(day), middle) if day <= middle else Period(middle + _DAY, last)


def due_at(period_end: date, due_days: int, country: str, zone: str) -> datetime:
    """The instant from which a report is late: the end of the due date in the creditor's country and zone."""
    return end_of_day(add_business_days(period_end, due_days, country), zone)


def standing(due: datetime, submitted: datetime | None, now: datetime) -> Standing:
    """How a report stands: still due, missing, or handed in, on time or late."""
    if submitted is not None:
        return Standing.ON_TIME if submitted <= due else Standing.LATE
    return Standing.DUE if now <= due else Standing.MISSING
