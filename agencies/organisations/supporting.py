"""Support access: an operator asks to look at a tenant's pages, the tenant lets them, sees what they open and ends it.

While it lasts the operator acts on the tenant's side, with permissions to look and none to do anything, in transactions
in which the database refuses every change. By default an operator sees no tenant's data at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.audit import AuditEvent
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.notices import notify
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation, OrganisationKind, OrganisationState, User, UserState
from agencies.organisations.permissions import PERMISSIONS, SIDE_OF, SUPPORT, Permission, looking
from agencies.organisations.support_accesses import SupportAccess, SupportState

LONGEST_MINUTES = 60
#: A request nobody answered is no longer to be granted.
ANSWERED_WITHIN = timedelta(hours=24)
_OPEN = (SupportState.ASKED, SupportState.GRANTED)


class ReasonTooShort(Invalid):
    """The tenant decides by it, and reads it later."""

    text = msg("Say why in a sentence: the organisation decides by it and keeps it.")


class MinutesUnusable(Invalid):
    """Looking is for minutes."""

    text = msg("Choose between 1 and 60 minutes.")


class SupportOver(Conflict):
    """Answered, taken back or over."""

    text = msg("This request to look was answered, taken back or is over. Reload the page to see how it stands.")


class SupportAsked(Conflict):
    """One at a time."""

    text = msg("You have asked this organisation already, or look at it now.")


@dataclass(frozen=True)
class Elevation:
    """An operator who looks at a tenant's pages now."""

    support_id: int
    organisation_name: str
    ends_at: datetime
    #: Who they are on the tenant's pages.
    actor: Actor
    #: Who they are otherwise.
    operator: Actor


def ask(
    session: Session, actor: Actor, organisation_id: int, *, reason: str, minutes: int, now: datetime
) -> SupportAccess:
    """Ask an organisation to let the operator look; raises `ReasonTooShort`, `MinutesUnusable` or `SupportAsked`."""
    require(actor, Permission.SUPPORT_ASK)
    organisation = session.get(Organisation, organisation_id)
    if organisation is None or organisation.kind is OrganisationKind.PLATFORM:
        raise NotFound
    if len(reason.strip()) < 10:
        raise ReasonTooShort
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise MinutesUnusable
    operator = session.scalars(select(User).where(User.id == actor.user_id).with_for_update()).one()
    mine = select(SupportAccess).where(
        SupportAccess.operator_id == operator.id,
        SupportAccess.organisation_id == organisation_id,
        SupportAccess.state.in_(_OPEN),
    )
    if any(is_open(row, now) for row in session.scalars(mine)):
        raise SupportAsked
    row = SupportAccess(
        organisation_id=organisation_id,
        platform_id=actor.tenant,
        operator_id=operator.id,
        operator_name=operator.name or operator.email,
        reason=reason.strip(),
        minutes=minutes,
        asked_at=now,
        state=SupportState.ASKED,
    )
    session.add(row)
    session.flush()
    _record(session, actor, "support.asked", row, now)
    _tell(session, "support.asked", row, now)
    return row


def grant(session: Session, actor: Actor, support_id: int, *, now: datetime) -> SupportAccess:
    """Let the operator look, from now on for the minutes that were asked; raises `SupportOver`."""
    row = _of_tenant(session, actor, support_id)
    if row.state is not SupportState.ASKED or not is_open(row, now):
        raise SupportOver
    row.state, row.answered_by, row.answered_at = SupportState.GRANTED, actor.user_id, now
    row.ends_at = now + timedelta(minutes=row.minutes)
    session.flush()
    _record(session, actor, "support.granted", row, now)
    return row


def decline(session: Session, actor: Actor, support_id: int, *, now: datetime) -> SupportAccess:
    """Do not let the operator look; raises `SupportOver`."""
    row = _of_tenant(session, actor, support_id)
    if row.state is not SupportState.ASKED:
        raise SupportOver
    row.state, row.answered_by, row.answered_at = SupportState.DECLINED, actor.user_id, now
    session.flush()
    _record(session, actor, "support.declined", row, now)
    return row


def end(session: Session, actor: Actor, support_id: int, *, now: datetime) -> SupportAccess:
    """End it at once, on either side: what the operator opens next is refused. Ending twice changes nothing."""
    row = (
        _of_operator(session, actor, support_id)
        if actor.side is Side.PLATFORM
        else _of_tenant(session, actor, support_id)
    )
    if row.state is SupportState.ENDED:
        return row
    if row.state is not SupportState.GRANTED:
        raise SupportOver
    row.state, row.ended_at, row.ended_by = SupportState.ENDED, now, actor.user_id
    session.flush()
    _record(session, actor, "support.ended", row, now)
    return row


def withdraw(session: Session, actor: Actor, support_id: int, *, now: datetime) -> SupportAccess:
    """Take a request back that nobody answered; raises `SupportOver`."""
    row = _of_operator(session, actor, support_id)
    if row.state is not SupportState.ASKED:
        raise SupportOver
    row.state, row.ended_at, row.ended_by = SupportState.WITHDRAWN, now, actor.user_id
    session.flush()
    _record(session, actor, "support.withdrawn", row, now)
    return row


def enter(session: Session, actor: Actor, support_id: int, *, web_session_id: int, now: datetime) -> SupportAccess:
    """Begin to look, in this signed-in browser and no other; raises `SupportOver`."""
    row = _of_operator(session, actor, support_id)
    if row.state is not SupportState.GRANTED or not is_open(row, now):
        raise SupportOver
    row.web_session_id, row.entered_at = web_session_id, now
    session.flush()
    _record(session, actor, "support.begun", row, now)
    _tell(session, "support.begun", row, now)
    return row


