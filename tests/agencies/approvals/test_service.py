"""Two persons: who asks is not who approves, what is approved is what was seen, and it happens once."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from agencies.approvals import limits, queries, service
from agencies.approvals.lifecycle import AlreadyDecided, ApprovalExpired
from agencies.approvals.models import Approval, ApprovalKind, ApprovalLimit, ApprovalState
from agencies.approvals.service import (
    AskedAlready,
    AskerMayNotAnyMore,
    DeclinedWithoutReason,
    OwnRequest,
    SeenOtherwise,
)
from agencies.kernel.audit import AuditEvent
from agencies.kernel.errors import DomainError, Forbidden, NotFound
from agencies.kernel.notices import list_notices
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations import access
from agencies.organisations.permissions import Role
from portal.carriers import CARRIERS
from tests.approving import approve, ask_for_limit, limit_of
from tests.tenants import add_colleague


@pytest.fixture
def director(world):
    return world.actor(Role.DIRECTOR)


@pytest.fixture
def finance(world):
    return world.actor(Role.FINANCE)


@pytest.fixture
def asked(ports, director, now):
    return ask_for_limit(ports, director, 50, now=now)


def row(ports, actor: Actor, approval_id: int) -> Approval:
    with ports.session(actor) as session:
        return session.scalars(select(Approval).where(Approval.id == approval_id)).one()


def actions(ports, actor: Actor) -> list[str]:
    with ports.session(actor) as session:
        return list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.seq)))


def test_a_second_person_approves_and_it_is_done_in_the_name_of_who_asked(ports, director, finance, asked, now):
    assert limit_of(ports, director) == 500

    approved = approve(ports, finance, asked, now=now)

    assert (approved.state, approved.decided_by, approved.decided_at) == (ApprovalState.APPROVED, finance.user_id, now)
    assert limit_of(ports, director) == 50
    assert actions(ports, director)[-3:] == ["approval.asked", "approval.approved", "limit.changed"]
    with ports.session(director) as session:
        body = session.scalars(select(AuditEvent.body).order_by(AuditEvent.seq.desc()).limit(1)).one()
    assert f'"user":{director.user_id}' in body
    assert f'"approved_by":{finance.user_id}' in body


def test_nobody_approves_what_they_asked_for_themselves(ports, director, asked, now):
    with pytest.raises(OwnRequest):
        approve(ports, director, asked, now=now)

    assert limit_of(ports, director) == 500


def test_nobody_approves_their_own_request_in_another_role(ports, world, director, finance, asked, now):
    # The same person, in a session that was opened before or after the role was changed.
    for role in (finance, world.actor(Role.COMPLIANCE)):
        same = dataclasses.replace(role, user_id=director.user_id)
        with pytest.raises(OwnRequest):
            approve(ports, same, asked, now=now)


def test_the_table_itself_refuses_one_person_as_both(ports, director, asked):
    with ports.session(director) as session, pytest.raises(IntegrityError, match="two_persons"):
        session.execute(
            text("update approvals set state = 'approved', decided_by = asked_by, decided_at = now() where id = :id"),
            {"id": asked.id},
        )


@pytest.mark.parametrize("column", ["subject", "subject_sha256", "asked_by", "kind", "about", "expires_at"])
def test_what_was_asked_cannot_be_changed_by_anybody(ports, director, asked, column):
    with ports.session(director) as session, pytest.raises(DBAPIError, match="permission denied"):
        session.execute(text(f"update approvals set {column} = {column} where id = {asked.id}"))


def test_what_has_ended_cannot_be_decided_anew_even_by_hand(ports, director, finance, asked, now):
    approve(ports, finance, asked, now=now)

    with ports.session(director) as session, pytest.raises(DBAPIError, match="stays as it is"):
        session.execute(text(f"update approvals set state = 'pending', decided_at = null where id = {asked.id}"))


def test_somebody_without_the_permission_of_the_kind_does_not_approve(ports, world, asked, now):
    with pytest.raises(Forbidden):
        approve(ports, world.actor(Role.ANALYST), asked, now=now)


def test_somebody_of_another_organisation_finds_nothing_to_approve(ports, world, asked, now):
    for stranger in (world.actor(Role.DIRECTOR, organisation=1), world.actor(Role.MANAGER)):
        with pytest.raises(NotFound):
            approve(ports, stranger, asked, now=now)


def test_another_hash_than_the_one_of_what_is_asked_approves_nothing(ports, director, finance, asked, now):
    other = ask_for_limit(ports, director, 5, kind=ApprovalKind.AWARD, currency="COP", now=now)

    for seen in (other.subject_sha256, b"", b"x" * 32):
        with pytest.raises(SeenOtherwise):
            approve(ports, finance, asked, seen=seen, now=now)

    assert row(ports, director, asked.id).state is ApprovalState.PENDING


def test_a_subject_changed_behind_the_portal_is_not_approved(ports, database, director, finance, asked, now):
    engine = create_engine(database.superuser_url)
    with engine.begin() as connection:
        connection.execute(text("update approvals set subject = subject || '{\"to\": 999999}'"))
    engine.dispose()

    with pytest.raises(SeenOtherwise):
        approve(ports, finance, asked, now=now)
    assert not queries.is_intact(row(ports, director, asked.id))


def test_an_edit_of_the_thing_voids_what_was_asked_about_it(ports, director, finance, asked, now):
    with ports.session(director) as session, transaction(session):
        service.void(session, director, ApprovalKind.LIMIT, about=asked.about, now=now)

    with pytest.raises(AlreadyDecided):
        approve(ports, finance, asked, now=now)
    assert row(ports, director, asked.id).state is ApprovalState.VOID
    assert limit_of(ports, director) == 500


def test_approving_twice_does_it_once(ports, director, finance, asked, now):
    first = approve(ports, finance, asked, now=now)
    again = approve(ports, finance, asked, now=now + timedelta(minutes=1))

    assert again.decided_at == first.decided_at
    with ports.session(director) as session:
        assert len(session.scalars(select(ApprovalLimit)).all()) == 1
    assert actions(ports, director).count("limit.changed") == 1


def test_of_two_approvers_at_once_one_does_it(ports, world, director, finance, asked, now):
    outcomes = at_once(
        lambda: approve(ports, finance, asked, now=now),
        lambda: approve(ports, world.actor(Role.COMPLIANCE), asked, now=now),
    )

    assert sorted(map(str, outcomes)) == ["AlreadyDecided", "done"]
    with ports.session(director) as session:
        assert len(session.scalars(select(ApprovalLimit)).all()) == 1
    assert actions(ports, director).count("approval.approved") == 1


def test_of_an_approval_and_a_withdrawal_at_once_one_holds(ports, director, finance, asked, now):
    def withdraw():
        with ports.session(director) as session, transaction(session):
            service.withdraw(session, director, asked.id, now=now)

    outcomes = at_once(lambda: approve(ports, finance, asked, now=now), withdraw)

    assert sorted(outcomes) == ["AlreadyDecided", "done"]
    ended = row(ports, director, asked.id).state
    assert limit_of(ports, director) == (50 if ended is ApprovalState.APPROVED else 500)


def test_what_is_asked_by_two_at_once_is_asked_once(ports, director, now):
    asked: list[int] = []
    outcomes = at_once(*[lambda: asked.append(ask_for_limit(ports, director, 50, now=now).id)] * 4)

    assert outcomes == ["done"] * 4
    assert len(set(asked)) == 1


def test_what_has_expired_cannot_be_approved(ports, director, finance, asked, now):
    late = now + timedelta(hours=72)

    with pytest.raises(ApprovalExpired):
        approve(ports, finance, asked, now=late)
    with ports.session(finance) as session:
        assert queries.list_waiting(session, finance, now=late) == []
        assert len(queries.list_waiting(session, finance, now=late - timedelta(seconds=1))) == 1


def test_what_has_expired_is_marked_told_and_can_be_asked_again(ports, director, finance, asked, now):
    late = now + timedelta(hours=73)

    again = ask_for_limit(ports, director, 50, now=late)

    assert again.id != asked.id
    assert row(ports, director, asked.id).state is ApprovalState.EXPIRED
    assert "approval.expired" in actions(ports, director)
    with ports.session(director) as session, transaction(session):
        assert service.expire(session, director, now=late + timedelta(hours=72)) == 1
        assert service.expire(session, director, now=late + timedelta(hours=72)) == 0


def test_whoever_asked_and_has_left_gets_nothing_done(ports, world, director, finance, asked, now):
    # The last who manages an organisation is not disabled.
    add_colleague(ports, director, Role.DIRECTOR)
    with ports.session(world.operator) as session, transaction(session):
        access.disable(session, world.operator, director.user_id, now=now)

    with pytest.raises(AskerMayNotAnyMore):
        approve(ports, finance, asked, now=now)
    assert limit_of(ports, finance) == 500
    assert row(ports, finance, asked.id).state is ApprovalState.PENDING


def test_an_act_that_is_refused_now_leaves_nothing_half_done(ports, director, finance, asked, now):
    class Refused(DomainError):
        """The world has changed."""

    def refuse(session, asker, subject, *, approval_id, now):
        CARRIERS[ApprovalKind.LIMIT](session, asker, subject, approval_id=approval_id, now=now)
        raise Refused

    with ports.session(finance) as session, pytest.raises(Refused), transaction(session):
        service.approve(
            session, finance, asked.id, seen=asked.subject_sha256, carriers={ApprovalKind.LIMIT: refuse}, now=now
        )

    assert limit_of(ports, director) == 500
    assert row(ports, director, asked.id).state is ApprovalState.PENDING
    assert "approval.approved" not in actions(ports, director)


def test_a_limit_settled_on_meanwhile_is_not_overwritten(ports, director, finance, asked, now):
    with ports.session(director) as session, transaction(session):
        service.withdraw(session, director, asked.id, now=now)
    approve(ports, finance, ask_for_limit(ports, director, 70, now=now), now=now)
    stale = ask_for_limit(ports, director, 80, now=now)
    with ports.session(director) as session, transaction(session):
        limits.set_limit(
            session, director, {"kind": "export", "currency": "", "from": 70, "to": 60}, approval_id=asked.id, now=now
        )

    with pytest.raises(service.SubjectChanged):
        approve(ports, finance, stale, now=now)


def test_one_thing_is_asked_once_at_a_time(ports, director, asked, now):
    assert ask_for_limit(ports, director, 50, now=now).id == asked.id
    with pytest.raises(AskedAlready):
        ask_for_limit(ports, director, 60, now=now)


def test_whoever_declines_says_why_and_is_not_who_asked(ports, director, finance, asked, now):
    def decline(actor: Actor, reason: str) -> None:
        with ports.session(actor) as session, transaction(session):
            service.decline(session, actor, asked.id, seen=asked.subject_sha256, reason=reason, now=now)

    with pytest.raises(DeclinedWithoutReason):
        decline(finance, "  ")
    with pytest.raises(OwnRequest):
        decline(director, "no")
    decline(finance, "too low")

    assert row(ports, director, asked.id).reason == "too low"
    with pytest.raises(AlreadyDecided):
        approve(ports, finance, asked, now=now)


def test_only_whoever_asked_takes_it_back(ports, director, finance, asked, now):
    with ports.session(finance) as session, pytest.raises(NotFound), transaction(session):
        service.withdraw(session, finance, asked.id, now=now)
    with ports.session(director) as session, transaction(session):
        service.withdraw(session, director, asked.id, now=now)

    assert row(ports, director, asked.id).state is ApprovalState.WITHDRAWN


def test_those_who_can_approve_are_told_but_for_who_asked_and_then_only_who_asked(ports, director, finance, asked, now):
    def told(actor: Actor) -> list[str]:
        with ports.session(actor) as session:
            return [one.kind for one in list_notices(session, actor).rows]

    assert told(finance) == ["approval.asked"]
    assert told(director) == []
    approve(ports, finance, asked, now=now)
    assert told(director) == ["approval.approved"]
    assert told(finance) == ["approval.asked"]


@pytest.mark.parametrize("role", [Role.ANALYST, Role.AGENT])
def test_a_request_is_seen_by_who_asked_who_may_approve_and_who_audits(ports, world, director, asked, role):
    outsider = world.actor(role)
    with ports.session(outsider) as session, pytest.raises(NotFound):
        queries.get_approval(session, outsider, asked.id)
    for insider in (director, world.actor(Role.FINANCE), world.actor(Role.COMPLIANCE)):
        with ports.session(insider) as session:
            assert queries.get_approval(session, insider, asked.id).id == asked.id


def at_once(*calls: Callable[[], object]) -> list[str]:
    """Run the calls at the same moment; what became of each."""
    gate, outcomes = threading.Barrier(len(calls)), []

    def run(call: Callable[[], object]) -> None:
        gate.wait()
        try:
            call()
            outcomes.append("done")
        except DomainError as refused:
            outcomes.append(type(refused).__name__)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
