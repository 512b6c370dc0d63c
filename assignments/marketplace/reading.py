"""Reads the cases of a lot into arrays: open, owed, of one currency, and of debtors nobody works yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Date, Select, and_, case, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from agencies.kernel.tenancy import Actor
from assignments.cases.models import Case, CaseState, Debtor
from assignments.cases.queries import Selection, selected
from assignments.contacts.models import ContactKind, DebtorContact
from assignments.marketplace.tape import Dimension, Integers, Labels, LotCases, by_age, by_balance
from assignments.placements.ages import age_on, with_portfolios
from assignments.placements.models import Placement

#: Days within which a payment is recent.
RECENT = 180
_CONTACT = ("none", "phone", "email", "phone_email")
_IDENTITY = ("unknown", "known")
_EARLIER = ("0", "1", "2")
_LAST_PAYMENT = ("none", "older", "recent")


@dataclass(frozen=True)
class ReadLot:
    """What a selection comes to as a lot."""

    currency: str
    case_ids: Integers
    cases: LotCases


def read_lot(session: Session, actor: Actor, selection: Selection, *, on: date) -> ReadLot | None:
    """The cases a lot would hold, in the currency of most of them; None when there are none."""
    currency = _currency(session, actor, selection)
    if currency is None:
        return None
    table = _numbers(session, _statement(actor, selection, currency, on))
    if not len(table):
        return None
    balances, ages = table[:, 2], table[:, 3]
    dimensions = {
        Dimension.AGE: by_age(ages),
        Dimension.BALANCE: by_balance(balances),
        Dimension.PRODUCT: _texts(session, actor, selection, Case.product, table[:, 8]),
        Dimension.REGION: _texts(session, actor, selection, Case.region, table[:, 9]),
        Dimension.CONTACT: Labels(table[:, 4], _CONTACT),
        Dimension.IDENTITY: Labels(table[:, 5], _IDENTITY),
        Dimension.EARLIER: Labels(np.minimum(table[:, 6], 2), _EARLIER),
        Dimension.LAST_PAYMENT: Labels(table[:, 7], _LAST_PAYMENT),
    }
    return ReadLot(currency, table[:, 0], LotCases(table[:, 1], balances, ages, dimensions))


def _numbers(session: Session, statement: Select[*tuple[Any, ...]]) -> Integers:
    # A million cases are streamed into one array and never stand as a million rows; texts come as numbers.
    rows = session.execute(statement, execution_options={"yield_per": 20_000})
    return np.fromiter(rows, dtype=np.dtype((np.int64, 10)))


def _currency(session: Session, actor: Actor, selection: Selection) -> str | None:
    found = session.execute(
        selected(actor, selection)
        .where(Case.state == CaseState.OPEN)
        .with_only_columns(Case.currency)
        .group_by(Case.currency)
        .order_by(func.count().desc(), Case.currency)
        .limit(1)
    )
    return found.scalar()


def _statement(actor: Actor, selection: Selection, currency: str, on: date) -> Select[*tuple[Any, ...]]:
    reach = (
        select(
            DebtorContact.debtor_id,
            (
                func.max(case((DebtorContact.kind == ContactKind.PHONE, 1), else_=0))
                + func.max(case((DebtorContact.kind == ContactKind.EMAIL, 2), else_=0))
            ).label("code"),
        )
        .where(DebtorContact.creditor_id == actor.tenant)
        .group_by(DebtorContact.debtor_id)
        .subquery()
    )
    earlier = (
        select(Placement.case_id, func.count().label("placements"))
        .where(Placement.creditor_id == actor.tenant)
        .group_by(Placement.case_id)
        .subquery()
    )
    paid = case(
        (Case.last_payment_on.is_(None), 0),
        (Case.last_payment_on < literal(on - timedelta(days=RECENT), Date), 1),
        else_=2,
    )
    return (
        with_portfolios(selected(actor, selection))
        .join(Debtor, and_(Debtor.creditor_id == Case.creditor_id, Debtor.id == Case.debtor_id))
        .outerjoin(reach, reach.c.debtor_id == Case.debtor_id)
        .outerjoin(earlier, earlier.c.case_id == Case.id)
        .where(
            Case.state == CaseState.OPEN,
            Case.currency == currency,
            Case.balance_minor > 0,
            Debtor.agency_id.is_(None),
        )
        .with_only_columns(
            Case.id,
            Case.debtor_id,
            Case.balance_minor,
            age_on(actor.tenant, on),
            func.coalesce(reach.c.code, 0),
            case((Debtor.document_index.is_not(None), 1), else_=0),
            func.coalesce(earlier.c.placements, 0),
            paid,
            _number(Case.product),
            _number(Case.region),
        )
        .order_by(Case.id)
    )


def _number(column: InstrumentedAttribute[str | None]) -> ColumnElement[int]:
    return func.hashtextextended(func.coalesce(column, ""), 0)


def _texts(
    session: Session, actor: Actor, selection: Selection, column: InstrumentedAttribute[str | None], numbers: Integers
) -> Labels:
    """A text's numbers over the cases, with the text behind each."""
    wanted = selected(actor, selection).with_only_columns(_number(column), func.coalesce(column, "")).distinct()
    named = {int(number): text for number, text in session.execute(wanted)}
    found, codes = np.unique(numbers, return_inverse=True)
    return Labels(codes.astype(np.int64), tuple(named[int(one)] for one in found))
