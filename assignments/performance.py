"""Gathers what agencies are compared by from the cells, and proves the cells against the records.

Placements and reports keep the cells in their own transactions; `rebuild` makes them anew from the records, `differing`
says where the two disagree.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Date, Select, cast, func, select, text, true
from sqlalchemy.orm import Session, aliased

from agencies.kernel.clock import local_date, months_between
from agencies.kernel.tenancy import Actor, Side, owned_by, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from agencies.scorecards.facts import AgencyCurve, AgencyFacts, CurvePoint
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
    now: datetime,
) -> list[AgencyFacts]:
    """The figures of each creditor, agency and currency the actor may see, by name of the agency.

    With `months` only placement months that have completed that age count, and only what came back up to it, so that
    old and young placements are compared at the same age: the figures of the curve at that point.
    """
    require(actor, Permission.SCORECARD_VIEW)
    is_counted = _has_completed(PlacementCell.placement_month, months, now)
    keys = (PlacementCell.creditor_id, PlacementCell.agency_id, _agency.name, PlacementCell.currency)
    statement: Select[*tuple[Any, ...]] = (
        select(
            *keys,
            func.min(PlacementCell.placement_month).filter(is_counted),
            func.max(PlacementCell.placement_month).filter(is_counted),
            _sum(PlacementCell.cases, is_counted),
            _sum(PlacementCell.placed_minor, is_counted),
        )
        .join(_agency, _agency.id == PlacementCell.agency_id)
        .join(_creditor, _creditor.id == PlacementCell.creditor_id)
        .where(owned_by(actor, PlacementCell.creditor_id, PlacementCell.agency_id))
        .group_by(*keys)
        .order_by(_agency.name, *keys)
    )
    if currency is not None:
        statement = statement.where(PlacementCell.currency == currency)
    back = _came_back(session, actor, months, now)
    punctual = {(one.creditor_id, one.agency_id): one for one in punctuality(session, actor, now=now)}
    found = []
    for creditor, agency, name, of, first, last, cases, placed in session.execute(statement):
        reports = punctual.get((creditor, agency), Punctuality(creditor, agency, 0, 0))
        payments, collected, commission, payers, activities = back.get((creditor, agency, of), (0, 0, 0, 0, 0))
        found.append(
            AgencyFacts(
                creditor_id=creditor,
                agency_id=agency,
                agency_name=name,
                currency=of,
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
                reports_due=reports.due,
                reports_on_time=reports.on_time,
            )
        )
    return found


def curves(
    session: Session,
    actor: Actor,
    *,
    currency: str | None = None,
    until: int = 24,
    now: datetime,
) -> list[AgencyCurve]:
    """The liquidation curve of each creditor, agency and currency the actor may see, up to a month on book.

    Each point counts only the placement months that have completed its age, in numerator and denominator alike; ages
    that none has completed have no point.
    """
    require(actor, Permission.SCORECARD_VIEW)
    owned = owned_by(actor, PlacementCell.creditor_id, PlacementCell.agency_id)
    statement = (
        select(
            PlacementCell.creditor_id,
            PlacementCell.agency_id,
            _agency.name,
            PlacementCell.currency,
            _creditor.time_zone,
            PlacementCell.placement_month,
            func.sum(PlacementCell.placed_minor),
        )
        .join(_agency, _agency.id == PlacementCell.agency_id)
        .join(_creditor, _creditor.id == PlacementCell.creditor_id)
        .where(owned)
        .group_by(
            PlacementCell.creditor_id,
            PlacementCell.agency_id,
            _agency.name,
            PlacementCell.currency,
            _creditor.time_zone,
            PlacementCell.placement_month,
        )
        .order_by(_agency.name, PlacementCell.creditor_id, PlacementCell.agency_id, PlacementCell.currency)
    )
    if currency is not None:
        statement = statement.where(PlacementCell.currency == currency)
    cohorts: dict[_Key, list[_Cohort]] = defaultdict(list)
    names: dict[_Key, str] = {}
    back = _came_back_by_age(session, actor)
    for creditor, agency, name, of, zone, month, placed in session.execute(statement):
        key = (creditor, agency, of)
        names[key] = name
        age = months_between(month, local_date(now, zone)) - 1
        cohorts[key].append(_Cohort(age, int(placed), back.get((*key, month), {})))
    return [AgencyCurve(*key[:2], names[key], key[2], _points(cohorts[key], until)) for key in names]


_Key = tuple[int, int, str]

_creditor = aliased(Organisation)
_agency = aliased(Organisation)


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


def _came_back(
    session: Session, actor: Actor, months: int | None, now: datetime
) -> dict[_Key, tuple[int, int, int, int, int]]:
    measures = (
        RecoveryCell.payments,
        RecoveryCell.collected_minor,
        RecoveryCell.commission_minor,
        RecoveryCell.new_payers,
        RecoveryCell.activities,
    )
    keys = (RecoveryCell.creditor_id, RecoveryCell.agency_id, RecoveryCell.currency)
    statement: Select[*tuple[Any, ...]] = (
        select(*keys, *(func.sum(one).cast(BigInteger) for one in measures))
        .join(_creditor, _creditor.id == RecoveryCell.creditor_id)
        .where(
            owned_by(actor, RecoveryCell.creditor_id, RecoveryCell.agency_id),
            _has_completed(RecoveryCell.placement_month, months, now),
        )
        .group_by(*keys)
    )
    if months is not None:
        statement = statement.where(RecoveryCell.month_on_book <= months)
    return {tuple(row[:3]): tuple(row[3:]) for row in session.execute(statement)}


def _came_back_by_age(session: Session, actor: Actor) -> dict[tuple[int, int, str, date], dict[int, tuple[int, int]]]:
    cohort = (
        RecoveryCell.creditor_id,
        RecoveryCell.agency_id,
        RecoveryCell.currency,
        RecoveryCell.placement_month,
    )
    found: dict[tuple[int, int, str, date], dict[int, tuple[int, int]]] = defaultdict(dict)
    for creditor, agency, currency, month, age, collected, payers in session.execute(
        select(
            *cohort,
            RecoveryCell.month_on_book,
            func.sum(RecoveryCell.collected_minor),
            func.sum(RecoveryCell.new_payers),
        )
        .where(owned_by(actor, RecoveryCell.creditor_id, RecoveryCell.agency_id))
        .group_by(*cohort, RecoveryCell.month_on_book)
    ):
        found[creditor, agency, currency, month][age] = (int(collected), int(payers))
    return found


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
