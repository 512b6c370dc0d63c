"""Promises as an agency reported them: the facts stay, what the agency says of them is history."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type


class PromiseState(StrEnum):
    """What the agency says of a promise."""

    PENDING = "pending"
    KEPT = "kept"
    BROKEN = "broken"
    CANCELLED = "cancelled"


class Promise(Base):
    """One promise of a debtor, or one instalment of a plan; known by its natural key."""

    __tablename__ = "promises"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "placement_id", "case_id"],
            ["placements.creditor_id", "placements.agency_id", "placements.id", "placements.case_id"],
        ),
        CheckConstraint("amount_minor > 0", name="amount_minor"),
        # A promise that was taken back with its file may be told anew.
        Index(
            "uq_promises_natural_key",
            "creditor_id",
            "agency_id",
            "natural_key",
            unique=True,
            postgresql_where=text("withdrawn_at is null"),
        ),
        Index("ix_promises_case_id", "creditor_id", "case_id"),
        Index("ix_promises_creditor_id", "creditor_id", "promised_on", "id"),
        Index("ix_promises_agency_id", "agency_id", "promised_on", "id"),
        Index("ix_promises_upload_id", "agency_id", "upload_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    case_id: Mapped[int]
    placement_id: Mapped[int]
    #: `ref:` and the agency's reference, `plan:` and the instalment of a plan, else `fp:` and a hash of its facts.
    natural_key: Mapped[str]
    #: When it was made, or, where nobody said, the day it was reported or promised for, whichever came first.
    made_on: Mapped[date]
    promised_on: Mapped[date]
    currency: Mapped[str]
    amount_minor: Mapped[int]
    plan_ref: Mapped[str | None]
    instalment: Mapped[int | None]
    instalments: Mapped[int | None]
    is_settlement: Mapped[bool]
    #: What is let off: as a part of the balance in ten-thousandths, and as an amount where one was stated.
    discount_bp: Mapped[int | None]
    settlement_minor: Mapped[int | None]
    #: The largest discount the terms of the placement gave the agency, and whether the promise goes beyond it.
    authority_bp: Mapped[int]
    is_beyond: Mapped[bool]
    #: What the agency said last, and when; all it ever said stands in `promise_statements`.
    stated_state: Mapped[PromiseState] = mapped_column(code_type(PromiseState))
    stated_at: Mapped[datetime]
    upload_id: Mapped[int]
    line: Mapped[int]
    reported_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class PromiseStatement(Base):
    """What one file said became of a promise; never edited."""

    __tablename__ = "promise_statements"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        UniqueConstraint("creditor_id", "agency_id", "promise_id", "upload_id"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "promise_id"], ["promises.creditor_id", "promises.agency_id", "promises.id"]
        ),
        Index("ix_promise_statements_upload_id", "agency_id", "upload_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    promise_id: Mapped[int]
    state: Mapped[PromiseState] = mapped_column(code_type(PromiseState))
    #: When the file was sent that said so: an older file never speaks over a newer one.
    told_at: Mapped[datetime]
    upload_id: Mapped[int]
    line: Mapped[int]
