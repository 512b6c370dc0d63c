"""The creditor orders people to be found, the agency takes the orders on, and the creditor may take them back.

What the agency may know of a person is written down when it is ordered and taken away when the order ends.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ARRAY, BigInteger, any_, bindparam, delete, select, text, update
from sqlalchemy.orm import Session

from agencies.attestations.gates import Act, pass_gate
from agencies.attestations.snapshots import take
from agencies.kernel import audit, notices
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.statistics import gather_statistics
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.mandates.models import FeeClass
from agencies.organisations.permissions import Permission
from assignments.locates.lifecycle import OrderMovedOn, check_move
from assignments.locates.models import LocateBatch, LocateOrder, LocatePurpose, LocateSubject, OrderEnd, OrderState
from assignments.locates.people import People, judged_people, orderer, terms_for, today_of
from assignments.locates.subjects import write_subjects

MOST_ORDERS = 100_000
#: An order that may take longer is no order.
LONGEST = timedelta(days=180)


class NotCertified(Invalid):
    """Nobody is looked for without a lawful purpose that somebody answers for."""

    text = msg("Certify the purpose and say what it stands on.")


class DueDateOutOfRange(Invalid):
    """An order has its time."""

    text = msg("The due date must lie between tomorrow and half a year from now.")


class NobodyToLocate(Invalid):
    """Everybody selected is held back."""

    text = msg("Nobody among the selected cases can be ordered.")


class TooManyOrders(Invalid):
    """A batch is something an agency can read."""

    text = msg("One batch holds up to 100,000 people. Narrow the filter.")


class SelectionMoved(Conflict):
    """What is selected now is not what was shown."""

    text = msg("The selected people have changed since you looked. Look again before you order.")


def order(
    session: Session,
    actor: Actor,
    people: People,
    *,
    name: str,
    mandate_id: int,
    purpose: LocatePurpose,
    legal_basis: str,
    is_certified: bool,
    fee_class: FeeClass,
    due_on: date,
    exclusions: str | None = None,
    expected_orders: int | None = None,
    now: datetime,
) -> LocateBatch:
    """Order the people to be found and give the agency what it may know of them, in one transaction.

    Raises `GateClosed`, `NotCertified`, `DueDateOutOfRange`, `SelectionMoved` when it is not as many as were shown,
    `NobodyToLocate`, and what a mandate refuses.
    """
    creditor_id = orderer(actor)
    if not is_certified or not legal_basis.strip() or not name.strip():
        raise NotCertified
    today = today_of(session, creditor_id, now)
    if not today < due_on <= today + LONGEST:
        raise DueDateOutOfRange
    # Two orders of one creditor are made one after the other, so that nobody is looked for twice.
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended('locating', :creditor))"), {"creditor": creditor_id}
    )
    terms = terms_for(session, actor, mandate_id, fee_class, now)
    pass_gate(session, actor, Act.ORDER_LOCATE, creditor_id=creditor_id, agency_ids=[terms.agency_id], now=now)
    batch = LocateBatch(
        creditor_id=creditor_id,
        agency_id=terms.agency_id,
        mandate_version_id=terms.version_id,
        name=name.strip(),
        purpose=purpose,
        legal_basis=legal_basis.strip(),
        exclusions=(exclusions or "").strip() or None,
        fee_class=fee_class,
        due_on=due_on,
        state=OrderState.SENT,
        orders=0,
        sent_at=now,
        sent_by=actor.user_id,
    )
    judged = judged_people(actor, people, terms.agency_id)
    chosen = session.scalars(
        select(judged.c.id).where(judged.c.reason.is_(None)).order_by(judged.c.id).limit(MOST_ORDERS + 1)
    ).all()
    if expected_orders is not None and len(chosen) != expected_orders:
        raise SelectionMoved
    if not chosen:
        raise NobodyToLocate
    if len(chosen) > MOST_ORDERS:
        raise TooManyOrders
    batch.orders = len(chosen)
    kept = take(session, actor, Act.ORDER_LOCATE, creditor_id=creditor_id, agency_ids=[terms.agency_id], now=now)
    batch.snapshot_id = kept[terms.agency_id]
    session.add(batch)
    session.flush()
    _write(session, batch, list(chosen))
    gather_statistics(session, batch.orders, "locate_orders", "locate_subjects")
    _record(session, actor, "locate.ordered", batch, now, orders=batch.orders, purpose=purpose.value)
    notices.notify(
        session,
        batch.agency_id,
        "locate.ordered",
        key=f"locate.ordered:{batch.creditor_id}:{batch.id}",
        permission=Permission.LOCATE_WORK,
        now=now,
        batch_id=batch.id,
        orders=batch.orders,
        creditor_id=creditor_id,
        due_on=due_on,
    )
    return batch


def acknowledge(session: Session, actor: Actor, batch_id: int, *, now: datetime) -> LocateBatch:
    """The agency takes a batch on; a second time changes nothing. Raises `NotFound` or `OrderMovedOn`."""
    require(actor, Permission.PLACEMENT_ACKNOWLEDGE)
    agency_id = require_side(actor, Side.AGENCY)
    batch = _locked(session, LocateBatch.agency_id == agency_id, batch_id)
    if batch.state is OrderState.ACKNOWLEDGED:
        return batch
    check_move(batch.state, OrderState.ACKNOWLEDGED)
    batch.state, batch.acknowledged_at, batch.acknowledged_by = OrderState.ACKNOWLEDGED, now, actor.user_id
    session.execute(
        update(LocateOrder)
        .where(
            LocateOrder.agency_id == agency_id,
            LocateOrder.creditor_id == batch.creditor_id,
            LocateOrder.batch_id == batch_id,
            LocateOrder.state == OrderState.SENT,
        )
        .values(state=OrderState.ACKNOWLEDGED)
    )
    # Every order has changed its state: what the planner knew of states is wrong now.
    gather_statistics(session, batch.orders, "locate_orders")
    _record(session, actor, "locate.acknowledged", batch, now, orders=batch.orders)
    return batch


def withdraw(session: Session, actor: Actor, batch_id: int, *, order_id: int | None = None, now: datetime) -> int:
    """End a batch's orders, or one, on which nothing was submitted; the agency's access ends at once.

    Returns how many; raises `NotFound`, and `OrderMovedOn` when there are none.
    """
    creditor_id = orderer(actor)
    batch = _locked(session, LocateBatch.creditor_id == creditor_id, batch_id)
    statement = update(LocateOrder).where(
        LocateOrder.creditor_id == creditor_id,
        LocateOrder.agency_id == batch.agency_id,
        LocateOrder.batch_id == batch_id,
        LocateOrder.state.in_([OrderState.SENT, OrderState.ACKNOWLEDGED]),
    )
    if order_id is not None:
        statement = statement.where(LocateOrder.id == order_id)
    ended = session.scalars(
        statement.values(state=OrderState.CLOSED, closed_at=now, ended_as=OrderEnd.WITHDRAWN).returning(LocateOrder.id)
    ).all()
    if not ended:
        raise OrderMovedOn
    forget_subjects(session, creditor_id, batch.agency_id, list(ended))
    _record(session, actor, "locate.withdrawn", batch, now, orders=len(ended))
    notices.notify(
        session,
        batch.agency_id,
        "locate.withdrawn",
        key=f"locate.withdrawn:{creditor_id}:{batch_id}:{order_id or ''}:{now.isoformat()}",
        permission=Permission.LOCATE_WORK,
        now=now,
        batch_id=batch_id,
        orders=len(ended),
        creditor_id=creditor_id,
    )
    return len(ended)


def forget_subjects(session: Session, creditor_id: int, agency_id: int, order_ids: list[int]) -> None:
    """Take back what the agency was told about people whose orders have ended."""
    # One parameter, however many they are: a statement takes 65,535, and a batch holds more orders.
    ended = bindparam("ended", order_ids, type_=ARRAY(BigInteger))
    session.execute(
        delete(LocateSubject).where(
            LocateSubject.creditor_id == creditor_id,
            LocateSubject.agency_id == agency_id,
            LocateSubject.order_id == any_(ended),
        )
    )


def _write(session: Session, batch: LocateBatch, case_ids: list[int]) -> None:
    parameters = {
        "creditor": batch.creditor_id,
        "agency": batch.agency_id,
        "batch": batch.id,
        "due_on": batch.due_on,
        "cases": case_ids,
    }
    session.execute(text(_ORDERS), parameters)
    write_subjects(session, batch)


_ORDERS = """
insert into locate_orders (creditor_id, agency_id, batch_id, case_id, debtor_id, account_ref, state, due_on, currency,
                           value_minor)
select c.creditor_id, :agency, :batch, c.id, c.debtor_id, c.account_ref, 'sent', :due_on, c.currency, c.balance_minor
from unnest(cast(:cases as bigint[])) as chosen (id)
join cases c on c.creditor_id = :creditor and c.id = chosen.id
order by c.id
"""


def _locked(session: Session, mine: Any, batch_id: int) -> LocateBatch:
    batch = session.scalar(
        select(LocateBatch)
        .where(mine, LocateBatch.id == batch_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if batch is None:
        raise NotFound
    return batch


def _record(session: Session, actor: Actor, action: str, batch: LocateBatch, now: datetime, **details: object) -> None:
    audit.record(
        session,
        actor,
        action,
        now=now,
        organisations=[batch.creditor_id, batch.agency_id],
        batch_id=batch.id,
        **details,
    )
