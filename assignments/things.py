"""The shape of what waits: a statement that yields one row for each single thing, the same for its count and its list.

A count and a list that were asked differently would disagree one day; so each kind of thing has one statement, and
nothing of it is copied anywhere: the act that changes the thing takes it off the list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, DateTime, Integer, Select, Text, cast, func, literal, null, select
from sqlalchemy.orm import InstrumentedAttribute

from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission


@dataclass(frozen=True)
class Counter:
    """One kind of what waits: for whom, and the statement that finds it."""

    permissions: tuple[Permission, ...]
    sides: tuple[Side, ...]
    rows: Callable[[Actor, datetime], Select[*tuple[Any, ...]]]
    #: Sides for which the next act is the other organisation's.
    others: tuple[Side, ...] = ()

    def is_for(self, actor: Actor) -> bool:
        """Whether somebody of this side and role has anything to do with it."""
        return actor.side in self.sides and any(actor.may(one) for one in self.permissions)


def thing(
    number: Any, *, since: Any, about: Any = None, other: Any = None, due: Any = None, hours: Any = None
) -> Select[*tuple[Any, ...]]:
    """The start of a statement that yields single things: which, since when, about what, with whom, by when.

    `hours` are business hours of the creditor from `since`, where a clause of the mandate promises an answer.
    """
    return select(
        cast(number, BigInteger).label("number"),
        cast(since, DateTime(timezone=True)).label("since"),
        cast(null() if about is None else about, Text).label("about"),
        cast(null() if other is None else other, BigInteger).label("other_id"),
        cast(null() if due is None else due, DateTime(timezone=True)).label("due_at"),
        cast(null() if hours is None else hours, Integer).label("hours"),
    )


def stock(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """What is only counted: a heap to draw from, or what time alone takes off the page; no act of a person ends one."""
    return select(literal(1)).where(*conditions)


def is_of_things(rows: Select[*tuple[Any, ...]]) -> bool:
    """Whether a statement yields single things."""
    return "number" in rows.selected_columns


def beginning_of(day: Any, creditor_id: InstrumentedAttribute[int]) -> ColumnElement[Any]:
    """The first moment of a date where the creditor is."""
    zone = select(Organisation.time_zone).where(Organisation.id == creditor_id).scalar_subquery()
    return func.timezone(zone, cast(day, DateTime(timezone=False)))


def end_of(day: Any, creditor_id: InstrumentedAttribute[int]) -> ColumnElement[Any]:
    """The moment a date is over where the creditor is."""
    return beginning_of(day + 1, creditor_id)
