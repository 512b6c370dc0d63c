"""What waits for a person today: small counts over files, placements and reports, each for whom it concerns.

They say where to look, not how much there is: each is cut at `MANY`, so that a home page costs little on a large book.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, case, exists, func, literal, select, tuple_
from sqlalchemy.orm import Session

from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor, Side, require
from agencies.kernel.work import Work, WorkState
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.cases.models import Case, CaseState
from assignments.conduct.listing import recently_broken
from assignments.incidents.models import Incident, IncidentState
from assignments.locates.models import Finding, FindingState, LocateBatch, LocateOrder, OrderState
from assignments.marketplace.models import Bid, BidState, Lot, LotOffer, LotState
from assignments.matches.models import DebtorMatch, MatchState
from assignments.placements.models import Consignment, Placement, PlacementState, Recall, RecallState, Wave, WaveState
from assignments.reports.models import Report
from assignments.reports.queries import due_soon
from assignments.sla.enquiries import open_enquiries
from assignments.subjects.models import RequestState, SubjectRequest
from uploads.models import Upload, UploadState
from uploads.queries import work_failed

MANY = 10_000
#: What a person is to be answered within this time is due soon.
_SOON = timedelta(days=5)
#: Cases of which nothing was reported so long after they were taken on; older ones are told by their mandate's terms.
_IDLE, _WATCHED = timedelta(days=7), timedelta(days=180)


@dataclass(frozen=True)
class Waiting:
    """One kind of thing that waits, and how many of it; `MANY` stands for that many or more."""

    kind: str
    count: int


@dataclass(frozen=True)
class WorkRow:
    """One piece of work that is not done; of whose data it tells nothing but the organisation."""

    id: int
    organisation: str
    kind: str
    state: WorkState
    attempt: int
    done: int
    total: int
    error: str | None
    created_at: datetime


@dataclass(frozen=True)
class _Counter:
    permissions: tuple[Permission, ...]
    sides: tuple[Side, ...]
    rows: Callable[[Actor, datetime], Select[Any]]


def list_waiting(session: Session, actor: Actor, *, now: datetime) -> list[Waiting]:
    """What waits for this actor, in the order of urgency; what nobody waits for has a count of nought."""
    counters = {
        kind: _counted(counter.rows(actor, now))
        for kind, counter in _COUNTERS.items()
        if actor.side in counter.sides and any(actor.may(one) for one in counter.permissions)
    }
    if not counters:
        return []
    # One statement for all, for each alone would cost a round trip.
    counts = session.execute(select(*counters.values())).one()
    return [Waiting(kind, count) for kind, count in zip(counters, counts, strict=True)]


def list_work(session: Session, actor: Actor, *, after: tuple[int, int] | None = None) -> Page[WorkRow]:
    """Everybody's work that is not done, for whoever watches the machinery: what failed first, then the newest."""
    require(actor, Permission.WORK_VIEW_ALL)
    urgency = case((Work.state == WorkState.FAILED, 1), else_=0)
    statement = (
        select(
            Work.id,
            Organisation.name,
            Work.kind,
            Work.state,
            Work.attempt,
            Work.done,
            Work.total,
            Work.error,
            Work.created_at,
        )
        .join(Organisation, Organisation.id == Work.organisation_id)
        .where(Work.state != WorkState.DONE)
        .order_by(urgency.desc(), Work.id.desc())
        .limit(PAGE + 1)
    )
    if after is not None:
        statement = statement.where(tuple_(urgency, Work.id) < after)
    rows = [WorkRow(*row) for row in session.execute(statement)]
    return cut(rows, PAGE, lambda row: (int(row.state is WorkState.FAILED), row.id))


def _counted(rows: Select[Any]) -> ScalarSelect[int]:
    return select(func.count()).select_from(rows.limit(MANY).subquery()).scalar_subquery()


def _one(*conditions: ColumnElement[bool]) -> Select[Any]:
    return select(literal(1)).where(*conditions)


def _mine(actor: Actor, table: type[Consignment | Recall | Report]) -> ColumnElement[bool]:
    column = table.creditor_id if actor.side is Side.CREDITOR else table.agency_id
    return column == actor.tenant


def _files(state: UploadState) -> Callable[[Actor, datetime], Select[Any]]:
    return lambda actor, _now: _one(Upload.organisation_id == actor.tenant, Upload.state == state)


def _failed_work(actor: Actor, _now: datetime) -> Select[Any]:
    if actor.side is Side.PLATFORM:
        return _one(Work.state == WorkState.FAILED)
    return _one(Upload.organisation_id == actor.tenant, work_failed())


