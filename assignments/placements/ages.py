"""How old a debt is on a day: what a commission by age depends on, at a placement and in the mix of a lot."""

from __future__ import annotations

from datetime import date

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    type_coerce,
)

from agencies.organisations.models import Organisation
from assignments.cases.models import Case, Portfolio
from assignments.placements.pricing import UNKNOWN_AGE


def age_on(creditor_id: int, day: date) -> ColumnElement[int]:
    """How many days past due a case is on a day, for a statement `with_portfolios`; `UNKNOWN_AGE` if nobody knows.

    A file without the date of delinquency counted the days up to its upload, where the creditor is; they go on since.
    """
    zone = select(Organisation.time_zone).where(Organisation.id == creditor_id).scalar_subquery()
    uploaded_on = cast(func.timezone(zone, Portfolio.created_at), Date)
    on = literal(day, Date)
    counted = Case.days_past_due + type_coerce(on - uploaded_on, BigInteger)
    # What was due in the future when it was handed over is not past due at all.
    age = func.greatest(func.coalesce(on - Case.delinquent_on, counted), 0)
    is_known = or_(Case.delinquent_on.is_not(None), Case.days_past_due.is_not(None))
    return case((is_known, age), else_=UNKNOWN_AGE)


def with_portfolios(statement: Select[Case]) -> Select[Case]:
    """The statement with the portfolio of each case, whose upload the count of days in a file refers to."""
    return statement.join(Portfolio, and_(Portfolio.creditor_id == Case.creditor_id, Portfolio.id == Case.portfolio_id))
