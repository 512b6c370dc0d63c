"""How much one person has taken away in full: many small files in a day are one large one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Exists, Subquery, func, or_, select
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor, owned_by
from assignments.reads.models import CaseRead, ReadKind, Subject

WINDOW = timedelta(hours=24)


def taken_in_full(
    session: Session,
    actor: Actor,
    again: Callable[[ColumnElement[int], ColumnElement[int]], Exists],
    *,
    now: datetime,
) -> int:
    """The cases the actor took in full within the last day, each once; those that are to be taken `again` not counted.

    Until the transaction ends no other one of the same person counts, so that two files at once are two after another.
    """
    _one_at_a_time(session, actor)
    # What was handed to an authority or to the person themselves is none of these.
    taken = _taken(actor, CaseRead.subject_kind.is_(None), now=now)
    others = select(func.count()).select_from(taken).where(~again(taken.c.creditor_id, taken.c.case_id))
    return session.scalar(others) or 0


def taken_for_others(session: Session, actor: Actor, subject: tuple[Subject, int], *, now: datetime) -> int:
    """The cases the actor took in full within the last day, each once, in lists and for whatever but one subject."""
    _one_at_a_time(session, actor)
    kind, number = subject
    is_another = or_(CaseRead.subject_kind.is_distinct_from(kind), CaseRead.subject_id.is_distinct_from(number))
    return session.scalar(select(func.count()).select_from(_taken(actor, is_another, now=now))) or 0


def _taken(actor: Actor, only: ColumnElement[bool], *, now: datetime) -> Subquery:
    return (
        select(CaseRead.creditor_id, func.unnest(CaseRead.case_ids).label("case_id"))
        .where(
            owned_by(actor, CaseRead.creditor_id, CaseRead.agency_id),
            CaseRead.kind == ReadKind.FULL_EXPORT,
            only,
            CaseRead.user_id == actor.user_id,
            CaseRead.at > now - WINDOW,
        )
        .distinct()
        .subquery()
    )


def _one_at_a_time(session: Session, actor: Actor) -> None:
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"files of {actor.user_id}", 0))))