def _late_reports(actor: Actor, now: datetime) -> Select[Any]:
    return _one(_mine(actor, Report), Report.submitted_at.is_(None), Report.due_at < now)


def _due_reports(actor: Actor, now: datetime) -> Select[Any]:
    return _one(_mine(actor, Report), due_soon(now))


def _unacknowledged(actor: Actor, _now: datetime) -> Select[Any]:
    return _one(_mine(actor, Consignment), Consignment.state == PlacementState.SENT)


def _recalls(*states: RecallState, is_open: bool = False) -> Callable[[Actor, datetime], Select[Any]]:
    unanswered = (Recall.answer.is_(None),) if is_open else ()
    return lambda actor, _now: _one(_mine(actor, Recall), Recall.state.in_(states), *unanswered)


def _on_hold(actor: Actor, _now: datetime) -> Select[Any]:
    return _one(Case.creditor_id == actor.tenant, Case.state == CaseState.ON_HOLD, Case.return_code.is_not(None))


def _held_by_creditor(actor: Actor, _now: datetime) -> Select[Any]:
    # One that was given back as well stands among those: its list is where something can be done about it.
    return _one(Case.creditor_id == actor.tenant, Case.state == CaseState.ON_HOLD, Case.return_code.is_(None))


def _not_downloaded(actor: Actor, _now: datetime) -> Select[Any]:
    return _one(
        _mine(actor, Consignment),
        Consignment.state == PlacementState.ACKNOWLEDGED,
        Consignment.manifest_downloaded_at.is_(None),
    )


def _idle(actor: Actor, now: datetime) -> Select[Any]:
    placed = and_(
        Placement.creditor_id == Consignment.creditor_id,
        Placement.agency_id == Consignment.agency_id,
        Placement.consignment_id == Consignment.id,
    )
    begun = and_(Consignment.acknowledged_at > now - _WATCHED, Consignment.acknowledged_at <= now - _IDLE)
    is_idle = Placement.state == PlacementState.ACKNOWLEDGED
    return select(literal(1)).join_from(Consignment, Placement, placed).where(_mine(actor, Consignment), begun, is_idle)


def _open_enquiries(actor: Actor, _now: datetime) -> Select[Any]:
    return select(literal(1)).where(open_enquiries(actor))


def _locates_sent(actor: Actor, _now: datetime) -> Select[Any]:
    return _one(LocateBatch.agency_id == actor.tenant, LocateBatch.state == OrderState.SENT)


def _people_to_find(actor: Actor, _now: datetime) -> Select[Any]:
    return _one(LocateOrder.agency_id == actor.tenant, LocateOrder.state == OrderState.ACKNOWLEDGED)


def _debtors_to_compare(actor: Actor, _now: datetime) -> Select[Any]:
    return select(DebtorMatch.id).where(
        DebtorMatch.creditor_id == actor.tenant, DebtorMatch.state == MatchState.PROPOSED
    )


def _findings_to_verify(actor: Actor, _now: datetime) -> Select[Any]:
    return _one(Finding.creditor_id == actor.tenant, Finding.state == FindingState.SUBMITTED, Finding.grade.is_(None))


def _incidents(actor: Actor, _now: datetime) -> Select[Any]:
    return _one(
        Incident.creditor_id == actor.tenant,
        Incident.state.in_((IncidentState.REPORTED, IncidentState.ASSESSED)),
    )


def _requests(actor: Actor, now: datetime, *, is_late: bool) -> Select[Any]:
    request = SubjectRequest
    due = request.due_at < now if is_late else and_(request.due_at >= now, request.due_at < now + _SOON)
    is_open = request.state.in_((RequestState.RECEIVED, RequestState.IDENTIFIED))
    return _one(request.creditor_id == actor.tenant, is_open, due)


def _drafts(actor: Actor, _now: datetime) -> Select[Any]:
    return _one(Wave.creditor_id == actor.tenant, Wave.state == WaveState.DRAFT)


def _lots(state: LotState) -> Callable[[Actor, datetime], Select[Any]]:
    return lambda actor, _now: _one(Lot.creditor_id == actor.tenant, Lot.state == state)


def _lots_to_bid(actor: Actor, now: datetime) -> Select[Any]:
    has_bid = exists().where(
        Bid.creditor_id == LotOffer.creditor_id,
        Bid.agency_id == LotOffer.agency_id,
        Bid.lot_id == LotOffer.lot_id,
        Bid.state == BidState.SUBMITTED,
    )
    is_open = and_(LotOffer.state == LotState.LISTED, LotOffer.bids_until > now)
    return _one(LotOffer.agency_id == actor.tenant, is_open, ~has_bid)


