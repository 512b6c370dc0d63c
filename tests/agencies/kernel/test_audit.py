"""The audit trail is append-only, chained per organisation, and shows where it was touched."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from psycopg import errors
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError

from agencies.kernel import audit
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from portal.ports import Ports
from tests.loop import add_mandate
from tests.tenants import PLATFORM, Tenants


def happen(ports: Ports, actor, count: int, now, organisations=None) -> None:
    with ports.session(actor) as session, transaction(session):
        for number in range(count):
            audit.record(session, actor, "thing.happened", now=now, organisations=organisations, number=number)


def broken(ports: Ports, actor) -> list[tuple[int, str]]:
    with ports.session(actor) as session:
        return [(link.seq, link.reason) for link in audit.verify_chain(session, actor.tenant)]


def events(ports: Ports, actor) -> list:
    with ports.session(actor) as session:
        return session.execute(text("select seq, action, body from audit_events order by seq")).all()


@pytest.fixture
def tamper(database):
    """Runs statements as a superuser who has switched the guards off: the attacker the chain is there for."""
    engine = create_engine(database.superuser_url)

    def run(statement: str) -> None:
        with engine.begin() as connection:
            connection.execute(text("set local session_replication_role = replica"))
            assert connection.exec_driver_sql(statement).rowcount > 0

    yield run
    engine.dispose()


def test_an_event_is_written_with_the_change_it_tells_of(ports: Ports, tenants: Tenants, now):
    happen(ports, tenants.creditor, 2, now)

    (first, second) = events(ports, tenants.creditor)
    assert (first.seq, first.action) == (1, "thing.happened")
    assert '"number":1' in second.body
    assert broken(ports, tenants.creditor) == []


def test_an_event_goes_with_the_transaction_that_failed(ports: Ports, tenants: Tenants, now):
    with ports.session(tenants.creditor) as session:
        with pytest.raises(KeyError), transaction(session):
            audit.record(session, tenants.creditor, "thing.happened", now=now)
            raise KeyError
        with transaction(session):
            audit.record(session, tenants.creditor, "other.happened", now=now)

    assert [event.action for event in events(ports, tenants.creditor)] == ["other.happened"]


def test_what_concerns_two_organisations_stands_in_both_chains(ports: Ports, tenants: Tenants, now):
    add_mandate(ports, tenants.creditor, tenants.agency)
    both = [tenants.creditor.tenant, tenants.agency.tenant]
    happen(ports, tenants.creditor, 1, now, organisations=both)

    for actor in (tenants.creditor, tenants.agency):
        told = [event.action for event in events(ports, actor)]
        assert told == ["panel.joined", "mandate.made", "mandate.accepted", "thing.happened"]
    assert events(ports, tenants.other_agency) == []


def test_an_edited_event_is_found(ports: Ports, tenants: Tenants, now, tamper):
    happen(ports, tenants.creditor, 5, now)

    tamper("update audit_events set body = replace(body, '\"number\":2', '\"number\":9') where seq = 3")

    assert broken(ports, tenants.creditor) == [(3, "edited")]


@pytest.mark.parametrize("column", ["action = 'nothing.happened'", "at = at - interval '1 day'", "actor_user_id = 999"])
def test_an_edited_column_beside_the_body_is_found(ports: Ports, tenants: Tenants, now, tamper, column):
    happen(ports, tenants.creditor, 3, now)

    tamper(f"update audit_events set {column} where seq = 2")

    assert broken(ports, tenants.creditor) == [(2, "edited")]


def test_an_edited_event_with_a_recomputed_hash_breaks_the_next_link(ports: Ports, tenants: Tenants, now, tamper):
    happen(ports, tenants.creditor, 5, now)

    tamper(
        "update audit_events set body = replace(body, '\"number\":2', '\"number\":9'), "
        "hash = sha256(previous || convert_to(replace(body, '\"number\":2', '\"number\":9'), 'UTF8')) where seq = 3"
    )

    assert broken(ports, tenants.creditor) == [(4, "unlinked")]


def test_a_removed_event_is_found(ports: Ports, tenants: Tenants, now, tamper):
    happen(ports, tenants.creditor, 5, now)

    tamper("delete from audit_events where seq = 3")

    assert broken(ports, tenants.creditor) == [(3, "missing")]


@pytest.mark.parametrize(
    ("statements", "seq"),
    [
        (["delete from audit_events where seq >= 4"], 5),
        (["delete from audit_events"], 5),
        (["delete from audit_heads"], 5),
    ],
)
def test_a_cut_that_leaves_the_head_or_loses_it_is_found(ports: Ports, tenants: Tenants, now, tamper, statements, seq):
    happen(ports, tenants.creditor, 5, now)

    for statement in statements:
        tamper(statement)

    assert broken(ports, tenants.creditor) == [(seq, "cut")]


def test_a_cut_that_moves_the_head_is_found_only_by_the_anchor_outside(ports: Ports, tenants: Tenants, now, tamper):
    happen(ports, tenants.creditor, 5, now)
    with ports.session(PLATFORM) as session:
        (anchor,) = audit.heads(session)

    tamper("delete from audit_events where seq >= 4")
    tamper("update audit_heads set seq = 3, hash = (select hash from audit_events where seq = 3)")

    assert broken(ports, tenants.creditor) == []
    with ports.session(PLATFORM) as session:
        found = audit.verify_anchor(session, anchor)
    assert found == audit.BrokenLink(tenants.creditor.tenant, 5, "cut")


def test_a_chain_that_was_written_anew_does_not_pass_through_the_anchor(ports: Ports, tenants: Tenants, now, tamper):
    happen(ports, tenants.creditor, 1, now)
    with ports.session(PLATFORM) as session:
        (anchor,) = audit.heads(session)
        assert audit.verify_anchor(session, anchor) is None

    tamper("delete from audit_events")
    tamper("delete from audit_heads")
    happen(ports, tenants.creditor, 2, now + timedelta(seconds=1))

    assert broken(ports, tenants.creditor) == []
    with ports.session(PLATFORM) as session:
        found = audit.verify_anchor(session, anchor)
    assert found == audit.BrokenLink(tenants.creditor.tenant, 1, "rewritten")


def test_the_chain_goes_on_past_its_anchor(ports: Ports, tenants: Tenants, now):
    happen(ports, tenants.creditor, 2, now)
    with ports.session(PLATFORM) as session:
        (anchor,) = audit.heads(session)
    happen(ports, tenants.creditor, 3, now)

    with ports.session(PLATFORM) as session:
        assert audit.verify_anchor(session, anchor) is None


@pytest.mark.parametrize(
    "statement", ["update audit_events set body = ''", "delete from audit_events", "truncate audit_events"]
)
@pytest.mark.parametrize("login", ["app_url", "owner_url", "superuser_url"])
def test_nobody_changes_an_event_while_the_guards_are_on(
    ports: Ports, tenants: Tenants, now, database, login, statement
):
    happen(ports, tenants.creditor, 1, now)
    engine = create_engine(getattr(database, login))

    with pytest.raises(ProgrammingError) as refusal, engine.begin() as connection:
        connection.execute(text(statement))

    assert isinstance(refusal.value.orig, errors.InsufficientPrivilege)
    engine.dispose()


def test_nobody_signs_in_another_organisation_s_name(ports: Ports, tenants: Tenants, now):
    forged = replace(tenants.other_creditor, side=tenants.creditor.side)
    with ports.session(tenants.creditor) as session, pytest.raises(ProgrammingError) as refusal, transaction(session):
        audit.record(session, forged, "thing.happened", now=now)

    assert isinstance(refusal.value.orig, errors.InsufficientPrivilege)
    assert events(ports, tenants.other_creditor) == []


def test_at_the_door_an_event_names_no_actor(ports: Ports, tenants: Tenants, now):
    with ports.session(DOOR) as session, transaction(session):
        audit.record(session, DOOR, "user.refused", now=now, organisations=[tenants.creditor.tenant])

    assert [event.action for event in events(ports, tenants.creditor)] == ["user.refused"]
    assert broken(ports, tenants.creditor) == []


def test_nobody_writes_into_the_chain_of_a_stranger(ports: Ports, tenants: Tenants, now):
    add_mandate(ports, tenants.creditor, tenants.agency)
    append = text("select append_audit_event(:chain, :at, 'thing.happened', :own, null, '{}')")
    for actor, stranger in (
        (tenants.creditor, tenants.other_creditor),
        (tenants.creditor, tenants.other_agency),
        (tenants.agency, tenants.other_creditor),
        (tenants.agency, tenants.other_agency),
    ):
        with ports.session(actor) as session, pytest.raises(ProgrammingError) as refusal:
            session.execute(append, {"chain": stranger.tenant, "at": now, "own": actor.tenant})
        assert isinstance(refusal.value.orig, errors.InsufficientPrivilege)
    with ports.session(tenants.agency) as session:
        values = {"chain": tenants.creditor.tenant, "at": now, "own": tenants.agency.tenant}
        assert session.scalar(append, values) == 4


def test_writers_at_the_same_time_keep_one_chain(ports: Ports, tenants: Tenants, now):
    add_mandate(ports, tenants.creditor, tenants.agency)
    both = [tenants.creditor.tenant, tenants.agency.tenant]
    start, failures = threading.Barrier(6), []

    def write(actor, organisations):
        start.wait()
        try:
            for _ in range(15):
                happen(ports, actor, 2, now, organisations=organisations)
        except Exception as failure:  # noqa: BLE001 - told to the test's own thread
            failures.append(failure)

    threads = [
        threading.Thread(target=write, args=(actor, organisations))
        for actor in (tenants.creditor, tenants.agency)
        for organisations in (both, both[::-1], None)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    for actor in (tenants.creditor, tenants.agency):
        assert [event.seq for event in events(ports, actor)] == list(range(1, 154))
        assert broken(ports, actor) == []
