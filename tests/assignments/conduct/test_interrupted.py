"""The work of judging may be handed on, run twice and overlap: verdicts and counts come out once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from agencies.kernel.session import transaction
from agencies.kernel.work import Work, WorkState
from assignments.conduct import service
from assignments.conduct.models import ConductCell, ConductVerdict
from portal.jobs import tasks
from portal.ports import Ports
from tests.loop import place_with, report_activities, some_cases, worked
from tests.tenants import Tenants, add_tenants

NIGHT = datetime(2026, 3, 4, 2, tzinfo=UTC)


@pytest.fixture
def tenants(ports: Ports) -> Iterator[Tenants]:
    """Eight debtors called twice at night by one agency, reported and to be judged."""
    made = add_tenants(ports)
    place_with(ports, made.creditor, made.agency, some_cases(8))
    rows = [worked(f"A{n:05}", NIGHT + timedelta(minutes=n + again)) for n in range(1, 9) for again in (0, 20)]
    upload, _ = report_activities(ports, made.agency, made.creditor, rows)
    with ports.session(made.agency) as session, transaction(session):
        service.ask(session, made.agency, made.creditor.tenant, upload_id=upload.id, now=NIGHT)
    return made


def work(ports: Ports, tenants: Tenants) -> Work:
    with ports.session(tenants.creditor) as session:
        return session.scalars(select(Work).where(Work.kind == service.JUDGE)).one()


def counted(ports: Ports, tenants: Tenants) -> tuple[int, int]:
    with ports.session(tenants.creditor) as session:
        verdicts = session.scalar(select(func.count()).select_from(ConductVerdict))
        return verdicts, session.scalar(select(func.sum(ConductCell.activities)))


def test_work_handed_on_after_a_step_goes_on_elsewhere(ports, tenants, monkeypatch):
    monkeypatch.setattr(service, "BATCH", 3)
    asked = iter([False, True])

    assert not tasks.perform(ports, work(ports, tenants).id, is_stopping=lambda: next(asked))
    assert counted(ports, tenants) == (6, 6)
    assert (work(ports, tenants).done, work(ports, tenants).total) == (3, 8)

    assert tasks.perform(ports, work(ports, tenants).id)
    assert counted(ports, tenants) == (16, 16)
    assert work(ports, tenants).state is WorkState.DONE


def test_two_judges_at_once_count_every_activity_once(ports, tenants):
    def judge(_number: int) -> int:
        with ports.session(tenants.creditor) as session, transaction(session):
            people = service.people_of(session, tenants.creditor, {})
            return service.judge_people(session, tenants.creditor, people, now=NIGHT).changed

    with ThreadPoolExecutor(4) as pool:
        changed = list(pool.map(judge, range(4)))

    assert sum(changed) == 16
    assert counted(ports, tenants) == (16, 16)
