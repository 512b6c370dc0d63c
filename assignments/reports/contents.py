"""What is in a report: its versions, the files they came in, and the payments they tell of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor, owned_by, require
from agencies.organisations.permissions import Permission
from assignments.placements.models import Placement
from assignments.reports.models import Payment, PaymentReversal, ReceivedBy, ReportFile, ReportVersion


@dataclass(frozen=True)
class PaymentLine:
    """One payment a report told of, whether it stands or a correction took it back."""

    id: int
    case_id: int
    account_ref: str
    paid_on: date
    currency: str
    amount_minor: int
    received_by: ReceivedBy
    reported_at: datetime
    #: Which version told of it first.
    version: int
    taken_back_at: datetime | None


def list_versions(session: Session, actor: Actor, report_id: int) -> list[ReportVersion]:
    """The versions of a report, the latest first; none of somebody else's."""
    require(actor, Permission.REPORT_VIEW)
    return list(
        session.scalars(
            select(ReportVersion)
            .where(
                owned_by(actor, ReportVersion.creditor_id, ReportVersion.agency_id),
                ReportVersion.report_id == report_id,
            )
            .order_by(ReportVersion.version.desc())
        )
    )


def list_files(session: Session, actor: Actor, report_id: int) -> list[ReportFile]:
    """What went into a report, the latest first."""
    require(actor, Permission.REPORT_VIEW)
    return list(
        session.scalars(
            select(ReportFile)
            .where(owned_by(actor, ReportFile.creditor_id, ReportFile.agency_id), ReportFile.report_id == report_id)
            .order_by(ReportFile.id.desc())
        )
    )


def list_report_payments(
    session: Session, actor: Actor, report_id: int, *, after: int | None = None, limit: int = PAGE
) -> Page[PaymentLine]:
    """The payments a report told of, the latest told first, those taken back among them."""
    require(actor, Permission.REPORT_VIEW)
    corrected = aliased(PaymentReversal)
    statement = (
        select(
            Payment.id,
            Payment.case_id,
            Placement.account_ref,
            Payment.paid_on,
            Payment.currency,
            Payment.amount_minor,
            Payment.received_by,
            Payment.reported_at,
            ReportFile.version,
            corrected.reversed_at.label("taken_back_at"),
        )
        .join(
            ReportFile,
            and_(
                ReportFile.creditor_id == Payment.creditor_id,
                ReportFile.agency_id == Payment.agency_id,
                ReportFile.upload_id == Payment.upload_id,
            ),
        )
        .join(
            Placement,
            and_(
                Placement.creditor_id == Payment.creditor_id,
                Placement.agency_id == Payment.agency_id,
                Placement.id == Payment.placement_id,
            ),
        )
        .outerjoin(
            corrected,
            and_(
                corrected.creditor_id == Payment.creditor_id,
                corrected.agency_id == Payment.agency_id,
                corrected.payment_id == Payment.id,
            ),
        )
        .where(owned_by(actor, Payment.creditor_id, Payment.agency_id), ReportFile.report_id == report_id)
        .order_by(Payment.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(Payment.id < after)
    rows = [PaymentLine(**row._asdict()) for row in session.execute(statement)]
    return cut(rows, limit, lambda row: row.id)