def _unplaced(actor: Actor, _now: datetime) -> Select[Any]:
    return _one(Case.creditor_id == actor.tenant, Case.state == CaseState.OPEN)


def _held(actor: Actor, _now: datetime) -> Select[Any]:
    return _one(Case.agency_id == actor.tenant)


def _violations(actor: Actor, now: datetime) -> Select[Any]:
    return _one(recently_broken(actor, now))


_P = Permission
_CREDITOR, _AGENCY, _PLATFORM = (Side.CREDITOR,), (Side.AGENCY,), (Side.PLATFORM,)
_TENANTS = (Side.CREDITOR, Side.AGENCY)
_SENDS_FILES = (_P.PORTFOLIO_UPLOAD, _P.REPORT_SUBMIT)

_COUNTERS: dict[str, _Counter] = {
    "work_failed": _Counter((*_SENDS_FILES, _P.WORK_VIEW_ALL), (*_TENANTS, *_PLATFORM), _failed_work),
    "incidents_open": _Counter((_P.INCIDENT_HANDLE,), _CREDITOR, _incidents),
    "requests_late": _Counter((_P.REQUEST_HANDLE,), _CREDITOR, partial(_requests, is_late=True)),
    "requests_due": _Counter((_P.REQUEST_HANDLE,), _CREDITOR, partial(_requests, is_late=False)),
    "reports_late": _Counter((_P.REPORT_VIEW,), _TENANTS, _late_reports),
    "to_acknowledge": _Counter((_P.PLACEMENT_ACKNOWLEDGE,), _AGENCY, _unacknowledged),
    "recalls_to_answer": _Counter(
        (_P.RECALL_ANSWER,), _AGENCY, _recalls(RecallState.PENDING, RecallState.ENDED, is_open=True)
    ),
    "objections": _Counter((_P.RECALL_MAKE,), _CREDITOR, _recalls(RecallState.OBJECTED)),
    "to_download": _Counter((_P.MANIFEST_DOWNLOAD,), _AGENCY, _not_downloaded),
    "violations": _Counter((_P.CONDUCT_VIEW,), _TENANTS, _violations),
    "files_to_map": _Counter(_SENDS_FILES, _TENANTS, _files(UploadState.RECEIVED)),
    "files_to_decide": _Counter(_SENDS_FILES, _TENANTS, _files(UploadState.CHECKED)),
    "idle": _Counter((_P.RECALL_MAKE, _P.RECALL_ANSWER), _TENANTS, _idle),
    "reports_due": _Counter((_P.REPORT_VIEW,), _TENANTS, _due_reports),
    "enquiries_open": _Counter((_P.ENQUIRY_ANSWER, _P.ENQUIRY_ASK), _TENANTS, _open_enquiries),
    "lots_to_decide": _Counter((_P.LOT_AWARD,), _CREDITOR, _lots(LotState.CLOSED)),
    "lot_drafts": _Counter((_P.LOT_OFFER,), _CREDITOR, _lots(LotState.DRAFT)),
    "lots_to_bid": _Counter((_P.BID_SUBMIT,), _AGENCY, _lots_to_bid),
    "locates_to_acknowledge": _Counter((_P.PLACEMENT_ACKNOWLEDGE,), _AGENCY, _locates_sent),
    "people_to_find": _Counter((_P.LOCATE_WORK,), _AGENCY, _people_to_find),
    "findings_to_verify": _Counter((_P.LOCATE_VERIFY,), _CREDITOR, _findings_to_verify),
    "debtors_to_compare": _Counter((_P.PORTFOLIO_UPLOAD,), _CREDITOR, _debtors_to_compare),
    "recalls_to_close": _Counter((_P.RECALL_MAKE,), _CREDITOR, _recalls(RecallState.ENDED)),
    "on_hold": _Counter((_P.PLACEMENT_PLAN,), _CREDITOR, _on_hold),
    "held_by_creditor": _Counter((_P.CASE_VIEW,), _CREDITOR, _held_by_creditor),
    "drafts": _Counter((_P.PLACEMENT_PLAN,), _CREDITOR, _drafts),
    "not_acknowledged": _Counter((_P.PLACEMENT_VIEW,), _CREDITOR, _unacknowledged),
    "unplaced": _Counter((_P.PLACEMENT_PLAN,), _CREDITOR, _unplaced),
    "held": _Counter((_P.CASE_VIEW,), _AGENCY, _held),
}
