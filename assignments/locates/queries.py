"""Locate batches and orders as the two sides see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, select, true, tuple_
from sqlalchemy.orm import Session, aliased

from agencies.kernel.errors import NotFound
from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor, Side, owned_by, require, require_side
from agencies.mandates.models import FeeClass
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.cases.models import Debtor
from assignments.locates.models import (
    LocateBatch,
    LocateOrder,
    LocatePurpose,
    LocateSubject,
    OrderEnd,
    OrderOutcome,
    OrderState,
)


@dataclass(frozen=True)
class BatchRow:
    """A batch with how far it has come."""

    id: int
    name: str
    creditor_id: int
    creditor_name: str
    agency_id: int
    agency_name: str
    mandate_version_id: int
    purpose: LocatePurpose
    legal_basis: str
    exclusions: str | None
    fee_class: FeeClass
    due_on: date
    state: OrderState
    orders: int
    sent_at: datetime
    acknowledged_at: datetime | None
    downloaded_at: datetime | None
    #: Orders that wait for the agency, that are handed in, and that have ended.
    open: int
    submitted: int
    none_found: int
    closed: int
    #: What the agency's attestations were when it was ordered.
    snapshot_id: int | None


@dataclass(frozen=True)
class OrderRow:
    """One order in a list; who it is about only where the agency has taken it on and still works it."""

    id: int
    batch_id: int
    case_id: int
    creditor_id: int
    account_ref: str
    state: OrderState
    due_on: date
    currency: str
    value_minor: int
    outcome: OrderOutcome | None
    ended_as: OrderEnd | None
    creditor_name: str
    name: str | None
    city: str | None


_creditor = aliased(Organisation)
_agency = aliased(Organisation)


def list_batches(
    session: Session, actor: Actor, *, state: OrderState | None = None, after: int | None = None, limit: int = PAGE
) -> Page[BatchRow]:
    """The batches of the actor's organisation, newest first; `after` is the id of the last one seen."""
    require(actor, Permission.LOCATE_VIEW)
    statement = _batches(actor).order_by(LocateBatch.id.desc()).limit(limit + 1)
    if state is not None:
        statement = statement.where(LocateBatch.state == state)
    if after is not None:
        statement = statement.where(LocateBatch.id < after)
    return cut([BatchRow(*row) for row in session.execute(statement)], limit, lambda row: row.id)


def get_batch(session: Session, actor: Actor, batch_id: int) -> BatchRow:
    """One batch of the actor's organisation; raises `NotFound`."""
    require(actor, Permission.LOCATE_VIEW)
    row = session.execute(_batches(actor).where(LocateBatch.id == batch_id)).one_or_none()
    if row is None:
        raise NotFound
    return BatchRow(*row)


def list_orders(
    session: Session,
    actor: Actor,
    batch_id: int,
    *,
    state: OrderState | None = None,
    after: int | None = None,
    limit: int = PAGE,
) -> Page[OrderRow]:
    """The orders of a batch in the order in which they were made."""
    require(actor, Permission.LOCATE_VIEW)
    statement = _orders(actor).where(LocateOrder.batch_id == batch_id).order_by(LocateOrder.id).limit(limit + 1)
    if state is not None:
        statement = statement.where(LocateOrder.state == state)
    if after is not None:
        statement = statement.where(LocateOrder.id > after)
    return cut([OrderRow(*row) for row in session.execute(statement)], limit, lambda row: row.id)


