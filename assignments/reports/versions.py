"""What a report says as a whole: a version once both halves are in, and another one with each correction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.notices import notify
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Permission
from assignments.reports.models import Report, ReportFile, ReportPart, ReportVersion

_COLLECTED = """
    select p.currency, count(*) as payments, sum(p.amount_minor)::bigint as minor
    from report_files f
    join payments p on p.creditor_id = f.creditor_id and p.agency_id = f.agency_id and p.upload_id = f.upload_id
    where f.agency_id = :agency and f.report_id = :report and f.creditor_id = :creditor and not exists (
        select from payment_reversals r
        where r.creditor_id = p.creditor_id and r.agency_id = p.agency_id and r.payment_id = p.id
    )
    group by p.currency order by p.currency
"""

#: From its files, and what was recorded on pages on the days of its period.
_ACTIVITIES = """
    select count(*) from activities a
    join placements l on l.creditor_id = a.creditor_id and l.agency_id = a.agency_id and l.id = a.placement_id
    join mandate_versions v on v.creditor_id = l.creditor_id and v.agency_id = l.agency_id
                           and v.id = l.mandate_version_id
    join organisations o on o.id = a.creditor_id
    where a.agency_id = :agency and a.creditor_id = :creditor and (
        a.upload_id in (select f.upload_id from report_files f
                        where f.creditor_id = :creditor and f.agency_id = :agency and f.report_id = :report)
        or a.upload_id is null and v.mandate_id = :mandate
           and (a.happened_at at time zone o.time_zone)::date between :start and :end
    )
"""


@dataclass(frozen=True)
class Part:
    """What one file, or one statement that there was nothing, brought into a report."""

    part: ReportPart
    upload_id: int | None = None
    added: int = 0
    known: int = 0
    corrected: int = 0

    @property
    def says_something(self) -> bool:
        """Whether it changed what had been reported."""
        return bool(self.added or self.corrected)


def hand_in(session: Session, actor: Actor, report: Report, part: Part, *, now: datetime) -> None:
    """Put a file, or the statement that there was nothing, into a report whose row is locked.

    The report is complete with its second half; after that, whatever says something new or other is a correction.
    """
    is_correction = report.version > 0 and part.says_something
    session.add(
        ReportFile(
            creditor_id=report.creditor_id,
            agency_id=report.agency_id,
            report_id=report.id,
            version=max(report.version, 1) + is_correction,
            part=part.part,
            upload_id=part.upload_id,
            added=part.added,
            known=part.known,
            corrected=part.corrected,
            reported_at=now,
            reported_by=actor.user_id,
        )
    )
    _complete(report, part.part, now)
    if is_correction or (report.version == 0 and report.submitted_at is not None):
        _make_version(session, actor, report, now)
    session.flush()


def _complete(report: Report, part: ReportPart, now: datetime) -> None:
    if part is ReportPart.PAYMENTS:
        report.payments_at = report.payments_at or now
    else:
        report.activities_at = report.activities_at or now
    if report.submitted_at is None and report.payments_at and report.activities_at:
        report.submitted_at = now


def _make_version(session: Session, actor: Actor, report: Report, now: datetime) -> None:
    session.flush()
    report.version += 1
    key = {
        "creditor": report.creditor_id,
        "agency": report.agency_id,
        "report": report.id,
        "mandate": report.mandate_id,
        "start": report.period_start,
        "end": report.period_end,
    }
    collected = session.execute(text(_COLLECTED), key).all()
    version = ReportVersion(
        creditor_id=report.creditor_id,
        agency_id=report.agency_id,
        report_id=report.id,
        version=report.version,
        made_at=now,
        made_by=actor.user_id,
        payments=sum(row.payments for row in collected),
        collected={row.currency: row.minor for row in collected},
        activities=session.execute(text(_ACTIVITIES), key).scalar_one(),
    )
    session.add(version)
    action = "report.completed" if version.version == 1 else "report.corrected"
    audit.record(
        session,
        actor,
        action,
        now=now,
        organisations=[report.creditor_id, report.agency_id],
        report_id=report.id,
        version=version.version,
        payments=version.payments,
        activities=version.activities,
    )
    notify(
        session,
        report.creditor_id,
        action,
        key=f"report:{report.id}:version:{version.version}",
        permission=Permission.REPORT_VIEW,
        now=now,
        report_id=report.id,
        agency_id=report.agency_id,
        version=version.version,
        period_start=report.period_start,
        period_end=report.period_end,
    )
