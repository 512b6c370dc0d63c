"""The cells in which recovery is rolled up: creditor x placement month x agency x stratum x month on book.

They are kept up to date in the transaction of each placement and report, and can be rebuilt from the records. Beside
the sums stand sums of squares and products over cases: with them the interval of a rate of money is computed exactly,
and no case needs to be read again. They are numeric, because a square of an amount may not fit an integer.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

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
    #: Sum over cases of the square of what each was placed at.
    placed_squares: Mapped[Decimal]


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
    #: Cases that have paid something by the end of this month on book and had not by the end of the month before.
    new_payers: Mapped[int]
    activities: Mapped[int]
    #: What this month adds to four sums over cases: of the squares of what each paid so far, of what each was placed at
    #: times what it paid so far, and the same two of what was left of it after commission.
    collected_squares: Mapped[Decimal]
    placed_collected: Mapped[Decimal]
    net_squares: Mapped[Decimal]
    placed_net: Mapped[Decimal]
