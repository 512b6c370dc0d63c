"""Durable work: PostgreSQL is the queue's memory, whatever carries the ring is only a doorbell.

A job may be run zero, one or several times and two copies may overlap. Each copy takes a lease with one conditional
update by the database's clock, and every transaction of a job begins with `fence`, which holds the row until its commit
and fails once somebody else has taken over. A sweep rings again for whatever was lost.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, UniqueConstraint, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import UUID, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from agencies.kernel import audit, outbox
from agencies.kernel.base import Base, code_type
from agencies.kernel.errors import Conflict, NotFound
from agencies.kernel.tenancy import Actor

RING = "work.ring"
LEASE_SECONDS = 60
#: Attempts that may end in an error before a person has to look.
MAX_ATTEMPTS = 8
#: Claims that may end without a word, the process having died, before the work itself is suspected.
MAX_CLAIMS = 24
#: The reason code of work whose processes kept dying.
CRASHED = "crashed"


class WorkState(StrEnum):
    """Where a piece of work stands; `failed` waits for a person."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class LeaseLost(RuntimeError):
    """Somebody else took over this work; whatever was about to be written must not be."""


class Work(Base):
    """One piece of work of one organisation, known by its kind and key."""

    __tablename__ = "work"
    __table_args__ = (
        UniqueConstraint("organisation_id", "kind", "key"),
        Index("ix_work_due", "next_attempt_at", postgresql_where=text("state in ('queued', 'running')")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    user_id: Mapped[int | None]
    kind: Mapped[str]
    key: Mapped[str]
    #: Ids only.
    payload: Mapped[dict[str, Any]]
    state: Mapped[WorkState] = mapped_column(code_type(WorkState), default=WorkState.QUEUED)
    attempt: Mapped[int] = mapped_column(default=0)
    lease_token: Mapped[uuid.UUID | None] = mapped_column(UUID(as_uuid=True))
    lease_until: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime]
    #: What is being done now, for the person who watches: a stable code.
    stage: Mapped[str] = mapped_column(default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


@dataclass(frozen=True)
class Lease:
    """The right to do one piece of work, until somebody else takes it."""

    work_id: int
    token: uuid.UUID
    organisation_id: int
    user_id: int | None
    kind: str
    payload: dict[str, Any]
    attempt: int


def request(
    session: Session,
    actor: Actor,
    kind: str,
    key: str,
    payload: dict[str, Any],
    *,
    now: datetime,
    due_at: datetime | None = None,
) -> int:
    """Ask for work in the actor's name and return its id; asking again for the same key changes nothing.

    It is done at once or, with `due_at`, at the sweep's first look after that instant.
    """
    made: int | None = session.scalar(
        insert(Work)
        .values(
            organisation_id=actor.tenant,
            user_id=actor.user_id,
            kind=kind,
            key=key,
            payload=payload,
            state=WorkState.QUEUED,
            attempt=0,
            # Due times are compared with the database's clock, so they are written by it.
            next_attempt_at=func.clock_timestamp() if due_at is None else due_at,
            stage="",
            done=0,
            total=0,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["organisation_id", "kind", "key"])
        .returning(Work.id)
    )
    if made is not None:
        outbox.put(session, actor.tenant, RING, f"{made}:0", {"work_id": made}, now=now)
        return made
    return session.execute(
        select(Work.id).where(Work.organisation_id == actor.tenant, Work.kind == kind, Work.key == key)
    ).scalar_one()


def claim(session: Session, work_id: int, *, seconds: int = LEASE_SECONDS) -> Lease | None:
    """Take the lease, or None when the work is done, failed, not due, or held by somebody alive."""
    _bury(session, work_id)
    row = session.execute(
        text(
            """
            update work set state = 'running', lease_token = gen_random_uuid(), attempt = attempt + 1, error = null,
                            lease_until = clock_timestamp() + make_interval(secs => :seconds),
                            next_attempt_at = clock_timestamp() + make_interval(secs => :seconds)
            where id = (select id from work where id = :id and state in ('queued', 'running')
                          and next_attempt_at <= clock_timestamp()
                          and (lease_until is null or lease_until < clock_timestamp())
                        for update skip locked)
            returning id, lease_token, organisation_id, user_id, kind, payload, attempt
            """
        ),
        {"id": work_id, "seconds": seconds},
    ).one_or_none()
    if row is None:
        return None
    return Lease(row.id, row.lease_token, row.organisation_id, row.user_id, row.kind, row.payload, row.attempt)


def fence(
    session: Session,
    lease: Lease,
    *,
    stage: str | None = None,
    done: int | None = None,
    total: int | None = None,
    seconds: int = LEASE_SECONDS,
) -> None:
    """First statement of a job's transaction: keep the lease, hold its row, say how far it is.

    Raises `LeaseLost` when somebody else holds it now; the caller's transaction must then roll back.
    """
    kept = session.execute(
        text(
            """
            update work set lease_until = clock_timestamp() + make_interval(secs => :seconds),
                            next_attempt_at = clock_timestamp() + make_interval(secs => :seconds),
                            stage = coalesce(:stage, stage), done = coalesce(:done, done),
                            total = coalesce(:total, total)
            where id = :id and lease_token = :token and state = 'running'
            returning id
            """
        ),
        {
            "id": lease.work_id,
            "token": lease.token,
            "seconds": seconds,
            "stage": stage,
            "done": done,
            "total": total,
        },
    ).one_or_none()
    if kept is None:
        raise LeaseLost(f"work {lease.work_id}")


def finish(session: Session, lease: Lease, *, now: datetime) -> None:
    """Mark the work done, in the transaction of its last effect; raises `LeaseLost`."""
    _close(session, lease, "done", None, now)


def give_up(session: Session, lease: Lease, error: str, *, now: datetime) -> None:
    """Mark the work failed with a reason code; it waits for `retry`."""
    _close(session, lease, "failed", error, now)


def put_back(
    session: Session, lease: Lease, error: str, *, wait_seconds: float, now: datetime, most: int = MAX_ATTEMPTS
) -> None:
    """After an outage: release the lease and come again later, or give up after `most` attempts."""
    if lease.attempt >= most:
        give_up(session, lease, error, now=now)
        return
    session.execute(
        text(
            """
            update work set state = 'queued', lease_token = null, lease_until = null, error = :error,
                            next_attempt_at = clock_timestamp() + make_interval(secs => :wait)
            where id = :id and lease_token = :token and state = 'running'
            """
        ),
        {"id": lease.work_id, "token": lease.token, "error": error, "wait": wait_seconds},
    )


def release(session: Session, lease: Lease, reason: str | None = None, *, wait_seconds: float = 0) -> None:
    """Hand the work on, at once as a process does that is told to stop, or after a while when it waits for something.

    It counts as no attempt, so however often it happens the work is never given up.
    """
    session.execute(
        text(
            """
            update work set state = 'queued', lease_token = null, lease_until = null, attempt = attempt - 1,
                            error = :reason, next_attempt_at = clock_timestamp() + make_interval(secs => :wait)
            where id = :id and lease_token = :token and state = 'running'
            """
        ),
        {"id": lease.work_id, "token": lease.token, "reason": reason, "wait": wait_seconds},
    )


def hasten(session: Session, actor: Actor, reason: str) -> None:
    """Let the actor's organisation's work that was postponed for a reason begin at the sweep's next look."""
    session.execute(
        update(Work)
        .where(Work.organisation_id == actor.tenant, Work.state == WorkState.QUEUED, Work.error == reason)
        .values(next_attempt_at=func.clock_timestamp())
        .execution_options(synchronize_session=False)
    )


def retry(session: Session, actor: Actor, work_id: int, *, now: datetime) -> None:
    """Let failed work of the actor's organisation start again in the actor's name; raises `NotFound` or `Conflict`."""
    work = session.scalar(
        select(Work).where(Work.id == work_id, Work.organisation_id == actor.tenant).with_for_update()
    )
    if work is None:
        raise NotFound
    if work.state is not WorkState.FAILED:
        raise Conflict
    work.state, work.attempt, work.error = WorkState.QUEUED, 0, None
    # Who first asked may have been disabled since, and work is never done in the name of somebody who left.
    work.user_id = actor.user_id
    work.lease_token, work.lease_until, work.finished_at = None, None, None
    work.next_attempt_at = session.scalars(select(func.clock_timestamp())).one()
    audit.record(session, actor, "work.retried", now=now, work=work_id, kind=work.kind)
    outbox.put(session, actor.tenant, RING, f"{work_id}:{now.timestamp()}", {"work_id": work_id}, now=now)


def overdue(session: Session, *, limit: int = 100) -> list[int]:
    """Ids of work that is due and that nobody alive holds; seen by the worker's role only.

    Work whose row is locked is in the middle of a step, however old its lease looks, and is left out.
    """
    rows = session.scalars(
        text(
            """
            select id from work
            where state in ('queued', 'running') and next_attempt_at <= clock_timestamp()
              and (lease_until is null or lease_until < clock_timestamp())
            order by next_attempt_at limit :limit
            for update skip locked
            """
        ),
        {"limit": limit},
    )
    return list(rows)


def is_open(session: Session, work_id: int) -> bool:
    """Whether the work is still to be done or being done; seen by the worker's role only."""
    state = session.scalar(select(Work.state).where(Work.id == work_id))
    return state in {WorkState.QUEUED, WorkState.RUNNING}


def find(session: Session, actor: Actor, kind: str, key: str) -> Work | None:
    """The actor's organisation's work of this kind and key, if it was ever asked for."""
    return session.scalar(select(Work).where(Work.organisation_id == actor.tenant, Work.kind == kind, Work.key == key))


def dismiss(session: Session, actor: Actor, kind: str, key: str) -> bool:
    """Close failed work whose result nobody wants any more; False when it did not fail, or somebody holds it now.

    Work that was asked for again goes by the key, a colon and a time.
    """
    # Whoever does the work holds its row and waits for the thing itself, so that waiting here could wait for ever.
    work = session.scalar(
        select(Work)
        .where(
            Work.organisation_id == actor.tenant,
            Work.kind == kind,
            or_(Work.key == key, Work.key.startswith(f"{key}:", autoescape=True)),
            Work.state != WorkState.DONE,
        )
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if work is None or work.state is not WorkState.FAILED:
        return False
    work.state = WorkState.DONE
    return True


def _bury(session: Session, work_id: int) -> None:
    session.execute(
        text(
            """
            update work set state = 'failed', error = :error, lease_token = null, lease_until = null,
                            finished_at = clock_timestamp()
            where id = (select id from work where id = :id and state = 'running'
                          and lease_until < clock_timestamp() and attempt >= :most
                        for update skip locked)
            """
        ),
        {"id": work_id, "error": CRASHED, "most": MAX_CLAIMS},
    )


def _close(session: Session, lease: Lease, state: str, error: str | None, now: datetime) -> None:
    closed = session.execute(
        text(
            """
            update work set state = cast(:state as text), lease_until = null, lease_token = null, error = :error,
                            done = case when cast(:state as text) = 'done' then greatest(done, total) else done end,
                            finished_at = :now
            where id = :id and lease_token = :token and state = 'running'
            returning id
            """
        ),
        {"id": lease.work_id, "token": lease.token, "state": state, "error": error, "now": now},
    ).one_or_none()
    if closed is None:
        raise LeaseLost(f"work {lease.work_id}")
