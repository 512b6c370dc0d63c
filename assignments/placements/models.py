"""Waves of placements, the consignment each agency receives in a wave, and the placements themselves."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
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
from assignments.cases.models import ReturnCode


class WaveState(StrEnum):
    """A draft can be looked at; a committed wave is done."""

    DRAFT = "draft"
    COMMITTED = "committed"


class PlacementState(StrEnum):
    """Where a placement stands between the two organisations."""

    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    #: The agency would not take it on, and said why.
    REJECTED = "rejected"
    #: The agency took it on and has reported something done, or paid.
    ACTIVE = "active"
    #: Nobody is to work it for the time being.
    ON_HOLD = "on_hold"
    #: The creditor takes it back on a date to come; until then the agency works it.
    RECALL_PENDING = "recall_pending"
    #: The agency asks to keep it, or to keep it longer.
    RECALL_OBJECTED = "recall_objected"
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
    #: Agency -> its share of the drawn debtors, in ten-thousandths; equal shares when empty.
    shares: Mapped[dict[str, Any] | None]
    #: How it is shared (`strategy`), with the number of the rule; none on waves drawn before there were strategies.
    strategy: Mapped[dict[str, Any] | None]
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
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "snapshot_id"],
            ["attestation_snapshots.creditor_id", "attestation_snapshots.agency_id", "attestation_snapshots.id"],
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
    #: What the agency's attestations were when it was sent; none on what was sent before they were kept.
    snapshot_id: Mapped[int | None]


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
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "recall_id"],
            ["recalls.creditor_id", "recalls.agency_id", "recalls.id"],
        ),
        CheckConstraint("commission_bp between 0 and 10000", name="commission_bp"),
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
        Index(
            "ix_placements_recall_id",
            "creditor_id",
            "agency_id",
            "recall_id",
            postgresql_where=text("recall_id is not null"),
        ),
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
    #: Like cases are compared with like: the stratum it was drawn in, by default its balance band.
    stratum: Mapped[str]
    #: 1 is the first placement of the case for this service, 2 the second.
    tier: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    #: Whether it was shared equally as control, by the strategy, or went where its debtor was; none on older ones.
    arm: Mapped[str | None]
    #: Days past due when it was placed, empty when nobody knew; and the commission that follows from it for good.
    age_days: Mapped[int | None]
    commission_bp: Mapped[int]
    placed_at: Mapped[datetime]
    #: The recall it waits for, or ended with.
    recall_id: Mapped[int | None]
    ended_at: Mapped[datetime | None]
    #: `recalled`, the code of its return, or the reason of its rejection.
    end_code: Mapped[str | None]
    #: The last day on which a payment still earns the agency its commission.
    tail_until: Mapped[date | None]


class RecallReason(StrEnum):
    """Why a creditor takes cases back."""

    STRATEGY = "strategy"
    NO_ACTIVITY = "no_activity"
    PERFORMANCE = "performance"
    SETTLED_WITH_CREDITOR = "settled_with_creditor"
    SOLD = "sold"
    AGREEMENT_ENDED = "agreement_ended"
    #: The days are over that the terms give a case.
    EXPIRED = "expired"
    COMPLAINT = "complaint"
    DATA_PROTECTION = "data_protection"
    COMPLIANCE = "compliance"


class RecallState(StrEnum):
    """How far a recall has come."""

    PENDING = "pending"
    #: The agency asks to keep the cases, or to keep them longer.
    OBJECTED = "objected"
    WITHDRAWN = "withdrawn"
    #: The cases are back; what the agency holds of their data is still out.
    ENDED = "ended"
    #: The agency has attested what became of the data.
    CLOSED = "closed"


class RecallAnswer(StrEnum):
    """What an agency says to a recall."""

    ACCEPTED = "accepted"
    OBJECTED = "objected"


class ObjectionReason(StrEnum):
    """Why an agency asks for more time."""

    PAYMENT_PLAN = "payment_plan"
    PROMISE = "promise"
    PAYMENT_IN_TRANSIT = "payment_in_transit"
    LEGAL_ACTION = "legal_action"
    OTHER = "other"


class Recall(Base):
    """Cases that a creditor takes back from one agency on a date."""

    __tablename__ = "recalls"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "mandate_version_id"],
            ["mandate_versions.creditor_id", "mandate_versions.agency_id", "mandate_versions.id"],
        ),
        Index("ix_recalls_agency_id", "agency_id", "id"),
        Index("ix_recalls_creditor_id", "creditor_id", "id"),
        Index("ix_recalls_upload_id", "creditor_id", "upload_id", postgresql_where=text("upload_id is not null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    #: Of the terms its cases stand under, those that promise the soonest answer.
    mandate_version_id: Mapped[int]
    reason: Mapped[RecallReason] = mapped_column(code_type(RecallReason))
    note: Mapped[str | None]
    state: Mapped[RecallState] = mapped_column(code_type(RecallState))
    #: The list it was asked by, if it was asked by a file.
    upload_id: Mapped[int | None]
    #: How many cases it took in.
    cases: Mapped[int]
    #: The creditor's date on which the agency's access ends, as it stands now.
    effective_on: Mapped[date]
    requested_at: Mapped[datetime]
    requested_by: Mapped[int | None]
    answer: Mapped[RecallAnswer | None] = mapped_column(code_type(RecallAnswer))
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[int | None]
    objection: Mapped[ObjectionReason | None] = mapped_column(code_type(ObjectionReason))
    objection_note: Mapped[str | None]
    proposed_on: Mapped[date | None]
    #: When the creditor kept the date or moved it.
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None]
    ended_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[int | None]


class Return(Base):
    """One case that an agency gave back, and why; never edited."""

    __tablename__ = "returns"
    __table_args__ = (
        # A placement is given back once.
        PrimaryKeyConstraint("creditor_id", "agency_id", "placement_id"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "placement_id", "case_id"],
            ["placements.creditor_id", "placements.agency_id", "placements.id", "placements.case_id"],
        ),
        Index("ix_returns_agency_id", "agency_id", "placement_id"),
        Index("ix_returns_case_id", "creditor_id", "case_id"),
    )

    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    placement_id: Mapped[int]
    case_id: Mapped[int]
    code: Mapped[ReturnCode] = mapped_column(code_type(ReturnCode))
    note: Mapped[str | None]
    #: The day on which the agency says it closed the case, where a file said so.
    stated_on: Mapped[date | None]
    returned_at: Mapped[datetime]
    returned_by: Mapped[int | None]
