"""Mandates and their versions; a version is never edited, a placement keeps the one it was made under."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    PrimaryKeyConstraint,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type


class Service(StrEnum):
    """What an agency is asked to do with a case."""

    COLLECT = "collect"


class MandateState(StrEnum):
    """Cases may be placed only under a mandate in force."""

    IN_FORCE = "in_force"
    ENDED = "ended"


class ReportFrequency(StrEnum):
    """How often the agency reports."""

    MONTHLY = "monthly"


class Mandate(Base):
    """A contract between a creditor and an agency for one service."""

    __tablename__ = "mandates"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        UniqueConstraint("creditor_id", "name"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    agency_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    name: Mapped[str]
    service: Mapped[Service] = mapped_column(code_type(Service))
    state: Mapped[MandateState] = mapped_column(code_type(MandateState))
    created_at: Mapped[datetime]
    created_by: Mapped[int | None]
    ended_at: Mapped[datetime | None]


class MandateVersion(Base):
    """The terms of a mandate from a date on."""

    __tablename__ = "mandate_versions"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "mandate_id"],
            ["mandates.creditor_id", "mandates.agency_id", "mandates.id"],
        ),
        UniqueConstraint("creditor_id", "mandate_id", "version"),
        CheckConstraint("commission_bp between 0 and 10000", name="commission_bp"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    mandate_id: Mapped[int]
    version: Mapped[int]
    valid_from: Mapped[date]
    #: Ten-thousandths of each payment.
    commission_bp: Mapped[int]
    report_frequency: Mapped[ReportFrequency] = mapped_column(code_type(ReportFrequency))
    #: Business days after the end of a period by which its report is due.
    report_due_days: Mapped[int]
    created_at: Mapped[datetime]
    created_by: Mapped[int | None]
