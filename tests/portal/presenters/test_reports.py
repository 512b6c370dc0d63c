"""Reports as plain values: the last punctual day and how far away it is."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from agencies.kernel.tenancy import Side
from assignments.reports.calendar import Standing, standing
from assignments.reports.queries import ReportRow
from portal.presenters import reports

BOGOTA = "America/Bogota"
#: The midnight that ends Friday, 6 March, in Bogotá.
DUE = datetime(2026, 3, 7, 5, tzinfo=UTC)


def row(submitted: datetime | None = None, now: datetime = DUE) -> ReportRow:
    return ReportRow(
        id=1,
        creditor_id=1,
        creditor_name="Banco",
        agency_id=2,
        agency_name="Cobros",
        mandate_id=1,
        mandate_name="Consumo",
        period_start=date(2026, 2, 1),
        period_end=date(2026, 2, 28),
        due_at=DUE,
        payments_at=submitted,
        activities_at=submitted,
        submitted_at=submitted,
        version=0,
        standing=standing(DUE, submitted, now),
    )


@pytest.mark.parametrize(
    ("now", "days"),
    [
        (datetime(2026, 3, 4, 17, tzinfo=UTC), 2),
        (datetime(2026, 3, 7, 4, 59, tzinfo=UTC), 0),
        (datetime(2026, 3, 7, 5, 1, tzinfo=UTC), -1),
    ],
)
def test_the_last_day_is_the_one_that_the_due_midnight_ends(now: datetime, days: int) -> None:
    [line] = reports.lines((row(now=now),), Side.AGENCY, BOGOTA, now)
    assert line.last_day == date(2026, 3, 6)
    assert line.days_left == days
    assert line.is_open


def test_each_side_sees_the_other_one() -> None:
    assert reports.lines((row(),), Side.AGENCY, BOGOTA, DUE)[0].counterpart == "Banco"
    assert reports.lines((row(),), Side.CREDITOR, BOGOTA, DUE)[0].counterpart == "Cobros"


def test_a_report_handed_in_waits_no_longer() -> None:
    [line] = reports.lines((row(submitted=DUE),), Side.AGENCY, BOGOTA, DUE)
    assert not line.is_open


def test_every_standing_has_words_and_stands_in_the_tabs() -> None:
    assert set(reports.STANDINGS) == set(reports.TONES) == set(Standing)
    assert reports.FILTERS["open"][1] | reports.FILTERS["done"][1] == set(Standing)


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [
        (date(2026, 2, 1), date(2026, 2, 28), "feb 2026"),
        (date(2026, 12, 1), date(2026, 12, 31), "dic 2026"),
        (date(2026, 2, 1), date(2026, 2, 15), "–"),
        (date(2026, 1, 26), date(2026, 2, 1), "–"),
    ],
)
def test_a_month_goes_by_its_name_and_anything_else_by_its_days(app, start, end, shown) -> None:
    with app.test_request_context():
        assert shown in reports.period(start, end).lower()
