"""Everybody's work that is not done, for whoever watches the machinery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, select, tuple_
from sqlalchemy.orm import Session

from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor, require
from agencies.kernel.work import Work, WorkState
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission


@dataclass(frozen=True)
class WorkRow:
    """One piece of work that is not done; of whose data it tells nothing but the organisation."""

    id: int
    organisation: str
    kind: str
    state: WorkState
    attempt: int
    done: int
    total: int
    error: str | None
    created_at: datetime


def list_work(session: Session, actor: Actor, *, after: tuple[int, int] | None = None) -> Page[WorkRow]:
    """Everybody's work that is not done, for whoever watches the machinery: what failed first, then the newest."""
    require(actor, Permission.WORK_VIEW_ALL)
    urgency = case((Work.state == WorkState.FAILED, 1), else_=0)
    statement = (
        select(
            Work.id,
            Organisation.name,
            Work.kind,
            Work.state,
            Work.attempt,
            Work.done,
            Work.total,
            Work.error,
            Work.created_at,
        )
        .join(Organisation, Organisation.id == Work.organisation_id)
        .where(Work.state != WorkState.DONE)
        .order_by(urgency.desc(), Work.id.desc())
        .limit(PAGE + 1)
    )
    if after is not None:
        statement = statement.where(tuple_(urgency, Work.id) < after)
    rows = [WorkRow(*row) for row in session.execute(statement)]
    return cut(rows, PAGE, lambda row: (int(row.state is WorkState.FAILED), row.id))
