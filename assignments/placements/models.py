"""Waves of placements, the consignment each agency receives in a wave, and the placements themselves."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type
from agencies.mandates.models import Service


class WaveState(StrEnum):
    """A draft can be looked at; a committed wave is done."""

    DRAFT = "draft"
    COMMITTED = "committed"


class PlacementState(StrEnum):
    """Where a placement stands between the two organisations."""

    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    ENDED = "ended"


class Wave(Base):
    """One decision to share selected cases among agencies: selection, agencies, seed, and what the preview said."""

    __tablename__ = "placement_waves"
    __table_args__ = (PrimaryKeyConstraint("creditor_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str]
    service: Mapped[Service] = mapped_column(code_type(Service))
    state: Mapped[WaveState] = mapped_column(code_type(WaveState))
    #: The filter that selects cases, as shown to the director.
    selection: Mapped[dict[str, Any]]
    #: The seed that makes the split repeatable, and how many balance bands it keeps even.
    seed: Mapped[int]
    bands: Mapped[int]
    #: Digest of the previewed split; committing anything else is refused.
    digest: Mapped[str | None]
    #: Per band and agency: cases and value, as previewed and committed.
    preview: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    created_by: Mapped[int | None]
    committed_at: Mapped[datetime | None]
    committed_by: Mapped[int | None]


class Consignment(Base):
    """What one agency receives in one wave, under one mandate version."""

    __tablename__ = "consignments"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        UniqueConstraint("creditor_id", "wave_id", "agency_id"),
        ForeignKeyConstraint(["creditor_id", "wave_id"], ["placement_waves.creditor_id", "placement_waves.id"]),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "mandate_version_id"],
            ["mandate_versions.creditor_id", "mandate_versions.agency_id", "mandate_versions.id"],
        ),
        Index(None, "agency_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    wave_id: Mapped[int]
    mandate_version_id: Mapped[int]
    #: The wave's name as the agency sees it, for the agency may not read the wave.
    name: Mapped[str]
    #: Empty until the wave is committed.
    state: Mapped[PlacementState | None] = mapped_column(code_type(PlacementState))
    currency: Mapped[str | None]
    cases: Mapped[int] = mapped_column(default=0)
    placed_minor: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[int | None]
    manifest_downloaded_at: Mapped[datetime | None]


class Placement(Base):
    """One case with one agency for one service under one mandate version."""

    __tablename__ = "placements"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        # What is reported refers to a placement together with its case.
        UniqueConstraint("creditor_id", "agency_id", "id", "case_id"),
        ForeignKeyConstraint(["creditor_id", "case_id"], ["cases.creditor_id", "cases.id"]),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "consignment_id"],
            ["consignments.creditor_id", "consignments.agency_id", "consignments.id"],
        ),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "mandate_version_id"],
            ["mandate_versions.creditor_id", "mandate_versions.agency_id", "mandate_versions.id"],
        ),
        # One live collect placement per case: the wall behind the code.
        Index(
            "uq_placements_live_collect",
            "creditor_id",
            "case_id",
            unique=True,
            postgresql_where=text("ended_at is null and service = 'collect'"),
        ),
        Index("ix_placements_case_id", "creditor_id", "case_id", "agency_id"),
        Index("ix_placements_agency_id", "agency_id", "creditor_id", "id"),
        Index("ix_placements_consignment_id", "creditor_id", "consignment_id"),
        Index("ix_placements_account_ref", "agency_id", "account_ref"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    case_id: Mapped[int]
    #: The creditor's account, by which the agency reports also when the case is no longer its own.
    account_ref: Mapped[str]
    consignment_id: Mapped[int]
    mandate_version_id: Mapped[int]
    service: Mapped[Service] = mapped_column(code_type(Service))
    state: Mapped[PlacementState] = mapped_column(code_type(PlacementState))
    currency: Mapped[str]
    #: The case's balance when it was placed.
    placed_minor: Mapped[int]
    #: Like cases are compared with like: the balance band it was split in.
    stratum: Mapped[str]
    placed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_code: Mapped[str | None]
