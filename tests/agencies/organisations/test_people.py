"""Organisations are registered, people invited, let in and kept out; each refusal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from agencies.kernel import audit
from agencies.kernel.errors import Conflict, Forbidden, NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR, Actor, Side
from agencies.organisations import access, queries, service
from agencies.organisations.credentials import PasswordTooCommon
from agencies.organisations.models import Invitation, Organisation, OrganisationKind, User, UserState
from agencies.organisations.permissions import Role
from agencies.organisations.service import (
    EmailTaken,
    EmailUnusable,
    InvitationInvalid,
    OrganisationAlreadyRegistered,
    RoleOfAnotherSide,
)
from tests.people import PASSWORD


def invite(ports, actor, now, **given):
    given = {"email": "nueva@banco.example", "role": Role.ANALYST, **given}
    with ports.session(actor) as session, transaction(session):
        return service.invite(session, actor, now=now, **given)


def accept(ports, token, now, password=PASSWORD):
    with ports.session(DOOR) as session, transaction(session):
        return service.accept_invitation(session, token, name="Nadia Nueva", password=password, now=now)


def actions(ports, actor):
    with ports.session(actor) as session:
        return [event.action for event in queries.list_events(session, actor).rows]


def test_a_fresh_database_has_no_users(ports):
    with ports.session(Actor(side=Side.PLATFORM)) as session:
        assert session.scalar(select(func.count()).select_from(User)) == 0


def test_an_organisation_is_registered_with_its_countrys_currency_and_zone(ports, world, now):
    with ports.session(world.operator) as session, transaction(session):
        made = service.register(
            session,
            world.operator,
            kind=OrganisationKind.AGENCY,
            name="Cobra Lima",
            legal_name="Cobra Lima S.A.C.",
            tax_id="20512333797",
            country="PE",
            now=now,
        )
    assert (made.currency, made.time_zone, made.state) == ("PEN", "America/Lima", "approved")
    assert "organisation.registered" in actions(ports, world.operator)


def test_the_same_tax_number_is_registered_once(ports, world, now):
    with ports.session(world.operator) as session, pytest.raises(OrganisationAlreadyRegistered), transaction(session):
        service.register(
            session,
            world.operator,
            kind=OrganisationKind.CREDITOR,
            name="Otro",
            legal_name="Otro S.A.",
            tax_id="900.123.456-8",
            country="CO",
            now=now,
        )


@pytest.mark.parametrize("role", [Role.DIRECTOR, Role.MANAGER, Role.ANALYST])
def test_only_the_operator_registers_organisations(ports, world, now, role):
    actor = world.actor(role)
    with ports.session(actor) as session, pytest.raises(Forbidden), transaction(session):
        service.register(
            session,
            actor,
            kind=OrganisationKind.AGENCY,
            name="X",
            legal_name="X",
            tax_id="900987654-7",
            country="CO",
            now=now,
        )


def test_an_invited_person_becomes_a_user_with_the_role(ports, world, now):
    director = world.actor(Role.DIRECTOR)
    invited = invite(ports, director, now)
    user = accept(ports, invited.token, now)
    assert (user.role, user.state, user.name) == (Role.ANALYST, UserState.ACTIVE, "Nadia Nueva")
    assert user.organisation_id == director.tenant
    assert {"user.invited", "invitation.accepted"} <= set(actions(ports, director))


def test_the_link_is_stored_only_as_a_hash(ports, world, now):
    invited = invite(ports, world.actor(Role.DIRECTOR), now)
    with ports.session(DOOR) as session:
        stored = session.scalars(select(Invitation.token_hash)).all()
    assert all(invited.token.encode() not in hashed for hashed in stored)


@pytest.mark.parametrize("role", [Role.ANALYST, Role.FINANCE, Role.COMPLIANCE, Role.AGENT, Role.INVESTIGATOR])
def test_only_who_may_invite_invites(ports, world, now, role):
    with pytest.raises(Forbidden):
        invite(ports, world.actor(role), now)


def test_a_director_invites_only_into_the_own_organisation(ports, world, now):
    with pytest.raises(Forbidden):
        invite(ports, world.actor(Role.DIRECTOR), now, organisation_id=world.creditors[1].id)


@pytest.mark.parametrize("role", [Role.MANAGER, Role.AGENT, Role.OPERATOR])
def test_a_role_of_another_side_is_refused(ports, world, now, role):
    with pytest.raises(RoleOfAnotherSide):
        invite(ports, world.actor(Role.DIRECTOR), now, role=role)


@pytest.mark.parametrize("email", ["", "nobody", "a@", "a b@c.example", "x@y@z.example"])
def test_an_unusable_email_is_refused(ports, world, now, email):
    with pytest.raises(EmailUnusable):
        invite(ports, world.actor(Role.DIRECTOR), now, email=email)


def test_an_email_in_use_anywhere_is_refused_in_any_spelling(ports, world, now):
    taken = world.person(Role.MANAGER).email
    with pytest.raises(EmailTaken):
        invite(ports, world.actor(Role.DIRECTOR), now, email=taken.upper())


def test_an_invitation_works_once(ports, world, now):
    invited = invite(ports, world.actor(Role.DIRECTOR), now)
    accept(ports, invited.token, now)
    with pytest.raises(InvitationInvalid):
        accept(ports, invited.token, now)


def test_an_invitation_expires_after_seven_days(ports, world, now):
    invited = invite(ports, world.actor(Role.DIRECTOR), now)
    with pytest.raises(InvitationInvalid):
        accept(ports, invited.token, now + timedelta(days=7))
    accept(ports, invited.token, now + timedelta(days=7, seconds=-1))


def test_a_new_link_replaces_the_former(ports, world, now):
    director = world.actor(Role.DIRECTOR)
    first = invite(ports, director, now)
    with ports.session(director) as session, transaction(session):
        second = service.invite_again(session, director, first.user.id, now=now)
    with pytest.raises(InvitationInvalid):
        accept(ports, first.token, now)
    assert accept(ports, second.token, now).state is UserState.ACTIVE


def test_another_organisations_invitation_cannot_be_renewed(ports, world, now):
    invited = invite(ports, world.actor(Role.DIRECTOR), now)
    for stranger in (world.actor(Role.DIRECTOR, organisation=1), world.actor(Role.MANAGER)):
        with ports.session(stranger) as session, pytest.raises(NotFound), transaction(session):
            service.invite_again(session, stranger, invited.user.id, now=now)


def test_somebody_who_came_in_is_not_invited_again(ports, world, now):
    director = world.actor(Role.DIRECTOR)
    analyst = world.actor(Role.ANALYST)
    with ports.session(director) as session, pytest.raises(Conflict), transaction(session):
        service.invite_again(session, director, analyst.user_id, now=now)


def test_a_made_up_token_is_refused(ports, world, now):
    with pytest.raises(InvitationInvalid):
        accept(ports, "x" * 43, now)


def test_an_invitation_of_a_suspended_organisation_does_not_work(ports, world, now):
    director = world.actor(Role.DIRECTOR)
    invited = invite(ports, director, now)
    with ports.session(world.operator) as session, transaction(session):
        access.suspend(session, world.operator, director.tenant, now=now)
    with pytest.raises(InvitationInvalid):
        accept(ports, invited.token, now)


def test_an_invitation_of_a_disabled_person_does_not_work(ports, world, now):
    director = world.actor(Role.DIRECTOR)
    invited = invite(ports, director, now)
    with ports.session(director) as session, transaction(session):
        access.disable(session, director, invited.user.id, now=now)
    with pytest.raises(InvitationInvalid):
        accept(ports, invited.token, now)


def test_a_weak_password_leaves_the_invitation_usable(ports, world, now):
    invited = invite(ports, world.actor(Role.DIRECTOR), now)
    with pytest.raises(PasswordTooCommon):
        accept(ports, invited.token, now, password="banco banco banco")
    accept(ports, invited.token, now)


def test_nobody_disables_themselves_or_a_stranger(ports, world, now):
    director, stranger = world.actor(Role.DIRECTOR), world.actor(Role.DIRECTOR, organisation=1)
    with ports.session(director) as session, pytest.raises(access.NotYourself), transaction(session):
        access.disable(session, director, director.user_id, now=now)
    with ports.session(director) as session, pytest.raises(NotFound), transaction(session):
        access.disable(session, director, stranger.user_id, now=now)


def test_only_the_operator_suspends_and_never_the_platform(ports, world, now):
    director = world.actor(Role.DIRECTOR)
    with ports.session(director) as session, pytest.raises(Forbidden), transaction(session):
        access.suspend(session, director, world.agencies[0].id, now=now)
    with ports.session(world.operator) as session, pytest.raises(Conflict), transaction(session):
        access.suspend(session, world.operator, world.operator.tenant, now=now)


def test_the_first_operator_comes_with_a_strong_password_and_leaves_a_trace(ports, now):
    platform = Actor(side=Side.PLATFORM)
    with ports.session(platform) as session, pytest.raises(PasswordTooCommon), transaction(session):
        service.create_operator(session, email="op@encargo.example", name="Op", password="operator12345", now=now)
    with ports.session(platform) as session, transaction(session):
        user = service.create_operator(session, email="op@encargo.example", name="Op", password=PASSWORD, now=now)
    with ports.session(platform) as session, transaction(session):
        second = service.create_operator(session, email="op2@encargo.example", name="Op 2", password=PASSWORD, now=now)
    assert user.organisation_id == second.organisation_id
    with ports.session(platform) as session:
        events = session.scalars(select(audit.AuditEvent.action)).all()
        assert events == ["operator.created", "operator.created"]
        assert session.scalar(select(func.count()).select_from(Organisation)) == 1


def test_the_audit_chains_of_all_organisations_hold(ports, world, now):
    for role in (Role.DIRECTOR, Role.MANAGER):
        actor = world.actor(role)
        invite(ports, actor, now, email=f"{role.value}.two@x.example", role=role)
        with ports.session(actor) as session:
            assert list(audit.verify_chain(session, actor.tenant)) == []


def test_people_are_listed_for_their_own_organisation_only(ports, world):
    director = world.actor(Role.DIRECTOR)
    world.actor(Role.ANALYST)
    world.actor(Role.DIRECTOR, organisation=1)
    with ports.session(director) as session:
        mine = queries.list_users(session, director)
        foreign = queries.list_users(session, director, organisation_id=world.creditors[1].id)
    assert {user.organisation_id for user in mine} == {director.tenant}
    assert len(mine) == 2
    assert {user.id for user in foreign} == {user.id for user in mine}


def test_an_agency_does_not_know_a_creditor_it_has_no_mandate_with(ports, world):
    manager = world.actor(Role.MANAGER)
    with ports.session(manager) as session, pytest.raises(NotFound):
        queries.get_organisation(session, manager, world.creditors[0].id)


def test_a_creditor_does_not_know_another_creditor(ports, world):
    director = world.actor(Role.DIRECTOR)
    with ports.session(director) as session, pytest.raises(NotFound):
        queries.get_organisation(session, director, world.creditors[1].id)
