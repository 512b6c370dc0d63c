"""Lots, what each invited agency is shown of one, its sealed bid, and the bids as they were opened.

Until the time is up a bid lies in `bids`, which the creditor's role may not even name. Opening copies it to
`opened_bids`, where both sides read it and nobody changes it.
"""

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
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type
from agencies.mandates.models import Service


class LotState(StrEnum):
    """How far an offer of cases has come."""

    #: Only the creditor knows of it.
    DRAFT = "draft"
    #: Agencies may bid.
    LISTED = "listed"
    #: The time for bids is over and they are open; the creditor decides.
    CLOSED = "closed"
    AWARDED = "awarded"
    WITHDRAWN = "withdrawn"
    #: The time for deciding passed without an award.
    EXPIRED = "expired"


class BidState(StrEnum):
    """Whether a bid counts when the bids are opened."""

    SUBMITTED = "submitted"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    """What became of an offer for one agency."""

    WON = "won"
    DECLINED = "declined"
    #: It did not bid.
    ABSENT = "absent"


class DeclineReason(StrEnum):
    """Why a bid did not win, as its agency is told; nothing in it tells of another bid's figures."""

    PRICE = "price"
    RETURN = "return"
    RECORD = "record"
    CAPACITY = "capacity"
    TERMS = "terms"
    STANDING = "standing"
    EXPIRED = "expired"


class Lot(Base):
    """Selected cases offered to several agencies, the timetable, and how it ended."""

    __tablename__ = "lots"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "id"),
        UniqueConstraint("creditor_id", "name"),
        ForeignKeyConstraint(["creditor_id", "wave_id"], ["placement_waves.creditor_id", "placement_waves.id"]),
        CheckConstraint("bids_until < decision_until", name="timetable"),
        CheckConstraint("reserve_bp between 0 and 10000", name="reserve_bp"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str]
    service: Mapped[Service] = mapped_column(code_type(Service))
    state: Mapped[LotState] = mapped_column(code_type(LotState))
    #: The filter that selects its cases until it is listed; `lot_cases` says which they are from then on.
    selection: Mapped[dict[str, Any]]
    currency: Mapped[str]
    #: When it was listed: open cases, their debtors and balance.
    cases: Mapped[int]
    debtors: Mapped[int]
    value_minor: Mapped[int]
    #: Value by age band, exactly, by which prices are compared; for the creditor alone.
    mix: Mapped[list[Any]]
    #: The masked figures that bidders see.
    tape: Mapped[dict[str, Any]]
    #: What every bidder would sign besides its price: reporting, service levels, tail.
    terms: Mapped[dict[str, Any]]
    #: Whether several agencies may win a share each.
    is_split: Mapped[bool]
    #: Whether everybody may know before the end how many bids there are.
    shows_bid_count: Mapped[bool]
    #: The agencies to be invited; the whole panel when empty.
    invited: Mapped[list[Any]]
    #: The highest commission the creditor will pay on average, which no agency is told.
    reserve_bp: Mapped[int | None]
    #: What makes the split repeatable, and how many balance bands it keeps even.
    seed: Mapped[int]
    bands: Mapped[int]
    bids_until: Mapped[datetime]
    decision_until: Mapped[datetime]
    created_at: Mapped[datetime]
    created_by: Mapped[int | None]
    listed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None]
    #: The placement that the award made.
    wave_id: Mapped[int | None]


class LotOffer(Base):
    """A lot as one invited agency may see it, and what became of it for that agency."""

    __tablename__ = "lot_offers"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "lot_id"),
        ForeignKeyConstraint(["creditor_id", "lot_id"], ["lots.creditor_id", "lots.id"]),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "mandate_id"], ["mandates.creditor_id", "mandates.agency_id", "mandates.id"]
        ),
        CheckConstraint("share_bp between 1 and 10000", name="share_bp"),
        Index("ix_lot_offers_agency_id", "agency_id", "lot_id"),
        Index("ix_lot_offers_lot_id", "creditor_id", "lot_id"),
    )

    creditor_id: Mapped[int]
    agency_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    lot_id: Mapped[int]
    name: Mapped[str]
    service: Mapped[Service] = mapped_column(code_type(Service))
    state: Mapped[LotState] = mapped_column(code_type(LotState))
    currency: Mapped[str]
    tape: Mapped[dict[str, Any]]
    terms: Mapped[dict[str, Any]]
    is_split: Mapped[bool]
    shows_bid_count: Mapped[bool]
    bids_until: Mapped[datetime]
    decision_until: Mapped[datetime]
    offered_at: Mapped[datetime]
    #: When somebody of the agency first looked at the masked figures.
    seen_at: Mapped[datetime | None]
    outcome: Mapped[Outcome | None] = mapped_column(code_type(Outcome))
    reason: Mapped[DeclineReason | None] = mapped_column(code_type(DeclineReason))
    #: Of the lot's debtors that were drawn, in ten-thousandths.
    share_bp: Mapped[int | None]
    #: The mandate that the award made of its bid.
    mandate_id: Mapped[int | None]
    ended_at: Mapped[datetime | None]


class _BidTerms:
    """What a bid says, sealed or open."""

    #: Commission on debts younger than the first age band or of unknown age; then [from_days, commission] for each.
    commission_bp: Mapped[int]
    bands: Mapped[list[Any]]
    #: How many cases the agency can take on; any number when empty.
    capacity: Mapped[int | None]
    starts_on: Mapped[date]
    #: Business hours to the first contact that it promises.
    first_contact_hours: Mapped[int | None]
    #: What share of the value it expects to recover within 6 and 12 months, and why.
    promise_6_bp: Mapped[int | None]
    promise_12_bp: Mapped[int | None]
    basis: Mapped[str]
    subcontractors: Mapped[str]
    data_country: Mapped[str]
    conflicts: Mapped[str]
    note: Mapped[str]
    #: The last day on which the bid can be accepted.
    valid_until: Mapped[date]
    #: How the agency's attestations stood when it bid.
    attestations: Mapped[list[Any]]
    submitted_at: Mapped[datetime]
    submitted_by: Mapped[int | None]


def _offer_key() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["creditor_id", "agency_id", "lot_id"],
        ["lot_offers.creditor_id", "lot_offers.agency_id", "lot_offers.lot_id"],
    )


class Bid(_BidTerms, Base):
    """An agency's sealed bid; it has no number of its own, so that no number tells how many there are."""

    __tablename__ = "bids"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "lot_id"),
        _offer_key(),
        CheckConstraint("commission_bp between 0 and 10000", name="commission_bp"),
    )

    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    lot_id: Mapped[int]
    state: Mapped[BidState] = mapped_column(code_type(BidState))


class OpenedBid(_BidTerms, Base):
    """A bid as it stood when the time was up; never edited."""

    __tablename__ = "opened_bids"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "lot_id"),
        _offer_key(),
        CheckConstraint("commission_bp between 0 and 10000", name="commission_bp"),
    )

    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    lot_id: Mapped[int]
    opened_at: Mapped[datetime]
