"""Reminders come three days before, on the day and when a report is missing; once each, to both sides."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agencies.kernel.errors import Forbidden
from agencies.kernel.notices import list_notices
from agencies.kernel.session import transaction
from agencies.mandates.models import ReportFrequency
from assignments.reports import reminders, service
from assignments.reports.calendar import Period, periods, periods_under
from assignments.reports.queries import list_reports
from tests.loop import NewCase, place_with
from uploads.models import UploadKind


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/Bogota"))


def remind(ports, creditor, now: datetime) -> int:
    with ports.session(creditor) as session, transaction(session):
        service.open_periods(session, creditor, now=now)
        return reminders.remind(session, creditor, now=now)


def told(ports, actor) -> list[str]:
    with ports.session(actor) as session:
        rows = list_notices(session, actor).rows
        return [one.kind for one in reversed(rows) if one.kind.startswith("report.")]


def test_each_step_is_told_once_to_both_sides(ports, tenants):
    """January's report is due by the end of Friday the 6th of February 2026, in Bogotá."""
    for now in (
        "2026-02-02T08:00",
        "2026-02-03T08:00",
        "2026-02-03T09:00",
        "2026-02-05T08:00",
        "2026-02-06T08:00",
        "2026-02-06T23:59",
        "2026-02-07T00:01",
        "2026-02-20T08:00",
    ):
        remind(ports, tenants.creditor, at(now))
    steps = ["report.due_soon", "report.due_today", "report.missing"]
    assert told(ports, tenants.creditor) == steps
    assert told(ports, tenants.agency) == steps
    for stranger in (tenants.other_creditor, tenants.other_agency):
        assert told(ports, stranger) == []


def test_a_missed_day_of_the_schedule_leaves_nothing_out(ports, tenants):
    remind(ports, tenants.creditor, at("2026-02-05T08:00"))
    remind(ports, tenants.creditor, at("2026-02-09T08:00"))
    assert told(ports, tenants.agency) == ["report.due_soon", "report.missing"]


def test_what_is_handed_in_is_not_asked_for(ports, tenants):
    now = at("2026-02-02T08:00")
    remind(ports, tenants.creditor, now)
    with ports.session(tenants.agency) as session, transaction(session):
        [january] = list_reports(session, tenants.agency, now=now).rows
        for kind in (UploadKind.PAYMENTS, UploadKind.ACTIVITIES):
            service.declare_nothing(session, tenants.agency, january.id, kind=kind, now=now)
    assert remind(ports, tenants.creditor, at("2026-02-09T08:00")) == 0
    assert told(ports, tenants.agency) == []


def test_an_agency_does_not_run_the_creditor_s_calendar(ports, tenants):
    with ports.session(tenants.agency) as session, pytest.raises(Forbidden):
        reminders.remind(session, tenants.agency, now=at("2026-02-05T08:00"))


WEEKLY, FORTNIGHTLY, MONTHLY = ReportFrequency.WEEKLY, ReportFrequency.FORTNIGHTLY, ReportFrequency.MONTHLY


@pytest.mark.parametrize(
    ("first", "until", "frequency", "expected"),
    [
        # Monday to Sunday, over the end of a month.
        (date(2026, 1, 28), date(2026, 2, 9), WEEKLY, [("01-26", "02-01"), ("02-02", "02-08")]),
        (date(2026, 2, 2), date(2026, 2, 8), WEEKLY, []),
        (
            date(2026, 1, 20),
            date(2026, 3, 1),
            FORTNIGHTLY,
            [("01-16", "01-31"), ("02-01", "02-15"), ("02-16", "02-28")],
        ),
        (date(2026, 2, 15), date(2026, 2, 16), FORTNIGHTLY, [("02-01", "02-15")]),
        (date(2026, 2, 15), date(2026, 3, 1), MONTHLY, [("02-01", "02-28")]),
    ],
)
def test_periods_by_hand(first, until, frequency, expected):
    found = periods(first, until, frequency)
    assert [(f"{one.start:%m-%d}", f"{one.end:%m-%d}") for one in found] == expected


def test_a_leap_year_s_second_fortnight_ends_on_the_29th():
    assert periods(date(2028, 2, 20), date(2028, 3, 1), FORTNIGHTLY) == [Period(date(2028, 2, 16), date(2028, 2, 29))]


def test_new_terms_take_effect_after_the_period_that_runs():
    def frequency_on(day: date) -> ReportFrequency:
        return MONTHLY if day < date(2026, 3, 10) else WEEKLY

    found = periods_under(date(2026, 2, 1), date(2026, 4, 13), frequency_on)
    assert [(f"{one.start:%m-%d}", f"{one.end:%m-%d}") for one in found] == [
        ("02-01", "02-28"),
        ("03-01", "03-31"),
        ("04-01", "04-05"),
        ("04-06", "04-12"),
    ]
    days = [one.start + timedelta(n) for one in found for n in range((one.end - one.start).days + 1)]
    assert days == [date(2026, 2, 1) + timedelta(n) for n in range(len(days))]


def test_a_weekly_mandate_opens_its_weeks_with_their_due_days(ports, tenants):
    """Placed on Monday the 12th of January 2026; reports within two business days."""
    place_with(
        ports,
        tenants.creditor,
        tenants.other_agency,
        [NewCase("W1", 1_000)],
        report_due_days=2,
        report_frequency=WEEKLY,
    )
    now = at("2026-02-02T08:00")
    remind(ports, tenants.creditor, now)
    with ports.session(tenants.other_agency) as session:
        rows = list_reports(session, tenants.other_agency, now=now).rows
    assert [(one.period_start, one.due_at) for one in rows] == [
        (date(2026, 1, 26), at("2026-02-04T00:00")),
        (date(2026, 1, 19), at("2026-01-28T00:00")),
        (date(2026, 1, 12), at("2026-01-21T00:00")),
    ]
