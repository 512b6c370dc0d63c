"""What a person is not to be reached by any more, from the moment it is said: nobody sees it, asks for it or gets it.

A stop is of a way to reach the person, known by its blind index wherever it comes from later; or of every way.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.kernel.errors import Invalid, msg
from agencies.kernel.tenancy import Actor
from assignments.cases.reaching import EVERY, stops_of
from assignments.contacts import masking
from assignments.contacts.models import ContactKind, DebtorContact
from assignments.subjects import marking
from assignments.subjects.handling import lacking
from assignments.subjects.models import ContactStop, RequestKind, RequestStepKind, SubjectRequest
from assignments.subjects.service import locked, write

STOPPING = frozenset({RequestKind.OPPOSITION, RequestKind.REVOCATION})


class NothingToStop(Invalid):
    """No way to reach the people of the request, or a request that asks for something else."""

    text = msg("Choose among the ways to reach the people of this request, or all of them.")


@dataclass(frozen=True)
class Way:
    """A way to reach a person of a request, covered."""

    form: bytes
    kind: ContactKind
    covered: str
    is_stopped: bool


def ways_of(session: Session, request: SubjectRequest) -> list[Way]:
    """By what the people of a request can be reached, each thing once, covered."""
    people = marking.debtors_of(session, request)
    stops = stops_of(session, request.creditor_id, people)
    return list(
        {
            one.form: Way(one.form, one.kind, masking.contact(one.kind, one.value), (one.debtor_id, one.form) in stops)
            for one in points(session, request)
        }.values()
    )


def stop(session: Session, actor: Actor, request_id: int, forms: Collection[bytes], *, now: datetime) -> int:
    """Reach the people of a request by these no more, and tell who holds their cases; returns how many stops were new.

    `EVERY` among them stops whatever comes later too. Raises `NothingToStop`, `NotIdentified` or `RequestMovedOn`.
    """
    request, wanted = locked(session, actor, request_id, identified=True), set(forms)
    people = marking.debtors_of(session, request)
    known = {(one.debtor_id, one.form) for one in points(session, request)}
    known |= {(one, EVERY) for one in people}
    if request.kind not in STOPPING or not wanted or not wanted <= {form for _, form in known}:
        raise NothingToStop
    rows = [
        {
            "creditor_id": request.creditor_id,
            "request_id": request.id,
            "debtor_id": debtor_id,
            "form": form,
            "stopped_at": now,
            "stopped_by": actor.user_id,
        }
        for debtor_id, form in sorted(known)
        if form in wanted
    ]
    added = insert(ContactStop).values(rows).on_conflict_do_nothing().returning(ContactStop.debtor_id)
    new = session.scalars(added).all()
    if new:
        marking.tell_holders(session, request, "contact.stopped", sorted(set(new)), now=now)
    if new or lacking(session, request):
        write(session, actor, request, RequestStepKind.STOPPED, now=now, ways=len(new), all=EVERY in wanted)
    return len(new)


def points(session: Session, request: SubjectRequest) -> list[DebtorContact]:
    """Every way to reach the people of a request that is known."""
    point, people = DebtorContact, marking.debtors_of(session, request)
    rows = select(point).where(point.creditor_id == request.creditor_id, point.debtor_id.in_(people))
    return list(session.scalars(rows.order_by(point.debtor_id, point.kind.desc(), point.place)))
