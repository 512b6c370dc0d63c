"""Takes in what agencies report, each row once only, and keeps the calendar of what they owe.

Everything a report changes is changed in the transaction that takes it in: payments, balances of cases, the books, the
cells of the comparison, and the report's own standing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Row, Text, column, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.clock import local_date
from agencies.kernel.errors import Conflict, NotFound, msg
from agencies.kernel.statistics import gather_statistics
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from agencies.scorecards.cells import add_recovered
from assignments.ledger.reversing import reverse_payments
from assignments.ledger.service import Booked, book_payments
from assignments.placements.history import explain
from assignments.placements.holding import active_by_upload
from assignments.reports import judging, recovery
from assignments.reports.locking import one_report_at_a_time
from assignments.reports.models import Report, ReportPart
from assignments.reports.obligations import obligations
from assignments.reports.versions import Part, hand_in
from uploads.checking.remarking import remark_rows
from uploads.models import Upload, UploadKind
from uploads.rows import Loaded

#: The half of a report each kind of file is.
_PART = {UploadKind.PAYMENTS: ReportPart.PAYMENTS, UploadKind.ACTIVITIES: ReportPart.ACTIVITIES}
_HALF = {ReportPart.PAYMENTS: "payments_at", ReportPart.ACTIVITIES: "activities_at"}


class AlreadyReported(Conflict):
    """Something was reported for the period before."""

    text = msg("This part of the report is already in.")


def screen_payments(session: Session, actor: Actor, upload: Upload) -> int:
    """Refuse, row by row, staged payments that are not the agency's to report; returns how many."""
    facts = _facts(session, actor, upload)
    refused = _screen(session, judging.SCREEN_PAYMENTS, facts)
    _remark(session, upload, judging.REMARKS_ON_PAYMENTS, facts, "creditor", "agency", "upload")
    return refused


def screen_activities(session: Session, actor: Actor, upload: Upload) -> int:
    """Refuse, row by row, staged activities that are not the agency's to report; returns how many."""
    facts = _facts(session, actor, upload)
    refused = _screen(session, judging.SCREEN_ACTIVITIES, facts)
    _remark(session, upload, judging.REMARKS_ON_ACTIVITIES, facts, "agency", "upload")
    return refused


def ingest_payments(session: Session, actor: Actor, upload: Upload, *, now: datetime) -> Loaded:
    """Take in an upload's payments: new ones lower balances and are booked, known ones count as unchanged.

    Sent for a report that was complete already, it is a correction: payments that it tells otherwise, or says were
    nothing, are taken back first.
    """
    facts = _facts(session, actor, upload)
    _one_at_a_time(session, facts)
    corrected = 0
    if facts.parameters["correcting"]:
        taken_back = session.execute(text(judging.REVERSE_PAYMENTS), {**facts.parameters, "now": now})
        corrected = len(taken_back.all())
    row = _add(session, judging.ADD_PAYMENTS, facts, now)
    added, applied = row.added, row.added + row.withdrawn
    known = row.good - applied
    gather_statistics(session, added, "payments")
    explain(session, actor, "payments.reported", now=now)
    active_by_upload(session, facts.creditor_id, facts.agency_id, upload.id, "payments")
    session.execute(text("select restate_balances(:upload)"), {"upload": upload.id})
    reverse_payments(session, actor, upload.id, now=now)
    booked = book_payments(session, actor, upload.id, now=now)
    add_recovered(session, recovery.recovered_by_payments(facts.agency_id, upload.id, facts.time_zone))
    _hand_in(session, actor, upload, Part(ReportPart.PAYMENTS, upload.id, added, known, corrected), now)
    _record(
        session, actor, "payments.reported", upload, now, new=added, known=known, corrected=corrected, booked=booked
    )
    return Loaded(applied, known, upload.rows_read - row.good)


def ingest_activities(session: Session, actor: Actor, upload: Upload, *, now: datetime) -> Loaded:
    """Take in an upload's activities; known ones count as unchanged."""
    facts = _facts(session, actor, upload)
    row = _add(session, judging.ADD_ACTIVITIES, facts, now)
    added, known = row.added, row.good - row.added
    gather_statistics(session, added, "activities")
    explain(session, actor, "activities.reported", now=now)
    active_by_upload(session, facts.creditor_id, facts.agency_id, upload.id, "activities")
    add_recovered(session, recovery.worked_by_activities(facts.agency_id, upload.id, facts.time_zone))
    _hand_in(session, actor, upload, Part(ReportPart.ACTIVITIES, upload.id, added, known), now)
    _record(session, actor, "activities.reported", upload, now, new=added, known=known)
    return Loaded(added, known, upload.rows_read - row.good)


