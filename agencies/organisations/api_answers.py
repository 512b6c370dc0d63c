"""What systems were answered, kept for a day, so that a request that comes again has its effect once.

The answer is written in the transaction of the effect: there are both, or neither. A refusal has no effect and leaves
no answer; sent again it is looked at anew.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, LargeBinary, PrimaryKeyConstraint, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from agencies.kernel.base import Base
from agencies.kernel.errors import Conflict, msg
from agencies.kernel.tenancy import Actor

KEPT = timedelta(hours=24)


class TwinAtWork(Conflict):
    """The same request is being carried out at this moment."""

    text = msg("A request with this Idempotency-Key is being carried out right now. Ask again in a moment.")


class ApiAnswer(Base):
    """One answer, by the word the system gave its request."""

    __tablename__ = "api_answers"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "idempotency_key"),
        Index("ix_api_answers_made_at", "organisation_id", "made_at"),
    )

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    idempotency_key: Mapped[str]
    #: Of method, address and body: another request is no repeat.
    request_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int]
    #: References, states and counts, as JSON text.
    body: Mapped[str]
    made_at: Mapped[datetime]


def hold(session: Session, actor: Actor, idempotency_key: str, *, now: datetime) -> ApiAnswer | None:
    """What this word was answered with within the day, and the word for ourselves until the transaction ends.

    Raises `TwinAtWork` while another transaction has it.
    """
    lock = func.hashtextextended(f"{actor.tenant} {idempotency_key}", 0)
    if not session.scalar(select(func.pg_try_advisory_xact_lock(lock))):
        raise TwinAtWork
    purge(session, actor, now=now)
    return session.get(ApiAnswer, (actor.tenant, idempotency_key))


def keep(
    session: Session,
    actor: Actor,
    idempotency_key: str,
    *,
    request_sha256: bytes,
    status: int,
    body: str,
    now: datetime,
) -> None:
    """Write down what is answered, in the transaction of what was done."""
    session.add(
        ApiAnswer(
            organisation_id=actor.tenant,
            idempotency_key=idempotency_key,
            request_sha256=request_sha256,
            status=status,
            body=body,
            made_at=now,
        )
    )


def purge(session: Session, actor: Actor, *, now: datetime) -> int:
    """Forget the organisation's answers that are older than a day; returns how many."""
    gone = session.scalars(
        delete(ApiAnswer)
        .where(ApiAnswer.organisation_id == actor.tenant, ApiAnswer.made_at <= now - KEPT)
        .returning(ApiAnswer.idempotency_key)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())
