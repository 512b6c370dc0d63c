"""A period of a schedule is begun once, whoever begins it."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from sqlalchemy.exc import ProgrammingError

from agencies.kernel import schedules
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import WORKER
from portal.ports import Ports
from tests.tenants import Tenants

DAY = date(2026, 3, 11)


def begin(ports: Ports, now, name="daily", day=DAY) -> bool:
    with ports.session(WORKER) as session, transaction(session):
        return schedules.begin(session, name, day, now=now)


def test_a_period_begins_once(ports: Ports, now):
    assert begin(ports, now)
    assert not begin(ports, now)
    assert begin(ports, now, day=date(2026, 3, 12))
    assert begin(ports, now, name="other")


def test_of_two_schedulers_one_begins(ports: Ports, now):
    start, begun = threading.Barrier(6), []

    def run():
        start.wait()
        begun.append(begin(ports, now))

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(begun) == [False] * 5 + [True]


def test_a_beginning_that_failed_may_be_made_again(ports: Ports, now):
    with ports.session(WORKER) as session, pytest.raises(KeyError), transaction(session):
        assert schedules.begin(session, "daily", DAY, now=now)
        raise KeyError

    assert begin(ports, now)


def test_only_the_worker_s_role_may_begin_a_schedule(ports: Ports, tenants: Tenants, now):
    for actor in (tenants.creditor, tenants.agency):
        with ports.session(actor) as session, pytest.raises(ProgrammingError), transaction(session):
            schedules.begin(session, "daily", DAY, now=now)
