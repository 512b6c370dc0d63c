"""How old a debt is on a day: what a commission by age depends on, at a placement and in the mix of a lot."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, Select, and_, func

from assignments.cases.ages import days_past_due_on, uploaded_on
from assignments.cases.models import Case, Portfolio
from assignments.placements.pricing import UNKNOWN_AGE


def age_on(creditor_id: int, day: date) -> ColumnElement[int]:
    """How many days past due a case is on a day, for a statement `with_portfolios`; `UNKNOWN_AGE` if nobody knows."""
    return func.coalesce(days_past_due_on(day, uploaded_on(creditor_id)), UNKNOWN_AGE)


def with_portfolios(statement: Select[Case]) -> Select[Case]:
    """The statement with the portfolio of each case, whose upload the count of days in a file refers to."""
    return statement.join(Portfolio, and_(Portfolio.creditor_id == Case.creditor_id, Portfolio.id == Case.portfolio_id))