def find_elevation(session: Session, web_session_id: int, *, now: datetime) -> Elevation | None:
    """Whose pages a session looks at now, as the door sees it; nothing once it was ended or its time is over."""
    row = session.execute(
        select(SupportAccess, User, Organisation)
        .join(User, User.id == SupportAccess.operator_id)
        .join(Organisation, Organisation.id == SupportAccess.organisation_id)
        .where(
            SupportAccess.web_session_id == web_session_id,
            SupportAccess.state == SupportState.GRANTED,
            SupportAccess.ends_at > now,
            User.state == UserState.ACTIVE,
            Organisation.state == OrganisationState.APPROVED,
        )
        .order_by(SupportAccess.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    access, user, organisation = row
    ends_at = access.ends_at or now
    side = Side(organisation.kind.value)
    supporter = Actor(
        side=side,
        organisation_id=organisation.id,
        user_id=user.id,
        role=SUPPORT,
        permissions=looking(side),
        language=user.language,
        time_zone=organisation.time_zone,
        is_read_only=True,
    )
    operator = Actor(
        side=SIDE_OF[user.role],
        organisation_id=user.organisation_id,
        user_id=user.id,
        role=user.role.value,
        permissions=PERMISSIONS[user.role],
        language=user.language,
    )
    return Elevation(access.id, organisation.name, ends_at, supporter, operator)


def note_look(session: Session, support: Elevation, page: str, things: Mapping[str, int], *, now: datetime) -> None:
    """Write into the tenant's trail which page its supporter opens, and of what."""
    audit.record(
        session,
        support.actor,
        "support.looked",
        now=now,
        support_id=support.support_id,
        page=page,
        things=dict(things),
    )


def is_open(row: SupportAccess, now: datetime) -> bool:
    """Whether it waits for an answer, or is granted and not over."""
    if row.state is SupportState.ASKED:
        return row.asked_at > now - ANSWERED_WITHIN
    return row.state is SupportState.GRANTED and row.ends_at is not None and row.ends_at > now


def get_access(session: Session, actor: Actor, support_id: int) -> SupportAccess:
    """One request, for the tenant it is about and for the operator who asked."""
    require(actor, Permission.SUPPORT_VIEW)
    row = session.scalar(_visible(actor).where(SupportAccess.id == support_id))
    if row is None:
        raise NotFound
    return row


def list_accesses(session: Session, actor: Actor, *, limit: int = 50) -> list[SupportAccess]:
    """What was asked of the tenant, or by the operator; the newest first."""
    require(actor, Permission.SUPPORT_VIEW)
    return list(session.scalars(_visible(actor).order_by(SupportAccess.id.desc()).limit(limit)))


def list_looks(session: Session, actor: Actor, support_id: int, *, limit: int = 200) -> list[AuditEvent]:
    """What the operator opened, the newest first, from the tenant's own trail."""
    row = get_access(session, actor, support_id)
    events = session.scalars(
        select(AuditEvent)
        .where(
            AuditEvent.organisation_id == row.organisation_id,
            AuditEvent.action == "support.looked",
            AuditEvent.actor_user_id == row.operator_id,
            AuditEvent.at >= (row.entered_at or row.asked_at),
            AuditEvent.at <= (row.ended_at or row.ends_at or row.asked_at),
        )
        .order_by(AuditEvent.seq.desc())
        .limit(limit)
    )
    return list(events)


def supporter_names(session: Session, actor: Actor) -> dict[int, str]:
    """The operators who ever asked to look at the actor's organisation, by id."""
    rows = session.execute(
        select(SupportAccess.operator_id, SupportAccess.operator_name)
        .where(SupportAccess.organisation_id == actor.tenant)
        .order_by(SupportAccess.id)
    )
    return {number: name for number, name in rows}  # noqa: C416  a row is not a pair for dict()


def _visible(actor: Actor) -> Select[SupportAccess]:
    column = SupportAccess.platform_id if actor.side is Side.PLATFORM else SupportAccess.organisation_id
    return select(SupportAccess).where(column == actor.tenant)


def _of_tenant(session: Session, actor: Actor, support_id: int) -> SupportAccess:
    require(actor, Permission.SUPPORT_GRANT)
    return _locked(session, actor, support_id)


def _of_operator(session: Session, actor: Actor, support_id: int) -> SupportAccess:
    require(actor, Permission.SUPPORT_ASK)
    require_side(actor, Side.PLATFORM)
    row = _locked(session, actor, support_id)
    # What one operator was let look at is not another operator's.
    if row.operator_id != actor.user_id:
        raise NotFound
    return row


def _locked(session: Session, actor: Actor, support_id: int) -> SupportAccess:
    row: SupportAccess | None = session.scalar(
        _visible(actor)
        .where(SupportAccess.id == support_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound
    return row


def _record(session: Session, actor: Actor, action: str, row: SupportAccess, now: datetime) -> None:
    audit.record(
        session,
        actor,
        action,
        now=now,
        organisations={row.organisation_id, actor.tenant},
        support_id=row.id,
        organisation_id=row.organisation_id,
        minutes=row.minutes,
    )


def _tell(session: Session, kind: str, row: SupportAccess, now: datetime) -> None:
    notify(
        session,
        row.organisation_id,
        kind,
        key=f"{kind}:{row.id}",
        permission=Permission.SUPPORT_GRANT,
        now=now,
        support_id=row.id,
    )
