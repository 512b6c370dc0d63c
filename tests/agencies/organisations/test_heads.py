"""Whoever runs the portal is nobody in its organisations; and whoever makes up a colleague is seen doing it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from agencies.approvals.service import CameLater
from agencies.kernel.errors import Conflict
from agencies.kernel.notices import list_notices
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR, WORKER
from agencies.organisations import access, factor_resets, invitations, service
from agencies.organisations.heads import HeadedByItsOwn, HeadInvitedAlready, OnlyItsHead
from agencies.organisations.models import User, UserState
from agencies.organisations.permissions import Role
from tests.approving import approve, ask_for_limit
from tests.people import PASSWORD
from tests.tenants import add_colleague


def do(ports, actor, verb, *args, now, **given):
    with ports.session(actor) as session, transaction(session):
        return verb(session, actor, *args, now=now, **given)


def invite(ports, actor, now, email="nueva@b.example", role=Role.ANALYST, organisation_id=None):
    return do(ports, actor, service.invite, now=now, email=email, role=role, organisation_id=organisation_id)


def come_in(ports, invited, now):
    with ports.session(DOOR) as session, transaction(session):
        user = service.accept_invitation(session, invited.token, name="Nadia", password=PASSWORD, now=now)
        return service.actor_of(user, session.get_one(service.Organisation, user.organisation_id))


def letters(ports):
    with ports.session(WORKER) as session:
        told = text("select payload ->> 'letter', (payload ->> 'user_id')::bigint from work order by id")
        return [tuple(row) for row in session.execute(told)]


def test_an_operator_plants_nobody_in_an_organisation_that_somebody_manages(ports, world, now):
    director, analyst = world.actor(Role.DIRECTOR), world.actor(Role.ANALYST)
    for role in (Role.DIRECTOR, Role.FINANCE):
        with pytest.raises(HeadedByItsOwn):
            invite(ports, world.operator, now, role=role, organisation_id=director.tenant)
    waiting = invite(ports, director, now).user
    for refused in (
        lambda: do(ports, world.operator, service.invite_again, waiting.id, now=now),
        lambda: do(ports, world.operator, access.change_role, analyst.user_id, Role.FINANCE, now=now),
        lambda: do(ports, world.operator, factor_resets.reset, analyst.user_id, now=now),
    ):
        with pytest.raises(HeadedByItsOwn):
            refused()
    # What only takes away stays.
    do(ports, world.operator, access.disable, analyst.user_id, now=now)
    with pytest.raises(HeadedByItsOwn):
        do(ports, world.operator, access.enable, analyst.user_id, now=now)
    do(ports, director, access.enable, analyst.user_id, now=now)


def test_before_anybody_manages_it_the_operator_invites_that_one_person_and_no_helper(ports, world, now):
    home = world.creditors[0].id
    for role in (Role.ANALYST, Role.FINANCE, Role.AUDITOR):
        with pytest.raises(OnlyItsHead):
            invite(ports, world.operator, now, role=role, organisation_id=home)
    first = invite(ports, world.operator, now, role=Role.DIRECTOR, organisation_id=home)
    with pytest.raises(HeadInvitedAlready):
        invite(ports, world.operator, now, email="otra@b.example", role=Role.DIRECTOR, organisation_id=home)
    again = do(ports, world.operator, service.invite_again, first.user.id, now=now)
    # Where the first one never came, somebody else may be invited; then the first is not renewed beside the second.
    over = now + timedelta(days=8)
    second = invite(ports, world.operator, over, email="otra@b.example", role=Role.DIRECTOR, organisation_id=home)
    with pytest.raises(HeadInvitedAlready):
        do(ports, world.operator, service.invite_again, again.user.id, now=over)
    come_in(ports, second, over)
    with pytest.raises(HeadedByItsOwn):
        do(ports, world.operator, service.invite_again, again.user.id, now=over)


def test_the_one_who_manages_alone_and_lost_the_phone_is_helped_by_the_operator(ports, world, now):
    manager = world.actor(Role.MANAGER)
    do(ports, world.operator, factor_resets.reset, manager.user_id, now=now)
    world.actor(Role.DIRECTOR)
    second = add_colleague(ports, world.actor(Role.DIRECTOR), Role.DIRECTOR)
    with pytest.raises(HeadedByItsOwn):
        do(ports, world.operator, factor_resets.reset, world.actor(Role.DIRECTOR).user_id, now=now)
    do(ports, second, factor_resets.reset, world.actor(Role.DIRECTOR).user_id, now=now)


def test_a_person_of_single_sign_on_comes_back_active_and_is_never_invited_with_a_password_link(ports, world, now):
    director, analyst = world.actor(Role.DIRECTOR), world.actor(Role.ANALYST)
    with ports.session(DOOR) as session, transaction(session):
        user = session.get_one(User, analyst.user_id)
        user.password_hash, user.last_signed_in_at = None, now
    do(ports, director, access.disable, analyst.user_id, now=now)
    do(ports, director, access.enable, analyst.user_id, now=now)
    with ports.session(director) as session:
        assert session.scalar(select(User.state).where(User.id == analyst.user_id)) is UserState.ACTIVE
    with ports.session(DOOR) as session, transaction(session):
        session.get_one(User, analyst.user_id).state = UserState.INVITED
    with pytest.raises(Conflict):
        do(ports, director, service.invite_again, analyst.user_id, now=now)


def test_a_director_who_makes_up_a_colleague_or_raises_one_is_seen_by_the_other_directors(ports, world, now):
    director, analyst = world.actor(Role.DIRECTOR), world.actor(Role.ANALYST)
    other = add_colleague(ports, director, Role.DIRECTOR)
    with ports.session(director) as session, transaction(session):
        invited = service.invite(session, director, email="x@b.example", role=Role.FINANCE, now=now)
        invitations.post(session, director, invited, now=now)
    do(ports, director, access.change_role, analyst.user_id, Role.FINANCE, now=now)

    kinds = ["colleague.role_changed", "colleague.invited"]
    for who, told in ((other, kinds), (director, []), (world.actor(Role.FINANCE), [])):
        with ports.session(who) as session:
            assert [notice.kind for notice in list_notices(session, who).rows] == told
    assert letters(ports) == [
        ("invitation", invited.user.id),
        ("colleague.invited", other.user_id),
        ("colleague.role_changed", other.user_id),
    ]


def test_somebody_made_up_after_the_question_is_no_second_person(ports, world, now):
    director = world.actor(Role.DIRECTOR)
    before, after = (invite(ports, director, now, email=f"{one}@b.example", role=Role.FINANCE) for one in "ab")
    early = come_in(ports, before, now)
    asked = ask_for_limit(ports, director, 50, now=now + timedelta(minutes=1))
    # Invited before, and came in only when there was something to approve.
    late = come_in(ports, after, now + timedelta(minutes=2))
    later = now + timedelta(minutes=3)
    with pytest.raises(CameLater):
        approve(ports, late, asked, now=later)
    approve(ports, early, asked, now=later)
