"""The reports an agency owes: opened once a period is over, complete with both halves, judged by their due time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.session import transaction
from agencies.mandates import service as mandates
from assignments.reports import service
from assignments.reports.calendar import Standing
from assignments.reports.models import Report
from assignments.reports.queries import list_reports, punctuality
from tests.loop import (
    PLACED_AT,
    REPORTED_AT,
    NewCase,
    add_cases,
    add_mandate,
    draft,
    end_placement,
    paid,
    place,
    place_with,
    report_activities,
    report_payments,
    worked,
)
from uploads.models import UploadKind


def open_all(ports, actor, now: datetime) -> int:
    with ports.session(actor) as session, transaction(session):
        return service.open_periods(session, actor, now=now)


def owed(ports, agency) -> int:
    with ports.session(agency) as session:
        return len(list_reports(session, agency, now=REPORTED_AT).rows)


def test_periods_are_opened_once_from_the_first_consignment_on_by_the_creditor(ports, tenants):
    assert open_all(ports, tenants.creditor, REPORTED_AT) == 2
    assert open_all(ports, tenants.creditor, REPORTED_AT) == 0
    assert open_all(ports, tenants.creditor, REPORTED_AT + timedelta(days=30)) == 1
    assert open_all(ports, tenants.other_creditor, REPORTED_AT) == 0
    with pytest.raises(Forbidden):
        open_all(ports, tenants.agency, REPORTED_AT + timedelta(days=60))
    with ports.session(tenants.agency) as session:
        rows = list_reports(session, tenants.agency, now=REPORTED_AT).rows
    assert [(row.period_start, row.period_end) for row in rows] == [
        (date(2026, 3, 1), date(2026, 3, 31)),
        (date(2026, 2, 1), date(2026, 2, 28)),
        (date(2026, 1, 1), date(2026, 1, 31)),
    ]
    assert [row.standing for row in rows] == [Standing.DUE, Standing.MISSING, Standing.MISSING]


def test_no_report_is_owed_without_a_case(ports, tenants):
    add_mandate(ports, tenants.creditor, tenants.other_agency)
    open_all(ports, tenants.creditor, REPORTED_AT)
    assert owed(ports, tenants.other_agency) == 0


@pytest.mark.parametrize("looks", [(60,), (0, 10, 60), (0, 21, 60)])
@pytest.mark.parametrize(
    ("mandate_ended", "case_ended", "last"),
    [
        # The payments of the month in which all ends are reported like any others, and nothing after them.
        (datetime(2026, 2, 20, tzinfo=UTC), datetime(2026, 2, 20, tzinfo=UTC), date(2026, 2, 1)),
        # A case that stays on under an ended mandate is reported to its own end.
        (datetime(2026, 2, 20, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC), date(2026, 3, 1)),
        (datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 2, 20, tzinfo=UTC), date(2026, 3, 1)),
        # The last evening of February in Bogotá is March elsewhere.
        (datetime(2026, 3, 1, 4, tzinfo=UTC), datetime(2026, 2, 20, tzinfo=UTC), date(2026, 2, 1)),
    ],
)
def test_the_last_period_of_an_ended_mandate_is_owed_whenever_one_looks(
    ports, tenants, mandate_ended, case_ended, last, looks
):
    mandate = add_mandate(ports, tenants.creditor, tenants.other_agency)
    add_cases(ports, tenants.creditor, [NewCase("B1", 1_000)])
    place(ports, tenants.creditor, draft(ports, tenants.creditor, [mandate]))
    end_placement(ports, tenants.creditor, "B1", case_ended)
    with ports.session(tenants.creditor) as session, transaction(session):
        mandates.end(session, tenants.creditor, mandate.id, now=mandate_ended)
    for days in looks:
        open_all(ports, tenants.creditor, REPORTED_AT + timedelta(days=days))
    with ports.session(tenants.other_agency) as session:
        starts = [row.period_start for row in list_reports(session, tenants.other_agency, now=REPORTED_AT).rows]
    assert starts == [day for day in (date(2026, 3, 1), date(2026, 2, 1), date(2026, 1, 1)) if day <= last]


def test_a_report_is_in_when_both_of_its_files_are(ports, tenants):
    open_all(ports, tenants.creditor, REPORTED_AT)
    with ports.session(tenants.agency) as session:
        february = list_reports(session, tenants.agency, now=REPORTED_AT).rows[0]
    first, second = february.due_at, february.due_at + timedelta(hours=1)
    report_payments(ports, tenants.agency, tenants.creditor, [paid("A1")], report_id=february.id, now=first)
    with ports.session(tenants.creditor) as session:
        row = list_reports(session, tenants.creditor, standing_in={Standing.MISSING}, now=second).rows[0]
        assert (row.payments_at, row.submitted_at) == (first, None)
    report_activities(ports, tenants.agency, tenants.creditor, [worked("A1")], report_id=february.id, now=second)
    with ports.session(tenants.creditor) as session:
        [late] = list_reports(session, tenants.creditor, standing_in={Standing.LATE}, now=second).rows
        assert (late.id, late.submitted_at) == (february.id, second)
        [row] = punctuality(session, tenants.creditor, now=second)
        assert (row.due, row.on_time) == (2, 0)


def test_a_period_without_payments_is_declared_and_then_complete(ports, tenants):
    open_all(ports, tenants.creditor, REPORTED_AT)
    with ports.session(tenants.agency) as session:
        january = list_reports(session, tenants.agency, now=REPORTED_AT).rows[1]
    at = january.due_at - timedelta(days=1)
    report_activities(ports, tenants.agency, tenants.creditor, [worked("A1", PLACED_AT)], report_id=january.id, now=at)
    with ports.session(tenants.agency) as session, transaction(session):
        done = service.declare_nothing(session, tenants.agency, january.id, kind=UploadKind.PAYMENTS, now=at)
        assert (done.payments_at, done.submitted_at) == (at, at)
    with ports.session(tenants.agency) as session, pytest.raises(service.AlreadyReported):
        service.declare_nothing(session, tenants.agency, january.id, kind=UploadKind.ACTIVITIES, now=at)
    with ports.session(tenants.other_agency) as session, pytest.raises(NotFound):
        service.declare_nothing(session, tenants.other_agency, january.id, kind=UploadKind.PAYMENTS, now=at)
    with ports.session(tenants.creditor) as session:
        [row] = punctuality(session, tenants.creditor, now=REPORTED_AT)
        assert (row.due, row.on_time) == (2, 1)


def test_a_file_cannot_complete_a_report_to_somebody_else(ports, tenants):
    place_with(ports, tenants.other_creditor, tenants.agency, [NewCase("C1", 1_000)])
    open_all(ports, tenants.other_creditor, REPORTED_AT)
    with ports.session(tenants.agency) as session:
        other = session.scalars(
            select(Report.id).where(Report.creditor_id == tenants.other_creditor.tenant).limit(1)
        ).one()
    with pytest.raises(NotFound):
        report_payments(ports, tenants.agency, tenants.creditor, [paid("A1")], report_id=other)


def test_what_is_not_yet_due_counts_neither_way(ports, tenants):
    open_all(ports, tenants.creditor, REPORTED_AT)
    with ports.session(tenants.creditor) as session:
        due = [row.due_at for row in list_reports(session, tenants.creditor, now=REPORTED_AT).rows]
        [row] = punctuality(session, tenants.creditor, now=min(due) + timedelta(seconds=1))
        assert (row.due, row.on_time) == (1, 0)
        assert punctuality(session, tenants.creditor, now=min(due)) == []


def test_pages_of_reports_follow_each_other_without_gap(ports, tenants):
    open_all(ports, tenants.creditor, REPORTED_AT + timedelta(days=365))
    seen, after = [], None
    with ports.session(tenants.agency) as session:
        while True:
            page = list_reports(session, tenants.agency, after=after, limit=4, now=REPORTED_AT)
            seen += [row.period_start for row in page.rows]
            if (after := page.next_cursor) is None:
                break
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == len(seen) == 14
