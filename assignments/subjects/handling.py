"""What is done about a request: whose data they are, the mark on their cases, what is mended, and the answer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from agencies.kernel.errors import Invalid, msg
from agencies.kernel.notices import notify
from agencies.kernel.sealing import Place, keyring_of
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Permission
from assignments.cases.models import Case, Debtor
from assignments.subjects.models import (
    Outcome,
    RequestAnswer,
    RequestDebtor,
    RequestKind,
    RequestState,
    RequestStepKind,
    SubjectRequest,
)
from assignments.subjects.service import NothingAsked, RequestMovedOn, locked, write

_OPEN = (RequestState.RECEIVED, RequestState.IDENTIFIED)
LONGEST_DOCUMENT = 60_000


class NotOurs(Invalid):
    """Somebody who is not among the creditor's debtors."""

    text = msg("Choose among the people that were found.")


class NothingToMend(Invalid):
    """A rectification that changes nothing."""

    text = msg("Choose one of the people of this request, and write the right name or date of birth.")


def match(session: Session, actor: Actor, request_id: int, debtor_ids: Sequence[int], *, now: datetime) -> int:
    """Say whose data the request is about; a claim is marked on their cases at once. Returns how many were new.

    Raises `NotOurs` or `RequestMovedOn`.
    """
    request = locked(session, actor, request_id)
    if request.state not in _OPEN:
        raise RequestMovedOn
    wanted = set(debtor_ids)
    own = select(func.count()).where(Debtor.creditor_id == request.creditor_id, Debtor.id.in_(wanted))
    if not wanted or session.scalar(own) != len(wanted):
        raise NotOurs
    new = wanted - set(debtors_of(session, request))
    known = {"creditor_id": request.creditor_id, "request_id": request.id, "matched_at": now}
    session.add_all(RequestDebtor(**known, debtor_id=one, matched_by=actor.user_id) for one in sorted(new))
    session.flush()
    if new:
        write(session, actor, request, RequestStepKind.MATCHED, now=now, people=len(new))
    if request.kind is not RequestKind.ACCESS and request.marked_at is None:
        _mark(session, actor, request, now)
    return len(new)


def rectify(
    session: Session,
    actor: Actor,
    request_id: int,
    debtor_id: int,
    *,
    name: str | None,
    birth_date: date | None,
    now: datetime,
) -> Debtor:
    """Mend a name or a date of birth; what stood there and what stands there now is kept, sealed, with the request.

    Whoever holds the cases is told to read them anew. Raises `NothingToMend`, `NotIdentified` or `RequestMovedOn`.
    """
    request = locked(session, actor, request_id, identified=True)
    debtor = session.get(Debtor, (request.creditor_id, debtor_id))
    if debtor is None or debtor_id not in debtors_of(session, request):
        raise NothingToMend
    mended = {"name": (name or "").strip() or debtor.name, "birth_date": birth_date or debtor.birth_date}
    before = {one: getattr(debtor, one) for one in mended}
    if mended == before or len(mended["name"] or "") > 300:  # type: ignore[arg-type]
        raise NothingToMend
    debtor.name, debtor.birth_date = mended["name"], mended["birth_date"]  # type: ignore[assignment]
    fields = sorted(one for one in mended if mended[one] != before[one])
    sealed = {"debtor_id": debtor_id, "before": before, "after": mended}
    write(session, actor, request, RequestStepKind.RECTIFIED, now=now, sealed=sealed, fields=fields)
    _tell_holders(session, request, "request.rectified", f"{debtor_id}:{now.isoformat()}", [debtor_id], now)
    return debtor


def answer(
    session: Session, actor: Actor, request_id: int, *, outcome: Outcome, document: str, now: datetime
) -> RequestAnswer:
    """Close a request with the document that answers it, kept sealed with its hash; the mark goes.

    Raises `NotIdentified`, `RequestMovedOn` or `NothingAsked`.
    """
    request = locked(session, actor, request_id, identified=True)
    if not document.strip() or len(document) > LONGEST_DOCUMENT:
        raise NothingAsked
    request.state, request.answered_at, request.answered_by = RequestState.ANSWERED, now, actor.user_id
    request.outcome = outcome
    made = RequestAnswer(
        creditor_id=request.creditor_id,
        request_id=request.id,
        sealed=keyring_of(session).seal(document, place_of_answer(request.creditor_id, request.token)),
        sha256=hashlib.sha256(document.encode()).digest(),
        made_at=now,
        made_by=actor.user_id,
    )
    session.add(made)
    session.flush()
    _unmark(session, request)
    write(session, actor, request, RequestStepKind.ANSWERED, now=now, outcome=outcome.value, sha256=made.sha256.hex())
    return made


def document_of(session: Session, request: SubjectRequest) -> tuple[str, RequestAnswer] | None:
    """The answer as it was given, opened; None where there is none."""
    made = session.get(RequestAnswer, (request.creditor_id, request.id))
    place = place_of_answer(request.creditor_id, request.token)
    return None if made is None else (keyring_of(session).open(made.sealed, place), made)


def debtors_of(session: Session, request: SubjectRequest) -> list[int]:
    """Whose data the request is about."""
    found = select(RequestDebtor.debtor_id).where(
        RequestDebtor.creditor_id == request.creditor_id, RequestDebtor.request_id == request.id
    )
    return list(session.scalars(found.order_by(RequestDebtor.debtor_id)))


def _mark(session: Session, actor: Actor, request: SubjectRequest, now: datetime) -> None:
    people = debtors_of(session, request)
    session.execute(
        update(Case)
        .where(Case.creditor_id == request.creditor_id, Case.debtor_id.in_(people), Case.claim_since.is_(None))
        .values(claim_since=now)
    )
    request.marked_at = now
    write(session, actor, request, RequestStepKind.MARKED, now=now)
    _tell_holders(session, request, "request.marked", "", people, now)


def _unmark(session: Session, request: SubjectRequest) -> None:
    """Take the mark off the cases of which no other claim is in process."""
    other = (
        exists()
        .where(
            RequestDebtor.creditor_id == Case.creditor_id,
            RequestDebtor.debtor_id == Case.debtor_id,
            SubjectRequest.creditor_id == RequestDebtor.creditor_id,
            SubjectRequest.id == RequestDebtor.request_id,
            SubjectRequest.id != request.id,
            SubjectRequest.state.in_(_OPEN),
            SubjectRequest.kind != RequestKind.ACCESS,
        )
        .correlate(Case)
    )
    own = (Case.creditor_id == request.creditor_id, Case.debtor_id.in_(debtors_of(session, request)))
    session.execute(update(Case).where(*own, ~other).values(claim_since=None))


def _tell_holders(
    session: Session, request: SubjectRequest, kind: str, key: str, people: list[int], now: datetime
) -> None:
    held = (
        select(Case.agency_id, func.count())
        .where(Case.creditor_id == request.creditor_id, Case.debtor_id.in_(people), Case.agency_id.is_not(None))
        .group_by(Case.agency_id)
    )
    for agency_id, cases in session.execute(held).all():
        if agency_id is None:
            continue
        notify(
            session,
            agency_id,
            kind,
            key=f"{kind}:{request.id}:{key}",
            permission=Permission.CASE_VIEW,
            now=now,
            about=request.creditor_id,
            cases=cases,
        )


def place_of_answer(creditor_id: int, token: str) -> Place:
    """Where the answer to a request stands."""
    return Place(creditor_id, "subject_answers", "sealed", token)
