"""Erasure: a debtor becomes a number among the books, and a keyed tombstone remembers that it is to stay so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import exists, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.kernel.errors import Conflict, Invalid, msg
from agencies.kernel.sealing import keyring_of
from agencies.kernel.tenancy import Actor, Side, require_side
from assignments.cases.models import Case, CaseState, Debtor, Portfolio
from assignments.locates.models import LocateOrder
from assignments.placements.models import Placement
from assignments.subjects import holds, tombstones
from assignments.subjects.handling import lacking
from assignments.subjects.marking import debtors_of
from assignments.subjects.models import Erasure, RequestKind, RequestStepKind
from assignments.subjects.service import locked, write
from uploads.models import Upload


class Obstacle(StrEnum):
    """Why a person is not erased now."""

    LEGAL_HOLD = "legal_hold"
    LIVE_DEBT = "live_debt"
    WITH_AN_AGENCY = "with_an_agency"
    BEING_LOCATED = "being_located"


class ErasureRefused(Conflict):
    """A legal or contractual duty to keep the data stands against it."""

    text = msg("These data cannot be erased now: %(reasons)s. Answer the request with these reasons.")


class NobodyToErase(Invalid):
    """A request to erase that was not matched, or asks for something else."""

    text = msg("This is no request for erasure, or it is not yet said whose data it is about.")


OBSTACLES = {
    Obstacle.LEGAL_HOLD: msg("a legal hold is in force"),
    Obstacle.LIVE_DEBT: msg("a debt is still owed"),
    Obstacle.WITH_AN_AGENCY: msg("a case is with an agency"),
    Obstacle.BEING_LOCATED: msg("a locate order is open"),
}


@dataclass(frozen=True)
class HeldFile:
    """A file as it was sent that holds the person's row; its bytes are kept apart and go with the file."""

    filename: str
    line: int
    purged_at: datetime | None


def obstacles(session: Session, actor: Actor, debtor_id: int, *, now: datetime) -> list[Obstacle]:
    """What stands against erasing a debtor, of all that can."""
    creditor_id = require_side(actor, Side.CREDITOR)
    own_cases = select(Case.id).where(Case.creditor_id == creditor_id, Case.debtor_id == debtor_id)
    owed = (Case.creditor_id == creditor_id, Case.debtor_id == debtor_id)
    found = []
    if holds.holds_of(session, actor, debtor_id, now=now):
        found.append(Obstacle.LEGAL_HOLD)
    if session.scalar(select(exists().where(*owed, Case.balance_minor > 0, Case.state != CaseState.CLOSED))):
        found.append(Obstacle.LIVE_DEBT)
    placed = (Placement.creditor_id == creditor_id, Placement.case_id.in_(own_cases), Placement.ended_at.is_(None))
    if session.scalar(select(exists().where(*placed))):
        found.append(Obstacle.WITH_AN_AGENCY)
    ordered = (LocateOrder.creditor_id == creditor_id, LocateOrder.debtor_id == debtor_id)
    if session.scalar(select(exists().where(*ordered, LocateOrder.closed_at.is_(None)))):
        found.append(Obstacle.BEING_LOCATED)
    return found


def erase(session: Session, actor: Actor, request_id: int, *, now: datetime) -> int:
    """Erase everybody a request is about, or nobody; returns how many. Again it changes nothing.

    Raises `ErasureRefused` with every reason, `NobodyToErase`, `NotIdentified` or `RequestMovedOn`.
    """
    request = locked(session, actor, request_id, identified=True)
    people = debtors_of(session, request)
    if request.kind is not RequestKind.ERASURE or not people:
        raise NobodyToErase
    # Whoever places waits, and nobody hands a case out meanwhile.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("placing", request.creditor_id))))
    reasons = {one for debtor_id in people for one in obstacles(session, actor, debtor_id, now=now)}
    if reasons:
        raise ErasureRefused(reasons=tuple(OBSTACLES[one] for one in Obstacle if one in reasons))
    done = set(
        session.scalars(
            select(Erasure.debtor_id).where(Erasure.creditor_id == request.creditor_id, Erasure.debtor_id.in_(people))
        )
    )
    files = [len(files_with(session, actor, debtor_id)) for debtor_id in people]
    for debtor_id in people:
        if debtor_id not in done:
            bury(session, actor, debtor_id, request_id=request.id, now=now)
    fresh = len(set(people) - done)
    # Whoever was erased for an earlier request is erased for this one too.
    if fresh or lacking(session, request):
        write(session, actor, request, RequestStepKind.ERASED, now=now, people=fresh, files=sum(files))
    return fresh


def bury(session: Session, actor: Actor, debtor_id: int, *, request_id: int | None, now: datetime) -> None:
    """Write the tombstones of a debtor and of those that were put together with it, then take the data away."""
    creditor_id, keyring = require_side(actor, Side.CREDITOR), keyring_of(session)
    of_person = or_(Debtor.id == debtor_id, Debtor.merged_into == debtor_id)
    rows = session.execute(select(Debtor.id, Debtor.identity).where(Debtor.creditor_id == creditor_id, of_person)).all()
    marks = [
        {
            "creditor_id": creditor_id,
            "mark": tombstones.mark_of(keyring, creditor_id, identity),
            "debtor_id": number,
            "request_id": request_id,
            "erased_at": now,
            "erased_by": actor.user_id,
        }
        for number, identity in rows
    ]
    session.execute(insert(Erasure).values(marks).on_conflict_do_nothing())
    for number, _identity in rows:
        forget(session, creditor_id, number)
    session.expire_all()


def forget(session: Session, creditor_id: int, debtor_id: int) -> None:
    """Take away, as the owner does, whatever names or reaches a debtor that has a tombstone; amounts stay."""
    session.flush()
    known = {"creditor": creditor_id, "debtor": debtor_id}
    session.execute(text("select erase_debtor(:creditor, :debtor)"), known)
    # A note is somebody's own words, and may name people.
    session.execute(text("update flags set note = null where creditor_id = :creditor and debtor_id = :debtor"), known)


def files_with(session: Session, actor: Actor, debtor_id: int) -> list[HeldFile]:
    """The files as they were sent in which the debtor's rows stand."""
    creditor_id = require_side(actor, Side.CREDITOR)
    rows = session.execute(
        select(Upload.filename, Case.line, Upload.purged_at)
        .join(Portfolio, (Portfolio.creditor_id == Upload.organisation_id) & (Portfolio.upload_id == Upload.id))
        .join(Case, (Case.creditor_id == Portfolio.creditor_id) & (Case.portfolio_id == Portfolio.id))
        .where(Upload.organisation_id == creditor_id, Case.debtor_id == debtor_id)
        .order_by(Upload.id, Case.line)
    )
    return [HeldFile(*row) for row in rows]
