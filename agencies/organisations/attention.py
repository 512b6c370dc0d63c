"""How far a person has read the notices of their organisation."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from agencies.kernel.notices import Notice, is_for
from agencies.kernel.tenancy import Actor
from agencies.organisations.models import User

#: More are not counted; the bell shows this and a plus.
MOST = 99


def seen_at(session: Session, actor: Actor) -> datetime | None:
    """When the actor last looked at the notices."""
    return session.scalar(select(User.notices_seen_at).where(User.id == actor.user_id))


def count_unseen(session: Session, actor: Actor) -> int:
    """Notices the actor has not looked at yet, at most one more than `MOST`."""
    fresh = (
        select(Notice.id)
        .join(User, User.organisation_id == Notice.organisation_id)
        .where(
            is_for(actor),
            User.id == actor.user_id,
            or_(User.notices_seen_at.is_(None), Notice.created_at > User.notices_seen_at),
        )
        .limit(MOST + 1)
    )
    return session.scalar(select(func.count()).select_from(fresh.subquery())) or 0


def mark_seen(session: Session, actor: Actor, *, now: datetime) -> None:
    """Remember that the actor has looked at everything there is."""
    session.execute(
        update(User)
        .where(User.organisation_id == actor.tenant, User.id == actor.user_id)
        .values(notices_seen_at=now)
        .execution_options(synchronize_session=False)
    )
