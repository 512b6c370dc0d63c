"""Entries and their postings: append-only, balanced, corrected only by reversal."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type


class Account(StrEnum):
    """The accounts kept between one creditor and one agency."""

    #: What debtors owe the creditor; payments come from here.
    RECEIVABLE = "receivable"
    #: Money the agency received and holds for the creditor.
    HELD_BY_AGENCY = "held_by_agency"
    #: Money that reached the creditor.
    RECEIVED_BY_CREDITOR = "received_by_creditor"
    #: Commission the agency has earned.
    COMMISSION = "commission"
    #: What the creditor owes for findings.
    FEES_PAYABLE = "fees_payable"
    #: Fees the agency has earned for findings.
    LOCATE_FEES = "locate_fees"


class EntryKind(StrEnum):
    """What an entry books."""

    PAYMENT = "payment"
    #: That a payment was not as reported: its entry the other way round.
    REVERSAL = "reversal"
    #: What an accepted finding earns.
    LOCATE_FEE = "locate_fee"


class Entry(Base):
    """One event in the books, with the hash of what it was computed from."""

    __tablename__ = "entries"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        UniqueConstraint("creditor_id", "agency_id", "idempotency_key"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "payment_id"],
            ["payments.creditor_id", "payments.agency_id", "payments.id"],
        ),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "mandate_version_id"],
            ["mandate_versions.creditor_id", "mandate_versions.agency_id", "mandate_versions.id"],
        ),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "finding_id"],
            ["findings.creditor_id", "findings.agency_id", "findings.id"],
        ),
        CheckConstraint("(kind = 'locate_fee') = (finding_id is not null)", name="finding"),
        CheckConstraint("(kind = 'locate_fee') = (payment_id is null)", name="payment"),
        Index("ix_entries_creditor_id", "creditor_id", "id"),
        Index("ix_entries_agency_id", "agency_id", "id"),
        Index("ix_entries_payment_id", "creditor_id", "agency_id", "payment_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    kind: Mapped[EntryKind] = mapped_column(code_type(EntryKind))
    idempotency_key: Mapped[str]
    #: SHA-256 of the inputs, so that the same key with other inputs is seen.
    inputs_hash: Mapped[bytes] = mapped_column(LargeBinary)
    payment_id: Mapped[int | None]
    #: The finding of a locate fee.
    finding_id: Mapped[int | None]
    #: The terms that priced the commission.
    mandate_version_id: Mapped[int]
    commission_bp: Mapped[int]
    occurred_on: Mapped[date]
    currency: Mapped[str]
    #: Sum of the entry's postings; a deferred constraint compares them at commit.
    total_minor: Mapped[int]
    booked_at: Mapped[datetime]


class Posting(Base):
    """An amount moved from one account to another within an entry."""

    __tablename__ = "postings"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "entry_id", "position"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "entry_id"],
            ["entries.creditor_id", "entries.agency_id", "entries.id"],
        ),
        CheckConstraint("amount_minor >= 0", name="amount_minor"),
        CheckConstraint("source <> destination", name="accounts"),
        Index("ix_postings_agency_id", "agency_id"),
    )

    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    entry_id: Mapped[int]
    position: Mapped[int]
    source: Mapped[Account] = mapped_column(code_type(Account, "source"))
    destination: Mapped[Account] = mapped_column(code_type(Account, "destination"))
    currency: Mapped[str]
    amount_minor: Mapped[int]
