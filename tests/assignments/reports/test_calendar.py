"""Periods that are over, due dates on the creditor's calendar, and how a report stands."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from agencies.mandates.models import ReportFrequency
from assignments.reports.calendar import Period, Standing, due_at, periods, standing

MONTHLY = ReportFrequency.MONTHLY


def test_a_month_is_reported_on_once_it_is_over():
    first, until = date(2025, 12, 20), date(2026, 2, 28)
    assert periods(first, until, MONTHLY) == [
        Period(date(2025, 12, 1), date(2025, 12, 31)),
        Period(date(2026, 1, 1), date(2026, 1, 31)),
    ]
    assert periods(first, until + timedelta(days=1), MONTHLY)[-1] == Period(date(2026, 2, 1), date(2026, 2, 28))


def test_the_month_that_runs_is_not_yet_owed():
    assert periods(date(2026, 3, 1), date(2026, 3, 31), MONTHLY) == []


def test_a_leap_february_ends_on_its_29th():
    assert periods(date(2028, 2, 3), date(2028, 3, 1), MONTHLY) == [Period(date(2028, 2, 1), date(2028, 2, 29))]


@pytest.mark.parametrize(
    ("end", "days", "country", "zone", "due"),
    [
        # Thu 1, Fri 2, Mon 5 August 2024 are business days in Colombia: the third one's end is midnight in Bogotá.
        (date(2024, 7, 31), 3, "CO", "America/Bogota", datetime(2024, 8, 6, 5, tzinfo=UTC)),
        # Holy Thursday and Friday 2026 (2 and 3 April) do not count.
        (date(2026, 3, 31), 3, "CO", "America/Bogota", datetime(2026, 4, 8, 5, tzinfo=UTC)),
        # The same days in another country and zone.
        (date(2026, 3, 31), 1, "CL", "America/Santiago", datetime(2026, 4, 2, 3, tzinfo=UTC)),
    ],
)
def test_a_report_is_due_at_the_end_of_a_business_day_where_the_creditor_is(end, days, country, zone, due):
    assert due_at(end, days, country, zone) == due


DUE = datetime(2026, 4, 8, 5, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("submitted", "now", "expected"),
    [
        (None, DUE - SECOND, Standing.DUE),
        (None, DUE, Standing.DUE),
        (None, DUE + SECOND, Standing.MISSING),
        (DUE, DUE + SECOND, Standing.ON_TIME),
        (DUE + SECOND, DUE + 2 * SECOND, Standing.LATE),
    ],
)
def test_a_report_stands_by_its_due_instant(submitted, now, expected):
    assert standing(DUE, submitted, now) is expected
