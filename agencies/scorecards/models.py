"""The cells in which recovery is rolled up: creditor x placement month x agency x stratum x month on book.

They are kept up to date in the transaction of each placement and report, and can be rebuilt from the records.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base


class PlacementCell(Base):
    """What was placed: cases and value, by agency, month and stratum."""

    __tablename__ = "placement_cells"
    __table_args__ = (PrimaryKeyConstraint("creditor_id", "agency_id", "currency", "placement_month", "stratum"),)

    creditor_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    agency_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    currency: Mapped[str]
    placement_month: Mapped[date]
    stratum: Mapped[str]
    cases: Mapped[int]
    placed_minor: Mapped[int]


class RecoveryCell(Base):
    """What came back for it, by months since the placement month (0 is the placement month itself)."""

    __tablename__ = "recovery_cells"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "currency", "placement_month", "stratum", "month_on_book"),
    )

    creditor_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    agency_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    currency: Mapped[str]
    placement_month: Mapped[date]
    stratum: Mapped[str]
    month_on_book: Mapped[int]
    payments: Mapped[int]
    collected_minor: Mapped[int]
    commission_minor: Mapped[int]
    #: Cases whose first payment fell in this month on book.
    new_payers: Mapped[int]
    activities: Mapped[int]
