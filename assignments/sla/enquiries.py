"""An agency asks its creditor about a case it holds, the creditor answers; meanwhile the case's clock stands still."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from agencies.kernel import audit
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.notices import notify
from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor, Side, owned_by, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.placements.models import Placement
from assignments.reports.locking import hold_placement
from assignments.sla.models import Enquiry, EnquirySubject
from assignments.sla.service import move_clock

LONGEST = 2_000

_creditor = aliased(Organisation)
_agency = aliased(Organisation)


class AlreadyAsked(Conflict):
    """The creditor owes an answer on this case."""

    text = msg("There is already an open question on this case. Wait for its answer.")


class AlreadyAnswered(Conflict):
    """The question has its answer."""

    text = msg("This question has been answered already.")


class NothingSaid(Invalid):
    """A question, or an answer, of no words."""

    text = msg("Write something, with up to 2,000 characters.")


@dataclass(frozen=True)
class EnquiryRow:
    """A question with its answer, and the names around it."""

    id: int
    case_id: int
    account_ref: str
    creditor_id: int
    creditor_name: str
    agency_id: int
    agency_name: str
    subject: EnquirySubject
    question: str
    asked_at: datetime
    answer: str | None
    answered_at: datetime | None
    #: Whether the agency still holds the case.
    is_held: bool


def ask(
    session: Session, actor: Actor, case_id: int, *, subject: EnquirySubject, question: str, now: datetime
) -> Enquiry:
    """Ask the creditor about a case the agency holds; raises `NotFound`, `AlreadyAsked` or `NothingSaid`."""
    require(actor, Permission.ENQUIRY_ASK)
    agency_id = require_side(actor, Side.AGENCY)
    placement = hold_placement(session, agency_id, case_id)
    if session.scalar(
        select(Enquiry.id).where(
            Enquiry.agency_id == agency_id, Enquiry.placement_id == placement.id, Enquiry.answered_at.is_(None)
        )
    ):
        raise AlreadyAsked
    enquiry = Enquiry(
        creditor_id=placement.creditor_id,
        agency_id=agency_id,
        case_id=case_id,
        placement_id=placement.id,
        subject=subject,
        question=_said(question),
        asked_at=now,
        asked_by=actor.user_id,
    )
    session.add(enquiry)
    session.flush()
    move_clock(session, placement)
    _tell(session, actor, enquiry, "enquiry.asked", enquiry.creditor_id, Permission.ENQUIRY_ANSWER, now)
    return enquiry


def answer(session: Session, actor: Actor, enquiry_id: int, *, text: str, now: datetime) -> Enquiry:
    """Answer a question; the case's clock runs again. Raises `NotFound`, `AlreadyAnswered` or `NothingSaid`."""
    require(actor, Permission.ENQUIRY_ANSWER)
    creditor_id = require_side(actor, Side.CREDITOR)
    enquiry = session.scalar(
        select(Enquiry)
        .where(Enquiry.creditor_id == creditor_id, Enquiry.id == enquiry_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if enquiry is None:
        raise NotFound
    if enquiry.answered_at is not None:
        raise AlreadyAnswered
    enquiry.answer, enquiry.answered_at, enquiry.answered_by = _said(text), now, actor.user_id
    session.flush()
    move_clock(session, session.get_one(Placement, (creditor_id, enquiry.agency_id, enquiry.placement_id)))
    _tell(session, actor, enquiry, "enquiry.answered", enquiry.agency_id, Permission.ENQUIRY_ASK, now)
    return enquiry


def list_enquiries(
    session: Session,
    actor: Actor,
    *,
    is_open: bool | None = None,
    case_id: int | None = None,
    after: int | None = None,
    limit: int = PAGE,
) -> Page[EnquiryRow]:
    """Questions of the actor's organisation, the latest first: all, the open ones, the answered ones, or of a case.

    Open is what waits for an answer while the agency still holds the case.
    """
    _may_see(actor)
    statement = _enquiries(actor).order_by(Enquiry.id.desc()).limit(limit + 1)
    if is_open is not None:
        waits = and_(Enquiry.answered_at.is_(None), Placement.ended_at.is_(None))
        statement = statement.where(waits if is_open else Enquiry.answered_at.is_not(None))
    if case_id is not None:
        statement = statement.where(Enquiry.case_id == case_id)
    if after is not None:
        statement = statement.where(Enquiry.id < after)
    rows = [EnquiryRow(**row._asdict()) for row in session.execute(statement)]
    return cut(rows, limit, lambda row: row.id)


def get_enquiry(session: Session, actor: Actor, enquiry_id: int) -> EnquiryRow:
    """One question of the actor's organisation; raises `NotFound`."""
    _may_see(actor)
    row = session.execute(_enquiries(actor).where(Enquiry.id == enquiry_id)).one_or_none()
    if row is None:
        raise NotFound
    return EnquiryRow(**row._asdict())


def count_open(session: Session, actor: Actor) -> int:
    """How many questions wait for an answer."""
    _may_see(actor)
    return session.scalar(select(func.count()).select_from(Enquiry).where(open_enquiries(actor))) or 0


def open_enquiries(actor: Actor) -> ColumnElement[bool]:
    """What waits for an answer, on cases the agency still holds: a condition on the actor's enquiries."""
    held = exists().where(_of_placement(), Placement.ended_at.is_(None)).correlate(Enquiry)
    return and_(owned_by(actor, Enquiry.creditor_id, Enquiry.agency_id), Enquiry.answered_at.is_(None), held)


def _may_see(actor: Actor) -> None:
    if not actor.may(Permission.CASE_VIEW):
        require(actor, Permission.ENQUIRY_ANSWER)


def _enquiries(actor: Actor) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Enquiry.id,
            Enquiry.case_id,
            Placement.account_ref,
            Enquiry.creditor_id,
            _creditor.name.label("creditor_name"),
            Enquiry.agency_id,
            _agency.name.label("agency_name"),
            Enquiry.subject,
            Enquiry.question,
            Enquiry.asked_at,
            Enquiry.answer,
            Enquiry.answered_at,
            Placement.ended_at.is_(None).label("is_held"),
        )
        .join(Placement, _of_placement())
        .join(_creditor, _creditor.id == Enquiry.creditor_id)
        .join(_agency, _agency.id == Enquiry.agency_id)
        .where(owned_by(actor, Enquiry.creditor_id, Enquiry.agency_id))
    )


def _of_placement() -> Any:
    return and_(
        Placement.creditor_id == Enquiry.creditor_id,
        Placement.agency_id == Enquiry.agency_id,
        Placement.id == Enquiry.placement_id,
    )


def _said(text: str) -> str:
    said = text.strip()
    if not said or len(said) > LONGEST:
        raise NothingSaid
    return said


def _tell(
    session: Session, actor: Actor, enquiry: Enquiry, action: str, receiver: int, permission: Permission, now: datetime
) -> None:
    audit.record(
        session,
        actor,
        action,
        now=now,
        organisations=[enquiry.creditor_id, enquiry.agency_id],
        enquiry_id=enquiry.id,
        case_id=enquiry.case_id,
    )
    notify(
        session,
        receiver,
        action,
        key=f"enquiry:{enquiry.id}:{action}",
        permission=permission,
        now=now,
        enquiry_id=enquiry.id,
        case_id=enquiry.case_id,
    )
