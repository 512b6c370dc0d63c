"""Writing down who was shown which cases: called by whatever shows or hands out personal data, in its transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, any_, column, func, insert, literal, select, table
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor, Side
from agencies.kernel.tracing import request_of
from assignments.reads.models import CaseRead, Purpose, ReadKind, Subject

#: Cases in one row of the log.
MOST = 5_000
#: What stands on every page that names a debtor.
NAME = ("name",)
IDENTITY = ("name", "id_number")
CONTACTS = ("name", "id_number", "phone", "email", "address")
#: Named and not imported: cases stand to the right of the log they are written down in.
_cases = table("cases", *(column(name, BigInteger) for name in ("creditor_id", "id", "debtor_id")))

#: A case as two sides know it: its creditor, and its id.
CaseKey = tuple[int, int]
#: Told everything in a piece of a file, before the piece is made.
Handed = Callable[[Iterable[CaseKey]], None]


def note(
    session: Session,
    actor: Actor,
    kind: ReadKind,
    cases: Iterable[CaseKey],
    *,
    now: datetime,
    fields: Sequence[str] = IDENTITY,
    purpose: Purpose | None = None,
    subject: tuple[Subject, int] | None = None,
    creditor_id: int | None = None,
) -> None:
    """Write down that the actor is shown these cases, by creditor; nothing when there are none and no subject.

    `creditor_id` says whose a subject is of which no case is known, such as a file on its way to become cases.
    """
    by_creditor: dict[int, set[int]] = {} if creditor_id is None else {creditor_id: set()}
    for creditor, case_id in cases:
        by_creditor.setdefault(creditor, set()).add(case_id)
    common = _common(session, actor, kind, fields, purpose, subject, now)
    rows = [
        {"creditor_id": creditor, **common, **_set(ids)}
        for creditor, found in sorted(by_creditor.items())
        for ids in _chunks(sorted(found), subject is not None)
    ]
    if rows:
        session.execute(insert(CaseRead), rows)


def note_people(
    session: Session,
    actor: Actor,
    kind: ReadKind,
    debtors: Collection[int] | Select[int],
    *,
    now: datetime,
    fields: Sequence[str] = IDENTITY,
    purpose: Purpose | None = None,
    subject: tuple[Subject, int] | None = None,
) -> None:
    """Write down that a creditor's person is shown all cases of these debtors, in one statement however many they are.

    Of people without cases there is the subject for which they were shown, and no more.
    """
    if isinstance(debtors, Select):
        fits: ColumnElement[bool] = _cases.c.debtor_id.in_(debtors)
    else:
        fits = _cases.c.debtor_id == any_(literal(sorted(debtors), ARRAY(BigInteger)))
    found = (
        select(_cases.c.id, ((func.row_number().over(order_by=_cases.c.id) - 1) // MOST).label("piece"))
        .where(_cases.c.creditor_id == actor.tenant, fits)
        .subquery()
    )
    told = {
        "creditor_id": actor.tenant,
        **_common(session, actor, kind, fields, purpose, subject, now),
        "case_ids": func.array_agg(aggregate_order_by(found.c.id, found.c.id)),
        "cases": func.count(),
        "first_case": func.min(found.c.id),
        "last_case": func.max(found.c.id),
    }
    columns = CaseRead.__table__.c
    values = [
        value if isinstance(value, ColumnElement) else literal(value, columns[name].type)
        for name, value in told.items()
    ]
    pieces = insert(CaseRead).from_select(list(told), select(*values).group_by(found.c.piece)).returning(CaseRead.id)
    if session.execute(pieces).first() is None and subject is not None:
        for_whom: dict[str, Any] = {"purpose": purpose, "subject": subject, "creditor_id": actor.tenant}
        note(session, actor, kind, (), now=now, fields=fields, **for_whom)


def _common(
    session: Session,
    actor: Actor,
    kind: ReadKind,
    fields: Sequence[str],
    purpose: Purpose | None,
    subject: tuple[Subject, int] | None,
    now: datetime,
) -> dict[str, Any]:
    return {
        "agency_id": actor.tenant if actor.side is Side.AGENCY else None,
        "user_id": actor.user_id,
        "role": actor.role,
        "kind": kind,
        "purpose": purpose,
        "fields": list(fields),
        "subject_kind": subject[0] if subject else None,
        "subject_id": subject[1] if subject else None,
        "at": now,
        "request_id": request_of(session),
    }


def handed_out(
    session: Session,
    actor: Actor,
    kind: ReadKind,
    *,
    fields: Sequence[str] = IDENTITY,
    purpose: Purpose | None = None,
    subject: tuple[Subject, int] | None = None,
    now: datetime,
) -> Handed:
    """What the maker of a file calls with the cases of each of its pieces, so that the log holds exactly those."""

    def handed(cases: Iterable[CaseKey]) -> None:
        note(session, actor, kind, cases, now=now, fields=fields, purpose=purpose, subject=subject)

    return handed


def _chunks(ids: list[int], has_subject: bool) -> Iterator[list[int]]:
    """The ids in pieces; one empty piece for a subject of which no case is known."""
    if not ids and has_subject:
        yield []
    for begin in range(0, len(ids), MOST):
        yield ids[begin : begin + MOST]


def _set(ids: list[int]) -> dict[str, object]:
    return {
        "case_ids": ids,
        "cases": len(ids),
        "first_case": ids[0] if ids else None,
        "last_case": ids[-1] if ids else None,
    }
