"""Whom one person was shown in a window, for one creditor: what the read log says of a stolen user or session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor, Side, require_side
from assignments.incidents.people import Subject, Touched, people
from assignments.reads.models import CaseRead

#: Every case in a set or a file that was shown counts, whether or not the person looked at that line.
_TOUCHED = text("""
    select d.id, d.country, count(distinct c.id), 'read'
    from (
        select distinct unnest(r.case_ids) as case_id from case_reads r
        where r.creditor_id = :creditor and r.user_id = :user and r.at >= :begins and r.at < :ends
        union
        select f.case_id from cases_seen_in_files(:creditor, :user, :begins, :ends) f(case_id)
    ) s
    join cases c on c.creditor_id = :creditor and c.id = s.case_id
    join debtors d on d.creditor_id = :creditor and d.id = c.debtor_id
    group by d.id, d.country order by d.id
""")


@dataclass(frozen=True)
class Summary:
    """What a person was shown of one creditor's data."""

    creditor_id: int
    agency_id: int | None
    reads: int
    first_at: datetime
    last_at: datetime
    #: How it was shown, and which kinds of data stood there.
    kinds: tuple[str, ...]
    fields: tuple[str, ...]


def summary(session: Session, actor: Actor, user_id: int, begins: datetime, ends: datetime) -> Summary | None:
    """What the log says in short; None when nothing of this creditor was shown."""
    creditor_id = require_side(actor, Side.CREDITOR)
    read = CaseRead
    shown = (read.creditor_id == creditor_id, read.user_id == user_id, read.at >= begins, read.at < ends)
    row = session.execute(
        select(func.count(), func.min(read.at), func.max(read.at), func.max(read.agency_id)).where(*shown)
    ).one()
    if not row[0]:
        return None
    kinds = {one.value for one in session.scalars(select(read.kind).where(*shown).distinct())}
    fields = {name for told in session.scalars(select(read.fields).where(*shown).distinct()) for name in told}
    return Summary(creditor_id, row[3], row[0], row[1], row[2], tuple(sorted(kinds)), tuple(sorted(fields)))


def subjects(session: Session, actor: Actor, user_id: int, begins: datetime, ends: datetime) -> Iterator[Subject]:
    """Everybody of this creditor whom the person was shown."""
    creditor_id = require_side(actor, Side.CREDITOR)
    known = {"creditor": creditor_id, "user": user_id, "begins": begins, "ends": ends}
    rows = [Touched(*row) for row in session.execute(_TOUCHED, known)]
    return people(session, creditor_id, rows)
