"""Two persons: one asks for exactly one thing, another one approves exactly that, and it is done in the same moment.

The row of what was asked is held while it is decided, so that of two approvers at once one carries it out and the other
one sees that it is done. A refusal of the act leaves everything as it was; the request then stays pending.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.approvals import rules
from agencies.approvals.carrying import Carriers, SubjectChanged
from agencies.approvals.lifecycle import move, standing
from agencies.approvals.models import Approval, ApprovalKind, ApprovalState
from agencies.kernel import audit
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.notices import notify
from agencies.kernel.tenancy import Actor, require
from agencies.organisations.models import Organisation, User, UserState
from agencies.organisations.queries import entitled_since
from agencies.organisations.service import actor_of


class OwnRequest(Conflict):
    """Whoever asks is the first person and not the second."""

    text = msg("You asked for this yourself. Another person of your organisation must approve it.")


class CameLater(Conflict):
    """Nobody makes up, raises or lets in again a second person for what was asked already."""

    text = msg(
        "When this was asked you had not come into your organisation yet, or not with the role and access you have "
        "now. Somebody who had both before must approve it."
    )


class SeenOtherwise(Conflict):
    """What would be approved is not what was on the screen."""

    text = msg("What you saw is not what would be approved. Reload the page, read it again and decide.")


class AskedAlready(Conflict):
    """The same thing waits for a second person already, asked for otherwise or by somebody else."""

    text = msg("This waits for a second person already. Withdraw that request before you ask for something else.")


class DeclinedWithoutReason(Invalid):
    """Whoever asked learns why not."""

    text = msg("Say why you decline: whoever asked reads it.")


class AskerMayNotAnyMore(SubjectChanged):
    """Whoever asked has left or changed roles."""

    text = msg("Whoever asked for this may not do it any more. The request is void.")


def ask(
    session: Session, actor: Actor, kind: ApprovalKind, subject: Mapping[str, Any], *, about: str, now: datetime
) -> Approval:
    """Ask a second person to approve exactly this; the same asked twice is one request.

    `about` names the thing whatever is to be done with it, such as `lot:12`. Raises `AskedAlready` when something else
    is being asked about it.
    """
    require(actor, rules.ASKS[kind])
    frozen = dict(subject)
    sha256 = rules.digest(frozen)
    row = _pending(session, actor.tenant, kind, about)
    if row is not None and standing(row, now) is ApprovalState.EXPIRED:
        _end(session, actor, row, ApprovalState.EXPIRED, "approval.expired", by=None, now=now)
        row = None
    if row is None:
        made = _insert(session, actor, kind, frozen, sha256, about, now)
        if made is not None:
            _told_of_asking(session, actor, made, now)
            return made
        # Somebody else was quicker by a moment.
        row = _pending(session, actor.tenant, kind, about)
    if row is None or row.subject_sha256 != sha256 or row.asked_by != actor.user_id:
        raise AskedAlready
    return row


def approve(
    session: Session, actor: Actor, approval_id: int, *, seen: bytes, carriers: Carriers, now: datetime
) -> Approval:
    """Approve what was seen and carry it out, both or neither; a second press of the same person changes nothing.

    Raises `OwnRequest`, `CameLater`, `SeenOtherwise`, `AlreadyDecided`, `ApprovalExpired`, `SubjectChanged`, or what
    the act itself is refused for.
    """
    row = _to_decide(session, actor, approval_id, seen)
    if row.state is ApprovalState.APPROVED and row.decided_by == actor.user_id:
        return row
    if row.asked_by == actor.user_id:
        raise OwnRequest
    if entitled_since(session, actor) > row.asked_at:
        raise CameLater
    move(row, ApprovalState.APPROVED, by=actor.user_id, now=now)
    asker = _asker(session, row)
    session.flush()
    _record(session, actor, "approval.approved", row, now)
    carriers[row.kind](
        session,
        dataclasses.replace(asker, approved_by=actor.user_id),
        row.subject,
        approval_id=row.id,
        now=now,
    )
    _tell_asker(session, "approval.approved", row, now)
    return row


def decline(session: Session, actor: Actor, approval_id: int, *, seen: bytes, reason: str, now: datetime) -> Approval:
    """Say no, with a reason; raises `DeclinedWithoutReason`, and what `approve` raises before it does anything."""
    row = _to_decide(session, actor, approval_id, seen)
    if not reason.strip():
        raise DeclinedWithoutReason
    if row.asked_by == actor.user_id:
        raise OwnRequest
    if row.state is ApprovalState.DECLINED and row.decided_by == actor.user_id:
        return row
    _end(session, actor, row, ApprovalState.DECLINED, "approval.declined", by=actor.user_id, now=now, reason=reason)
    return row


def withdraw(session: Session, actor: Actor, approval_id: int, *, now: datetime) -> Approval:
    """Take one's own request back; somebody else's is none of one's own."""
    row = _locked(session, actor, approval_id)
    if row.asked_by != actor.user_id:
        raise NotFound
    if row.state is not ApprovalState.WITHDRAWN:
        _end(session, actor, row, ApprovalState.WITHDRAWN, "approval.withdrawn", by=actor.user_id, now=now)
    return row


