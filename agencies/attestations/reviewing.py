"""A creditor judges what was signed; either side ends what was accepted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.attestations.disclosed import is_approved, is_current
from agencies.attestations.drafts import last_signature
from agencies.attestations.lifecycle import AttestationMovedOn, move
from agencies.attestations.models import Attestation, AttestationState
from agencies.kernel import audit
from agencies.kernel.clock import local_date
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.notices import notify
from agencies.kernel.tenancy import Actor, Side, owned_by, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission


class ReasonMissing(Invalid):
    """Whoever refuses says why."""

    text = msg("Say why: the other side reads it and acts on it.")


class AlreadyExpired(Conflict):
    """It waited too long."""

    text = msg("This attestation has expired while it waited. Reject it and ask for a new one.")


class ListMovedOn(Conflict):
    """It speaks of another list than there is."""

    text = msg("The list of sub-processors was changed after this was signed. Reject it; the agency signs anew.")


class SubprocessorsUndecided(Conflict):
    """Accepting the declaration would authorise whoever is on the list."""

    text = msg("Decide on every sub-processor first: at least one is not approved.")


class SignedAnew(Conflict):
    """What would be judged is not what was read."""

    text = msg("The agency has signed another text since you opened the page. Read it and judge then.")


def accept(session: Session, actor: Actor, attestation_id: int, *, text_sha256: bytes, now: datetime) -> Attestation:
    """Accept the text that was read, in place of an earlier one for the same template; a second press changes nothing.

    Raises `SignedAnew` when the digest is not the one of the newest signature, `ListMovedOn` when it speaks of a list
    that was changed since, `SubprocessorsUndecided` while an entry of it is not approved.
    """
    row = _to_judge(session, actor, attestation_id, text_sha256)
    if row.state is AttestationState.ACCEPTED:
        return row
    zone = session.scalars(select(Organisation.time_zone).where(Organisation.id == row.creditor_id)).one()
    if row.valid_until is not None and row.valid_until < local_date(now, zone):
        raise AlreadyExpired
    if row.outdated_at is not None or not is_current(session, row):
        raise ListMovedOn
    if not is_approved(session, row):
        raise SubprocessorsUndecided
    for older in session.scalars(
        select(Attestation).where(
            Attestation.creditor_id == row.creditor_id,
            Attestation.agency_id == row.agency_id,
            Attestation.code == row.code,
            Attestation.recall_id.is_not_distinct_from(row.recall_id),
            Attestation.state == AttestationState.ACCEPTED,
        )
    ):
        move(older, AttestationState.SUPERSEDED, Side.CREDITOR)
    session.flush()
    move(row, AttestationState.ACCEPTED, Side.CREDITOR)
    row.reviewed_at, row.reviewed_by = now, actor.user_id
    _told(session, actor, "attestation.accepted", row, now)
    return row


def reject(
    session: Session, actor: Actor, attestation_id: int, *, text_sha256: bytes, reason: str, now: datetime
) -> Attestation:
    """Send the text that was read back with a reason; raises `ReasonMissing`, `SignedAnew` and `AttestationMovedOn`."""
    row = _to_judge(session, actor, attestation_id, text_sha256)
    told = _reason(reason)
    if row.state is AttestationState.REJECTED and row.review_reason == told:
        return row
    move(row, AttestationState.REJECTED, Side.CREDITOR)
    row.reviewed_at, row.reviewed_by, row.review_reason = now, actor.user_id, told
    _told(session, actor, "attestation.rejected", row, now)
    return row


def revoke(session: Session, actor: Actor, attestation_id: int, *, reason: str, now: datetime) -> Attestation:
    """End an accepted attestation before its time, on either side; what it stops, stops at once."""
    is_own = actor.side is Side.AGENCY
    require(actor, Permission.ATTESTATION_SIGN if is_own else Permission.ATTESTATION_REVIEW)
    row = _find(session, actor, attestation_id)
    told = _reason(reason)
    if row.state is AttestationState.REVOKED:
        return row
    move(row, AttestationState.REVOKED, actor.side)
    row.revoked_at, row.revoked_by, row.revocation_reason = now, actor.user_id, told
    _told(session, actor, "attestation.revoked", row, now)
    return row


def _to_judge(session: Session, actor: Actor, attestation_id: int, text_sha256: bytes) -> Attestation:
    require(actor, Permission.ATTESTATION_REVIEW)
    require_side(actor, Side.CREDITOR)
    row = _find(session, actor, attestation_id)
    if last_signature(session, row).text_sha256 != text_sha256:
        raise SignedAnew
    return row


def _find(session: Session, actor: Actor, attestation_id: int) -> Attestation:
    row = session.scalar(
        select(Attestation)
        .where(owned_by(actor, Attestation.creditor_id, Attestation.agency_id), Attestation.id == attestation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    # A draft is nobody's business but the agency's.
    if row is None or (row.state is AttestationState.DRAFT and actor.side is Side.CREDITOR):
        raise NotFound
    if row.state is AttestationState.DRAFT:
        raise AttestationMovedOn
    return row


def _reason(reason: str) -> str:
    told = reason.strip()
    if not told:
        raise ReasonMissing
    return told


def _told(session: Session, actor: Actor, action: str, row: Attestation, now: datetime) -> None:
    session.flush()
    other = row.agency_id if actor.side is Side.CREDITOR else row.creditor_id
    details: dict[str, Any] = {"attestation_id": row.id, "code": row.code}
    audit.record(
        session,
        actor,
        action,
        now=now,
        organisations=[row.creditor_id, row.agency_id],
        **details,
        organisation_id=other,
    )
    notify(
        session,
        other,
        action,
        key=f"{action}:{row.id}:{now.timestamp()}",
        permission=Permission.ATTESTATION_SIGN if other == row.agency_id else Permission.ATTESTATION_REVIEW,
        now=now,
        **details,
        about=actor.tenant,
    )
