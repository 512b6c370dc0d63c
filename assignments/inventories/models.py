"""An agency's own list of what it holds, as it came out beside ours, and every difference; neither is ever edited."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    Identity,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type


class DifferenceKind(StrEnum):
    """How a list and the placements can differ; what is the same account is compared from the top."""

    #: Listed, and never placed with the agency: another's account and one that does not exist look the same.
    NEVER_YOURS = "never_yours"
    #: Listed, and the placement had ended by that day.
    NO_LONGER_YOURS = "no_longer_yours"
    #: Held on that day and not listed.
    NOT_LISTED = "not_listed"
    CURRENCY_DIFFERS = "currency_differs"
    BALANCE_DIFFERS = "balance_differs"


class Inventory(Base):
    """One list an agency sent, and how it came out."""

    __tablename__ = "inventories"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        UniqueConstraint("creditor_id", "agency_id", "upload_id"),
        Index("ix_inventories_creditor_id", "creditor_id", "id"),
        Index("ix_inventories_agency_id", "agency_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    upload_id: Mapped[int]
    #: The day whose evening the list describes.
    as_of: Mapped[date]
    #: Accounts listed, and placements the agency held that evening.
    listed: Mapped[int]
    held: Mapped[int]
    matched: Mapped[int]
    #: Kind of difference -> how many.
    counts: Mapped[dict[str, Any]]
    #: Currency -> minor units: what the list adds up to, and what is owed on the cases held.
    sums: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    made_by: Mapped[int | None]
    #: When the agency took the list back with its file; the creditor still sees that it was sent.
    withdrawn_at: Mapped[datetime | None]


class InventoryDifference(Base):
    """One account in which a list and the placements differ."""

    __tablename__ = "inventory_differences"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "inventory_id"],
            ["inventories.creditor_id", "inventories.agency_id", "inventories.id"],
        ),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "placement_id", "case_id"],
            ["placements.creditor_id", "placements.agency_id", "placements.id", "placements.case_id"],
            name="fk_inventory_differences_placement",
        ),
        Index("ix_inventory_differences_inventory_id", "creditor_id", "agency_id", "inventory_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    inventory_id: Mapped[int]
    kind: Mapped[DifferenceKind] = mapped_column(code_type(DifferenceKind))
    account_ref: Mapped[str]
    #: Empty where nothing was ever placed with the agency under the account.
    placement_id: Mapped[int | None]
    case_id: Mapped[int | None]
    #: The row of the list; empty for what is not on it.
    line: Mapped[int | None]
    their_currency: Mapped[str | None]
    theirs_minor: Mapped[int | None]
    our_currency: Mapped[str | None]
    ours_minor: Mapped[int | None]
    #: How the case stands with the agency, and the reference it keeps, in its own words.
    stated_status: Mapped[str | None]
    stated_ref: Mapped[str | None]
