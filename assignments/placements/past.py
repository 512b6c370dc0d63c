"""What agencies made of this creditor's earlier placements, from the cells of the scorecards."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor
from agencies.scorecards.models import PlacementCell, RecoveryCell
from assignments.placements.expectation import MONTHS, Past


def pasts(session: Session, actor: Actor, currency: str | None, on: date) -> dict[int, Past]:
    """By agency, the placements that are old enough and what came back of them up to that age."""
    last = _months_before(on, MONTHS + 1)
    placed = select(PlacementCell.agency_id, cast(func.sum(PlacementCell.placed_minor), BigInteger)).where(
        PlacementCell.creditor_id == actor.tenant,
        PlacementCell.currency == currency,
        PlacementCell.placement_month <= last,
    )
    back = select(
        RecoveryCell.agency_id,
        cast(func.sum(RecoveryCell.collected_minor), BigInteger),
        cast(func.sum(RecoveryCell.new_payers), BigInteger),
    ).where(
        RecoveryCell.creditor_id == actor.tenant,
        RecoveryCell.currency == currency,
        RecoveryCell.placement_month <= last,
        RecoveryCell.month_on_book <= MONTHS,
    )
    came = {agency: rest for agency, *rest in session.execute(back.group_by(RecoveryCell.agency_id))}
    return {
        agency: Past(minor, *came.get(agency, (0, 0)))
        for agency, minor in session.execute(placed.group_by(PlacementCell.agency_id))
    }


def _months_before(day: date, months: int) -> date:
    month = day.year * 12 + day.month - 1 - months
    return date(month // 12, month % 12 + 1, 1)
