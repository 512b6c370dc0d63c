"""Which periods an agency reports on, by when, and whether it did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from agencies.kernel.clock import add_business_days, add_months, end_of_day, first_of_month
from agencies.mandates.models import ReportFrequency


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
    if frequency is not ReportFrequency.MONTHLY:
        raise ValueError(f"no calendar for {frequency}")
    found = []
    start = first_of_month(first)
    while (following := add_months(start, 1)) <= until:
        found.append(Period(start, following - timedelta(days=1)))
        start = following
    return found


def due_at(period_end: date, due_days: int, country: str, zone: str) -> datetime:
    """The instant from which a report is late: the end of the due date in the creditor's country and zone."""
    return end_of_day(add_business_days(period_end, due_days, country), zone)


def standing(due: datetime, submitted: datetime | None, now: datetime) -> Standing:
    """How a report stands: still due, missing, or handed in, on time or late."""
    if submitted is not None:
        return Standing.ON_TIME if submitted <= due else Standing.LATE
    return Standing.DUE if now <= due else Standing.MISSING
