"""What service levels are measured from: clocks of consignments, cases with a time of their own, cells, enquiries.

A clock runs per consignment, because all its cases were taken on at one instant. Only a case with an enquiry has a
time of its own. Cells count the cases by their time, so that compliance is read from a handful of rows; they are kept
in the transaction of each change and can be rebuilt from the records.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    PrimaryKeyConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type


class EnquirySubject(StrEnum):
    """What an agency needs to know before it can go on."""

    DOCUMENT = "document"
    BALANCE = "balance"
    PAYMENT = "payment"
    DEBTOR = "debtor"
    OTHER = "other"


def _consignment_key() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["creditor_id", "agency_id", "consignment_id"],
        ["consignments.creditor_id", "consignments.agency_id", "consignments.id"],
    )


class SlaClock(Base):
    """Until when each case of an acknowledged consignment needs its first activity."""

    __tablename__ = "sla_clocks"
    __table_args__ = (PrimaryKeyConstraint("creditor_id", "agency_id", "consignment_id"), _consignment_key())

    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    consignment_id: Mapped[int]
    started_at: Mapped[datetime]
    #: Business hours, as the terms say.
    hours: Mapped[int]
    due_at: Mapped[datetime]


class SlaExtension(Base):
    """The time of one case whose clock stood still, or stands still, while the creditor owes an answer."""

    __tablename__ = "sla_extensions"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "placement_id"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "placement_id"],
            ["placements.creditor_id", "placements.agency_id", "placements.id"],
        ),
        Index("ix_sla_extensions_consignment_id", "creditor_id", "agency_id", "consignment_id"),
    )

    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    placement_id: Mapped[int]
    consignment_id: Mapped[int]
    is_paused: Mapped[bool]
    #: While the clock stands still: what would be due without the present enquiry.
    due_at: Mapped[datetime]


class SlaCell(Base):
    """How many cases of a consignment fall due at one instant, and how many had their first activity by then, or later.

    Not counted is a case that left the agency before its time was up and without an activity.
    """

    __tablename__ = "sla_cells"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "consignment_id", "is_paused", "due_at"),
        _consignment_key(),
        Index("ix_sla_cells_agency_id", "agency_id"),
    )

    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    consignment_id: Mapped[int]
    is_paused: Mapped[bool]
    due_at: Mapped[datetime]
    cases: Mapped[int]
    met: Mapped[int]
    late: Mapped[int]


class Enquiry(Base):
    """What an agency asked its creditor about a case it holds; one at a time and case."""

    __tablename__ = "enquiries"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "placement_id", "case_id"],
            ["placements.creditor_id", "placements.agency_id", "placements.id", "placements.case_id"],
        ),
        CheckConstraint("(answered_at is null) = (answer is null)", name="answer"),
        Index(
            "uq_enquiries_open",
            "creditor_id",
            "agency_id",
            "placement_id",
            unique=True,
            postgresql_where=text("answered_at is null"),
        ),
        Index("ix_enquiries_case_id", "creditor_id", "case_id"),
        Index("ix_enquiries_agency_id", "agency_id", "id"),
        Index("ix_enquiries_creditor_id", "creditor_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    case_id: Mapped[int]
    placement_id: Mapped[int]
    subject: Mapped[EnquirySubject] = mapped_column(code_type(EnquirySubject))
    question: Mapped[str]
    asked_at: Mapped[datetime]
    asked_by: Mapped[int | None]
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[int | None]