def declare_nothing(session: Session, actor: Actor, report_id: int, *, kind: UploadKind, now: datetime) -> Report:
    """The agency states that a period held no payments, or no activities; raises `NotFound` or `AlreadyReported`."""
    require(actor, Permission.REPORT_SUBMIT)
    agency_id = require_side(actor, Side.AGENCY)
    report = _locked(session, agency_id, report_id)
    part = _PART[kind]
    if getattr(report, _HALF[part]) is not None:
        raise AlreadyReported
    hand_in(session, actor, report, Part(part), now=now)
    audit.record(
        session,
        actor,
        "report.declared_empty",
        now=now,
        organisations=[report.creditor_id, agency_id],
        report_id=report_id,
        part=kind.value,
    )
    return report


def open_periods(session: Session, actor: Actor, *, now: datetime) -> int:
    """Add the reports that have come to be owed since last time; returns how many.

    An agency reports on every period that is over, from the one of its first consignment, as long as the mandate
    stands or cases are still placed under it, the period in which both end included. Nobody reports on a period that
    is not over. The creditor's calendar says so: an agency does not write down itself what it owes.
    """
    require(actor, Permission.REPORT_VIEW)
    require_side(actor, Side.CREDITOR)
    rows = [
        {
            "creditor_id": one.mandate.creditor_id,
            "agency_id": one.mandate.agency_id,
            "mandate_id": one.mandate.id,
            "period_start": period.start,
            "period_end": period.end,
            "due_at": one.due_at(period),
        }
        for one in obligations(session, actor)
        for period in one.periods(now)
    ]
    if not rows:
        return 0
    made = session.scalars(
        insert(Report)
        .values(rows)
        .on_conflict_do_nothing(index_elements=["creditor_id", "mandate_id", "period_start"])
        .returning(Report.id)
    ).all()
    return len(made)


@dataclass(frozen=True)
class _Facts:
    """What the statements need to know about an upload and its creditor."""

    agency_id: int
    creditor_id: int
    upload_id: int
    time_zone: str
    parameters: dict[str, Any]


def _facts(session: Session, actor: Actor, upload: Upload) -> _Facts:
    require(actor, Permission.REPORT_SUBMIT)
    agency_id = require_side(actor, Side.AGENCY)
    if upload.organisation_id != agency_id or upload.creditor_id is None:
        raise NotFound
    # The agency sees the organisation only if it has a mandate with it.
    zone = session.scalar(select(Organisation.time_zone).where(Organisation.id == upload.creditor_id))
    if zone is None:
        raise NotFound
    report = upload.report_id
    parameters = {
        "report": report,
        "correcting": report is not None and _locked(session, agency_id, report).version > 0,
        "agency": agency_id,
        "creditor": upload.creditor_id,
        "upload": upload.id,
        "zone": zone,
        "today": local_date(upload.created_at, zone),
        "currency": upload.currency,
    }
    return _Facts(agency_id, upload.creditor_id, upload.id, zone, parameters)


def _remark(session: Session, upload: Upload, remarks: str, facts: _Facts, *keys: str) -> None:
    found = (column("line", BigInteger), column("field", Text), column("code", Text), column("value", Text))
    given = {name: facts.parameters[name] for name in keys}
    remark_rows(session, upload, text(remarks).bindparams(**given).columns(*found))


def _screen(session: Session, statement: str, facts: _Facts) -> int:
    _one_at_a_time(session, facts)
    refused = session.execute(text(f"{statement} returning line"), facts.parameters)
    return len(refused.all())


def _add(session: Session, statement: str, facts: _Facts, now: datetime) -> Row[*tuple[Any, ...]]:
    _one_at_a_time(session, facts)
    return session.execute(text(statement), {**facts.parameters, "now": now}).one()


def _one_at_a_time(session: Session, facts: _Facts) -> None:
    one_report_at_a_time(session, facts.creditor_id, facts.agency_id)


def _hand_in(session: Session, actor: Actor, upload: Upload, part: Part, now: datetime) -> None:
    if upload.report_id is not None:
        report = _locked(session, upload.organisation_id, upload.report_id)
        if report.creditor_id != upload.creditor_id:
            raise NotFound
        hand_in(session, actor, report, part, now=now)


def _locked(session: Session, agency_id: int, report_id: int) -> Report:
    report = session.scalar(
        select(Report)
        .where(Report.agency_id == agency_id, Report.id == report_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if report is None:
        raise NotFound
    return report


def _record(
    session: Session,
    actor: Actor,
    action: str,
    upload: Upload,
    now: datetime,
    *,
    new: int,
    known: int,
    corrected: int = 0,
    booked: list[Booked] | None = None,
) -> None:
    audit.record(
        session,
        actor,
        action,
        now=now,
        organisations=[one for one in (upload.creditor_id, upload.organisation_id) if one],
        upload_id=upload.id,
        report_id=upload.report_id,
        new=new,
        known=known,
        corrected=corrected,
        booked=[
            {"currency": one.currency, "collected_minor": one.collected_minor, "commission_minor": one.commission_minor}
            for one in booked or []
        ],
    )
