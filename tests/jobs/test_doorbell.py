"""The doorbell rings after the commit; when Redis is dead the business goes on and the ring comes later."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace

import pytest
from sqlalchemy import text

from agencies.kernel import outbox, work
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import WORKER, bind
from portal.app import create_app, ports_of
from portal.extensions import db
from portal.jobs import doorbell, frame, queues
from portal.ports import Ports
from tests.jobs.counting import ask, counting
from tests.tenants import Tenants


@pytest.fixture
def deaf(ports: Ports, tmp_path) -> Ports:
    """The same instance with a Redis that is not there."""
    return replace(ports, settings=replace(ports.settings, redis_url=f"unix://{tmp_path}/nobody.sock"))


def unsent(ports: Ports) -> int:
    with ports.session(WORKER) as session:
        return session.scalar(text("select count(*) from outbox where sent_at is null"))


def test_work_asked_for_is_rung_once(ports: Ports, tenants: Tenants, queue):
    work_id = ask(ports, tenants.creditor)

    assert doorbell.ring(ports) == 1
    assert queue.job_ids == [f"{queue.name}-{work_id}"]
    assert doorbell.ring(ports) == 0
    assert unsent(ports) == 0


def test_work_that_was_done_without_a_ring_is_not_rung(ports: Ports, tenants: Tenants, queue):
    frame.run(ports, ask(ports, tenants.creditor), {"count": counting()})

    assert doorbell.ring(ports) == 1
    assert queue.count == 0
    assert unsent(ports) == 0


def test_work_that_waits_in_the_queue_is_not_put_there_again(ports: Ports, tenants: Tenants, queue):
    work_id = ask(ports, tenants.creditor)

    assert queues.ring(queue, work_id)
    assert not queues.ring(queue, work_id)
    assert queue.count == 1


def test_a_session_with_a_doorbell_rings_by_itself_after_the_commit(ports: Ports, tenants: Tenants, queue, now):
    with ports.session(tenants.creditor) as session:
        doorbell.attach(session, ports)
        with transaction(session):
            work.request(session, tenants.creditor, "count", "a", {}, now=now)
            assert queue.count == 0
        assert queue.count == 1


def test_a_page_rings_by_itself_for_the_work_it_asks_for(settings, tenants: Tenants, queue, now):
    app = create_app(settings)
    with app.test_request_context("/livez"):
        app.preprocess_request()
        bind(db.session, tenants.creditor)
        with transaction(db.session):
            work.request(db.session, tenants.creditor, "test", "a", {}, now=now)
            assert queue.count == 0
        assert queue.count == 1
        ports_of(app).engine.dispose()


def test_a_dead_redis_fails_no_business_and_loses_no_ring(deaf: Ports, ports: Ports, tenants: Tenants, queue, now):
    with deaf.session(tenants.creditor) as session:
        doorbell.attach(session, deaf)
        with transaction(session):
            work.request(session, tenants.creditor, "count", "a", {}, now=now)

    assert unsent(ports) == 1
    assert doorbell.ring(deaf) == 0
    assert unsent(ports) == 1
    assert doorbell.ring(ports) == 1
    assert queue.count == 1


def test_the_queue_holds_ids_as_json_and_nothing_else(ports: Ports, tenants: Tenants, queue):
    work_id = ask(ports, tenants.creditor)
    doorbell.ring(ports)

    job = queue.connection.hgetall(f"rq:job:{queue.name}-{work_id}")
    assert json.loads(zlib.decompress(job[b"data"])) == [queues.TASK, None, [work_id], {}]


def test_each_installation_has_a_queue_of_its_own(ports: Ports):
    other = replace(ports.settings, database_url="postgresql+psycopg://encargo_app@db/staging; drop")

    assert queues.queue_name(ports.settings) != queues.queue_name(other)
    assert queues.queue_name(other) == "work-staging--drop"


def test_a_message_nobody_knows_how_to_send_is_a_bug_and_stays(ports: Ports, tenants: Tenants, now):
    with ports.session(tenants.creditor) as session, transaction(session):
        outbox.put(session, tenants.creditor.tenant, "pigeon.fly", "1", {}, now=now)

    with pytest.raises(doorbell.UnknownTopic):
        doorbell.ring(ports)
    assert unsent(ports) == 1
