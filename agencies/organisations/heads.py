"""Who manages an organisation; and that the platform leaves an organisation's people to whoever does.

An operator who could invite, promote or let in a tenant's people would be everybody there. So the platform brings in
the first who manages an organisation, and after that it may only keep people out.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel import letters
from agencies.kernel.errors import Conflict, msg
from agencies.kernel.notices import notify
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.models import Invitation, User, UserState
from agencies.organisations.permissions import Permission, Role

#: Whoever manages an organisation; the last of them stays.
HEADS = (Role.DIRECTOR, Role.MANAGER, Role.OPERATOR)

#: Kinds of notices and letters.
INVITED, ROLE_CHANGED, ENABLED = "colleague.invited", "colleague.role_changed", "colleague.enabled"


class HeadedByItsOwn(Conflict):
    """Whoever runs the portal is not thereby somebody in its organisations."""

    text = msg(
        "This organisation manages its people itself: ask one of its directors or managers to do this. The operator "
        "can still keep somebody out."
    )


class OnlyItsHead(Conflict):
    """The others are invited by the one who manages the organisation."""

    text = msg("The operator invites only the first director or manager of an organisation; they invite the others.")


class HeadInvitedAlready(Conflict):
    """One open way in at a time."""

    text = msg(
        "Somebody is invited already to manage this organisation. Send that invitation again, or disable the person "
        "before you invite another."
    )


def hold(session: Session, organisation_id: int) -> set[int]:
    """Who manages an organisation now, held in one order, so that two cannot shut out each other."""
    return set(
        session.scalars(
            select(User.id)
            .where(User.organisation_id == organisation_id, User.role.in_(HEADS), User.state == UserState.ACTIVE)
            .order_by(User.id)
            .with_for_update()
        )
    )


def check_may_change(session: Session, actor: Actor, user: User, *, but_for: int | None = None) -> None:
    """The platform changes nothing about a tenant's people as long as anybody, `but_for` one, manages the tenant.

    Raises `HeadedByItsOwn`.
    """
    if _is_a_tenants(actor, user.organisation_id) and hold(session, user.organisation_id) - {but_for}:
        raise HeadedByItsOwn


def check_may_invite(
    session: Session, actor: Actor, organisation_id: int, role: Role, *, now: datetime, renewed: int | None = None
) -> None:
    """The platform invites who is to manage a tenant, one at a time, and only until that one has come in.

    Raises `HeadedByItsOwn`, `OnlyItsHead` or `HeadInvitedAlready`.
    """
    if not _is_a_tenants(actor, organisation_id):
        return
    if hold(session, organisation_id):
        raise HeadedByItsOwn
    if role not in HEADS:
        raise OnlyItsHead
    others = (
        select(User.id)
        .join(Invitation, Invitation.user_id == User.id)
        .where(
            User.organisation_id == organisation_id,
            User.role.in_(HEADS),
            User.state == UserState.INVITED,
            User.id != (renewed or 0),
            Invitation.used_at.is_(None),
            Invitation.expires_at > now,
        )
    )
    if session.scalar(others.limit(1)) is not None:
        raise HeadInvitedAlready


def tell_others(
    session: Session, actor: Actor, organisation_id: int, kind: str, *, about: int, key: str, now: datetime
) -> None:
    """Tell everybody else who manages an organisation what one of them did about its people, here and by letter."""
    others = hold(session, organisation_id) - {actor.user_id, about}
    if not others:
        return
    notify(
        session,
        organisation_id,
        kind,
        key=f"{kind}:{key}",
        permission=Permission.USER_INVITE,
        besides=actor.user_id,
        now=now,
        about_user_id=about,
    )
    for one in sorted(others):
        letters.post(session, user_id=one, kind=kind, key=f"{kind}/{key}/{one}", now=now)


def _is_a_tenants(actor: Actor, organisation_id: int) -> bool:
    return actor.side is Side.PLATFORM and organisation_id != actor.tenant
