"""How much one person has taken away in full: many small files in a day are one large one, whatever they are called.

Lists, the people of an incident, what is held on whoever asked, files as they were sent and their rejected rows count
together. Of what has cases each case counts once; the rows of a file need not be cases, and count as they stand.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.orm import Session, load_only

from agencies.kernel.tenancy import Actor, owned_by
from assignments.reads.models import CaseRead, ReadKind, Subject
from uploads.models import Upload
from uploads.originals import people_in, people_rejected

WINDOW = timedelta(hours=24)
#: What stands in the log of a file that left the portal, as sent or its rejected rows; a look into it is neither.
ORIGINAL, REJECTED = "original", "rejected_rows"

#: A case, by its creditor and its id -> whether it is among what is to be taken now.
Again = Callable[[ColumnElement[int], ColumnElement[int]], ColumnElement[bool]]


def nothing_again(creditor_id: ColumnElement[int], case_id: ColumnElement[int]) -> ColumnElement[bool]:
    """What is to be taken now are no cases that were taken before."""
    del creditor_id, case_id
    return false()


def taken_in_full(
    session: Session, actor: Actor, again: Again = nothing_again, *, but_for: int | None = None, now: datetime
) -> int:
    """The people the actor took in full within the last day; what is to be taken `again` not counted.

    They are the cases of every list, incident and request, each once, and the rows of every file but one.
    Until the transaction ends no other one of the same person counts, so that two files at once are two after another.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"files of {actor.user_id}", 0))))
    return _cases(session, actor, again, now) + _rows_of_files(session, actor, but_for, now)


def _cases(session: Session, actor: Actor, again: Again, now: datetime) -> int:
    taken = (
        select(CaseRead.creditor_id, func.unnest(CaseRead.case_ids).label("case_id"))
        .where(*_by(actor, ReadKind.FULL_EXPORT, now))
        .distinct()
        .subquery()
    )
    others = select(func.count()).select_from(taken).where(~again(taken.c.creditor_id, taken.c.case_id))
    return session.scalar(others) or 0


def _rows_of_files(session: Session, actor: Actor, but_for: int | None, now: datetime) -> int:
    """Of a file taken whole all rows, of one whose rejected rows were taken those; each file once."""
    is_whole = CaseRead.fields.contains([ORIGINAL])
    taken = (
        select(CaseRead.subject_id.label("upload_id"), func.bool_or(is_whole).label("is_whole"))
        .where(
            *_by(actor, ReadKind.FILE, now),
            CaseRead.subject_kind == Subject.UPLOAD,
            CaseRead.subject_id.is_distinct_from(but_for),
            or_(is_whole, CaseRead.fields.contains([REJECTED])),
        )
        .group_by(CaseRead.subject_id)
        .subquery()
    )
    counted = (Upload.kind, Upload.state, Upload.size_bytes, Upload.container, Upload.rows_read, Upload.rows_rejected)
    rows = session.execute(
        select(Upload, taken.c.is_whole)
        .join(taken, Upload.id == taken.c.upload_id)
        .where(Upload.organisation_id == actor.tenant)
        .options(load_only(*counted))
    )
    return sum(people_in(upload) if is_whole else people_rejected(upload) for upload, is_whole in rows)


def _by(actor: Actor, kind: ReadKind, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        owned_by(actor, CaseRead.creditor_id, CaseRead.agency_id),
        CaseRead.kind == kind,
        CaseRead.user_id == actor.user_id,
        CaseRead.at > now - WINDOW,
    )
