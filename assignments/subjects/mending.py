"""A wrong way to reach a person is put right: the wrong one is stopped wherever it comes again, the right one added.

The number of a document is not mended here: by it a person is known in every file, so whoever bears a wrong one is
another person to the portal, whom an update or a merge of the creditor puts right.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.kernel.errors import Invalid
from agencies.kernel.sealing import keyring_of
from agencies.kernel.tenancy import Actor
from assignments.cases.models import Debtor
from assignments.cases.reaching import NewPoint, add_points, stops_of
from assignments.contacts.normalising import FAULTS, Unreadable, normal
from assignments.subjects import marking, stopping
from assignments.subjects.handling import NothingToMend
from assignments.subjects.models import ContactStop, RequestKind, RequestStepKind
from assignments.subjects.service import locked, write
from uploads.sealed import Told, index_of_contact


class WayUnreadable(Invalid):
    """What is right instead cannot be read as what it stands for; `code` is one of `FAULTS`."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self.text = FAULTS[code]  # type: ignore[misc]


def mend_way(session: Session, actor: Actor, request_id: int, *, form: bytes | None, right: str, now: datetime) -> None:
    """Put a right telephone, e-mail or address in the place of a wrong one, known by its blind index.

    Both are kept, sealed, with the request, and whoever holds the cases is told to read them anew. Raises
    `NothingToMend`, `WayUnreadable`, `NotIdentified` or `RequestMovedOn`.
    """
    request = locked(session, actor, request_id, identified=True)
    stops = stops_of(session, request.creditor_id, marking.debtors_of(session, request))
    there = [one for one in stopping.points(session, request) if (one.debtor_id, one.form) not in stops]
    wrong = [one for one in there if one.form == form]
    if request.kind is not RequestKind.RECTIFICATION or not wrong:
        raise NothingToMend
    people, kind = sorted({one.debtor_id for one in wrong}), wrong[0].kind.value
    read = {one: _read(session, request.creditor_id, one, kind, right) for one in people}
    keyring = keyring_of(session)
    forms = {one: index_of_contact(keyring, request.creditor_id, kind, told.form) for one, told in read.items()}
    if form in forms.values():
        raise NothingToMend
    stop = {"creditor_id": request.creditor_id, "request_id": request.id, "form": form}
    stopped = [{**stop, "debtor_id": one, "stopped_at": now, "stopped_by": actor.user_id} for one in people]
    session.execute(insert(ContactStop).values(stopped).on_conflict_do_nothing())
    known = {(one.debtor_id, one.form) for one in there}
    new = [NewPoint(one, kind, read[one]) for one in people if (one, forms[one]) not in known]
    add_points(session, request.creditor_id, new)
    sealed = {"debtor_ids": people, "before": {kind: wrong[0].value}, "after": {kind: read[people[0]].value}}
    write(session, actor, request, RequestStepKind.RECTIFIED, now=now, sealed=sealed, fields=[kind])
    marking.tell_holders(session, request, "request.rectified", people, now=now)


def _read(session: Session, creditor_id: int, debtor_id: int, kind: str, right: str) -> Told:
    whose = (Debtor.creditor_id == creditor_id, Debtor.id == debtor_id)
    found = normal(kind, right, session.scalars(select(Debtor.country).where(*whose)).one())
    if isinstance(found, Unreadable):
        raise WayUnreadable(found.code)
    return Told(" ".join(right.split()), found.value)
