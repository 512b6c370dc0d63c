"""What leaves the database is written with its cause, sent at least once, and rung for after the commit."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text

from agencies.kernel import outbox
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import WORKER
from portal.ports import Ports
from tests.tenants import Tenants


def leave(ports: Ports, actor, *keys: str, now) -> None:
    with ports.session(actor) as session, transaction(session):
        for key in keys:
            outbox.put(session, actor.tenant, "test", key, {"key": key}, now=now)


def drain(ports: Ports, now, *, limit: int = 200) -> list[str]:
    sent = []
    with ports.session(WORKER) as session, transaction(session):
        outbox.drain(session, lambda message: sent.append(message.key), now=now, limit=limit)
    return sent


def test_messages_are_sent_once_and_in_order(ports: Ports, tenants: Tenants, now):
    leave(ports, tenants.creditor, "a", "b", "c", now=now)

    assert drain(ports, now, limit=2) == ["a", "b"]
    assert drain(ports, now) == ["c"]
    assert drain(ports, now) == []


def test_the_same_key_again_is_no_second_message(ports: Ports, tenants: Tenants, now):
    leave(ports, tenants.creditor, "a", "a", now=now)
    leave(ports, tenants.creditor, "a", now=now)

    assert drain(ports, now) == ["a"]


def test_another_organisation_s_key_stands_in_nobody_s_way(ports: Ports, tenants: Tenants, now):
    leave(ports, tenants.creditor, "a", now=now)
    leave(ports, tenants.agency, "a", now=now)

    assert drain(ports, now) == ["a", "a"]


def test_a_message_of_a_transaction_that_failed_is_never_sent(ports: Ports, tenants: Tenants, now):
    with ports.session(tenants.creditor) as session, pytest.raises(KeyError), transaction(session):
        outbox.put(session, tenants.creditor.tenant, "test", "a", {}, now=now)
        raise KeyError

    assert drain(ports, now) == []


def test_messages_stay_when_sending_fails(ports: Ports, tenants: Tenants, now):
    leave(ports, tenants.creditor, "a", "b", now=now)

    def refuse(_message):
        raise ConnectionError

    with ports.session(WORKER) as session, pytest.raises(ConnectionError), transaction(session):
        outbox.drain(session, refuse, now=now)

    assert drain(ports, now) == ["a", "b"]


def test_two_drains_at_the_same_time_share_the_messages(ports: Ports, tenants: Tenants, now):
    leave(ports, tenants.creditor, *(f"{number:03}" for number in range(60)), now=now)
    start, sent = threading.Barrier(4), []

    def run():
        start.wait()
        while some := drain(ports, now, limit=5):
            sent.extend(some)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent.extend(drain(ports, now))

    assert sorted(sent) == [f"{number:03}" for number in range(60)]


def test_a_session_with_a_doorbell_rings_once_after_the_commit(ports: Ports, tenants: Tenants, now):
    rung = []

    def doorbell():
        rung.append(drain(ports, now))

    with ports.session(tenants.creditor) as session:
        session.info[outbox.DOORBELL] = doorbell
        with transaction(session):
            outbox.put(session, tenants.creditor.tenant, "test", "a", {}, now=now)
            outbox.put(session, tenants.creditor.tenant, "test", "b", {}, now=now)
            assert rung == []
        with transaction(session):
            session.execute(text("select 1"))

    assert rung == [["a", "b"]]


def test_sent_messages_are_forgotten_after_their_time_and_unsent_ones_never(ports: Ports, tenants: Tenants, now):
    leave(ports, tenants.creditor, "old", now=now)
    drain(ports, now - timedelta(days=8))
    leave(ports, tenants.creditor, "new", now=now)
    drain(ports, now)
    leave(ports, tenants.creditor, "unsent", now=now - timedelta(days=30))

    with ports.session(WORKER) as session, transaction(session):
        assert outbox.purge(session, sent_before=now - timedelta(days=7)) == 1

    with ports.session(WORKER) as session:
        assert session.scalars(text("select key from outbox order by key")).all() == ["new", "unsent"]
