"""Ageing on a day and moves between two days, of one portfolio or of all; for the creditor's own people."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.clock import local_date
from agencies.kernel.errors import Invalid, NotFound, msg
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.permissions import Permission
from assignments.cases.models import Portfolio
from assignments.indicators.ageing import Ageing, Move, Place, ageings
from assignments.indicators.states import AGEING, MOVES


class NotInOrder(Invalid):
    """Balances move forward in time."""

    text = msg("The first day lies before the second one.")


def ageing(session: Session, actor: Actor, *, on: date, portfolio_id: int | None = None) -> list[Ageing]:
    """What stood in each band on a day, by currency; raises `NotFound` for another's portfolio."""
    given = _asked(session, actor, portfolio_id) | {"on1": on}
    rows = session.execute(text(AGEING), given)
    return ageings((row.currency, Place(row.place), row.cases, row.minor) for row in rows)


def moves(session: Session, actor: Actor, *, since: date, until: date, portfolio_id: int | None = None) -> list[Move]:
    """How many cases and how much balance went from where to where between two evenings, by currency."""
    given = _asked(session, actor, portfolio_id) | {"on1": since, "on2": until}
    if since >= until:
        raise NotInOrder
    return [
        Move(row.currency, Place(row.before), Place(row.after), row.cases, row.before_minor, row.after_minor)
        for row in session.execute(text(MOVES), given)
    ]


def record_export(session: Session, actor: Actor, *, portfolio_id: int | None, on: date, now: datetime) -> None:
    """Write down that somebody takes the indicators of a day away."""
    _asked(session, actor, portfolio_id)
    audit.record(session, actor, "indicators.exported", now=now, portfolio_id=portfolio_id, on=on)


def _asked(session: Session, actor: Actor, portfolio_id: int | None) -> dict[str, Any]:
    require(actor, Permission.SCORECARD_VIEW)
    creditor_id = require_side(actor, Side.CREDITOR)
    if portfolio_id is not None and session.get(Portfolio, (creditor_id, portfolio_id)) is None:
        raise NotFound
    return {"creditor": creditor_id, "portfolio": portfolio_id, "zone": actor.time_zone}


def portfolio_names(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """The portfolios to choose from, the newest first, each with its day."""
    creditor_id = _asked(session, actor, None)["creditor"]
    statement = select(Portfolio.id, Portfolio.name, Portfolio.currency, Portfolio.created_at)
    rows = session.execute(statement.where(Portfolio.creditor_id == creditor_id).order_by(Portfolio.id.desc()))
    return [
        (number, f"{name} · {currency} ({local_date(created_at, actor.time_zone):%Y-%m-%d})")
        for number, name, currency, created_at in rows
    ]
