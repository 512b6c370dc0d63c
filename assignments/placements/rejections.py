"""Why agencies do not take cases on, and which they did not."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKeyConstraint, Index, PrimaryKeyConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from agencies.kernel.base import Base, code_type
from assignments.placements.models import Consignment


class RejectReason(StrEnum):
    """Why an agency does not take a case on (market reference, 2.2)."""

    BELOW_MINIMUM = "below_minimum"
    UNTRACEABLE = "untraceable"
    OUTSIDE_COVERAGE = "outside_coverage"
    TIME_BARRED = "time_barred"
    LICENCE_BAR = "licence_bar"
    #: Insolvent, dead, or dissolved.
    INSOLVENT_OR_DECEASED = "insolvent_or_deceased"
    INFORMATION_MISSING = "information_missing"
    CONFLICT_OF_INTEREST = "conflict_of_interest"
    DISPUTED_OR_LEGAL = "disputed_or_legal"
    NO_CAPACITY = "no_capacity"
    #: The agency holds the debt already, for somebody else.
    ALREADY_HELD = "already_held"
    NO_DATA_BASIS = "no_data_basis"


class Rejection(Base):
    """One case that an agency did not take on, and why; never edited."""

    __tablename__ = "rejections"
    __table_args__ = (
        # A placement is rejected once.
        PrimaryKeyConstraint("creditor_id", "agency_id", "placement_id"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "placement_id", "case_id"],
            ["placements.creditor_id", "placements.agency_id", "placements.id", "placements.case_id"],
        ),
        Index("ix_rejections_consignment_id", "creditor_id", "agency_id", "consignment_id"),
        Index("ix_rejections_case_id", "creditor_id", "case_id"),
    )

    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    placement_id: Mapped[int]
    case_id: Mapped[int]
    consignment_id: Mapped[int]
    reason: Mapped[RejectReason] = mapped_column(code_type(RejectReason))
    note: Mapped[str | None]
    rejected_at: Mapped[datetime]
    rejected_by: Mapped[int | None]


def count_rejected(session: Session, consignment: Consignment) -> int:
    """How many cases of a consignment its agency did not take on."""
    of_it = (Rejection.creditor_id == consignment.creditor_id, Rejection.agency_id == consignment.agency_id)
    statement = select(func.count()).where(*of_it, Rejection.consignment_id == consignment.id)
    return session.scalars(statement).one()
