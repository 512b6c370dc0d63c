"""Portfolios, debtors and cases, as a creditor's upload made them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import OF_THE_ACTOR, Base, code_type
from agencies.kernel.sealing import HoldsSealed, keyring_for
from uploads.sealed import Private, open_private


class CaseState(StrEnum):
    """Whether somebody works the case."""

    OPEN = "open"
    PLACED = "placed"
    #: Given back for a reason that must be settled before anybody works it again.
    ON_HOLD = "on_hold"
    CLOSED = "closed"


class ReturnCode(StrEnum):
    """Why an agency gave a case back (market reference, 2.3)."""

    PAID_FULL = "paid_full"
    SETTLED = "settled"
    PARTIAL_PAID = "partial_paid"
    DECEASED = "deceased"
    INSOLVENT = "insolvent"
    UNTRACEABLE = "untraceable"
    DISPUTED = "disputed"
    EXHAUSTED = "exhausted"
    TIME_BARRED = "time_barred"
    UNECONOMIC = "uneconomic"
    SETTLEMENT_REFUSED = "settlement_refused"
    CLIENT_UNRESPONSIVE = "client_unresponsive"
    HARDSHIP = "hardship"
    VULNERABLE = "vulnerable"
    SELF_HARM_RISK = "self_harm_risk"
    FRAUD = "fraud"
    INVALIDATED = "invalidated"


class Portfolio(Base):
    """The rows of one currency of a creditor's upload, which became cases."""

    __tablename__ = "portfolios"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "id"),
        UniqueConstraint("creditor_id", "upload_id", "currency"),
        ForeignKeyConstraint(["creditor_id", "upload_id"], ["uploads.organisation_id", "uploads.id"]),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    upload_id: Mapped[int]
    name: Mapped[str]
    currency: Mapped[str]
    cases: Mapped[int]
    placed_minor: Mapped[int]
    #: What its cases can be filtered by: column -> the values that occur in it.
    facets: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class Debtor(HoldsSealed, Base):
    """A person or company, one row per creditor and identity."""

    __tablename__ = "debtors"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "id"),
        UniqueConstraint("creditor_id", "identity"),
        Index("ix_debtors_agency_id", "agency_id", postgresql_where=text("agency_id is not null")),
        Index(
            "ix_debtors_document_index",
            "creditor_id",
            "document_index",
            postgresql_where=text("document_index is not null"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    #: The rows' policy admits no creditor but the acting one, so no foreign key asks for each of a million rows.
    creditor_id: Mapped[int] = mapped_column(server_default=OF_THE_ACTOR)
    #: The agency that works the debtor's cases now; all of a debtor's cases are kept together.
    agency_id: Mapped[int | None]
    #: What makes two rows one debtor, as a blind index: the document and its kind, else the creditor's customer number,
    #: else the account. It never changes, and what is sealed of the debtor is bound to it.
    identity: Mapped[bytes] = mapped_column(LargeBinary)
    country: Mapped[str]
    id_type: Mapped[str | None]
    #: The number alone, by which it is found whatever its kind; empty where no document is known.
    document_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    name: Mapped[str | None]
    person_type: Mapped[str | None]
    birth_date: Mapped[date | None]
    #: The document and how to reach it, as its first row said (`uploads.sealed`); later and released ways are contact
    #: points of their own.
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: What each way is found by, empty where there is none.
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_2_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    email_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    address_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: The debtor that has its cases since somebody found the two to be one person.
    merged_into: Mapped[int | None]

    @property
    def private(self) -> Private:
        """What is sealed, opened with the keys of its session; raises `NoKeyring` and `SealBroken`."""
        return open_private(keyring_for(self), self.creditor_id, self.identity, self.sealed)

    @property
    def id_number(self) -> str | None:
        """The number of the document, opened."""
        return self.private.national_id


class Case(Base):
    """One debt of one debtor; that its portfolio and debtor exist is asked once per statement, by a trigger."""

    __tablename__ = "cases"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "id"),
        UniqueConstraint("creditor_id", "account_ref"),
        Index(
            "ix_cases_agency_id",
            "agency_id",
            "creditor_id",
            "id",
            postgresql_where=text("agency_id is not null"),
        ),
        Index("ix_cases_debtor_id", "creditor_id", "debtor_id"),
        Index("ix_cases_is_stopped", "creditor_id", "id", postgresql_where=text("is_stopped")),
        # A little of a large book, counted on every home page.
        Index("ix_cases_on_hold", "creditor_id", "id", postgresql_where=text("state = 'on_hold'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int] = mapped_column(server_default=OF_THE_ACTOR)
    #: The agency that holds it now, kept by the placement's transaction.
    agency_id: Mapped[int | None]
    portfolio_id: Mapped[int]
    debtor_id: Mapped[int]
    #: Since when nobody is to work it, by the creditor's word, and why; a placed case stays placed meanwhile.
    held_since: Mapped[datetime | None]
    hold_reason: Mapped[str | None]
    #: The flags that stand on it or on its person: kind, since when, whether it stops work (`assignments.flags`); and
    #: whether one of them does.
    flags: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    is_stopped: Mapped[bool] = mapped_column(server_default=false())
    #: Since when a claim of the debtor about its own data is in process: the mark the law asks for.
    claim_since: Mapped[datetime | None]
    #: The row it came from: with the portfolio's upload, this finds the source.
    line: Mapped[int]
    account_ref: Mapped[str]
    state: Mapped[CaseState] = mapped_column(code_type(CaseState))
    #: Why the last agency gave it back; empty again once it is placed.
    return_code: Mapped[ReturnCode | None] = mapped_column(code_type(ReturnCode))
    product: Mapped[str | None]
    currency: Mapped[str]
    #: Balance as handed over, and what is left of it by our books.
    placed_minor: Mapped[int]
    balance_minor: Mapped[int]
    principal_minor: Mapped[int | None]
    interest_minor: Mapped[int | None]
    late_interest_minor: Mapped[int | None]
    fees_minor: Mapped[int | None]
    opened_on: Mapped[date | None]
    due_on: Mapped[date | None]
    delinquent_on: Mapped[date | None]
    charged_off_on: Mapped[date | None]
    last_payment_on: Mapped[date | None]
    days_past_due: Mapped[int | None]
    stage: Mapped[str | None]
    segment: Mapped[str | None]
    region: Mapped[str | None]
    city: Mapped[str | None]


class LotCase(Base):
    """A case of a lot, written down when the lot was listed; what a lot awards is none but these.

    Lot and cases exist (a trigger asks once for all of them).
    """

    __tablename__ = "lot_cases"
    __table_args__ = (PrimaryKeyConstraint("creditor_id", "lot_id", "case_id"),)

    creditor_id: Mapped[int]
    lot_id: Mapped[int]
    case_id: Mapped[int]