def queue(
    session: Session, actor: Actor, *, after: tuple[date, int, int] | None = None, limit: int = PAGE
) -> Page[OrderRow]:
    """What an investigator has to do: by due date, and on one day what is worth most first."""
    require(actor, Permission.LOCATE_WORK)
    require_side(actor, Side.AGENCY)
    place = tuple_(LocateOrder.due_on, -LocateOrder.value_minor, LocateOrder.id)
    statement = (
        _orders(actor)
        .where(LocateOrder.state == OrderState.ACKNOWLEDGED)
        .order_by(LocateOrder.due_on, -LocateOrder.value_minor, LocateOrder.id)
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(place > after)
    rows = [OrderRow(*row) for row in session.execute(statement)]
    return cut(rows, limit, lambda row: (row.due_on, -row.value_minor, row.id))


def next_in_queue(session: Session, actor: Actor, order_id: int) -> int | None:
    """The order to go on with after this one, if any is left."""
    order = get_order(session, actor, order_id)
    later = queue(session, actor, after=(order.due_on, -order.value_minor, order.id), limit=1).rows
    rest = later or tuple(one for one in queue(session, actor, limit=2).rows if one.id != order_id)
    return rest[0].id if rest else None


def get_order(session: Session, actor: Actor, order_id: int) -> LocateOrder:
    """One order of the actor's organisation; raises `NotFound`."""
    require(actor, Permission.LOCATE_VIEW)
    order = session.scalar(
        select(LocateOrder).where(
            owned_by(actor, LocateOrder.creditor_id, LocateOrder.agency_id), LocateOrder.id == order_id
        )
    )
    if order is None:
        raise NotFound
    return order


def _batches(actor: Actor) -> Select[*tuple[Any, ...]]:
    counts = (
        select(
            func.count().filter(LocateOrder.state.in_([OrderState.SENT, OrderState.ACKNOWLEDGED])).label("open"),
            func.count().filter(LocateOrder.state == OrderState.SUBMITTED).label("submitted"),
            func.count()
            .filter(LocateOrder.state == OrderState.SUBMITTED, LocateOrder.outcome == OrderOutcome.NONE_FOUND)
            .label("none_found"),
            func.count().filter(LocateOrder.state == OrderState.CLOSED).label("closed"),
        )
        .where(
            LocateOrder.creditor_id == LocateBatch.creditor_id,
            LocateOrder.agency_id == LocateBatch.agency_id,
            LocateOrder.batch_id == LocateBatch.id,
        )
        .lateral()
    )
    return (
        select(
            LocateBatch.id,
            LocateBatch.name,
            LocateBatch.creditor_id,
            _creditor.name,
            LocateBatch.agency_id,
            _agency.name,
            LocateBatch.mandate_version_id,
            LocateBatch.purpose,
            LocateBatch.legal_basis,
            LocateBatch.exclusions,
            LocateBatch.fee_class,
            LocateBatch.due_on,
            LocateBatch.state,
            LocateBatch.orders,
            LocateBatch.sent_at,
            LocateBatch.acknowledged_at,
            LocateBatch.downloaded_at,
            counts.c.open,
            counts.c.submitted,
            counts.c.none_found,
            counts.c.closed,
            LocateBatch.snapshot_id,
        )
        .join(_creditor, _creditor.id == LocateBatch.creditor_id)
        .join(_agency, _agency.id == LocateBatch.agency_id)
        .join(counts, true())
        .where(owned_by(actor, LocateBatch.creditor_id, LocateBatch.agency_id))
    )


def _orders(actor: Actor) -> Select[*tuple[Any, ...]]:
    in_sight = LocateOrder.state.in_([OrderState.ACKNOWLEDGED, OrderState.SUBMITTED])
    is_collected = exists().where(
        Debtor.creditor_id == LocateOrder.creditor_id,
        Debtor.id == LocateOrder.debtor_id,
        Debtor.agency_id == LocateOrder.agency_id,
    )
    # An agency knows nobody by name before it takes the order on, nor whom it collects from, as when it looks.
    is_shown = and_(in_sight, ~is_collected) if actor.side is Side.AGENCY else true()
    return (
        select(
            LocateOrder.id,
            LocateOrder.batch_id,
            LocateOrder.case_id,
            LocateOrder.creditor_id,
            LocateOrder.account_ref,
            LocateOrder.state,
            LocateOrder.due_on,
            LocateOrder.currency,
            LocateOrder.value_minor,
            LocateOrder.outcome,
            LocateOrder.ended_as,
            _creditor.name,
            LocateSubject.name,
            LocateSubject.city,
        )
        .join(_creditor, _creditor.id == LocateOrder.creditor_id)
        .outerjoin(
            LocateSubject,
            and_(
                LocateSubject.creditor_id == LocateOrder.creditor_id,
                LocateSubject.agency_id == LocateOrder.agency_id,
                LocateSubject.order_id == LocateOrder.id,
                is_shown,
            ),
        )
        .where(owned_by(actor, LocateOrder.creditor_id, LocateOrder.agency_id))
    )
