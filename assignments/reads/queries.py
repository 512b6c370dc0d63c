"""The read log asked from both ends: who saw this case, and what did this person or agency see in a window of time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    any_,
    column,
    func,
    literal,
    or_,
    select,
    table,
    tuple_,
    union,
)
from sqlalchemy.orm import Session

from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor, Side, owned_by, require
from agencies.organisations.permissions import Permission
from assignments.reads.models import CaseRead, Purpose, ReadKind, Subject
from assignments.reads.service import CaseKey

#: Named and not imported: cases stand to the right of the log they are written down in.
_portfolios = table("portfolios", *(column(name, BigInteger) for name in ("creditor_id", "id", "upload_id")))
_cases = table("cases", *(column(name, BigInteger) for name in ("creditor_id", "id", "portfolio_id")))


@dataclass(frozen=True)
class ReadFilter:
    """Which reads; what is left empty lets everything through. The end of the window is not part of it."""

    user_id: int | None = None
    agency_id: int | None = None
    #: Only the actor's own organisation, or only others that read its debtors.
    is_own: bool | None = None
    kinds: tuple[ReadKind, ...] = ()
    purpose: Purpose | None = None
    case: CaseKey | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class SeenCase:
    """One case in the set that somebody saw."""

    creditor_id: int
    case_id: int


def list_reads(
    session: Session,
    actor: Actor,
    asked: ReadFilter,
    *,
    before: tuple[datetime, int] | None = None,
    limit: int = PAGE,
) -> Page[CaseRead]:
    """A page of the log, newest first: a creditor's own debtors', or what an agency's people were shown."""
    require(actor, Permission.AUDIT_VIEW)
    statement = (
        select(CaseRead)
        .where(*_conditions(actor, asked))
        .order_by(CaseRead.at.desc(), CaseRead.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        statement = statement.where(tuple_(CaseRead.at, CaseRead.id) < before)
    return cut(session.scalars(statement).all(), limit, lambda row: (row.at, row.id))


def who_saw(
    session: Session,
    actor: Actor,
    creditor_id: int,
    case_id: int,
    *,
    before: tuple[datetime, int] | None = None,
    limit: int = PAGE,
) -> Page[CaseRead]:
    """Everybody who was shown one case, newest first, in pages, lists and files."""
    return list_reads(session, actor, ReadFilter(case=(creditor_id, case_id)), before=before, limit=limit)


def seen_cases(session: Session, actor: Actor, asked: ReadFilter) -> list[SeenCase]:
    """The exact set of cases in these reads, each once: what a person or an agency saw in a window of time."""
    require(actor, Permission.AUDIT_VIEW)
    return [SeenCase(row.creditor_id, row.case_id) for row in session.execute(cases_in(actor, asked))]


def cases_in(actor: Actor, asked: ReadFilter) -> Select[tuple[int, int]]:
    """The same set as a statement of (creditor, case), for others to build on.

    A file that was looked at holds the cases it became: its bytes do not change, so they are asked for by its number.
    """
    found = _conditions(actor, asked)
    direct = select(CaseRead.creditor_id, func.unnest(CaseRead.case_ids).label("case_id")).where(*found)
    by_file = (
        select(_cases.c.creditor_id, _cases.c.id.label("case_id"))
        .select_from(CaseRead)
        .join(
            _portfolios,
            and_(
                CaseRead.creditor_id == _portfolios.c.creditor_id,
                CaseRead.subject_kind == Subject.UPLOAD,
                CaseRead.subject_id == _portfolios.c.upload_id,
            ),
        )
        .join(
            _cases,
            and_(_cases.c.creditor_id == _portfolios.c.creditor_id, _cases.c.portfolio_id == _portfolios.c.id),
        )
        .where(*found)
    )
    both = union(direct, by_file) if actor.side is Side.CREDITOR else union(direct)
    cases = both.subquery()
    statement = select(cases.c.creditor_id, cases.c.case_id).distinct()
    if asked.case is not None:
        statement = statement.where(cases.c.creditor_id == asked.case[0], cases.c.case_id == asked.case[1])
    return statement.order_by(cases.c.creditor_id, cases.c.case_id)


def readers(session: Session, actor: Actor) -> list[tuple[int, str | None]]:
    """The people of the actor's own organisation who stand in the log, for a filter; ids with their role then."""
    require(actor, Permission.AUDIT_VIEW)
    statement = (
        select(CaseRead.user_id, func.max(CaseRead.role).label("role"))
        .where(*_conditions(actor, ReadFilter(is_own=True)), CaseRead.user_id.is_not(None))
        .group_by(CaseRead.user_id)
        .order_by(CaseRead.user_id)
    )
    return [(row.user_id, row.role) for row in session.execute(statement)]


def users_of(reads: Iterable[CaseRead]) -> set[int]:
    """Whose names a page needs."""
    return {one.user_id for one in reads if one.user_id is not None}


def _conditions(actor: Actor, asked: ReadFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [owned_by(actor, CaseRead.creditor_id, CaseRead.agency_id)]
    if asked.case is not None:
        found += _of_case(*asked.case)
    if asked.user_id is not None:
        found.append(CaseRead.user_id == asked.user_id)
    if asked.agency_id is not None:
        found.append(CaseRead.agency_id == asked.agency_id)
    if asked.is_own is not None and actor.side is Side.CREDITOR:
        found.append(CaseRead.agency_id.is_(None) if asked.is_own else CaseRead.agency_id.is_not(None))
    if asked.kinds:
        found.append(CaseRead.kind.in_(asked.kinds))
    if asked.purpose is not None:
        found.append(CaseRead.purpose == asked.purpose)
    if asked.since is not None:
        found.append(CaseRead.at >= asked.since)
    if asked.until is not None:
        found.append(CaseRead.at < asked.until)
    return found


def _of_case(creditor_id: int, case_id: int) -> list[ColumnElement[Any]]:
    """Two ways to a case, each with its index: the reads of it alone, and the sets that reach over it."""
    alone = and_(CaseRead.cases == 1, CaseRead.first_case == case_id)
    among = and_(
        CaseRead.cases > 1,
        CaseRead.first_case <= case_id,
        CaseRead.last_case >= case_id,
        literal(case_id) == any_(CaseRead.case_ids),
    )
    return [CaseRead.creditor_id == creditor_id, or_(alone, among)]
