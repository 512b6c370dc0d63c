"""What happens at the same time is counted once: a report, an end and an acknowledgement that meet."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from agencies.kernel.session import transaction
from agencies.mandates.models import Clause
from assignments.placements.models import Consignment
from assignments.sla import service as sla
from tests.assignments.sla.events import Between


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
