"""Time as the trade reckons it: aware instants, local business dates, business days, months on book.

The only place that reads the machine's clock. Public holidays come from the `holidays` package, corrected by
`OVERRIDES` where a country's law says otherwise; a year it does not know is refused and never read as free of holidays.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

#: Countries whose business calendar we answer for.
COUNTRIES = ("CO", "PE", "MX", "CL", "EC", "AR")
FIRST_YEAR, LAST_YEAR = 2000, 2035
#: (country, date) -> whether it is a public holiday after all, with the reason beside it.
OVERRIDES: dict[tuple[str, date], bool] = {}

_SATURDAY = 5


class CalendarUnknown(ValueError):
    """No business calendar is kept for this country or year."""


def utc_now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def local_date(instant: datetime, time_zone: str) -> date:
    """The calendar date of an aware instant in a time zone."""
    if instant.tzinfo is None:
        raise ValueError("an instant must carry its zone")
    return instant.astimezone(ZoneInfo(time_zone)).date()


@lru_cache(maxsize=8192)
def end_of_day(day: date, time_zone: str) -> datetime:
    """The instant at which a local date is over: the next local midnight, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(0), ZoneInfo(time_zone)).astimezone(UTC)


@lru_cache(maxsize=512)
def public_holidays(country: str, year: int) -> frozenset[date]:
    """The public holidays of a country in a year; raises `CalendarUnknown`."""
    if country not in COUNTRIES or not FIRST_YEAR <= year <= LAST_YEAR:
        raise CalendarUnknown(f"no business calendar for {country} {year}")
    listed = set(holidays.country_holidays(country, years=year).keys())
    for (where, day), is_holiday in OVERRIDES.items():
        if where == country and day.year == year:
            (listed.add if is_holiday else listed.discard)(day)
    return frozenset(listed)


@lru_cache(maxsize=8192)
def is_business_day(day: date, country: str) -> bool:
    """Whether a date is neither a weekend day nor a public holiday there."""
    return day.weekday() < _SATURDAY and day not in public_holidays(country, day.year)


def add_business_days(day: date, days: int, country: str) -> date:
    """The date `days` business days after (or, if negative, before) a date; 0 moves to the next business day."""
    step = timedelta(days=-1 if days < 0 else 1)
    if days == 0:
        while not is_business_day(day, country):
            day += step
        return day
    left = abs(days)
    while left:
        day += step
        left -= is_business_day(day, country)
    return day


def business_days_between(start: date, end: date, country: str) -> int:
    """Business days after `start` up to and including `end`; negative when `end` comes first."""
    if end < start:
        return -business_days_between(end, start, country)
    days = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
    return sum(is_business_day(day, country) for day in days)


def add_business_hours(
    instant: datetime, hours: int, country: str, time_zone: str, pauses: Iterable[tuple[datetime, datetime]] = ()
) -> datetime:
    """The instant at which so many business hours have run, in UTC: every hour of a business day counts, 24 to most.

    The clock stands still at weekends, on public holidays, and within each of the `pauses`.
    """
    left, now, day = timedelta(hours=hours), instant.astimezone(UTC), local_date(instant, time_zone)
    stops = sorted((start.astimezone(UTC), end.astimezone(UTC)) for start, end in pauses)
    while True:
        midnight = end_of_day(day, time_zone)
        pause = next((one for one in stops if one[0] <= now < one[1]), None)
        if pause is not None:
            now, day = pause[1], local_date(pause[1], time_zone)
            continue
        if is_business_day(day, country):
            until = min([midnight, *(start for start, _ in stops if start > now)]) if stops else midnight
            if left <= until - now:
                return now + left
            left -= until - now
            now = until
        else:
            now = midnight
        if now == midnight:
            day += timedelta(days=1)


def first_of_month(day: date) -> date:
    """The first day of the month of a date."""
    return day.replace(day=1)


def add_months(month: date, months: int) -> date:
    """The first day of the month `months` after the month of a date."""
    at = month.year * 12 + month.month - 1 + months
    return date(at // 12, at % 12 + 1, 1)


def months_between(start: date, end: date) -> int:
    """Calendar months from the month of `start` to the month of `end`: months on book, the first being 0."""
    return (end.year - start.year) * 12 + end.month - start.month
