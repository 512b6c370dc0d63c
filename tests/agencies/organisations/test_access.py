"""Who is let in as what: kept out at once and for good, never the last who manages, and a role with its trail."""

from __future__ import annotations

import json
import threading
from contextlib import nullcontext
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import ProgrammingError

from agencies.approvals.service import AskerMayNotAnyMore
from agencies.kernel.audit import AuditEvent
from agencies.kernel.clock import utc_now
from agencies.kernel.errors import DomainError, NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR, Actor
from agencies.organisations import access, service, signing_in
from agencies.organisations.access import LastHead, NotYourOwnRole, NotYourself
from agencies.organisations.heads import HeadedByItsOwn
from agencies.organisations.models import User, UserState
from agencies.organisations.permissions import SIDE_OF, Role
from agencies.organisations.service import InvitationInvalid, RoleOfAnotherSide
from tests.approving import approve, ask_for_limit
from tests.people import MADE_AT
from tests.tenants import add_colleague

LATER = MADE_AT + timedelta(days=1)


def do(ports, actor: Actor, verb, *args, now=LATER) -> None:
    with ports.session(actor) as session, transaction(session):
        verb(session, actor, *args, now=now)


def open_session(ports, user_id: int, now) -> str:
    with ports.session(DOOR) as session, transaction(session):
        user = session.get_one(User, user_id)
        return signing_in.open_session(session, user, address="192.0.2.1", user_agent="test", now=now)


def is_in(ports, token: str, now) -> bool:
    with ports.session(DOOR) as session:
        return signing_in.find_session(session, token, now=now) is not None


def test_a_session_that_was_ended_by_disabling_does_not_come_back_with_the_person(ports, world):
    director, analyst = world.actor(Role.DIRECTOR), world.actor(Role.ANALYST)
    token = open_session(ports, analyst.user_id, LATER)
    assert is_in(ports, token, LATER)
    for verb, minute in ((access.disable, 1), (access.enable, 2)):
        do(ports, director, verb, analyst.user_id, now=LATER + timedelta(minutes=minute))
        assert not is_in(ports, token, LATER + timedelta(minutes=minute))
    fresh = open_session(ports, analyst.user_id, LATER + timedelta(minutes=3))
    assert is_in(ports, fresh, LATER + timedelta(minutes=3))


def test_the_operator_s_disabling_ends_them_too(ports, world):
    analyst = world.actor(Role.ANALYST)
    token = open_session(ports, analyst.user_id, LATER)
    director = world.actor(Role.DIRECTOR)
    do(ports, world.operator, access.disable, analyst.user_id, now=LATER + timedelta(minutes=1))
    do(ports, director, access.enable, analyst.user_id, now=LATER + timedelta(minutes=2))
    assert not is_in(ports, token, LATER + timedelta(minutes=2))


def test_an_invitation_does_not_come_back_with_the_person(ports, world):
    director = world.actor(Role.DIRECTOR)
    with ports.session(director) as session, transaction(session):
        invited = service.invite(session, director, email="x@creditor0.example", role=Role.ANALYST, now=LATER)
    for verb in (access.disable, access.enable):
        do(ports, director, verb, invited.user.id)
    with ports.session(DOOR) as session, pytest.raises(InvitationInvalid):
        service.find_invited(session, invited.token, now=LATER + timedelta(minutes=1))


@pytest.mark.parametrize("role", [Role.DIRECTOR, Role.MANAGER])
def test_the_last_who_manages_stays_whoever_tries(ports, world, role):
    head = world.actor(role)
    other = Role.ANALYST if role is Role.DIRECTOR else Role.AGENT
    with pytest.raises(LastHead):
        do(ports, world.operator, access.disable, head.user_id)
    with pytest.raises(HeadedByItsOwn):
        do(ports, world.operator, access.change_role, head.user_id, other)
    second = add_colleague(ports, head, role)
    do(ports, second, access.change_role, head.user_id, other)
    with pytest.raises(LastHead):
        do(ports, world.operator, access.disable, second.user_id)


def test_two_directors_who_disable_each_other_at_once_leave_one(ports, world):
    one = world.actor(Role.DIRECTOR)
    two = add_colleague(ports, one, Role.DIRECTOR)
    gate, outcomes = threading.Barrier(2), []

    def run(actor: Actor, whom: Actor) -> None:
        gate.wait()
        try:
            do(ports, actor, access.disable, whom.user_id)
            outcomes.append("done")
        except DomainError as refused:
            outcomes.append(type(refused).__name__)

    threads = [threading.Thread(target=run, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["LastHead", "done"]
    with ports.session(world.operator) as session:
        active = select(User).where(User.role == Role.DIRECTOR, User.state == UserState.ACTIVE)
        assert len(session.scalars(active.where(User.organisation_id == one.tenant)).all()) == 1


def test_a_role_is_changed_with_its_trail_and_its_sessions(ports, world):
    director, analyst = world.actor(Role.DIRECTOR), world.actor(Role.ANALYST)
    token = open_session(ports, analyst.user_id, LATER)
    do(ports, director, access.change_role, analyst.user_id, Role.AUDITOR, now=LATER + timedelta(minutes=1))
    assert not is_in(ports, token, LATER + timedelta(minutes=1))
    with ports.session(director) as session:
        body = session.scalars(select(AuditEvent.body).where(AuditEvent.action == "user.role_changed")).one()
        told = json.loads(body)["details"]
        assert session.get_one(User, analyst.user_id).role is Role.AUDITOR
    assert (told["former_role"], told["role"]) == ("analyst", "auditor")


def test_nobody_changes_their_own_role_or_access_nor_that_of_another_side_or_organisation(ports, world):
    director, analyst = world.actor(Role.DIRECTOR), world.actor(Role.ANALYST)
    with pytest.raises(NotYourOwnRole):
        do(ports, director, access.change_role, director.user_id, Role.ANALYST)
    with pytest.raises(NotYourself):
        do(ports, director, access.disable, director.user_id)
    for role in (Role.MANAGER, Role.OPERATOR):
        with pytest.raises(RoleOfAnotherSide):
            do(ports, director, access.change_role, analyst.user_id, role)
    with pytest.raises(NotFound):
        do(ports, world.actor(Role.DIRECTOR, organisation=1), access.change_role, analyst.user_id, Role.FINANCE)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("own", [Role.ANALYST, Role.AGENT])
def test_a_side_that_runs_sql_makes_nobody_an_operator_nor_anything_of_another_side(ports, world, own, role):
    actor = world.actor(own)
    change = update(User).where(User.id == actor.user_id).values(role=role)
    outcome = nullcontext() if SIDE_OF[role] is actor.side else pytest.raises(ProgrammingError, match="this role")
    with ports.session(actor) as session, outcome:
        assert session.execute(change).rowcount == 1


def test_whoever_lost_the_role_gets_nothing_done_that_they_had_asked_for(ports, world):
    director, now = world.actor(Role.DIRECTOR), utc_now()
    asked = ask_for_limit(ports, director, 5, now=now)
    second = add_colleague(ports, director, Role.DIRECTOR)
    do(ports, second, access.change_role, director.user_id, Role.ANALYST, now=now)
    with pytest.raises(AskerMayNotAnyMore):
        approve(ports, second, asked, now=now)
