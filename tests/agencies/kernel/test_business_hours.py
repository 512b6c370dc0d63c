"""Business hours counted by hand: nights, weekends, holidays, month ends, leap days, clock changes and pauses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from agencies.kernel.clock import CalendarUnknown, add_business_hours

BOGOTA, SANTIAGO, LIMA = "America/Bogota", "America/Santiago", "America/Lima"


def local(text: str, zone: str = BOGOTA) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


#: Start, hours, country, zone, end: each counted on a printed calendar.
COUNTED = {
    "within a day": ("2026-03-11T09:00", 8, "CO", BOGOTA, "2026-03-11T17:00"),
    "no hours are no time": ("2026-03-11T09:00", 0, "CO", BOGOTA, "2026-03-11T09:00"),
    "a working day later at the same hour": ("2026-03-11T09:00", 24, "CO", BOGOTA, "2026-03-12T09:00"),
    "a Friday goes on on Monday": ("2026-03-13T17:00", 24, "CO", BOGOTA, "2026-03-16T17:00"),
    "a whole day ends at its midnight": ("2026-03-13T00:00", 24, "CO", BOGOTA, "2026-03-14T00:00"),
    "a Saturday begins on Monday": ("2026-03-14T11:00", 24, "CO", BOGOTA, "2026-03-17T00:00"),
    # Saint Joseph's, moved to Monday the 23rd of March 2026.
    "a moved holiday": ("2026-03-20T12:00", 24, "CO", BOGOTA, "2026-03-24T12:00"),
    # Holy Thursday and Good Friday 2026, then the weekend.
    "Holy Week": ("2026-04-01T10:00", 48, "CO", BOGOTA, "2026-04-07T10:00"),
    "the same days in Mexico, where no law makes them holidays": (
        "2026-04-01T10:00",
        48,
        "MX",
        "America/Mexico_City",
        "2026-04-03T10:00",
    ),
    "across the end of a month": ("2026-04-30T15:00", 24, "CO", BOGOTA, "2026-05-04T15:00"),
    "across a leap day": ("2028-02-28T10:00", 48, "CO", BOGOTA, "2028-03-01T10:00"),
    "across New Year": ("2026-12-31T20:00", 24, "CO", BOGOTA, "2027-01-04T20:00"),
    "a day begins where the creditor is": ("2026-03-13T23:30", 1, "PE", LIMA, "2026-03-16T00:30"),
    # Chile puts its clocks back on Sunday the 5th of April 2026: the same hour of the wall, an hour more of the sun.
    "a clock change at the weekend": ("2026-04-02T12:00", 24, "CL", SANTIAGO, "2026-04-06T12:00"),
}


@pytest.mark.parametrize(("start", "hours", "country", "zone", "end"), COUNTED.values(), ids=COUNTED.keys())
def test_hours_are_counted_as_by_hand(start, hours, country, zone, end):
    assert add_business_hours(local(start, zone), hours, country, zone) == local(end, zone)


def test_the_zone_of_the_instant_does_not_matter():
    start = local("2026-03-13T23:30")
    assert start.astimezone(UTC).date() > start.date()
    assert add_business_hours(start.astimezone(UTC), 24, "CO", BOGOTA) == local("2026-03-16T23:30")


@pytest.mark.parametrize(
    ("pauses", "end"),
    [
        ([], "2026-03-12T09:00"),
        ([("2026-03-11T10:00", "2026-03-11T12:00")], "2026-03-12T11:00"),
        ([("2026-03-11T12:00", "2026-03-12T09:00")], "2026-03-13T06:00"),
        ([("2026-03-11T10:00", "2026-03-11T12:00"), ("2026-03-11T11:00", "2026-03-11T13:00")], "2026-03-12T12:00"),
        ([("2026-03-11T08:00", "2026-03-11T09:30")], "2026-03-12T09:30"),
        ([("2026-03-12T09:00", "2026-03-12T12:00")], "2026-03-12T09:00"),
        # From Wednesday at ten to Monday at the same hour: one hour had run, 23 are left.
        ([("2026-03-11T10:00", "2026-03-16T10:00")], "2026-03-17T09:00"),
        ([("2026-03-14T10:00", "2026-03-15T10:00")], "2026-03-12T09:00"),
    ],
    ids=["none", "inside", "over night", "overlapping", "begun before", "after the end", "a week", "at a weekend"],
)
def test_a_pause_takes_no_time(pauses, end):
    stops = [(local(start), local(stop)) for start, stop in pauses]
    assert add_business_hours(local("2026-03-11T09:00"), 24, "CO", BOGOTA, stops) == local(end)


def test_more_hours_never_end_earlier():
    start = local("2026-03-20T12:00")
    ends = [add_business_hours(start, hours, "CO", BOGOTA) for hours in range(0, 240, 3)]
    assert ends == sorted(ends)
    assert min(after - before for before, after in pairwise(ends)) >= timedelta(hours=3)


def test_a_year_without_a_calendar_is_refused_and_not_read_as_free_of_holidays():
    with pytest.raises(CalendarUnknown):
        add_business_hours(local("2035-12-31T20:00"), 24, "CO", BOGOTA)
