"""Who is let in as what: suspend and approve organisations, disable and enable people, change their roles."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.tenancy import Actor, Side, require
from agencies.organisations import heads
from agencies.organisations.models import (
    Invitation,
    Organisation,
    OrganisationKind,
    OrganisationState,
    User,
    UserState,
)
from agencies.organisations.permissions import SIDE_OF, Permission, Role
from agencies.organisations.service import RoleOfAnotherSide, has_come_in, manageable_user, record_about

LANGUAGES = ("es", "en")


class NotYourself(Conflict):
    """Nobody locks themselves out."""

    text = msg("You cannot disable your own access. Ask a colleague.")


class LastHead(Conflict):
    """An organisation nobody manages cannot help itself."""

    text = msg("Nobody else could manage this organisation. Make somebody else director or manager first.")


class NotYourOwnRole(Conflict):
    """Nobody gives themselves a role."""

    text = msg("You cannot change your own role. Ask a colleague.")


def suspend(session: Session, actor: Actor, organisation_id: int, *, now: datetime) -> None:
    """Keep an organisation's people out from their next request on."""
    _change_state(session, actor, organisation_id, OrganisationState.SUSPENDED, "organisation.suspended", now)


def approve(session: Session, actor: Actor, organisation_id: int, *, now: datetime) -> None:
    """Let a suspended organisation's people in again."""
    _change_state(session, actor, organisation_id, OrganisationState.APPROVED, "organisation.approved", now)


def disable(session: Session, actor: Actor, user_id: int, *, now: datetime) -> None:
    """Keep a person out from their next request on; sessions and an open invitation end for good.

    Raises `NotYourself`, or `LastHead` where nobody else could manage the organisation.
    """
    held = _hold_heads(session, actor, user_id)
    user = manageable_user(session, actor, user_id)
    if user.id == actor.user_id:
        raise NotYourself
    if user.state is UserState.DISABLED:
        raise Conflict
    if held == {user.id}:
        raise LastHead
    user.state, user.sessions_since = UserState.DISABLED, now
    session.execute(
        update(Invitation)
        .where(Invitation.user_id == user.id, Invitation.used_at.is_(None), Invitation.expires_at > now)
        .values(expires_at=now)
        .execution_options(synchronize_session=False)
    )
    record_about(session, actor, user, "user.disabled", now)


def enable(session: Session, actor: Actor, user_id: int, *, now: datetime) -> None:
    """Let a disabled person in again; somebody who never came in is invited again instead.

    Everybody else who manages the organisation is told. Raises `HeadedByItsOwn` where it is not the platform's to do.
    """
    user = manageable_user(session, actor, user_id)
    heads.check_may_change(session, actor, user)
    if user.state is not UserState.DISABLED:
        raise Conflict
    user.state = UserState.ACTIVE if has_come_in(user) else UserState.INVITED
    user.failed_sign_ins, user.locked_until, user.entitled_since = 0, None, now
    record_about(session, actor, user, "user.enabled", now)
    _tell_heads(session, actor, user, heads.ENABLED, now)


def change_role(session: Session, actor: Actor, user_id: int, role: Role, *, now: datetime) -> None:
    """Give a person another role of the same side; they sign in again with it.

    Everybody else who manages the organisation is told. Raises `NotYourOwnRole`, `RoleOfAnotherSide`, `HeadedByItsOwn`
    where it is not the platform's to do, or `LastHead` where nobody else could manage the organisation.
    """
    held = _hold_heads(session, actor, user_id)
    user = manageable_user(session, actor, user_id)
    if user.id == actor.user_id:
        raise NotYourOwnRole
    heads.check_may_change(session, actor, user)
    if SIDE_OF[role] is not SIDE_OF[user.role]:
        raise RoleOfAnotherSide
    if user.role is role:
        raise Conflict
    if held == {user.id}:
        raise LastHead
    former, user.role, user.sessions_since, user.entitled_since = user.role, role, now, now
    session.flush()
    audit.record(
        session,
        actor,
        "user.role_changed",
        now=now,
        organisations={actor.tenant, user.organisation_id},
        subject_user_id=user.id,
        role=role.value,
        former_role=former.value,
    )
    _tell_heads(session, actor, user, heads.ROLE_CHANGED, now)


def choose_language(session: Session, actor: Actor, language: str) -> None:
    """Remember the language a person reads the portal in."""
    if language not in LANGUAGES:
        raise Invalid
    session.execute(update(User).where(User.id == actor.user_id).values(language=language))


def _tell_heads(session: Session, actor: Actor, user: User, kind: str, now: datetime) -> None:
    key = f"{user.id}/{now.timestamp()}"
    heads.tell_others(session, actor, user.organisation_id, kind, about=user.id, key=key, now=now)


def _hold_heads(session: Session, actor: Actor, user_id: int) -> set[int]:
    """Who manages the person's organisation now."""
    home = actor.tenant
    if actor.side is Side.PLATFORM:
        home = session.scalar(select(User.organisation_id).where(User.id == user_id)) or home
    return heads.hold(session, home)


def _change_state(
    session: Session,
    actor: Actor,
    organisation_id: int,
    state: OrganisationState,
    action: str,
    now: datetime,
) -> None:
    require(actor, Permission.ORGANISATION_SUSPEND)
    organisation = session.get(Organisation, organisation_id, with_for_update=True)
    if organisation is None:
        raise NotFound
    if organisation.kind is OrganisationKind.PLATFORM or organisation.state is state:
        raise Conflict
    organisation.state = state
    audit.record(
        session,
        actor,
        action,
        now=now,
        organisations=[actor.tenant, organisation_id],
        organisation_id=organisation_id,
    )
