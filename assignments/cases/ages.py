"""How many days a debt is past due on a day, by what its creditor handed over."""

from __future__ import annotations

from datetime import date

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.sql.elements import SQLColumnExpression

from agencies.kernel.tenancy import Actor
from agencies.organisations.models import Organisation
from assignments.cases.models import Case, Portfolio


def today(actor: Actor) -> ColumnElement[date]:
    """The day of the transaction on the actor's clock: a stored filter means the day on which it is used."""
    return cast(func.timezone(actor.time_zone, func.transaction_timestamp()), Date)


def uploaded_on(creditor_id: int) -> ColumnElement[date]:
    """The day on which a portfolio came in, where the creditor is."""
    zone = select(Organisation.time_zone).where(Organisation.id == creditor_id).scalar_subquery()
    return cast(func.timezone(zone, Portfolio.created_at), Date)


def days_past_due_on(
    on: SQLColumnExpression[date] | date, counted_up_to: SQLColumnExpression[date]
) -> ColumnElement[int]:
    """The days past due of a case on a day; nothing if nobody knows.

    A file without the date of delinquency counted the days up to its upload; they go on since.
    """
    day = literal(on, Date) if isinstance(on, date) else on
    counted = Case.days_past_due + type_coerce(day - counted_up_to, BigInteger)
    # What was due in the future when it was handed over is not past due at all.
    age = func.greatest(func.coalesce(day - Case.delinquent_on, counted), 0)
    return case((or_(Case.delinquent_on.is_not(None), Case.days_past_due.is_not(None)), age))
