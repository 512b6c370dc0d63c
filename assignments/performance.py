"""Gathers what agencies are compared by from the cells, and proves the cells against the records.

Placements and reports keep the cells in their own transactions; `rebuild` makes them anew from the records, `differing`
says where the two disagree.
"""

from __future__ import annotations

import operator
from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Date,
    Select,
    cast,
    extract,
    func,
    literal,
    select,
    text,
    true,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from agencies.kernel.tenancy import Actor, Side, owned_by, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from agencies.scorecards.facts import EVERYTHING, AgencyCurve, AgencyFacts, CurvePoint, Spread, Window
from agencies.scorecards.models import PlacementCell, RecoveryCell
from assignments.recount import RECORDS
from assignments.reports.queries import Punctuality, punctuality

#: Table -> which of its cells hold something.
_HELD = {
    "placement_cells": "cases <> 0",
    "recovery_cells": "(payments, collected_minor, commission_minor, new_payers, activities) <> (0, 0, 0, 0, 0)",
}


def rebuild(session: Session, actor: Actor) -> None:
    """Make the creditor's cells anew from its records."""
    creditor = {"creditor": _judge(actor)}
    for table, records in RECORDS.items():
        session.execute(text(f"delete from {table} where creditor_id = :creditor"), creditor)  # noqa: S608
        session.execute(text(f"insert into {table} {records}"), creditor)


def differing(session: Session, actor: Actor) -> int:
    """How many of the creditor's cells do not hold what its records say; cells of nothing but zeros hold nothing."""
    creditor = {"creditor": _judge(actor)}
    return sum(
        session.execute(
            text(
                f"with kept as (select * from {table} where creditor_id = :creditor and {_HELD[table]}), "  # noqa: S608
                f"true_ones as ({records}) "
                "select count(*) from ((table kept except table true_ones) union all "
                "(table true_ones except table kept)) differing"
            ),
            creditor,
        ).scalar_one()
        for table, records in RECORDS.items()
    )


def facts(
    session: Session,
    actor: Actor,
    *,
    currency: str | None = None,
    months: int | None = None,
    window: Window = EVERYTHING,
    now: datetime,
) -> list[AgencyFacts]:
    """The figures of each creditor, agency and currency the actor may see, by name of the agency.

    With `months` only placement months that have completed that age count, and only what came back up to it, so that
    old and young placements are compared at the same age: the figures of the curve at that point.
    """
    punctual = {(one.creditor_id, one.agency_id): one for one in punctuality(session, actor, now=now)}
    return [
        replace(one, reports_due=reports.due, reports_on_time=reports.on_time)
        for one in _facts(session, actor, currency, months, window, now=now, by_month=False)
        for reports in [
            punctual.get((one.creditor_id, one.agency_id), Punctuality(one.creditor_id, one.agency_id, 0, 0))
        ]
    ]


def monthly(
    session: Session,
    actor: Actor,
    *,
    currency: str,
    months: int | None = None,
    window: Window = EVERYTHING,
    now: datetime,
) -> list[AgencyFacts]:
    """The same figures for each month of placement, the earliest first; reports belong to no such month."""
    found = _facts(session, actor, currency, months, window, now=now, by_month=True)
    return sorted((one for one in found if one.first_month), key=lambda one: (one.first_month, one.agency_name))


