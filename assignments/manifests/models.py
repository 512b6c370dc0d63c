"""Manifests that were handed out, and the numbers agencies give the cases they hold."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    LargeBinary,
    PrimaryKeyConstraint,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base


class Manifest(Base):
    """What one agency was handed of one consignment; the same lines again are the same manifest."""

    __tablename__ = "manifests"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        UniqueConstraint("creditor_id", "agency_id", "consignment_id", "number"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "consignment_id"],
            ["consignments.creditor_id", "consignments.agency_id", "consignments.id"],
        ),
        CheckConstraint("lines >= 0 and number > 0", name="counts"),
        CheckConstraint("(stated_at is null) = (stated_lines is null)", name="stated_at"),
        CheckConstraint("loaded_at is null or stated_at is not null", name="loaded_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    consignment_id: Mapped[int]
    #: The how-manieth of its consignment.
    number: Mapped[int]
    lines: Mapped[int]
    #: Currency -> sum of the balances.
    totals: Mapped[dict[str, Any]]
    #: Of the lines as the CSV file has them, the head included.
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    made_by: Mapped[int | None]
    #: What the agency last said it loaded, and when.
    stated_lines: Mapped[int | None]
    stated_totals: Mapped[dict[str, Any] | None]
    stated_at: Mapped[datetime | None]
    stated_by: Mapped[int | None]
    #: When what it said was what it was handed.
    loaded_at: Mapped[datetime | None]


class AgencyFileNumber(Base):
    """Under which number of its own an agency keeps a case it holds or held; nobody else's agency sees it."""

    __tablename__ = "agency_file_numbers"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "case_id"),
        # One number is one case's, whoever it came from.
        UniqueConstraint("agency_id", "number"),
        ForeignKeyConstraint(["creditor_id", "case_id"], ["cases.creditor_id", "cases.id"]),
    )

    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    case_id: Mapped[int]
    number: Mapped[str]
    stated_at: Mapped[datetime]
    stated_by: Mapped[int | None]
