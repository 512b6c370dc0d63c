"""What waits for a person today, over files, placements and reports: each kind counted for whom it concerns.

A count says where to look, not how much there is: each is cut at `MANY`, so that a home page costs little on a large
book. The single things behind the counts are listed by `assignments.tasks`, from the same statements.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, Text, and_, case, cast, exists, func, select
from sqlalchemy.orm import Session, aliased

from agencies.kernel.tenancy import Actor, Side
from agencies.kernel.work import Work, WorkState
from agencies.mandates.models import Clause, SlaClause
from agencies.organisations.permissions import Permission
from assignments import offers
from assignments.cases.models import Case, CaseState
from assignments.conduct.listing import recently_broken
from assignments.flags.models import Flag
from assignments.flags.queries import to_confirm
from assignments.houses import PATIENT, URGENT
from assignments.incidents.models import Incident, IncidentState
from assignments.manifests.models import Manifest
from assignments.marketplace.models import LotState
from assignments.matches.models import DebtorMatch, MatchState
from assignments.placements.models import Consignment, Placement, PlacementState, Recall, RecallState, Wave, WaveState
from assignments.reports.models import Report
from assignments.reports.queries import due_soon
from assignments.sla.enquiries import open_enquiries
from assignments.sla.models import Enquiry
from assignments.subjects.models import RequestState, SubjectRequest
from assignments.things import Counter, beginning_of, stock, thing
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


def list_waiting(session: Session, actor: Actor, *, now: datetime) -> list[Waiting]:
    """What waits for this actor, in the order of urgency; what nobody waits for has a count of nought."""
    counters = {kind: _counted(counter.rows(actor, now)) for kind, counter in COUNTERS.items() if counter.is_for(actor)}
    if not counters:
        return []
    # One statement for all, for each alone would cost a round trip.
    counts = session.execute(select(*counters.values())).one()
    return [Waiting(kind, count) for kind, count in zip(counters, counts, strict=True)]


def _counted(rows: Select[Any]) -> ScalarSelect[int]:
    return select(func.count()).select_from(rows.limit(MANY).subquery()).scalar_subquery()


def _mine(actor: Actor, table: type[Consignment | Recall | Report | Enquiry]) -> ColumnElement[bool]:
    column = table.creditor_id if actor.side is Side.CREDITOR else table.agency_id
    return column == actor.tenant


def _other(actor: Actor, table: type[Consignment | Recall | Report | Enquiry]) -> Any:
    return table.agency_id if actor.side is Side.CREDITOR else table.creditor_id


def _promised(table: type[Consignment | Recall], clause: Clause) -> ScalarSelect[int]:
    """Business hours within which the terms promise an answer."""
    return (
        select(SlaClause.hours)
        .where(
            SlaClause.creditor_id == table.creditor_id,
            SlaClause.agency_id == table.agency_id,
            SlaClause.mandate_version_id == table.mandate_version_id,
            SlaClause.clause == clause,
        )
        .correlate(table)
        .scalar_subquery()
    )


def _files(state: UploadState) -> Callable[[Actor, datetime], Select[Any]]:
    return lambda actor, _now: thing(Upload.id, since=Upload.created_at, about=Upload.filename).where(
        Upload.organisation_id == actor.tenant, Upload.state == state
    )


def _failed_work(actor: Actor, _now: datetime) -> Select[Any]:
    if actor.side is Side.PLATFORM:
        return thing(Work.id, since=Work.created_at, about=Work.kind, other=Work.organisation_id).where(
            Work.state == WorkState.FAILED
        )
    return thing(Upload.id, since=Upload.created_at, about=Upload.filename).where(
        Upload.organisation_id == actor.tenant, work_failed()
    )


def _reports(actor: Actor) -> Select[Any]:
    period = func.to_char(Report.period_start, "YYYY-MM-DD") + " / " + func.to_char(Report.period_end, "YYYY-MM-DD")
    other = _other(actor, Report)
    since = beginning_of(Report.period_end + 1, Report.creditor_id)
    return thing(Report.id, since=since, about=period, other=other, due=Report.due_at).where(_mine(actor, Report))


def _late_reports(actor: Actor, now: datetime) -> Select[Any]:
    return _reports(actor).where(Report.submitted_at.is_(None), Report.due_at < now)


def _due_reports(actor: Actor, now: datetime) -> Select[Any]:
    return _reports(actor).where(due_soon(now))


def _unacknowledged(actor: Actor, _now: datetime) -> Select[Any]:
    return thing(
        Consignment.id,
        since=Consignment.sent_at,
        about=Consignment.name,
        other=_other(actor, Consignment),
        hours=_promised(Consignment, Clause.ACKNOWLEDGE),
    ).where(_mine(actor, Consignment), Consignment.state == PlacementState.SENT)


def _recalls(actor: Actor, *, since: Any, due: Any = None, hours: Any = None) -> Select[Any]:
    return thing(
        Recall.id, since=since, about=cast(Recall.cases, Text), other=_other(actor, Recall), due=due, hours=hours
    ).where(_mine(actor, Recall))


def _recalls_to_answer(actor: Actor, _now: datetime) -> Select[Any]:
    # Access ends when the date begins; where it has ended already, only the promised time to answer still runs.
    ends_at = beginning_of(Recall.effective_on, Recall.creditor_id)
    due = case((Recall.state == RecallState.PENDING, ends_at))
    hours = _promised(Recall, Clause.RECALL_ANSWERED)
    return _recalls(actor, since=Recall.requested_at, due=due, hours=hours).where(
        Recall.state.in_([RecallState.PENDING, RecallState.ENDED]), Recall.answer.is_(None)
    )


def _objections(actor: Actor, _now: datetime) -> Select[Any]:
    ends_at = beginning_of(Recall.effective_on, Recall.creditor_id)
    return _recalls(actor, since=Recall.answered_at, due=ends_at).where(Recall.state == RecallState.OBJECTED)


def _recalls_to_close(actor: Actor, _now: datetime) -> Select[Any]:
    return _recalls(actor, since=Recall.ended_at).where(Recall.state == RecallState.ENDED)


def _cases(actor: Actor, since: Any) -> Select[Any]:
    return thing(Case.id, since=since, about=Case.account_ref).where(
        Case.creditor_id == actor.tenant, Case.state == CaseState.ON_HOLD
    )


def _on_hold(actor: Actor, _now: datetime) -> Select[Any]:
    back_at = (
        select(func.max(Placement.ended_at))
        .where(Placement.creditor_id == Case.creditor_id, Placement.case_id == Case.id)
        .correlate(Case)
        .scalar_subquery()
    )
    return _cases(actor, back_at).where(Case.return_code.is_not(None))


def _held_by_creditor(actor: Actor, _now: datetime) -> Select[Any]:
    # One that was given back as well stands among those: its list is where something can be done about it.
    return _cases(actor, Case.held_since).where(Case.return_code.is_(None))


def _flags_to_confirm(actor: Actor, _now: datetime) -> Select[Any]:
    # Of a case once, however much is said of it.
    said = thing(
        Flag.case_id,
        since=func.min(Flag.raised_at),
        about=func.min(Flag.account_ref),
        other=func.min(Flag.agency_id),
    )
    return said.where(to_confirm(actor)).group_by(Flag.case_id)


def _not_downloaded(actor: Actor, _now: datetime) -> Select[Any]:
    return thing(
        Consignment.id,
        since=Consignment.acknowledged_at,
        about=Consignment.name,
        other=_other(actor, Consignment),
    ).where(
        _mine(actor, Consignment),
        Consignment.state == PlacementState.ACKNOWLEDGED,
        Consignment.manifest_downloaded_at.is_(None),
    )


def _idle(actor: Actor, now: datetime) -> Select[Any]:
    untouched = exists().where(
        Placement.creditor_id == Consignment.creditor_id,
        Placement.agency_id == Consignment.agency_id,
        Placement.consignment_id == Consignment.id,
        Placement.state == PlacementState.ACKNOWLEDGED,
    )
    begun = and_(Consignment.acknowledged_at > now - _WATCHED, Consignment.acknowledged_at <= now - _IDLE)
    since, other = Consignment.acknowledged_at, _other(actor, Consignment)
    idle = thing(Consignment.id, since=since, about=Consignment.name, other=other)
    return idle.where(_mine(actor, Consignment), begun, untouched)


def _to_confirm(actor: Actor, _now: datetime) -> Select[Any]:
    newer = aliased(Manifest)
    of_same = and_(
        newer.creditor_id == Manifest.creditor_id,
        newer.agency_id == Manifest.agency_id,
        newer.consignment_id == Manifest.consignment_id,
        newer.number > Manifest.number,
    )
    return (
        thing(Consignment.id, since=Manifest.made_at, about=Consignment.name, other=Manifest.creditor_id)
        .join_from(
            Manifest,
            Consignment,
            and_(
                Consignment.creditor_id == Manifest.creditor_id,
                Consignment.agency_id == Manifest.agency_id,
                Consignment.id == Manifest.consignment_id,
            ),
        )
        .where(
            Manifest.agency_id == actor.tenant,
            Manifest.loaded_at.is_(None),
            Consignment.state == PlacementState.ACKNOWLEDGED,
            ~exists().where(of_same),
        )
    )


def _open_enquiries(actor: Actor, _now: datetime) -> Select[Any]:
    return thing(Enquiry.id, since=Enquiry.asked_at, about=Enquiry.subject, other=_other(actor, Enquiry)).where(
        open_enquiries(actor)
    )


def _debtors_to_compare(actor: Actor, _now: datetime) -> Select[Any]:
    return thing(DebtorMatch.id, since=DebtorMatch.found_at).where(
        DebtorMatch.creditor_id == actor.tenant, DebtorMatch.state == MatchState.PROPOSED
    )


def _incidents(actor: Actor, _now: datetime) -> Select[Any]:
    # When whom is to be told is a matter of each country's law: `assignments.tasks` reads it from the clocks.
    return thing(Incident.id, since=Incident.reported_at, about=Incident.kind, other=Incident.agency_id).where(
        Incident.creditor_id == actor.tenant,
        Incident.state.in_((IncidentState.REPORTED, IncidentState.ASSESSED)),
    )


def _requests(actor: Actor, now: datetime, *, is_late: bool) -> Select[Any]:
    request = SubjectRequest
    due = request.due_at < now if is_late else and_(request.due_at >= now, request.due_at < now + _SOON)
    is_open = request.state.in_((RequestState.RECEIVED, RequestState.IDENTIFIED))
    return thing(request.id, since=request.received_at, about=request.kind, due=request.due_at).where(
        request.creditor_id == actor.tenant, is_open, due
    )


def _drafts(actor: Actor, _now: datetime) -> Select[Any]:
    return thing(Wave.id, since=Wave.created_at, about=Wave.name).where(
        Wave.creditor_id == actor.tenant, Wave.state == WaveState.DRAFT
    )


def _unplaced(actor: Actor, _now: datetime) -> Select[Any]:
    return stock(Case.creditor_id == actor.tenant, Case.state == CaseState.OPEN)


def _held(actor: Actor, _now: datetime) -> Select[Any]:
    return stock(Case.agency_id == actor.tenant)


def _violations(actor: Actor, now: datetime) -> Select[Any]:
    return stock(recently_broken(actor, now))


_P = Permission
_CREDITOR, _AGENCY, _PLATFORM = (Side.CREDITOR,), (Side.AGENCY,), (Side.PLATFORM,)
_TENANTS = (Side.CREDITOR, Side.AGENCY)
_SENDS_FILES = (_P.PORTFOLIO_UPLOAD, _P.REPORT_SUBMIT)

COUNTERS: dict[str, Counter] = {
    **URGENT,
    "work_failed": Counter((*_SENDS_FILES, _P.WORK_VIEW_ALL), (*_TENANTS, *_PLATFORM), _failed_work),
    "incidents_open": Counter((_P.INCIDENT_HANDLE,), _CREDITOR, _incidents),
    "requests_late": Counter((_P.REQUEST_HANDLE,), _CREDITOR, partial(_requests, is_late=True)),
    "requests_due": Counter((_P.REQUEST_HANDLE,), _CREDITOR, partial(_requests, is_late=False)),
    "reports_late": Counter((_P.REPORT_VIEW,), _TENANTS, _late_reports, _CREDITOR),
    "to_acknowledge": Counter((_P.PLACEMENT_ACKNOWLEDGE,), _AGENCY, _unacknowledged),
    "recalls_to_answer": Counter((_P.RECALL_ANSWER,), _AGENCY, _recalls_to_answer),
    "flags_to_confirm": Counter((_P.FLAG_DECIDE,), _CREDITOR, _flags_to_confirm),
    "objections": Counter((_P.RECALL_MAKE,), _CREDITOR, _objections),
    "to_download": Counter((_P.MANIFEST_DOWNLOAD,), _AGENCY, _not_downloaded),
    "to_confirm": Counter((_P.PLACEMENT_ACKNOWLEDGE,), _AGENCY, _to_confirm),
    "violations": Counter((_P.CONDUCT_VIEW,), _TENANTS, _violations),
    "files_to_map": Counter(_SENDS_FILES, _TENANTS, _files(UploadState.RECEIVED)),
    "files_to_decide": Counter(_SENDS_FILES, _TENANTS, _files(UploadState.CHECKED)),
    "idle": Counter((_P.RECALL_MAKE, _P.RECALL_ANSWER), _TENANTS, _idle),
    "reports_due": Counter((_P.REPORT_VIEW,), _TENANTS, _due_reports, _CREDITOR),
    "enquiries_open": Counter((_P.ENQUIRY_ANSWER, _P.ENQUIRY_ASK), _TENANTS, _open_enquiries, _AGENCY),
    "lots_to_decide": Counter((_P.LOT_AWARD,), _CREDITOR, offers.lots(LotState.CLOSED)),
    "lot_drafts": Counter((_P.LOT_OFFER,), _CREDITOR, offers.lots(LotState.DRAFT)),
    "lots_to_bid": Counter((_P.BID_SUBMIT,), _AGENCY, offers.lots_to_bid),
    "locates_to_acknowledge": Counter((_P.PLACEMENT_ACKNOWLEDGE,), _AGENCY, offers.locates_sent),
    "people_to_find": Counter((_P.LOCATE_WORK,), _AGENCY, offers.people_to_find),
    "findings_to_verify": Counter((_P.LOCATE_VERIFY,), _CREDITOR, offers.findings_to_verify),
    "debtors_to_compare": Counter((_P.PORTFOLIO_UPLOAD,), _CREDITOR, _debtors_to_compare),
    "recalls_to_close": Counter((_P.RECALL_MAKE,), _CREDITOR, _recalls_to_close),
    "on_hold": Counter((_P.PLACEMENT_PLAN,), _CREDITOR, _on_hold),
    "held_by_creditor": Counter((_P.CASE_VIEW,), _CREDITOR, _held_by_creditor),
    "drafts": Counter((_P.PLACEMENT_PLAN,), _CREDITOR, _drafts),
    "not_acknowledged": Counter((_P.PLACEMENT_VIEW,), _CREDITOR, _unacknowledged, _CREDITOR),
    "unplaced": Counter((_P.PLACEMENT_PLAN,), _CREDITOR, _unplaced),
    "held": Counter((_P.CASE_VIEW,), _AGENCY, _held),
    **PATIENT,
}
