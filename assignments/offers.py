"""What waits of lots and of locate orders: what creditors offer and order, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, select

from agencies.kernel.tenancy import Actor
from assignments.locates.models import Finding, FindingState, LocateBatch, LocateOrder, OrderState
from assignments.marketplace.models import Bid, BidState, Lot, LotOffer, LotState
from assignments.things import end_of, thing


def locates_sent(actor: Actor, _now: datetime) -> Select[Any]:
    """Batches of orders that the agency has not taken on."""
    batch = LocateBatch
    due = end_of(batch.due_on, batch.creditor_id)
    return thing(batch.id, since=batch.sent_at, about=batch.name, other=batch.creditor_id, due=due).where(
        batch.agency_id == actor.tenant, batch.state == OrderState.SENT
    )


def people_to_find(actor: Actor, _now: datetime) -> Select[Any]:
    """Orders the agency works, the first due first."""
    order = LocateOrder
    taken_on = (
        select(LocateBatch.acknowledged_at)
        .where(
            LocateBatch.creditor_id == order.creditor_id,
            LocateBatch.agency_id == order.agency_id,
            LocateBatch.id == order.batch_id,
        )
        .correlate(order)
        .scalar_subquery()
    )
    due = end_of(order.due_on, order.creditor_id)
    return (
        thing(order.id, since=taken_on, about=order.account_ref, other=order.creditor_id, due=due)
        .where(order.agency_id == actor.tenant, order.state == OrderState.ACKNOWLEDGED)
        .order_by(order.due_on, order.id)
    )


def findings_to_verify(actor: Actor, _now: datetime) -> Select[Any]:
    """What agencies handed in and nobody graded."""
    return thing(Finding.id, since=Finding.submitted_at, about=Finding.kind, other=Finding.agency_id).where(
        Finding.creditor_id == actor.tenant, Finding.state == FindingState.SUBMITTED, Finding.grade.is_(None)
    )


def lots(state: LotState) -> Callable[[Actor, datetime], Select[Any]]:
    """The creditor's lots in a state."""
    is_closed = state is LotState.CLOSED
    since, due = (Lot.closed_at, Lot.decision_until) if is_closed else (Lot.created_at, Lot.bids_until)
    return lambda actor, _now: thing(Lot.id, since=since, about=Lot.name, due=due).where(
        Lot.creditor_id == actor.tenant, Lot.state == state
    )


def lots_to_bid(actor: Actor, now: datetime) -> Select[Any]:
    """Lots the agency may bid on and has no bid on."""
    offer = LotOffer
    has_bid = exists().where(
        Bid.creditor_id == offer.creditor_id,
        Bid.agency_id == offer.agency_id,
        Bid.lot_id == offer.lot_id,
        Bid.state == BidState.SUBMITTED,
    )
    is_open = and_(offer.state == LotState.LISTED, offer.bids_until > now)
    return thing(
        offer.lot_id, since=offer.offered_at, about=offer.name, other=offer.creditor_id, due=offer.bids_until
    ).where(offer.agency_id == actor.tenant, is_open, ~has_bid)
