"""What nobody goes on with is not kept: unconfirmed addresses, drafts left alone, applications that came to nothing.

Retention is a policy of ours: what is not needed to decide on somebody, or to show how it was decided, goes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from agencies.applications import content
from agencies.applications.drafting import files_of
from agencies.applications.lifecycle import ENDED, Mover, take
from agencies.applications.models import Application, ApplicationState
from agencies.kernel import audit
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.permissions import Permission

#: The kind of work.
EXPIRE = "expire_applications"
#: Stands for the number of a company whose application was removed.
_GONE = "-"
#: After so long untouched, by state.
LIFETIMES = {
    ApplicationState.UNCONFIRMED: timedelta(days=7),
    ApplicationState.DRAFT: timedelta(days=90),
    ApplicationState.MORE_ASKED: timedelta(days=90),
    ApplicationState.DECLINED: timedelta(days=180),
    ApplicationState.WITHDRAWN: timedelta(days=30),
}


def expire(session: Session, actor: Actor, *, now: datetime) -> list[str]:
    """Remove what such applications said; returns the keys of their files, to be deleted once that is durable."""
    require(actor, Permission.APPLICATION_REVIEW)
    platform_id = require_side(actor, Side.PLATFORM)
    over = [
        and_(Application.state == state, Application.updated_at < now - lifetime)
        for state, lifetime in LIFETIMES.items()
    ]
    rows = session.scalars(
        select(Application)
        .where(Application.organisation_id == platform_id, Application.tax_id.is_distinct_from(_GONE), or_(*over))
        .order_by(Application.id)
        .with_for_update(skip_locked=True)
    ).all()
    return [key for row in rows for key in _forget(session, actor, row, now)]


def _forget(session: Session, actor: Actor, row: Application, now: datetime) -> list[str]:
    if row.state not in ENDED:
        take(session, row, ApplicationState.EXPIRED, Mover.TIME, now)
    row.content, row.legal_name, row.tax_id = None, "", _GONE
    row.email = content.sealed_address(session, row.organisation_id, row.handle, "")
    files = files_of(session, row)
    for file in files:
        session.delete(file)
    session.flush()
    audit.record(session, actor, "application.expired", now=now, application_id=row.id, state=row.state.value)
    return [file.storage_key for file in files]
