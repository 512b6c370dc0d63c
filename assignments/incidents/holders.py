"""Which creditors' data an agency held in a window, as far as the agency itself may read it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from assignments.incidents.facts import Scope
from assignments.locates.models import LocateBatch, LocateOrder
from assignments.placements.models import Placement, Recall
from assignments.reads.models import CaseRead


def creditors_touched(
    session: Session, agency_id: int, window: tuple[datetime, datetime], scope: Scope, *, kept_from: datetime
) -> list[int]:
    """The creditors of which the agency held a case that fits: placed, to be located, or recalled and not yet given up.

    What was given back, which nothing certifies gone, counts on from `kept_from`.
    The people are determined for each creditor by itself (`determine_incident`), by the same conditions.
    """
    begins, ends = window
    if scope.user_ids:
        read = CaseRead
        shown = (read.agency_id == agency_id, read.user_id.in_(scope.user_ids), read.at >= begins, read.at <= ends)
        return sorted(set(session.scalars(select(read.creditor_id).where(*shown).distinct())))
    placed = select(Placement.creditor_id).where(
        Placement.agency_id == agency_id,
        Placement.placed_at <= ends,
        or_(
            Placement.ended_at.is_(None),
            Placement.ended_at >= begins,
            _not_returned(begins),
            and_(Placement.recall_id.is_(None), Placement.ended_at >= kept_from),
        ),
        *_listed(Placement, scope),
    )
    if scope.consignment_ids:
        placed = placed.where(Placement.consignment_id.in_(scope.consignment_ids))
        return sorted(set(session.scalars(placed)))
    located = (
        select(LocateOrder.creditor_id)
        .join(
            LocateBatch,
            and_(
                LocateBatch.creditor_id == LocateOrder.creditor_id,
                LocateBatch.agency_id == LocateOrder.agency_id,
                LocateBatch.id == LocateOrder.batch_id,
            ),
        )
        .where(
            LocateOrder.agency_id == agency_id,
            LocateBatch.sent_at <= ends,
            or_(LocateOrder.closed_at.is_(None), LocateOrder.closed_at >= kept_from),
            *_listed(LocateOrder, scope),
        )
    )
    return sorted(set(session.scalars(placed.distinct())) | set(session.scalars(located.distinct())))


def _not_returned(begins: datetime) -> ColumnElement[bool]:
    """Recalled before the window, and what became of the data was not accepted by then."""
    return exists().where(
        Recall.creditor_id == Placement.creditor_id,
        Recall.agency_id == Placement.agency_id,
        Recall.id == Placement.recall_id,
        or_(Recall.closed_at.is_(None), Recall.closed_at >= begins),
    )


def _listed(table: type[Placement | LocateOrder], scope: Scope) -> list[ColumnElement[bool]]:
    return [table.account_ref.in_(scope.accounts)] if scope.accounts else []
