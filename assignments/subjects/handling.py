"""What is done about a request: whose data they are, the mark on their cases, what is mended, and the answer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from agencies.kernel.errors import Conflict, Invalid, msg
from agencies.kernel.sealing import Place, keyring_of
from agencies.kernel.tenancy import Actor
from assignments.cases.models import Debtor
from assignments.subjects import lookup, marking
from assignments.subjects.models import (
    Outcome,
    RequestAnswer,
    RequestDebtor,
    RequestKind,
    RequestState,
    RequestStep,
    RequestStepKind,
    SubjectRequest,
)
from assignments.subjects.service import NothingAsked, RequestMovedOn, locked, write

LONGEST_DOCUMENT = 60_000


class NotOurs(Invalid):
    """Somebody who is not among the creditor's debtors."""

    text = msg("Choose among the people that were found.")


class NothingToMend(Invalid):
    """A rectification that changes nothing."""

    text = msg("Choose what is wrong with one of the people of this request, and write what is right instead.")


class NotDone(Conflict):
    """What is answered as granted has not been done."""

    text = msg("This cannot be answered as granted yet: %(missing)s. Do it first, or refuse with reasons.")


_NOT_STOPPED = msg("nothing by which the person is reached has been stopped")
#: What is asked -> what must have been done before it is granted, and what is said where it is missing.
NEEDED = {
    RequestKind.ACCESS: (RequestStepKind.EXPORTED, msg("the data have not been downloaded for the person")),
    RequestKind.RECTIFICATION: (RequestStepKind.RECTIFIED, msg("nothing has been mended")),
    RequestKind.ERASURE: (RequestStepKind.ERASED, msg("the data have not been erased")),
    RequestKind.OPPOSITION: (RequestStepKind.STOPPED, _NOT_STOPPED),
    RequestKind.REVOCATION: (RequestStepKind.STOPPED, _NOT_STOPPED),
}
UNMATCHED = msg("it has not been said whose data it is about")


def match(session: Session, actor: Actor, request_id: int, debtor_ids: Sequence[int], *, now: datetime) -> int:
    """Say whose data the request is about; a claim is marked on the cases of each at once. Returns how many were new.

    Raises `NotOurs` or `RequestMovedOn`.
    """
    request = locked(session, actor, request_id)
    if request.state not in marking.OPEN:
        raise RequestMovedOn
    stayed = lookup.stayed(session, request.creditor_id, debtor_ids)
    if not debtor_ids or set(stayed) != set(debtor_ids):
        raise NotOurs
    new = set(stayed.values()) - set(marking.debtors_of(session, request))
    known = {"creditor_id": request.creditor_id, "request_id": request.id, "matched_at": now}
    session.add_all(RequestDebtor(**known, debtor_id=one, matched_by=actor.user_id) for one in sorted(new))
    session.flush()
    if new:
        write(session, actor, request, RequestStepKind.MATCHED, now=now, people=len(new))
    if new and request.kind is not RequestKind.ACCESS:
        marking.mark(session, request, sorted(new), now=now)
        write(session, actor, request, RequestStepKind.MARKED, now=now)
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
    if debtor is None or debtor_id not in marking.debtors_of(session, request):
        raise NothingToMend
    mended = {"name": (name or "").strip() or debtor.name, "birth_date": birth_date or debtor.birth_date}
    before = {one: getattr(debtor, one) for one in mended}
    if mended == before or len(mended["name"] or "") > 300:  # type: ignore[arg-type]
        raise NothingToMend
    debtor.name, debtor.birth_date = mended["name"], mended["birth_date"]  # type: ignore[assignment]
    fields = sorted(one for one in mended if mended[one] != before[one])
    sealed = {"debtor_id": debtor_id, "before": before, "after": mended}
    write(session, actor, request, RequestStepKind.RECTIFIED, now=now, sealed=sealed, fields=fields)
    marking.tell_holders(session, request, "request.rectified", [debtor_id], now=now)
    return debtor


def answer(
    session: Session, actor: Actor, request_id: int, *, outcome: Outcome, document: str, now: datetime
) -> RequestAnswer:
    """Close a request with the document that answers it, kept sealed with its hash; the mark goes.

    Raises `NotIdentified`, `RequestMovedOn`, `NothingAsked` or `NotDone`.
    """
    request = locked(session, actor, request_id, identified=True)
    if not document.strip() or len(document) > LONGEST_DOCUMENT:
        raise NothingAsked
    missing = None if outcome is Outcome.REFUSED else lacking(session, request)
    if missing is not None:
        raise NotDone(missing=(missing,))
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
    marking.unmark(session, request, now=now)
    write(session, actor, request, RequestStepKind.ANSWERED, now=now, outcome=outcome.value, sha256=made.sha256.hex())
    return made


def lacking(session: Session, request: SubjectRequest) -> str | None:
    """What is missing before a request can be granted, if anything: what was done before its last match is no answer.

    Of a rectification the person who was mended is enough.
    """
    if not marking.debtors_of(session, request):
        return UNMATCHED
    needed, words = NEEDED[request.kind]
    own = (RequestStep.creditor_id == request.creditor_id, RequestStep.request_id == request.id)
    last = dict(
        session.execute(select(RequestStep.kind, func.max(RequestStep.id)).where(*own).group_by(RequestStep.kind)).all()
    )
    since = 0 if needed is RequestStepKind.RECTIFIED else last.get(RequestStepKind.MATCHED, 0)
    return None if last.get(needed, 0) > since else words


def document_of(session: Session, request: SubjectRequest) -> tuple[str, RequestAnswer] | None:
    """The answer as it was given, opened; None where there is none."""
    made = session.get(RequestAnswer, (request.creditor_id, request.id))
    place = place_of_answer(request.creditor_id, request.token)
    return None if made is None else (keyring_of(session).open(made.sealed, place), made)


def place_of_answer(creditor_id: int, token: str) -> Place:
    """Where the answer to a request stands."""
    return Place(creditor_id, "subject_answers", "sealed", token)
