"""Judging in the database: asked for by the agency, done by the creditor, counted once, also when things come late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import ProgrammingError

from agencies.kernel.errors import Forbidden
from agencies.kernel.notices import Notice
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.kernel.work import Work
from assignments.conduct import service
from assignments.conduct.models import ConductCell, ConductVerdict, Verdict
from assignments.conduct.queries import conduct_of
from portal.jobs import tasks
from portal.ports import Ports
from tests.loop import NewCase, end_placement, place_with, report_activities, worked
from tests.tenants import Tenants, add_tenants

MONDAY = datetime(2026, 3, 2, 14, tzinfo=UTC)
EVENING = datetime(2026, 3, 4, 0, 30, tzinfo=UTC)  # half past seven in Bogotá


@pytest.fixture
def tenants(ports: Ports) -> Tenants:
    """The first agency holds A1 and A2; on Monday A1 goes over to the second, and both have spoken with its debtor."""
    made = add_tenants(ports)
    place_with(ports, made.creditor, made.agency, [NewCase("A1", 100_000), NewCase("A2", 100_000)])
    end_placement(ports, made.creditor, "A1", MONDAY + timedelta(hours=1))
    place_with(ports, made.creditor, made.other_agency, [NewCase("B1", 100_000)], now=MONDAY + timedelta(hours=2))
    return made


def report(ports: Ports, agency: Actor, creditor: Actor, *rows: dict[str, object]) -> int:
    """Report activities and ask for their judgement, as the intake does in one transaction; returns the upload."""
    upload, _ = report_activities(ports, agency, creditor, rows)
    with ports.session(agency) as session, transaction(session):
        service.ask(session, agency, creditor.tenant, upload_id=upload.id, now=MONDAY)
    return upload.id


def verdicts(ports: Ports, actor: Actor) -> list[tuple[int, str, str, bool]]:
    """Agency, verdict, first code and whether shared, in time."""
    with ports.session(actor) as session:
        rows = session.scalars(select(ConductVerdict).order_by(ConductVerdict.happened_at, ConductVerdict.agency_id))
        return [(row.agency_id, row.verdict.value, row.code, row.is_shared) for row in rows]


def assert_cells_are_the_verdicts(ports: Ports, creditor: Actor) -> None:
    with ports.session(creditor) as session:
        month = func.date_trunc("month", ConductVerdict.day)
        counted = session.execute(
            select(ConductVerdict.agency_id, month, ConductVerdict.verdict, ConductVerdict.code, func.count()).group_by(
                ConductVerdict.agency_id, month, ConductVerdict.verdict, ConductVerdict.code
            )
        ).all()
        cells = session.scalars(select(ConductCell).where(ConductCell.activities != 0)).all()
    assert {(one[0], one[1].date(), *one[2:]) for one in counted} == {
        (one.agency_id, one.month, one.verdict, one.code, one.activities) for one in cells
    }


def test_what_an_agency_reports_is_judged_by_the_creditors_work(ports, tenants):
    report(ports, tenants.agency, tenants.creditor, worked("A1", MONDAY), worked("A2", EVENING))

    assert verdicts(ports, tenants.creditor) == []
    assert tasks.perform_due(ports) == 1
    assert verdicts(ports, tenants.creditor) == [
        (tenants.agency.tenant, "compliant", "", False),
        (tenants.agency.tenant, "violation", "V01", False),
    ]
    with ports.session(tenants.creditor) as session:
        conduct = conduct_of(session, tenants.creditor)
        work = session.scalars(select(Work).where(Work.kind == service.JUDGE)).one()
    assert [(one.agency_id, one.judged, one.violations, dict(one.codes)) for one in conduct] == [
        (tenants.agency.tenant, 2, 1, {"V01": 1})
    ]
    assert (work.organisation_id, work.user_id) == (tenants.creditor.tenant, None)


def test_limits_run_across_agencies_and_neither_sees_the_other(ports, tenants):
    spoke = {"result": "promise"}
    report(ports, tenants.agency, tenants.creditor, worked("A1", MONDAY, **spoke))
    report(ports, tenants.other_agency, tenants.creditor, worked("A1", MONDAY + timedelta(hours=3), **spoke))
    tasks.perform_due(ports)

    assert verdicts(ports, tenants.creditor) == [
        (tenants.agency.tenant, "compliant", "", False),
        (tenants.other_agency.tenant, "violation", "V04", True),
    ]
    assert verdicts(ports, tenants.agency) == [(tenants.agency.tenant, "compliant", "", False)]
    assert verdicts(ports, tenants.other_agency) == [(tenants.other_agency.tenant, "violation", "V04", True)]
    with ports.session(tenants.other_agency) as session:
        (own,) = conduct_of(session, tenants.other_agency)
        findings = session.scalars(select(ConductVerdict.findings)).one()
    assert (own.violations, own.shared) == (1, 1)
    assert str(tenants.agency.tenant) not in {str(value) for one in findings for value in one.values()}


def test_a_late_activity_changes_the_verdicts_after_it_and_the_counts_follow(ports, tenants):
    spoke = {"result": "promise"}
    report(ports, tenants.other_agency, tenants.creditor, worked("A1", MONDAY + timedelta(hours=3), **spoke))
    tasks.perform_due(ports)
    assert [one[2] for one in verdicts(ports, tenants.creditor)] == [""]

    report(ports, tenants.agency, tenants.creditor, worked("A1", MONDAY, **spoke))
    tasks.perform_due(ports)

    assert verdicts(ports, tenants.creditor) == [
        (tenants.agency.tenant, "compliant", "", False),
        (tenants.other_agency.tenant, "violation", "V04", True),
    ]
    assert_cells_are_the_verdicts(ports, tenants.creditor)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_reports_in_any_order_end_in_the_same_verdicts(ports, tenants, order):
    a, b, creditor = tenants.agency, tenants.other_agency, tenants.creditor
    parts = [
        (a, worked("A1", MONDAY, result="promise")),
        (b, worked("A1", MONDAY + timedelta(hours=3), result="refuses")),
        (b, worked("A1", MONDAY + timedelta(days=2), channel="whatsapp", result="negotiating")),
        (b, worked("A1", MONDAY + timedelta(days=3), result="deceased", counterpart="relative")),
    ]
    for place in order:
        report(ports, parts[place][0], creditor, parts[place][1])
        tasks.perform_due(ports)

    assert [one[2] for one in verdicts(ports, creditor)] == ["", "V04", "V05", "V06"]
    assert_cells_are_the_verdicts(ports, creditor)


def test_judging_again_changes_nothing(ports, tenants):
    report(ports, tenants.agency, tenants.creditor, worked("A2", EVENING))
    tasks.perform_due(ports)
    with ports.session(tenants.creditor) as session, transaction(session):
        debtors = session.scalars(select(ConductVerdict.debtor_id)).all()
        again = service.judge_people(session, tenants.creditor, debtors, now=MONDAY)

    assert (again.activities, again.changed, again.violations) == (1, 0, {})
    assert_cells_are_the_verdicts(ports, tenants.creditor)


def test_asking_twice_is_asking_once(ports, tenants):
    upload_id = report(ports, tenants.agency, tenants.creditor, worked("A1", MONDAY))
    with ports.session(tenants.agency) as session, transaction(session):
        service.ask(session, tenants.agency, tenants.creditor.tenant, upload_id=upload_id, now=MONDAY)

    with ports.session(tenants.creditor) as session:
        assert session.scalar(select(func.count()).select_from(Work).where(Work.kind == service.JUDGE)) == 1


def test_one_activity_from_a_form_is_judged_with_everything_known_of_its_person(ports, tenants):
    report_activities(ports, tenants.agency, tenants.creditor, [worked("A1", MONDAY), worked("A2", EVENING)])
    with ports.session(tenants.agency) as session, transaction(session):
        activity = session.scalar(text("select id from activities order by happened_at limit 1"))
        service.ask(session, tenants.agency, tenants.creditor.tenant, activity_ids=[activity], now=MONDAY)
    tasks.perform_due(ports)

    assert [one[1] for one in verdicts(ports, tenants.creditor)] == ["compliant"]


def test_what_nobody_asked_about_is_judged_by_the_daily_work(ports, tenants):
    report_activities(ports, tenants.agency, tenants.creditor, [worked("A1", MONDAY), worked("A2", EVENING)])
    with ports.session(tenants.creditor) as session, transaction(session):
        people = service.people_of(session, tenants.creditor, {})
        service.judge_people(session, tenants.creditor, people, now=MONDAY)

        assert len(people) == 2
        assert service.people_of(session, tenants.creditor, {}) == []


def test_both_sides_are_told_on_the_same_day_and_once(ports, tenants):
    for hour in range(3):
        report(ports, tenants.agency, tenants.creditor, worked("A2", EVENING + timedelta(hours=hour)))
        tasks.perform_due(ports)

    for actor in (tenants.creditor, tenants.agency):
        with ports.session(actor) as session:
            notices = session.scalars(select(Notice).where(Notice.kind == "conduct.breached")).all()
        assert [one.details["agency_id"] for one in notices] == [tenants.agency.tenant]
        assert notices[0].permission == "conduct.view"
    with ports.session(tenants.other_agency) as session:
        assert session.scalars(select(Notice).where(Notice.kind == "conduct.breached")).all() == []


def test_an_agency_has_nobody_elses_activities_judged(ports, tenants):
    details = f'{{"agency_id": {tenants.other_agency.tenant}, "upload_id": 1}}'
    ask = text("select ask_conduct(:creditor, 'upload:1', cast(:details as jsonb), now())")
    with ports.session(tenants.agency) as session, pytest.raises(ProgrammingError, match="its own activities"):
        session.execute(ask, {"creditor": tenants.creditor.tenant, "details": details})


def test_nobody_makes_work_for_a_stranger(ports, tenants):
    with ports.session(tenants.agency) as session, pytest.raises(ProgrammingError, match="partners"):
        service.ask(session, tenants.agency, tenants.other_creditor.tenant, upload_id=1, now=MONDAY)


def test_another_creditor_learns_nothing(ports, tenants):
    report(ports, tenants.agency, tenants.creditor, worked("A2", EVENING))
    tasks.perform_due(ports)

    with ports.session(tenants.other_creditor) as session:
        assert conduct_of(session, tenants.other_creditor) == []
        assert session.scalars(select(ConductVerdict)).all() == []
        assert service.people_of(session, tenants.other_creditor, {}) == []


def test_an_agency_judges_nothing_by_itself(ports, tenants):
    with ports.session(tenants.agency) as session:
        with pytest.raises(Forbidden):
            service.judge_people(session, tenants.agency, [1], now=MONDAY)
        with pytest.raises(Forbidden):
            service.people_of(session, tenants.agency, {})
        with pytest.raises(ProgrammingError, match="permission denied"):
            session.execute(text("update conduct_verdicts set verdict = 'compliant'"))


def test_who_was_reached_travels_from_the_file_to_the_verdict(ports, tenants):
    report(
        ports,
        tenants.agency,
        tenants.creditor,
        worked("A1", MONDAY, result="negotiating", counterpart="reference"),
        worked("A2", EVENING, result="promise", direction="inbound"),
    )
    tasks.perform_due(ports)

    assert [(one[1], one[2]) for one in verdicts(ports, tenants.creditor)] == [("violation", "V06"), ("compliant", "")]
    assert Verdict.VIOLATION.value == "violation"
