"""What an organisation's people should know without having looked for it; shown in the product until looked at.

A notice is written in the transaction of what it tells. Each has a key, so that the same thing told twice is told once.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Identity,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    and_,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from agencies.kernel.base import Base
from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor


class Notice(Base):
    """One thing an organisation was told."""

    __tablename__ = "notices"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "key"),
        Index("ix_notices_created_at", "organisation_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    organisation_id: Mapped[int]
    #: What it is about, `noun.verbed`; the portal has a sentence for each.
    kind: Mapped[str]
    key: Mapped[str]
    #: Whoever holds this permission is told.
    permission: Mapped[str]
    #: Ids, counts, dates and names of organisations that the sentence needs; never personal data.
    details: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    #: The only one who is told, where it is one person's business.
    person_id: Mapped[int | None]
    #: Who is not told, because the news is their own doing.
    besides_id: Mapped[int | None]


def notify(
    session: Session,
    organisation_id: int,
    kind: str,
    *,
    key: str,
    permission: str,
    now: datetime,
    person: int | None = None,
    besides: int | None = None,
    **details: Any,
) -> None:
    """Tell an organisation, or one `person` of it, or all `besides` one; once per key.

    Only the actor's own organisation and its partners can be told.
    """
    session.flush()
    session.execute(
        text(
            "select append_notice(:organisation, :kind, :key, :permission, cast(:details as jsonb), :now,"
            " :person, :besides)"
        ),
        {
            "organisation": organisation_id,
            "kind": kind,
            "key": key,
            "permission": permission,
            "details": json.dumps(details, default=str),
            "now": now,
            "person": person,
            "besides": besides,
        },
    )


def is_for(actor: Actor) -> ColumnElement[bool]:
    """Whether a notice is the actor's to read: by the permission, and by name where it names anybody."""
    return and_(
        Notice.organisation_id == actor.tenant,
        Notice.permission.in_(sorted(actor.permissions)),
        or_(Notice.person_id.is_(None), Notice.person_id == actor.user_id),
        or_(Notice.besides_id.is_(None), Notice.besides_id != actor.user_id),
    )


def list_notices(session: Session, actor: Actor, *, before: int | None = None, limit: int = PAGE) -> Page[Notice]:
    """What the actor may know, newest first; `before` is the id of the last one seen."""
    statement = select(Notice).where(is_for(actor)).order_by(Notice.id.desc()).limit(limit + 1)
    if before is not None:
        statement = statement.where(Notice.id < before)
    return cut(session.scalars(statement).all(), limit, lambda notice: notice.id)


def count_since(session: Session, actor: Actor, since: datetime | None) -> int:
    """How many notices the actor has not seen since an instant; at most a hundred are counted."""
    fresh = select(Notice.id).where(is_for(actor))
    if since is not None:
        fresh = fresh.where(Notice.created_at > since)
    return session.scalar(select(func.count()).select_from(fresh.limit(100).subquery())) or 0
