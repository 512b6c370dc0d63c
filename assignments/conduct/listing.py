"""What was found against activities, as a list for either side, and all that was done with one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, column, select, table
from sqlalchemy.orm import Session, aliased

from agencies.kernel.clock import add_months, first_of_month
from agencies.kernel.errors import NotFound
from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor, Side, owned_by, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.cases.models import Case, Debtor
from assignments.conduct.models import ConductVerdict, Verdict
from assignments.placements.models import Placement

#: Named and not imported: reports stand to the right of conduct.
_activities = table(
    "activities",
    *(
        column(name)
        for name in (
            "creditor_id",
            "agency_id",
            "id",
            "case_id",
            "placement_id",
            "happened_at",
            "channel",
            "result",
            "counterpart",
            "direction",
        )
    ),
)
_creditor, _agency = aliased(Organisation), aliased(Organisation)


#: How far back the home page looks.
RECENT = timedelta(days=30)


@dataclass(frozen=True)
class ConductFilter:
    """What of the findings is looked at; what is left empty lets everything through."""

    verdict: Verdict | None = None
    code: str | None = None
    #: The other side: an agency for a creditor, a creditor for an agency.
    partner_id: int | None = None
    month: date | None = None


@dataclass(frozen=True)
class TouchRow:
    """One activity with how it stands; without a verdict it has not been judged yet."""

    activity_id: int
    creditor_name: str
    agency_id: int
    agency_name: str
    account_ref: str
    debtor_id: int | None
    #: The case, where the reader may open it.
    case_id: int | None
    happened_at: datetime
    channel: str
    result: str
    counterpart: str | None
    direction: str | None
    verdict: Verdict | None
    findings: Sequence[dict[str, Any]]
    is_shared: bool
    ruleset: str
    #: The clock where the debtor is; empty until it is judged.
    time_zone: str


@dataclass(frozen=True)
class Person:
    """Whom a timeline is about."""

    id: int
    name: str | None
    country: str
    id_type: str | None
    id_number: str | None
    case_ids: tuple[int, ...]


def list_found(
    session: Session,
    actor: Actor,
    asked: ConductFilter,
    *,
    after: tuple[datetime, int] | None = None,
    limit: int = PAGE,
) -> Page[TouchRow]:
    """Activities that broke a rule or could not be judged, newest first; an agency finds its own."""
    require(actor, Permission.CONDUCT_VIEW)
    statement = (
        _rows(is_outer=False)
        .where(
            owned_by(actor, ConductVerdict.creditor_id, ConductVerdict.agency_id),
            ConductVerdict.verdict != Verdict.COMPLIANT,
        )
        .order_by(ConductVerdict.happened_at.desc(), ConductVerdict.activity_id.desc())
        .limit(limit + 1)
    )
    if asked.verdict is not None:
        statement = statement.where(ConductVerdict.verdict == asked.verdict)
    if asked.code is not None:
        statement = statement.where(ConductVerdict.codes.contains([asked.code]))
    if asked.partner_id is not None:
        partner = ConductVerdict.agency_id if actor.side is Side.CREDITOR else ConductVerdict.creditor_id
        statement = statement.where(partner == asked.partner_id)
    if asked.month is not None:
        month = first_of_month(asked.month)
        statement = statement.where(
            ConductVerdict.day.between(month, add_months(month, 1) - timedelta(days=1)),
        )
    if after is not None:
        statement = statement.where(
            (ConductVerdict.happened_at < after[0])
            | ((ConductVerdict.happened_at == after[0]) & (ConductVerdict.activity_id < after[1]))
        )
    return _page(session, statement, limit)


def recently_broken(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """The condition of the violations of the last `RECENT`, as either side sees them."""
    return and_(
        owned_by(actor, ConductVerdict.creditor_id, ConductVerdict.agency_id),
        ConductVerdict.verdict != Verdict.COMPLIANT,
        ConductVerdict.verdict == Verdict.VIOLATION,
        ConductVerdict.happened_at >= now - RECENT,
    )


def get_person(session: Session, actor: Actor, debtor_id: int) -> Person:
    """A creditor's debtor; raises `NotFound`."""
    require(actor, Permission.CONDUCT_VIEW)
    debtor = session.scalar(
        select(Debtor).where(Debtor.creditor_id == require_side(actor, Side.CREDITOR), Debtor.id == debtor_id)
    )
    if debtor is None:
        raise NotFound
    cases = session.scalars(
        select(Case.id).where(Case.creditor_id == debtor.creditor_id, Case.debtor_id == debtor_id).order_by(Case.id)
    )
    return Person(debtor.id, debtor.name, debtor.country, debtor.id_type, debtor.id_number, tuple(cases))


def timeline(
    session: Session,
    actor: Actor,
    debtor_id: int,
    *,
    after: tuple[datetime, int] | None = None,
    limit: int = PAGE,
) -> Page[TouchRow]:
    """Everything all agencies did with one of the creditor's debtors, newest first; for the creditor alone."""
    require(actor, Permission.CONDUCT_VIEW)
    creditor_id = require_side(actor, Side.CREDITOR)
    happened_at, activity_id = _activities.c.happened_at, _activities.c.id
    statement = (
        _rows(is_outer=True)
        .where(_activities.c.creditor_id == creditor_id, Case.creditor_id == creditor_id, Case.debtor_id == debtor_id)
        .order_by(happened_at.desc(), activity_id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where((happened_at < after[0]) | ((happened_at == after[0]) & (activity_id < after[1])))
    return _page(session, statement, limit)


def _rows(*, is_outer: bool) -> Select[Any]:
    done = _activities.c
    judged = and_(
        ConductVerdict.creditor_id == done.creditor_id,
        ConductVerdict.agency_id == done.agency_id,
        ConductVerdict.activity_id == done.id,
    )
    columns = (
        done.id.label("activity_id"),
        _creditor.name.label("creditor_name"),
        done.agency_id,
        _agency.name.label("agency_name"),
        Placement.account_ref,
        Case.debtor_id,
        Case.id.label("case_id"),
        done.happened_at,
        done.channel,
        done.result,
        done.counterpart,
        done.direction,
        ConductVerdict.verdict,
        ConductVerdict.findings,
        ConductVerdict.is_shared,
        ConductVerdict.ruleset,
        ConductVerdict.time_zone,
    )
    return (
        select(*columns)
        .select_from(_activities)
        .join(ConductVerdict, judged, isouter=is_outer)
        .join(
            Placement,
            and_(
                Placement.creditor_id == done.creditor_id,
                Placement.agency_id == done.agency_id,
                Placement.id == done.placement_id,
            ),
        )
        # An agency may open the cases it holds; the others are hidden from it, and so is their id.
        .join(Case, and_(Case.creditor_id == done.creditor_id, Case.id == done.case_id), isouter=True)
        .join(_creditor, _creditor.id == done.creditor_id)
        .join(_agency, _agency.id == done.agency_id)
    )


def _page(session: Session, statement: Select[Any], limit: int) -> Page[TouchRow]:
    rows = [_touch_row(row._asdict()) for row in session.execute(statement)]
    return cut(rows, limit, lambda row: (row.happened_at, row.activity_id))


def _touch_row(values: dict[str, Any]) -> TouchRow:
    # Nothing is found yet where nothing was judged.
    unjudged = {"findings": values["findings"] or [], "is_shared": bool(values["is_shared"])}
    return TouchRow(
        **{**values, **unjudged, "ruleset": values["ruleset"] or "", "time_zone": values["time_zone"] or ""}
    )
