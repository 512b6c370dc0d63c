"""Reminds both sides of reports that fall due and of those that are missing, once each time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel.clock import local_date
from agencies.kernel.notices import notify
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.reports.models import Report

#: Days before the last punctual day from which on a report is asked for.
EARLY = 3
#: A due time is the midnight after the last punctual day.
_BEFORE_MIDNIGHT = timedelta(seconds=1)


def remind(session: Session, actor: Actor, *, now: datetime) -> int:
    """Tell the agency and its creditor of every open report at each step; returns how many reports were told of.

    Asked again, or a day late, nothing is told twice and nothing is left out: a notice has a key of its own.
    """
    require(actor, Permission.REPORT_VIEW)
    creditor_id = require_side(actor, Side.CREDITOR)
    zone = session.scalars(select(Organisation.time_zone).where(Organisation.id == creditor_id)).one()
    today = local_date(now, zone)
    told = 0
    for report in session.scalars(
        select(Report)
        .where(Report.creditor_id == creditor_id, Report.submitted_at.is_(None), Report.period_end < today)
        .order_by(Report.id)
    ):
        last_day = local_date(report.due_at - _BEFORE_MIDNIGHT, zone)
        step = _step((last_day - today).days)
        if step is None:
            continue
        told += 1
        for receiver, permission in (
            (report.agency_id, Permission.REPORT_SUBMIT),
            (creditor_id, Permission.REPORT_VIEW),
        ):
            notify(
                session,
                receiver,
                f"report.{step}",
                key=f"report:{report.id}:{step}",
                permission=permission,
                now=now,
                report_id=report.id,
                creditor_id=creditor_id,
                agency_id=report.agency_id,
                period_start=report.period_start,
                period_end=report.period_end,
                last_day=last_day,
            )
    return told


def _step(days_left: int) -> str | None:
    if days_left < 0:
        return "missing"
    if days_left == 0:
        return "due_today"
    return "due_soon" if days_left <= EARLY else None
