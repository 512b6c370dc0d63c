"""The mark that a claim is in process: on the cases of whom a request is about, and told to whoever holds them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from agencies.kernel.notices import notify
from agencies.organisations.permissions import Permission
from assignments.cases.models import Case
from assignments.subjects.models import RequestDebtor, RequestKind, RequestState, SubjectRequest

OPEN = (RequestState.RECEIVED, RequestState.IDENTIFIED)


def debtors_of(session: Session, request: SubjectRequest) -> list[int]:
    """Whose data the request is about."""
    found = select(RequestDebtor.debtor_id).where(
        RequestDebtor.creditor_id == request.creditor_id, RequestDebtor.request_id == request.id
    )
    return list(session.scalars(found.order_by(RequestDebtor.debtor_id)))


def mark(session: Session, request: SubjectRequest, people: Sequence[int], *, now: datetime) -> None:
    """Mark the cases of some people and tell their holders; when the request was first marked stays."""
    whose = (Case.creditor_id == request.creditor_id, Case.debtor_id.in_(people))
    session.execute(update(Case).where(*whose, Case.claim_since.is_(None)).values(claim_since=now))
    request.marked_at = request.marked_at or now
    tell_holders(session, request, "request.marked", people, now=now)


def unmark(session: Session, request: SubjectRequest, *, now: datetime) -> None:
    """Take the mark off the cases of which no other claim is in process, and tell their holders."""
    other = (
        exists()
        .where(
            RequestDebtor.creditor_id == Case.creditor_id,
            RequestDebtor.debtor_id == Case.debtor_id,
            SubjectRequest.creditor_id == RequestDebtor.creditor_id,
            SubjectRequest.id == RequestDebtor.request_id,
            SubjectRequest.id != request.id,
            SubjectRequest.state.in_(OPEN),
            SubjectRequest.kind != RequestKind.ACCESS,
        )
        .correlate(Case)
    )
    own = (Case.creditor_id == request.creditor_id, Case.debtor_id.in_(debtors_of(session, request)))
    freed = (update(Case).where(*own, Case.claim_since.is_not(None), ~other).values(claim_since=None)).returning(
        Case.debtor_id
    )
    people = sorted(set(session.scalars(freed)))
    if people:
        tell_holders(session, request, "request.unmarked", people, now=now)


def tell_holders(session: Session, request: SubjectRequest, kind: str, people: Sequence[int], *, now: datetime) -> None:
    """Tell the agencies that hold cases of some people of a request, of whom nobody is named."""
    held = (
        select(Case.agency_id, func.count())
        .where(Case.creditor_id == request.creditor_id, Case.debtor_id.in_(people), Case.agency_id.is_not(None))
        .group_by(Case.agency_id)
    )
    whose = ",".join(str(one) for one in sorted(people))
    for agency_id, cases in session.execute(held).all():
        if agency_id is None:
            continue
        notify(
            session,
            agency_id,
            kind,
            key=f"{kind}:{request.id}:{whose}:{now.isoformat()}",
            permission=Permission.CASE_VIEW,
            now=now,
            about=request.creditor_id,
            cases=cases,
        )
