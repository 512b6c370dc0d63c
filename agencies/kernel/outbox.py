"""Effects outside the database, written in the transaction that causes them and sent afterwards.

Sending happens at least once: a message carries a key by which its receiver can tell a repeat.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, UniqueConstraint, delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from agencies.kernel.base import Base
from agencies.kernel.session import after_commit

#: Under this name a session may carry what is called after a commit that left a message.
DOORBELL = "doorbell"


class OutboxMessage(Base):
    """Something to be sent once its transaction is durable."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("organisation_id", "topic", "key"),
        Index("ix_outbox_unsent", "id", postgresql_where=text("sent_at is null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    topic: Mapped[str]
    key: Mapped[str]
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


def put(
    session: Session, organisation_id: int, topic: str, key: str, payload: dict[str, Any], *, now: datetime
) -> None:
    """Leave a message in the current transaction; the same topic and key again is no second message.

    A session that carries a doorbell rings it once the message is durable; without one the sweep finds it.
    """
    session.execute(
        insert(OutboxMessage)
        .values(organisation_id=organisation_id, topic=topic, key=key, payload=payload, created_at=now)
        .on_conflict_do_nothing(index_elements=["organisation_id", "topic", "key"])
    )
    if DOORBELL in session.info:
        after_commit(session, session.info[DOORBELL])


def drain(session: Session, send: Callable[[OutboxMessage], None], *, now: datetime, limit: int = 200) -> int:
    """Send what is unsent and free, oldest first, and mark it sent; returns how many.

    Run under the worker's role. When `send` raises, the transaction should roll back and the messages stay.
    """
    unsent = session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.sent_at.is_(None))
        .order_by(OutboxMessage.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for message in unsent:
        send(message)
        message.sent_at = now
    return len(unsent)


def purge(session: Session, *, sent_before: datetime) -> int:
    """Forget messages that were sent before an instant; returns how many. Run under the worker's role."""
    gone = session.scalars(delete(OutboxMessage).where(OutboxMessage.sent_at < sent_before).returning(OutboxMessage.id))
    return len(gone.all())
