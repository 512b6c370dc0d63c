"""Who is let in: suspend and approve organisations, disable and enable people, remember their language."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.tenancy import Actor, require
from agencies.organisations.models import Organisation, OrganisationKind, OrganisationState, User, UserState
from agencies.organisations.permissions import Permission
from agencies.organisations.service import manageable_user, record_about

LANGUAGES = ("es", "en")


class NotYourself(Conflict):
    """Nobody locks themselves out."""

    text = msg("You cannot disable your own access. Ask a colleague.")


def suspend(session: Session, actor: Actor, organisation_id: int, *, now: datetime) -> None:
    """Keep an organisation's people out from their next request on."""
    _change_state(session, actor, organisation_id, OrganisationState.SUSPENDED, "organisation.suspended", now)


def approve(session: Session, actor: Actor, organisation_id: int, *, now: datetime) -> None:
    """Let a suspended organisation's people in again."""
    _change_state(session, actor, organisation_id, OrganisationState.APPROVED, "organisation.approved", now)


def disable(session: Session, actor: Actor, user_id: int, *, now: datetime) -> None:
    """Keep a person out from their next request on; an open invitation stops working."""
    user = manageable_user(session, actor, user_id)
    if user.id == actor.user_id:
        raise NotYourself
    if user.state is UserState.DISABLED:
        raise Conflict
    user.state = UserState.DISABLED
    record_about(session, actor, user, "user.disabled", now)


def enable(session: Session, actor: Actor, user_id: int, *, now: datetime) -> None:
    """Let a disabled person in again; somebody who never accepted is invited again instead."""
    user = manageable_user(session, actor, user_id)
    if user.state is not UserState.DISABLED:
        raise Conflict
    user.state = UserState.ACTIVE if user.password_hash else UserState.INVITED
    user.failed_sign_ins, user.locked_until = 0, None
    record_about(session, actor, user, "user.enabled", now)


def choose_language(session: Session, actor: Actor, language: str) -> None:
    """Remember the language a person reads the portal in."""
    if language not in LANGUAGES:
        raise Invalid
    session.execute(update(User).where(User.id == actor.user_id).values(language=language))


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
