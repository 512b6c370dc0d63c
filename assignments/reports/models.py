"""What an agency owes per period and what it reported: activities and payments.

What is reported is the agency's claim: rows are added and corrected by new rows, never edited.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

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
    natural_key: Mapped[str]
    paid_on: Mapped[date]
    currency: Mapped[str]
    amount_minor: Mapped[int]
    received_by: Mapped[ReceivedBy] = mapped_column(code_type(ReceivedBy))
    method: Mapped[str | None]
    upload_id: Mapped[int]
    line: Mapped[int]
    reported_at: Mapped[datetime]


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
    agent: Mapped[str | None]
    note: Mapped[str | None]
    upload_id: Mapped[int]
    line: Mapped[int]
    reported_at: Mapped[datetime]
