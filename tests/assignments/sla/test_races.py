"""What happens at the same time is counted once: a report, an end and an acknowledgement that meet."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import select, text

from agencies.kernel.errors import NotFound
from agencies.kernel.session import transaction
from agencies.mandates.models import Clause
from assignments.cases.models import CaseState
from assignments.placements.ending import end_placements
from assignments.placements.models import Consignment, Placement
from assignments.reports import recording
from assignments.reports.models import Activity
from assignments.sla import service as sla
from assignments.sla.models import Enquiry
from tests.assignments.sla.events import Between

#: In this database alone, for there are others on the server.
WAITING = """
    select count(*) from pg_locks
    where locktype = 'advisory' and not granted
      and database = (select oid from pg_database where datname = current_database())
"""


def together(*works) -> list[BaseException]:
    """Do all at once; returns what went wrong."""
    begin = threading.Barrier(len(works))

    def run(work) -> None:
        begin.wait()
        work()

    with ThreadPoolExecutor(len(works)) as pool:
        done = [pool.submit(run, work) for work in works]
    return [one.exception() for one in done if one.exception()]


@pytest.fixture
def between(ports, tenants) -> Between:
    between = Between(ports, tenants.creditor, tenants.agency)
    between.place(*(f"A{n}" for n in range(12)), at="2026-03-10T09:00")
    return between


def test_an_activity_and_the_end_of_its_case_meet(between):
    between.acknowledge("2026-03-11T09:00")
    works = []
    for n in range(6):
        works.append(lambda n=n: between.work(f"A{n}", "2026-03-11T10:00"))
        works.append(lambda n=n: between.end(f"A{n}", "2026-03-11T12:00"))
    assert together(*works) == []
    # Whichever came first: those six were worked, the other six were not.
    assert between.counts(Clause.FIRST_ACTIVITY, "2026-03-20T09:00") == (6, 6, 0, 0)


def test_taking_on_twice_at_once_while_cases_leave_starts_one_clock(between):
    with between.ports.session(between.agency) as session:
        consignment_id = session.scalars(select(Consignment.id)).one()

    def take_on() -> None:
        with between.ports.session(between.agency) as session, transaction(session):
            sla.acknowledge(session, between.agency, consignment_id, now=between.at("2026-03-11T09:00"))

    failures = together(take_on, take_on, *(lambda n=n: between.end(f"A{n}", "2026-03-11T09:00") for n in range(4)))
    assert failures == []
    assert between.counts(Clause.FIRST_ACTIVITY, "2026-03-20T09:00") == (0, 8, 0, 0)


def behind_the_end(between: Between, work: Callable[[], object]) -> Future[object]:
    """Begin a work while the end of A0 holds the lock, and let it end only when the work waits for it."""
    with between.ports.session(between.creditor) as session, transaction(session):
        one = session.scalars(select(Placement).where(Placement.account_ref == "A0")).one()
        end_placements(
            session,
            [one.id],
            creditor_id=one.creditor_id,
            agency_id=one.agency_id,
            code="recalled",
            case_state=CaseState.OPEN,
            now=between.at("2026-03-11T12:00"),
        )
        pool = ThreadPoolExecutor(1)
        done = pool.submit(work)
        deadline = time.monotonic() + 20
        while not session.scalar(text(WAITING)):
            assert time.monotonic() < deadline, "nobody waits"
            time.sleep(0.01)
    pool.shutdown()
    return done


def test_an_agency_asks_about_no_case_that_is_taken_back_meanwhile(between):
    between.acknowledge("2026-03-11T09:00")
    asked = behind_the_end(between, lambda: between.ask("A0", "2026-03-11T12:00"))
    assert isinstance(asked.exception(), NotFound)
    with between.ports.session(between.creditor) as session:
        assert session.scalars(select(Enquiry)).all() == []
        assert sla.differing(session, between.creditor) == 0


def test_nothing_is_recorded_on_a_case_that_is_taken_back_meanwhile(between):
    between.acknowledge("2026-03-11T09:00")
    recorder = between.agency

    def record() -> None:
        with between.ports.session(recorder) as session, transaction(session):
            case_id = session.scalars(select(Placement.case_id).where(Placement.account_ref == "A0")).one()
            recording.record(
                session,
                recorder,
                case_id,
                key=uuid.uuid4(),
                happened_at=between.at("2026-03-11T11:00"),
                channel="call",
                result="no_answer",
                now=between.at("2026-03-11T12:00"),
            )

    assert isinstance(behind_the_end(between, record).exception(), NotFound)
    with between.ports.session(between.creditor) as session:
        assert session.scalars(select(Activity)).all() == []
        assert sla.differing(session, between.creditor) == 0
