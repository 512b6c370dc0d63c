"""What waits for a second person, what one asked for oneself, and how it all ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from agencies.approvals import rules
from agencies.approvals.models import Approval, ApprovalKind, ApprovalState
from agencies.kernel.errors import NotFound
from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor, require
from agencies.organisations.permissions import Permission


def get_approval(session: Session, actor: Actor, approval_id: int) -> Approval:
    """One request, for those who may approve it, for whoever asked and for those who look on; raises `NotFound`."""
    require(actor, Permission.APPROVAL_VIEW)
    row = session.scalar(select(Approval).where(_visible(actor), Approval.id == approval_id))
    if row is None:
        raise NotFound
    return row


def list_waiting(session: Session, actor: Actor, *, now: datetime, limit: int = PAGE) -> list[Approval]:
    """What the actor may approve now, the most pressing first."""
    require(actor, Permission.APPROVAL_VIEW)
    statement = select(Approval).where(waits_for(actor, now)).order_by(Approval.expires_at, Approval.id)
    return list(session.scalars(statement.limit(limit)))


def list_asked(session: Session, actor: Actor, *, now: datetime, limit: int = PAGE) -> list[Approval]:
    """What the actor has asked for and nobody decided yet, the newest first."""
    require(actor, Permission.APPROVAL_VIEW)
    statement = (
        select(Approval)
        .where(
            Approval.organisation_id == actor.tenant,
            Approval.asked_by == actor.user_id,
            Approval.state == ApprovalState.PENDING,
            Approval.expires_at > now,
        )
        .order_by(Approval.id.desc())
    )
    return list(session.scalars(statement.limit(limit)))


def list_ended(
    session: Session, actor: Actor, *, now: datetime, before: int | None = None, limit: int = PAGE
) -> Page[Approval]:
    """What was decided, taken back or has run out, of all the actor may look at; the newest first."""
    require(actor, Permission.APPROVAL_VIEW)
    statement = (
        select(Approval)
        .where(_visible(actor), or_(Approval.state != ApprovalState.PENDING, Approval.expires_at <= now))
        .order_by(Approval.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        statement = statement.where(Approval.id < before)
    return cut(session.scalars(statement).all(), limit, lambda row: row.id)


def find_pending(session: Session, actor: Actor, kind: ApprovalKind, *, about: str, now: datetime) -> Approval | None:
    """What is being asked about a thing at present."""
    return session.scalar(
        select(Approval).where(
            Approval.organisation_id == actor.tenant,
            Approval.kind == kind,
            Approval.about == about,
            Approval.state == ApprovalState.PENDING,
            Approval.expires_at > now,
        )
    )


def find_grant(session: Session, actor: Actor, kind: ApprovalKind, *, about: str, now: datetime) -> Approval | None:
    """What this very person was allowed within the last day, of this very thing."""
    return session.scalar(
        select(Approval)
        .where(
            Approval.organisation_id == actor.tenant,
            Approval.kind == kind,
            Approval.about == about,
            Approval.asked_by == actor.user_id,
            Approval.state == ApprovalState.APPROVED,
            Approval.decided_at > now - rules.GRANT_LIFETIME,
        )
        .order_by(Approval.id.desc())
        .limit(1)
    )


def is_intact(row: Approval) -> bool:
    """Whether the subject still is what was hashed when it was asked."""
    subject: Mapping[str, Any] = row.subject
    return rules.digest(subject) == row.subject_sha256


def may_take(row: Approval, actor: Actor, now: datetime) -> bool:
    """Whether the actor asked for a file, was allowed it, and still may take it away."""
    return (
        row.kind is ApprovalKind.EXPORT
        and row.state is ApprovalState.APPROVED
        and row.asked_by == actor.user_id
        and row.decided_at is not None
        and row.decided_at > now - rules.GRANT_LIFETIME
    )


def may_decide(row: Approval, actor: Actor) -> bool:
    """Whether the actor could be the second person."""
    return row.asked_by != actor.user_id and actor.may(rules.APPROVES[row.kind])


def waits_for(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """The condition of what the actor may decide as the second person."""
    return (
        (Approval.organisation_id == actor.tenant)
        & Approval.kind.in_([kind for kind, permission in rules.APPROVES.items() if actor.may(permission)])
        & (Approval.asked_by != actor.user_id)
        & (Approval.state == ApprovalState.PENDING)
        & (Approval.expires_at > now)
    )


def _visible(actor: Actor) -> ColumnElement[bool]:
    """Of the organisation's requests: one's own, those of a kind one may approve, and all for the audit."""
    own = Approval.organisation_id == actor.tenant
    if actor.may(Permission.AUDIT_VIEW):
        return own
    kinds = [kind for kind, permission in rules.APPROVES.items() if actor.may(permission)]
    return own & or_(Approval.asked_by == actor.user_id, Approval.kind.in_(kinds))
