"""Work is asked for once, held by one, and fenced against who no longer holds it."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text

from agencies.kernel import work
from agencies.kernel.errors import Conflict, NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import WORKER
from agencies.kernel.work import LeaseLost, WorkState
from portal.ports import Ports
from tests.tenants import Tenants


@pytest.fixture
def work_id(ports: Ports, tenants: Tenants, now) -> int:
    return ask(ports, tenants.creditor, now)


@pytest.fixture
def age(database):
    """Lets a lease run out, or a wait be over, without waiting for it."""
    engine = create_engine(database.superuser_url)

    def run() -> None:
        with engine.begin() as connection:
            connection.execute(
                text(
                    "update work set lease_until = lease_until - interval '1 day', "
                    "next_attempt_at = next_attempt_at - interval '1 day'"
                )
            )

    yield run
    engine.dispose()


def ask(ports: Ports, actor, now, key="a", kind="test") -> int:
    with ports.session(actor) as session, transaction(session):
        return work.request(session, actor, kind, key, {"number": 7}, now=now)


def claim(ports: Ports, work_id: int, seconds: int = 60):
    with ports.session(WORKER) as session, transaction(session):
        return work.claim(session, work_id, seconds=seconds)


def state(ports: Ports, work_id: int) -> work.Work:
    with ports.session(WORKER) as session:
        return session.get_one(work.Work, work_id)


def test_work_asked_for_twice_is_one_piece_of_work_with_one_message(ports: Ports, tenants: Tenants, now):
    first = ask(ports, tenants.creditor, now)
    again = ask(ports, tenants.creditor, now)

    assert first == again
    with ports.session(WORKER) as session:
        assert session.execute(text("select topic, payload from outbox")).all() == [("work.ring", {"work_id": first})]


def test_the_same_key_is_other_work_for_another_kind_or_organisation(ports: Ports, tenants: Tenants, now):
    ids = {
        ask(ports, tenants.creditor, now),
        ask(ports, tenants.creditor, now, kind="other"),
        ask(ports, tenants.creditor, now, key="b"),
        ask(ports, tenants.other_creditor, now),
    }

    assert len(ids) == 4


def test_a_lease_is_taken_by_one(ports: Ports, tenants: Tenants, work_id):
    lease = claim(ports, work_id)

    assert lease is not None
    assert (lease.organisation_id, lease.user_id) == (tenants.creditor.tenant, tenants.creditor.user_id)
    assert (lease.kind, lease.payload, lease.attempt) == ("test", {"number": 7}, 1)
    assert claim(ports, work_id) is None


def test_of_many_claims_at_the_same_time_one_wins(ports: Ports, work_id):
    start, leases = threading.Barrier(8), []

    def run():
        start.wait()
        leases.append(claim(ports, work_id))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(lease is not None for lease in leases) == 1


def test_a_lease_that_ran_out_is_taken_over_and_the_orphan_is_fenced(ports: Ports, tenants: Tenants, work_id, age, now):
    orphan = claim(ports, work_id)
    age()
    heir = claim(ports, work_id)

    assert heir is not None
    assert heir.attempt == 2
    with ports.session(tenants.creditor) as session:
        for write in (
            lambda: work.fence(session, orphan),
            lambda: work.finish(session, orphan, now=now),
            lambda: work.give_up(session, orphan, "late", now=now),
        ):
            with pytest.raises(LeaseLost), transaction(session):
                write()
        with transaction(session):
            work.release(session, orphan)
            work.put_back(session, orphan, "late", wait_seconds=0, now=now)
        with transaction(session):
            work.fence(session, heir, stage="loading", done=3, total=9)
            work.finish(session, heir, now=now)
    assert state(ports, work_id).state is WorkState.DONE


def test_a_fence_holds_the_work_until_the_commit_however_old_the_lease(ports: Ports, tenants: Tenants, work_id, now):
    lease = claim(ports, work_id, seconds=1)
    with ports.session(tenants.creditor) as session, transaction(session):
        work.fence(session, lease, seconds=1)
        time.sleep(1.2)
        assert claim(ports, work_id) is None
        with ports.session(WORKER) as other:
            assert work.overdue(other) == []
        work.finish(session, lease, now=now)

    assert state(ports, work_id).state is WorkState.DONE


def test_a_fence_tells_how_far_the_work_is_and_keeps_what_it_is_not_told(ports: Ports, tenants: Tenants, work_id):
    lease = claim(ports, work_id)
    with ports.session(tenants.creditor) as session:
        with transaction(session):
            work.fence(session, lease, stage="reading", done=10, total=100)
        with transaction(session):
            work.fence(session, lease, done=20)
        with transaction(session):
            work.fence(session, lease)

    row = state(ports, work_id)
    assert (row.stage, row.done, row.total, row.state) == ("reading", 20, 100, WorkState.RUNNING)


def test_finished_work_is_full_and_is_never_claimed_again(ports: Ports, tenants: Tenants, work_id, age, now):
    lease = claim(ports, work_id)
    with ports.session(tenants.creditor) as session, transaction(session):
        work.fence(session, lease, stage="reading", done=10, total=100)
        work.finish(session, lease, now=now)
    age()

    row = state(ports, work_id)
    assert (row.state, row.done, row.total, row.finished_at) == (WorkState.DONE, 100, 100, now)
    assert claim(ports, work_id) is None
    with ports.session(WORKER) as session:
        assert work.overdue(session) == []


def test_work_put_back_waits_its_time(ports: Ports, work_id, age, now):
    lease = claim(ports, work_id)
    with ports.session(WORKER) as session, transaction(session):
        work.put_back(session, lease, "outage", wait_seconds=3600, now=now)

    assert (state(ports, work_id).state, state(ports, work_id).error) == (WorkState.QUEUED, "outage")
    assert claim(ports, work_id) is None
    with ports.session(WORKER) as session:
        assert work.overdue(session) == []
    age()
    with ports.session(WORKER) as session:
        assert work.overdue(session) == [work_id]
    assert claim(ports, work_id).attempt == 2


def test_released_work_is_due_at_once_and_costs_no_attempt(ports: Ports, work_id):
    lease = claim(ports, work_id)
    with ports.session(WORKER) as session, transaction(session):
        work.release(session, lease)

    assert claim(ports, work_id).attempt == 1


def test_after_its_last_attempt_work_waits_for_a_person(ports: Ports, tenants: Tenants, work_id, age, now):
    for _ in range(work.MAX_ATTEMPTS):
        age()
        lease = claim(ports, work_id)
        with ports.session(WORKER) as session, transaction(session):
            work.put_back(session, lease, "outage", wait_seconds=0, now=now)

    row = state(ports, work_id)
    assert (row.state, row.error, row.attempt) == (WorkState.FAILED, "outage", work.MAX_ATTEMPTS)
    assert claim(ports, work_id) is None


def test_work_whose_processes_keep_dying_is_given_up(ports: Ports, work_id, age):
    for _ in range(work.MAX_CLAIMS):
        assert claim(ports, work_id) is not None
        age()

    assert claim(ports, work_id) is None
    row = state(ports, work_id)
    assert (row.state, row.error) == (WorkState.FAILED, work.CRASHED)


def test_failed_work_starts_again_when_its_organisation_says_so(ports: Ports, tenants: Tenants, work_id, now):
    lease = claim(ports, work_id)
    with ports.session(WORKER) as session, transaction(session):
        work.give_up(session, lease, "file_gone", now=now)
    with ports.session(tenants.other_creditor) as session, pytest.raises(NotFound), transaction(session):
        work.retry(session, tenants.other_creditor, work_id, now=now)
    with ports.session(tenants.creditor) as session, transaction(session):
        work.retry(session, tenants.creditor, work_id, now=now + timedelta(minutes=1))

    row = state(ports, work_id)
    assert (row.state, row.attempt, row.error, row.finished_at) == (WorkState.QUEUED, 0, None, None)
    assert claim(ports, work_id) is not None
    with ports.session(tenants.creditor) as session:
        assert session.scalars(text("select action from audit_events")).all() == ["work.retried"]
        assert session.scalar(text("select count(*) from outbox")) == 2


def test_work_started_again_is_done_in_the_name_of_who_started_it(ports: Ports, tenants: Tenants, work_id, now):
    colleague = replace(tenants.creditor, user_id=tenants.creditor.user_id + 1000)
    lease = claim(ports, work_id)
    with ports.session(WORKER) as session, transaction(session):
        work.give_up(session, lease, "owner_inactive", now=now)
    with ports.session(colleague) as session, transaction(session):
        work.retry(session, colleague, work_id, now=now)

    assert claim(ports, work_id).user_id == colleague.user_id


def test_work_that_did_not_fail_cannot_be_retried(ports: Ports, tenants: Tenants, work_id, now):
    with ports.session(tenants.creditor) as session, pytest.raises(Conflict), transaction(session):
        work.retry(session, tenants.creditor, work_id, now=now)


def test_an_organisation_finds_its_own_work_only(ports: Ports, tenants: Tenants, work_id):
    with ports.session(tenants.creditor) as session:
        assert work.find(session, tenants.creditor, "test", "a").id == work_id
        assert work.find(session, tenants.creditor, "test", "z") is None
    with ports.session(tenants.other_creditor) as session:
        assert work.find(session, tenants.other_creditor, "test", "a") is None
        assert work.find(session, tenants.creditor, "test", "a") is None
