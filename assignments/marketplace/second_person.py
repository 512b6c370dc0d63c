"""An award above what the creditor lets one person do alone: asked with exactly the split and price that were shown,
and carried out when a second person approves.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from agencies.approvals import limits, queries, service
from agencies.approvals.carrying import SubjectChanged
from agencies.approvals.models import Approval, ApprovalKind
from agencies.kernel.tenancy import Actor, require
from agencies.organisations.permissions import Permission
from assignments.marketplace.award import (
    AwardMoved,
    AwardPreview,
    LotAlreadyAwarded,
    LotNotDecidable,
    award,
    preview_award,
)
from assignments.marketplace.models import DeclineReason, Lot
from assignments.marketplace.queries import get_lot


def is_needed(session: Session, actor: Actor, seen: AwardPreview) -> bool:
    """Whether what would be awarded is worth more than one person may award."""
    value, currency = seen.preview.value_minor, seen.preview.currency or ""
    return limits.needs_second(session, actor, ApprovalKind.AWARD, value, currency)


def award_or_ask(
    session: Session,
    actor: Actor,
    lot_id: int,
    *,
    shares: Mapping[int, int],
    reasons: Mapping[int, DeclineReason],
    digest: str,
    now: datetime,
) -> Approval | None:
    """Award the previewed split, or ask a second person for exactly it and return what was asked.

    Raises what the award would refuse.
    """
    seen = preview_award(session, actor, lot_id, shares=shares, now=now)
    if not is_needed(session, actor, seen):
        award(session, actor, lot_id, shares=shares, reasons=reasons, digest=digest, now=now)
        return None
    if seen.digest != digest:
        raise AwardMoved
    subject = _subject(get_lot(session, actor, lot_id), seen, shares, reasons)
    return service.ask(session, actor, ApprovalKind.AWARD, subject, about=_about(lot_id), now=now)


def find_asked(session: Session, actor: Actor, lot_id: int, *, now: datetime) -> Approval | None:
    """The award of a lot that waits for a second person."""
    require(actor, Permission.LOT_VIEW)
    return queries.find_pending(session, actor, ApprovalKind.AWARD, about=_about(lot_id), now=now)


def carry_out(session: Session, asker: Actor, subject: Mapping[str, Any], *, approval_id: int, now: datetime) -> None:
    """Award what was approved; raises `SubjectChanged` when the lot, its cases or its bids are not as they were."""
    del approval_id
    try:
        award(
            session,
            asker,
            subject["lot"],
            shares={int(agency): share for agency, share in subject["shares"].items()},
            reasons={int(agency): DeclineReason(reason) for agency, reason in subject["reasons"].items()},
            digest=subject["digest"],
            now=now,
        )
    except (AwardMoved, LotAlreadyAwarded, LotNotDecidable) as changed:
        raise SubjectChanged from changed


def _about(lot_id: int) -> str:
    return f"lot:{lot_id}"


def _subject(
    lot: Lot, seen: AwardPreview, shares: Mapping[int, int], reasons: Mapping[int, DeclineReason]
) -> dict[str, Any]:
    preview = seen.preview
    return {
        "lot": lot.id,
        "name": lot.name,
        "shares": {str(agency): share for agency, share in shares.items()},
        "reasons": {str(agency): reason.value for agency, reason in reasons.items() if agency not in shares},
        "rates": {str(one.agency_id): sorted({rate.commission_bp for rate in one.rates}) for one in preview.agencies},
        "cases": preview.cases,
        "value_minor": preview.value_minor,
        "currency": preview.currency,
        # Of exactly this split: the award is refused when another one would come out.
        "digest": seen.digest,
    }