def curves(
    session: Session,
    actor: Actor,
    *,
    currency: str | None = None,
    until: int = 24,
    window: Window = EVERYTHING,
    now: datetime,
) -> list[AgencyCurve]:
    """The liquidation curve of each creditor, agency and currency the actor may see, up to a month on book.

    Each point counts only the placement months that have completed its age, in numerator and denominator alike; ages
    that none has completed have no point.
    """
    require(actor, Permission.SCORECARD_VIEW)
    # What counts from one age on stops counting where its month of placement has come no further.
    aged = _aged(actor, currency, window, now)
    own = (aged.c.creditor_id, aged.c.agency_id, aged.c.currency)
    steps = union_all(
        select(*own, aged.c.point, *(aged.c[name] for name in _MEASURES)).where(aged.c.point <= aged.c.age),
        select(*own, aged.c.age + 1, *(-aged.c[name] for name in _MEASURES)).where(aged.c.point <= aged.c.age),
    ).subquery()
    keys = (steps.c.creditor_id, steps.c.agency_id, _agency.name, steps.c.currency)
    rows = session.execute(
        select(*keys, steps.c.point, *(func.sum(steps.c[name]).cast(BigInteger) for name in _MEASURES))
        .join(_agency, _agency.id == steps.c.agency_id)
        .group_by(*keys, steps.c.point)
        .order_by(_agency.name, *keys, steps.c.point)
    )
    made: dict[tuple[int, int, str, str], dict[int, tuple[int, int, int]]] = defaultdict(dict)
    for creditor, agency, name, of, point, placed, collected, payers in rows:
        made[creditor, agency, name, of][point] = (placed, collected, payers)
    return [
        AgencyCurve(creditor, agency, name, of, _points(one, until))
        for (creditor, agency, name, of), one in made.items()
    ]


_MEASURES = ("placed", "collected", "payers")

_creditor = aliased(Organisation)
_agency = aliased(Organisation)
_Cell = type[PlacementCell] | type[RecoveryCell]


def _aged(actor: Actor, currency: str | None, window: Window, now: datetime) -> CTE:
    """What was placed (at age 0) and what came back at each age, by month of placement and the age that month has."""
    nothing = literal(0).cast(BigInteger)
    of_both = (
        (PlacementCell, nothing, (PlacementCell.placed_minor, nothing, nothing)),
        (RecoveryCell, RecoveryCell.month_on_book, (nothing, RecoveryCell.collected_minor, RecoveryCell.new_payers)),
    )
    cells = union_all(
        *(
            select(
                *_keys(cell),
                cell.placement_month,
                point.label("point"),
                *(func.sum(one).cast(BigInteger).label(name) for name, one in zip(_MEASURES, measures, strict=True)),
            )
            .where(*_within(cell, actor, currency, window))
            .group_by(*_keys(cell), cell.placement_month, point)
            for cell, point, measures in of_both
        )
    ).subquery()
    this_month = func.timezone(_creditor.time_zone, now)
    age = (
        (extract("year", this_month) - extract("year", cells.c.placement_month)) * 12
        + (extract("month", this_month) - extract("month", cells.c.placement_month) - 1)
    ).cast(BigInteger)
    return select(cells, age.label("age")).join(_creditor, _creditor.id == cells.c.creditor_id).cte("aged")


def _points(steps: dict[int, tuple[int, int, int]], until: int) -> tuple[CurvePoint, ...]:
    """The curve after each of its steps, which the last one takes back to nothing."""
    points = []
    placed = collected = payers = 0
    for month in range(min(until + 1, max(steps))):
        more = steps.get(month, (0, 0, 0))
        placed, collected, payers = placed + more[0], collected + more[1], payers + more[2]
        points.append(CurvePoint(month, placed, collected, payers))
    return tuple(points)


