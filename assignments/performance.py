"""Gathers what agencies are compared by from the cells, and proves the cells against the records.

Placements and reports keep the cells in their own transactions; `rebuild` makes them anew from the records, `differing`
says where the two disagree.
"""

from __future__ import annotations

import operator
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Date, Select, cast, func, select, text, true
from sqlalchemy.orm import Session, aliased

from agencies.kernel.clock import local_date, months_between
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
    keys = (*_keys(PlacementCell)[:2], _agency.name, PlacementCell.currency)
    statement: Select[*tuple[Any, ...]] = (
        select(*keys, _creditor.time_zone, PlacementCell.placement_month, func.sum(PlacementCell.placed_minor))
        .join(_agency, _agency.id == PlacementCell.agency_id)
        .join(_creditor, _creditor.id == PlacementCell.creditor_id)
        .where(*_within(PlacementCell, actor, currency, window))
        .group_by(*keys, _creditor.time_zone, PlacementCell.placement_month)
        .order_by(_agency.name, *keys)
    )
    cohorts: dict[_Key, list[_Cohort]] = defaultdict(list)
    names: dict[_Key, str] = {}
    back = _came_back_by_age(session, actor, currency, window)
    for creditor, agency, name, of, zone, month, placed in session.execute(statement):
        key = (creditor, agency, of)
        names[key] = name
        age = months_between(month, local_date(now, zone)) - 1
        cohorts[key].append(_Cohort(age, int(placed), back.get((*key, month), {})))
    return [AgencyCurve(*key[:2], names[key], key[2], _points(cohorts[key], until)) for key in names]


_Key = tuple[int, int, str]

_creditor = aliased(Organisation)
_agency = aliased(Organisation)
_Cell = type[PlacementCell] | type[RecoveryCell]


@dataclass(frozen=True)
class _Cohort:
    """What was placed in one month: the age it has completed, its value, and by age what came back and new payers."""

    age: int
    placed_minor: int
    back: dict[int, tuple[int, int]]


def _points(cohorts: list[_Cohort], until: int) -> tuple[CurvePoint, ...]:
    points = []
    for month in range(min(until, max(one.age for one in cohorts)) + 1):
        old_enough = [one for one in cohorts if one.age >= month]
        came = [came for one in old_enough for age, came in one.back.items() if age <= month]
        points.append(
            CurvePoint(
                month_on_book=month,
                placed_minor=sum(one.placed_minor for one in old_enough),
                collected_minor=sum(collected for collected, _ in came),
                payers=sum(payers for _, payers in came),
            )
        )
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


def _came_back_by_age(
    session: Session, actor: Actor, currency: str | None, window: Window
) -> dict[tuple[int, int, str, date], dict[int, tuple[int, int]]]:
    cohort = (*_keys(RecoveryCell), RecoveryCell.placement_month)
    found: dict[tuple[int, int, str, date], dict[int, tuple[int, int]]] = defaultdict(dict)
    for creditor, agency, of, month, age, collected, payers in session.execute(
        select(
            *cohort,
            RecoveryCell.month_on_book,
            func.sum(RecoveryCell.collected_minor),
            func.sum(RecoveryCell.new_payers),
        )
        .where(*_within(RecoveryCell, actor, currency, window))
        .group_by(*cohort, RecoveryCell.month_on_book)
    ):
        found[creditor, agency, of, month][age] = (int(collected), int(payers))
    return found


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