def void(session: Session, actor: Actor, kind: ApprovalKind, *, about: str, now: datetime) -> Approval | None:
    """What was asked about has changed: a request that waits for approval is void; None where nothing waits."""
    row = _pending(session, actor.tenant, kind, about)
    if row is None or standing(row, now) is ApprovalState.EXPIRED:
        return None
    _end(session, actor, row, ApprovalState.VOID, "approval.voided", by=actor.user_id, now=now)
    return row


def void_changed(session: Session, actor: Actor, approval_id: int, *, now: datetime) -> Approval:
    """Mark a request void whose subject was found changed when it was to be carried out."""
    row = _locked(session, actor, approval_id)
    require(actor, rules.APPROVES[row.kind])
    if standing(row, now) is ApprovalState.PENDING:
        _end(session, actor, row, ApprovalState.VOID, "approval.voided", by=actor.user_id, now=now)
    return row


def expire(session: Session, actor: Actor, *, now: datetime) -> int:
    """Mark what nobody approved in time, and tell whoever asked; returns how many."""
    rows = session.scalars(
        select(Approval)
        .where(
            Approval.organisation_id == actor.tenant,
            Approval.state == ApprovalState.PENDING,
            Approval.expires_at <= now,
        )
        .order_by(Approval.id)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        _end(session, actor, row, ApprovalState.EXPIRED, "approval.expired", by=None, now=now)
    return len(rows)


def _insert(
    session: Session,
    actor: Actor,
    kind: ApprovalKind,
    subject: dict[str, Any],
    sha256: bytes,
    about: str,
    now: datetime,
) -> Approval | None:
    made: Approval | None = session.scalar(
        insert(Approval)
        .values(
            organisation_id=actor.tenant,
            kind=kind,
            about=about,
            subject=subject,
            subject_sha256=sha256,
            asked_by=actor.user_id,
            asked_at=now,
            expires_at=now + rules.LIFETIME,
            state=ApprovalState.PENDING,
        )
        .on_conflict_do_nothing()
        .returning(Approval)
    )
    return made


def _pending(session: Session, organisation_id: int, kind: ApprovalKind, about: str) -> Approval | None:
    return session.scalar(
        select(Approval)
        .where(
            Approval.organisation_id == organisation_id,
            Approval.kind == kind,
            Approval.about == about,
            Approval.state == ApprovalState.PENDING,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _locked(session: Session, actor: Actor, approval_id: int) -> Approval:
    row = session.scalar(
        select(Approval)
        .where(Approval.organisation_id == actor.tenant, Approval.id == approval_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound
    return row


def _to_decide(session: Session, actor: Actor, approval_id: int, seen: bytes) -> Approval:
    row = _locked(session, actor, approval_id)
    require(actor, rules.APPROVES[row.kind])
    # The second comparison finds a subject that was changed behind everybody's back.
    if seen != row.subject_sha256 or rules.digest(row.subject) != row.subject_sha256:
        raise SeenOtherwise
    return row


def _asker(session: Session, row: Approval) -> Actor:
    """Whoever asked, as they stand now; raises `AskerMayNotAnyMore`."""
    user = session.get_one(User, row.asked_by, populate_existing=True)
    asker = actor_of(user, session.get_one(Organisation, row.organisation_id))
    if user.state is not UserState.ACTIVE or not asker.may(rules.ASKS[row.kind]):
        raise AskerMayNotAnyMore
    return asker


def _end(
    session: Session,
    actor: Actor,
    row: Approval,
    state: ApprovalState,
    action: str,
    *,
    by: int | None,
    now: datetime,
    reason: str | None = None,
) -> None:
    move(row, state, by=by, now=now, reason=reason.strip() if reason else None)
    session.flush()
    _record(session, actor, action, row, now)
    if by != row.asked_by:
        _tell_asker(session, action, row, now)


def _told_of_asking(session: Session, actor: Actor, row: Approval, now: datetime) -> None:
    _record(session, actor, "approval.asked", row, now)
    notify(
        session,
        row.organisation_id,
        "approval.asked",
        key=f"approval.asked:{row.id}",
        permission=rules.APPROVES[row.kind],
        besides=row.asked_by,
        now=now,
        approval_id=row.id,
        approval_kind=row.kind.value,
    )


def _tell_asker(session: Session, action: str, row: Approval, now: datetime) -> None:
    notify(
        session,
        row.organisation_id,
        action,
        key=f"{action}:{row.id}",
        permission=rules.ASKS[row.kind],
        person=row.asked_by,
        now=now,
        approval_id=row.id,
        approval_kind=row.kind.value,
    )


def _record(session: Session, actor: Actor, action: str, row: Approval, now: datetime) -> None:
    audit.record(
        session,
        actor,
        action,
        now=now,
        approval_id=row.id,
        approval_kind=row.kind.value,
        subject_sha256=row.subject_sha256.hex(),
        asked_by=row.asked_by,
    )