def _facts(
    session: Session,
    actor: Actor,
    currency: str | None,
    months: int | None,
    window: Window,
    *,
    now: datetime,
    by_month: bool,
) -> list[AgencyFacts]:
    """Facts without their reports; by month of placement only those that count, else also where nothing does."""
    require(actor, Permission.SCORECARD_VIEW)
    is_counted = _has_completed(PlacementCell.placement_month, months, now)
    by = (PlacementCell.placement_month,) if by_month else ()
    keys = (*_keys(PlacementCell), *by)
    statement: Select[*tuple[Any, ...]] = (
        select(
            _agency.name,
            func.min(PlacementCell.placement_month).filter(is_counted),
            func.max(PlacementCell.placement_month).filter(is_counted),
            func.count(PlacementCell.placement_month.distinct()).filter(is_counted),
            _sum(PlacementCell.cases, is_counted),
            _sum(PlacementCell.placed_minor, is_counted),
            func.coalesce(func.sum(PlacementCell.placed_squares).filter(is_counted), 0),
            *keys,
        )
        .join(_agency, _agency.id == PlacementCell.agency_id)
        .join(_creditor, _creditor.id == PlacementCell.creditor_id)
        .where(*_within(PlacementCell, actor, currency, window))
        .group_by(_agency.name, *keys)
        .order_by(_agency.name, *keys)
    )
    back = _came_back(session, actor, currency, months, window, now=now, by_month=by_month)
    found = []
    for name, first, last, month_count, cases, placed, placed_squares, *key in session.execute(statement):
        payments, collected, commission, payers, activities, *spread = back.get(tuple(key), (0,) * 9)
        found.append(
            AgencyFacts(
                creditor_id=key[0],
                agency_id=key[1],
                agency_name=name,
                currency=key[2],
                months=months,
                first_month=first,
                last_month=last,
                cases=cases,
                placed_minor=placed,
                payments=payments,
                collected_minor=collected,
                commission_minor=commission,
                payers=payers,
                activities=activities,
                reports_due=0,
                reports_on_time=0,
                placement_months=month_count,
                spread=Spread(int(placed_squares), *(int(one) for one in spread)),
            )
        )
    return found


def _came_back(
    session: Session,
    actor: Actor,
    currency: str | None,
    months: int | None,
    window: Window,
    *,
    now: datetime,
    by_month: bool,
) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    measures = (
        RecoveryCell.payments,
        RecoveryCell.collected_minor,
        RecoveryCell.commission_minor,
        RecoveryCell.new_payers,
        RecoveryCell.activities,
    )
    spread = (
        RecoveryCell.collected_squares,
        RecoveryCell.placed_collected,
        RecoveryCell.net_squares,
        RecoveryCell.placed_net,
    )
    keys = (*_keys(RecoveryCell), *((RecoveryCell.placement_month,) if by_month else ()))
    statement: Select[*tuple[Any, ...]] = (
        select(*keys, *(func.sum(one).cast(BigInteger) for one in measures), *(func.sum(one) for one in spread))
        .join(_creditor, _creditor.id == RecoveryCell.creditor_id)
        .where(
            *_within(RecoveryCell, actor, currency, window),
            _has_completed(RecoveryCell.placement_month, months, now),
        )
        .group_by(*keys)
    )
    if months is not None:
        statement = statement.where(RecoveryCell.month_on_book <= months)
    return {tuple(row[: len(keys)]): tuple(row[len(keys) :]) for row in session.execute(statement)}


def _keys(cell: _Cell) -> tuple[Any, Any, Any]:
    return cell.creditor_id, cell.agency_id, cell.currency


def _within(cell: _Cell, actor: Actor, currency: str | None, window: Window) -> list[ColumnElement[bool]]:
    """The actor's own cells, and of them those that are looked at."""
    partner = cell.agency_id if actor.side is Side.CREDITOR else cell.creditor_id
    limits = (
        (currency, cell.currency, operator.eq),
        (window.first_month, cell.placement_month, operator.ge),
        (window.last_month, cell.placement_month, operator.le),
        (window.stratum, cell.stratum, operator.eq),
        (window.partner_id, partner, operator.eq),
    )
    chosen = [compare(column, value) for value, column, compare in limits if value is not None]
    return [owned_by(actor, cell.creditor_id, cell.agency_id), *chosen]


def _has_completed(month: Any, months: int | None, now: datetime) -> ColumnElement[bool]:
    """Whether a placement month has completed an age: the month after it has begun where the creditor is."""
    if months is None:
        return true()
    this_month = func.date_trunc("month", func.timezone(_creditor.time_zone, now))
    completed: ColumnElement[bool] = month <= cast(this_month - func.make_interval(0, months + 1), Date)
    return completed


def _sum(amounts: Any, is_counted: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(amounts).filter(is_counted), 0).cast(BigInteger)


def _judge(actor: Actor) -> int:
    require(actor, Permission.SCORECARD_VIEW)
    return require_side(actor, Side.CREDITOR)
