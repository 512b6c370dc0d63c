"""What an agency owes per period and what it reported: activities and payments.

What is reported is the agency's claim: rows are added and corrected by new rows, never edited.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type


class ReceivedBy(StrEnum):
    """Who got the money."""

    AGENCY = "agency"
    CREDITOR = "creditor"


class ReportPart(StrEnum):
    """The two halves of a report."""

    PAYMENTS = "payments"
    ACTIVITIES = "activities"


class Report(Base):
    """What an agency owes for one period of one mandate."""

    __tablename__ = "reports"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        UniqueConstraint("creditor_id", "mandate_id", "period_start"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "mandate_id"],
            ["mandates.creditor_id", "mandates.agency_id", "mandates.id"],
        ),
        Index(None, "agency_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    mandate_id: Mapped[int]
    period_start: Mapped[date]
    period_end: Mapped[date]
    #: The last instant at which it is punctual: the end of the due date where the creditor is.
    due_at: Mapped[datetime]
    payments_at: Mapped[datetime | None]
    activities_at: Mapped[datetime | None]
    #: When both files were in: the report is complete.
    submitted_at: Mapped[datetime | None]
    #: How often it was handed in: 0 until it is complete, then one more with each correction.
    version: Mapped[int] = mapped_column(default=0)


def _report_key() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["creditor_id", "agency_id", "report_id"], ["reports.creditor_id", "reports.agency_id", "reports.id"]
    )


class ReportVersion(Base):
    """What a report said once it was complete, and after each correction; never edited."""

    __tablename__ = "report_versions"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "report_id", "version"),
        _report_key(),
        CheckConstraint("version > 0", name="version"),
    )

    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    report_id: Mapped[int]
    version: Mapped[int]
    made_at: Mapped[datetime]
    made_by: Mapped[int | None]
    payments: Mapped[int]
    #: Currency -> minor units of the payments that stood.
    collected: Mapped[dict[str, Any]]
    activities: Mapped[int]


class ReportFile(Base):
    """One file, or one statement that there was nothing, that went into a report; never edited."""

    __tablename__ = "report_files"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        UniqueConstraint("creditor_id", "agency_id", "upload_id"),
        _report_key(),
        Index("ix_report_files_report_id", "creditor_id", "agency_id", "report_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    report_id: Mapped[int]
    #: The version it belongs to: 1 for everything handed in before the report was complete.
    version: Mapped[int]
    part: Mapped[ReportPart] = mapped_column(code_type(ReportPart))
    #: Empty for a statement that there was nothing.
    upload_id: Mapped[int | None]
    added: Mapped[int]
    known: Mapped[int]
    #: Payments reported before with other figures, which this file put right.
    corrected: Mapped[int]
    reported_at: Mapped[datetime]
    reported_by: Mapped[int | None]


class Payment(Base):
    """One payment of a debtor, as an agency reported it; once only, known by its natural key."""

    __tablename__ = "payments"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        UniqueConstraint("creditor_id", "agency_id", "natural_key"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "placement_id", "case_id"],
            ["placements.creditor_id", "placements.agency_id", "placements.id", "placements.case_id"],
        ),
        CheckConstraint("amount_minor > 0", name="amount_minor"),
        Index("ix_payments_case_id", "creditor_id", "case_id"),
        Index("ix_payments_upload_id", "agency_id", "upload_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    case_id: Mapped[int]
    placement_id: Mapped[int]
    #: `ref:` and the agency's own reference, or `fp:` and a digest of account, date, amount and its count in the file.
    #: What a correction put in a payment's place: `cor:`, how often that reference was corrected, and `ref:` as before.
    natural_key: Mapped[str]
    paid_on: Mapped[date]
    currency: Mapped[str]
    amount_minor: Mapped[int]
    received_by: Mapped[ReceivedBy] = mapped_column(code_type(ReceivedBy))
    method: Mapped[str | None]
    upload_id: Mapped[int]
    line: Mapped[int]
    reported_at: Mapped[datetime]


class PaymentReversal(Base):
    """That a payment was not as reported: the agency's correction took it back; what is right is a payment of its own.

    Only a correction of a report makes one, and the payment stays as it was reported.
    """

    __tablename__ = "payment_reversals"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "payment_id"),
        UniqueConstraint("creditor_id", "agency_id", "reference_key", "revision"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "payment_id"], ["payments.creditor_id", "payments.agency_id", "payments.id"]
        ),
        CheckConstraint("revision > 0", name="revision"),
        Index("ix_payment_reversals_upload_id", "agency_id", "upload_id"),
    )

    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    payment_id: Mapped[int]
    #: `ref:` and the agency's reference, and how often that reference was corrected by now.
    reference_key: Mapped[str]
    revision: Mapped[int]
    #: The file that corrected it, and the line in it.
    upload_id: Mapped[int]
    line: Mapped[int]
    reversed_at: Mapped[datetime]


class Activity(Base):
    """One thing an agency did on a case."""

    __tablename__ = "activities"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        UniqueConstraint("creditor_id", "agency_id", "natural_key"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "placement_id", "case_id"],
            ["placements.creditor_id", "placements.agency_id", "placements.id", "placements.case_id"],
        ),
        Index("ix_activities_case_id", "creditor_id", "case_id", "happened_at"),
        Index("ix_activities_upload_id", "agency_id", "upload_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    case_id: Mapped[int]
    placement_id: Mapped[int]
    natural_key: Mapped[str]
    happened_at: Mapped[datetime]
    channel: Mapped[str]
    result: Mapped[str]
    #: Who was spoken to and who sought whom, as far as the agency says.
    counterpart: Mapped[str | None]
    direction: Mapped[str | None]
    agent: Mapped[str | None]
    note: Mapped[str | None]
    #: The file and line it came in; empty when it was recorded on a page.
    upload_id: Mapped[int | None]
    line: Mapped[int | None]
    #: Who recorded it on a page.
    recorded_by: Mapped[int | None]
    reported_at: Mapped[datetime]
