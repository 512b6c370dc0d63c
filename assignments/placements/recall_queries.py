"""Recalls and returned cases as the two sides see them, in pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, func, select, tuple_
from sqlalchemy.orm import Session, aliased

from agencies.kernel.clock import local_date
from agencies.kernel.errors import NotFound
from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor, owned_by, require
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.cases.models import Case, CaseState, ReturnCode
from assignments.placements.models import Placement, Recall, RecallState, Return
from assignments.placements.recall_rules import RecallGoesOn


@dataclass(frozen=True)
class RecallRow:
    """A recall with the names of its sides."""

    recall: Recall
    creditor_name: str
    agency_name: str
    time_zone: str

    @property
    def ended_on(self) -> date | None:
        """The day on which the cases came back, where the creditor is."""
        return local_date(self.recall.ended_at, self.time_zone) if self.recall.ended_at else None


@dataclass(frozen=True)
class ReturnRow:
    """One case that was given back, and how its case stands now; an agency sees that no more."""

    creditor_id: int
    creditor_name: str
    agency_id: int
    agency_name: str
    placement_id: int
    case_id: int
    account_ref: str
    code: ReturnCode
    note: str | None
    #: The day on which the agency says it closed the case, where a file said so.
    stated_on: date | None
    returned_at: datetime
    tail_until: date | None
    case_state: CaseState | None


def list_recalls(
    session: Session, actor: Actor, *, states: Sequence[RecallState] = (), after: int | None = None
) -> Page[RecallRow]:
    """The creditor's recalls, or those made to the agency, newest first."""
    require(actor, Permission.PLACEMENT_VIEW)
    statement = _recalls(actor)
    if states:
        statement = statement.where(Recall.state.in_(states))
    if after is not None:
        statement = statement.where(Recall.id < after)
    rows = session.execute(statement.order_by(Recall.id.desc()).limit(PAGE + 1)).all()
    return cut([RecallRow(*row) for row in rows], PAGE, lambda row: row.recall.id)


def get_recall(session: Session, actor: Actor, recall_id: int) -> RecallRow:
    """One recall of the actor's organisation; raises `NotFound`."""
    require(actor, Permission.PLACEMENT_VIEW)
    row = session.execute(_recalls(actor).where(Recall.id == recall_id)).one_or_none()
    if row is None:
        raise NotFound
    return RecallRow(*row)


def recalls_of_upload(session: Session, actor: Actor, upload_id: int) -> list[RecallRow]:
    """The recalls that a creditor's list became."""
    require(actor, Permission.PLACEMENT_VIEW)
    rows = session.execute(_recalls(actor).where(Recall.upload_id == upload_id).order_by(Recall.id)).all()
    return [RecallRow(*row) for row in rows]


def ended_recall(session: Session, actor: Actor, recall_id: int) -> RecallRow:
    """One recall whose cases are back, for what only follows then; raises `NotFound` and `RecallGoesOn`."""
    row = get_recall(session, actor, recall_id)
    if row.recall.state not in {RecallState.ENDED, RecallState.CLOSED}:
        raise RecallGoesOn
    return row


def last_day_of_tail(session: Session, actor: Actor, recall_id: int) -> date | None:
    """The last day on which a payment on a case of this recall still earns a commission; none while none has ended."""
    require(actor, Permission.PLACEMENT_VIEW)
    return session.scalar(
        select(func.max(Placement.tail_until)).where(
            owned_by(actor, Placement.creditor_id, Placement.agency_id), Placement.recall_id == recall_id
        )
    )


def list_returns(
    session: Session,
    actor: Actor,
    *,
    code: ReturnCode | None = None,
    state: CaseState | None = None,
    after: tuple[int, int] | None = None,
) -> Page[ReturnRow]:
    """Cases that came back to the creditor, or that the agency gave back, the latest placement first."""
    require(actor, Permission.PLACEMENT_VIEW)
    key = (Return.placement_id, Return.creditor_id)
    statement: Select[*tuple[Any, ...]] = (
        select(
            Return.creditor_id,
            _creditor.name,
            Return.agency_id,
            _agency.name,
            Return.placement_id,
            Return.case_id,
            Placement.account_ref,
            Return.code,
            Return.note,
            Return.stated_on,
            Return.returned_at,
            Placement.tail_until,
            Case.state,
        )
        .join(
            Placement,
            and_(
                Placement.creditor_id == Return.creditor_id,
                Placement.agency_id == Return.agency_id,
                Placement.id == Return.placement_id,
            ),
        )
        .join(_creditor, _creditor.id == Return.creditor_id)
        .join(_agency, _agency.id == Return.agency_id)
        .outerjoin(Case, and_(Case.creditor_id == Return.creditor_id, Case.id == Return.case_id))
        .where(owned_by(actor, Return.creditor_id, Return.agency_id))
    )
    if code is not None:
        statement = statement.where(Return.code == code)
    if state is not None:
        statement = statement.where(Case.state == state)
    if after is not None:
        statement = statement.where(tuple_(*key) < after)
    rows = session.execute(statement.order_by(*(column.desc() for column in key)).limit(PAGE + 1)).all()
    return cut([ReturnRow(*row) for row in rows], PAGE, lambda row: (row.placement_id, row.creditor_id))


_creditor = aliased(Organisation)
_agency = aliased(Organisation)


def _recalls(actor: Actor) -> Select[Recall, str, str, str]:
    return (
        select(Recall, _creditor.name, _agency.name, _creditor.time_zone)
        .join(_creditor, _creditor.id == Recall.creditor_id)
        .join(_agency, _agency.id == Recall.agency_id)
        .where(owned_by(actor, Recall.creditor_id, Recall.agency_id))
    )
