"""Reports owed and handed in, and what was reported on a case, as the two sides see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from agencies.kernel.errors import NotFound
from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor, owned_by, require
from agencies.mandates.models import Mandate
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.reports.calendar import Standing, standing
from assignments.reports.models import Activity, Payment, PaymentReversal, Report


@dataclass(frozen=True)
class ReportRow:
    """What an agency owes a creditor for one period, and how it stands."""

    id: int
    creditor_id: int
    creditor_name: str
    agency_id: int
    agency_name: str
    mandate_id: int
    mandate_name: str
    period_start: date
    period_end: date
    due_at: datetime
    payments_at: datetime | None
    activities_at: datetime | None
    submitted_at: datetime | None
    #: How often it was handed in.
    version: int
    standing: Standing


@dataclass(frozen=True)
class Punctuality:
    """Reports of one agency to one creditor whose due time has passed, and how many of them were on time."""

    creditor_id: int
    agency_id: int
    due: int
    on_time: int


@dataclass(frozen=True)
class TakenBack:
    """A payment that was not as reported, and when the agency said so."""

    currency: str
    amount_minor: int
    paid_on: date
    at: datetime


#: How far ahead a report counts as due soon.
SOON = timedelta(days=7)

_creditor = aliased(Organisation)
_agency = aliased(Organisation)


def list_reports(
    session: Session,
    actor: Actor,
    *,
    standing_in: set[Standing] | None = None,
    is_due_soon: bool = False,
    agency_id: int | None = None,
    after: tuple[date, int] | None = None,
    limit: int = PAGE,
    now: datetime,
) -> Page[ReportRow]:
    """The reports of the actor's organisation, the latest period first.

    All, or those that stand in certain ways, or those of an ended period that fall due within a week.
    """
    require(actor, Permission.REPORT_VIEW)
    statement = _reports(actor).order_by(Report.period_start.desc(), Report.id.desc())
    if standing_in is not None:
        statement = statement.where(_stands(standing_in, now))
    if is_due_soon:
        statement = statement.where(due_soon(now))
    if agency_id is not None:
        statement = statement.where(Report.agency_id == agency_id)
    if after is not None:
        statement = statement.where(
            (Report.period_start < after[0]) | ((Report.period_start == after[0]) & (Report.id < after[1]))
        )
    rows = [_row(row, now) for row in session.execute(statement.limit(limit + 1))]
    return cut(rows, limit, lambda row: (row.period_start, row.id))


def due_soon(now: datetime) -> ColumnElement[bool]:
    """A report of a period that is over, not handed in and due within a week."""
    return and_(
        Report.submitted_at.is_(None),
        Report.due_at >= now,
        Report.due_at < now + SOON,
        Report.period_end <= now.date(),
    )


def get_report(session: Session, actor: Actor, report_id: int, *, now: datetime) -> ReportRow:
    """One report of the actor's organisation; raises `NotFound`."""
    require(actor, Permission.REPORT_VIEW)
    row = session.execute(_reports(actor).where(Report.id == report_id)).one_or_none()
    if row is None:
        raise NotFound
    return _row(row, now)


def punctuality(session: Session, actor: Actor, *, now: datetime) -> list[Punctuality]:
    """Reports on time out of reports due, per creditor and agency; what is not yet due is left out."""
    require(actor, Permission.REPORT_VIEW)
    rows = session.execute(
        select(
            Report.creditor_id,
            Report.agency_id,
            func.count(),
            func.count().filter(Report.submitted_at <= Report.due_at),
        )
        .where(owned_by(actor, Report.creditor_id, Report.agency_id), Report.due_at < now)
        .group_by(Report.creditor_id, Report.agency_id)
        .order_by(Report.creditor_id, Report.agency_id)
    )
    return [Punctuality(*row) for row in rows]


def list_payments(session: Session, actor: Actor, case_id: int) -> list[Payment]:
    """The payments reported on one case that stand, the latest first; not those a correction took back."""
    require(actor, Permission.CASE_VIEW)
    return list(
        session.scalars(
            select(Payment)
            .where(
                owned_by(actor, Payment.creditor_id, Payment.agency_id), Payment.case_id == case_id, ~_was_taken_back()
            )
            .order_by(Payment.paid_on.desc(), Payment.id.desc())
        )
    )


def list_taken_back(session: Session, actor: Actor, case_id: int) -> list[TakenBack]:
    """The payments on one case that a correction took back, the latest first."""
    require(actor, Permission.CASE_VIEW)
    rows = session.execute(
        select(Payment.currency, Payment.amount_minor, Payment.paid_on, PaymentReversal.reversed_at)
        .join(
            PaymentReversal,
            and_(
                PaymentReversal.creditor_id == Payment.creditor_id,
                PaymentReversal.agency_id == Payment.agency_id,
                PaymentReversal.payment_id == Payment.id,
            ),
        )
        .where(owned_by(actor, Payment.creditor_id, Payment.agency_id), Payment.case_id == case_id)
        .order_by(PaymentReversal.reversed_at.desc(), Payment.id.desc())
    )
    return [TakenBack(*row) for row in rows]


def list_activities(
    session: Session, actor: Actor, case_id: int, *, after: tuple[datetime, int] | None = None, limit: int = PAGE
) -> Page[Activity]:
    """What was done on one case, the latest first."""
    require(actor, Permission.CASE_VIEW)
    statement = (
        select(Activity)
        .where(owned_by(actor, Activity.creditor_id, Activity.agency_id), Activity.case_id == case_id)
        .order_by(Activity.happened_at.desc(), Activity.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(
            (Activity.happened_at < after[0]) | ((Activity.happened_at == after[0]) & (Activity.id < after[1]))
        )
    return cut(session.scalars(statement).all(), limit, lambda row: (row.happened_at, row.id))


def _was_taken_back() -> ColumnElement[bool]:
    return exists().where(
        PaymentReversal.creditor_id == Payment.creditor_id,
        PaymentReversal.agency_id == Payment.agency_id,
        PaymentReversal.payment_id == Payment.id,
    )


def _stands(wanted: set[Standing], now: datetime) -> ColumnElement[bool]:
    """The same as `calendar.standing`, in SQL."""
    is_open = Report.submitted_at.is_(None)
    conditions: dict[Standing, ColumnElement[bool]] = {
        Standing.DUE: and_(is_open, Report.due_at >= now),
        Standing.MISSING: and_(is_open, Report.due_at < now),
        Standing.ON_TIME: Report.submitted_at <= Report.due_at,
        Standing.LATE: Report.submitted_at > Report.due_at,
    }
    return or_(false(), *(conditions[one] for one in Standing if one in wanted))


def _reports(actor: Actor) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Report.id,
            Report.creditor_id,
            _creditor.name.label("creditor_name"),
            Report.agency_id,
            _agency.name.label("agency_name"),
            Report.mandate_id,
            Mandate.name.label("mandate_name"),
            Report.period_start,
            Report.period_end,
            Report.due_at,
            Report.payments_at,
            Report.activities_at,
            Report.submitted_at,
            Report.version,
        )
        .join(_creditor, _creditor.id == Report.creditor_id)
        .join(_agency, _agency.id == Report.agency_id)
        .join(
            Mandate,
            and_(
                Mandate.creditor_id == Report.creditor_id,
                Mandate.agency_id == Report.agency_id,
                Mandate.id == Report.mandate_id,
            ),
        )
        .where(owned_by(actor, Report.creditor_id, Report.agency_id))
    )


def _row(row: Row[*tuple[Any, ...]], now: datetime) -> ReportRow:
    return ReportRow(**row._asdict(), standing=standing(row.due_at, row.submitted_at, now))
