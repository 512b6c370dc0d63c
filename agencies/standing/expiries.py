"""Licences and policies that run out: the agency is told in time, and so is every creditor who deals with it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from agencies.kernel.clock import local_date
from agencies.kernel.notices import notify
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.permissions import Permission
from agencies.standing.models import AgencyCredential, PanelMember, PanelState

#: Days before the end on which both sides are told, and once more when it is over.
WARNING_DAYS = (7, 30, 60)
#: Who deals with the agency, or is about to.
_CONCERNED = (PanelState.CANDIDATE, PanelState.UNDER_REVIEW, PanelState.ON_PANEL, PanelState.SUSPENDED)


def warn(session: Session, actor: Actor, *, now: datetime) -> int:
    """Tell the agency and its creditors what runs out within 60, 30 or 7 days or has run out, once each.

    Returns how many licences and policies are meant.
    """
    require(actor, Permission.STANDING_VIEW)
    agency_id, today = require_side(actor, Side.AGENCY), local_date(now, actor.time_zone)
    concerned = session.scalars(
        select(PanelMember.creditor_id).where(PanelMember.agency_id == agency_id, PanelMember.state.in_(_CONCERNED))
    ).all()
    meant = 0
    for row in session.scalars(_kept([agency_id]).order_by(AgencyCredential.id)):
        left = (row.valid_until - today).days if row.valid_until else None
        if left is None or left > max(WARNING_DAYS):
            continue
        meant += 1
        _tell(session, row, left, agency_id, Permission.STANDING_EDIT, now)
        for creditor_id in concerned:
            _tell(session, row, left, creditor_id, Permission.STANDING_VIEW, now)
    return meant


def lapsed(session: Session, actor: Actor, agency_ids: Collection[int], today: date) -> set[int]:
    """Of these agencies those with a licence or a policy on their file that has run out."""
    require(actor, Permission.STANDING_VIEW)
    over = _kept(agency_ids).where(AgencyCredential.valid_until < today)
    return {row.agency_id for row in session.scalars(over)}


def _tell(
    session: Session, row: AgencyCredential, left: int, organisation_id: int, permission: Permission, now: datetime
) -> None:
    within = next(days for days in WARNING_DAYS if left <= days)
    kind, step = ("credential.expired", "over") if left < 0 else ("credential.expiring", str(within))
    notify(
        session,
        organisation_id,
        kind,
        key=f"{kind}:{row.agency_id}:{row.id}:{step}",
        permission=permission,
        now=now,
        agency_id=row.agency_id,
        title=row.title,
        valid_until=row.valid_until,
    )


def _kept(agency_ids: Collection[int]) -> Select[AgencyCredential]:
    return select(AgencyCredential).where(
        AgencyCredential.agency_id.in_(agency_ids), AgencyCredential.removed_at.is_(None)
    )
