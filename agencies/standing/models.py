"""The panel, and the file an agency keeps of itself: what it can do, whose it is, what it shows, where it is paid."""

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
    LargeBinary,
    PrimaryKeyConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type


class PanelState(StrEnum):
    """How a creditor stands to an agency."""

    #: Invited: the two see each other's names, and the creditor the agency's file.
    CANDIDATE = "candidate"
    UNDER_REVIEW = "under_review"
    ON_PANEL = "on_panel"
    #: Nothing new is placed; what is placed stays.
    SUSPENDED = "suspended"
    REMOVED = "removed"
    #: The agency did not want to.
    DECLINED = "declined"


class PanelMember(Base):
    """An agency that may attest to a creditor and see its name and, on the panel, be offered cases."""

    __tablename__ = "panel_members"
    __table_args__ = (PrimaryKeyConstraint("creditor_id", "agency_id"),)

    creditor_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    agency_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    joined_at: Mapped[datetime]
    joined_by: Mapped[int | None]
    state: Mapped[PanelState] = mapped_column(code_type(PanelState))
    #: Since when, and what was said with the last move.
    state_at: Mapped[datetime]
    reason: Mapped[str]


class PanelMove(Base):
    """One decision about an agency on a panel, by whom and why; never edited."""

    __tablename__ = "panel_moves"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        ForeignKeyConstraint(["creditor_id", "agency_id"], ["panel_members.creditor_id", "panel_members.agency_id"]),
        Index(None, "agency_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    state: Mapped[PanelState] = mapped_column(code_type(PanelState))
    at: Mapped[datetime]
    by_user_id: Mapped[int | None]
    #: Which of the two decided.
    by_organisation_id: Mapped[int]
    reason: Mapped[str]


class OfferedService(StrEnum):
    """What an agency can be asked to do; the first two are those mandates are made for."""

    COLLECT = "collect"
    LOCATE = "locate"
    FIELD = "field"
    LEGAL = "legal"


class CredentialKind(StrEnum):
    """What an agency can show."""

    LICENCE = "licence"
    INSURANCE = "insurance"


class Product(StrEnum):
    """What kinds of debts an agency works."""

    CARD = "card"
    CONSUMER = "consumer"
    MORTGAGE = "mortgage"
    VEHICLE = "vehicle"
    MICRO = "micro"
    COMMERCIAL = "commercial"
    TELECOM = "telecom"
    UTILITY = "utility"
    OTHER = "other"


class PrincipalRole(StrEnum):
    """What somebody is in a company."""

    LEGAL_REPRESENTATIVE = "legal_representative"
    DIRECTOR = "director"
    PARTNER = "partner"
    BENEFICIAL_OWNER = "beneficial_owner"
    COMPLIANCE_OFFICER = "compliance_officer"
    DATA_OFFICER = "data_officer"


class AccountKind(StrEnum):
    """Kinds of bank accounts."""

    CHECKING = "checking"
    SAVINGS = "savings"


class DocumentKind(StrEnum):
    """What a file of an application or of an agency's file shows."""

    INCORPORATION = "incorporation"
    TAX_REGISTER = "tax_register"
    BANK_LETTER = "bank_letter"
    LICENCE = "licence"
    INSURANCE = "insurance"
    BACKGROUND_CHECK = "background_check"
    SECURITY_CERTIFICATE = "security_certificate"
    POLICY = "policy"
    OTHER = "other"


class AgencyFile(Base):
    """What an agency says it can do; what it leaves out restricts nothing."""

    __tablename__ = "agency_files"
    __table_args__ = (
        PrimaryKeyConstraint("agency_id"),
        CheckConstraint("capacity > 0", name="capacity"),
    )

    agency_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    #: Codes of `OfferedService`.
    services: Mapped[list[Any]]
    #: Two letters each.
    countries: Mapped[list[Any]]
    regions: Mapped[str]
    #: Cases it can work at a time for one creditor.
    capacity: Mapped[int | None]
    complaints_contact: Mapped[str]
    incidents_contact: Mapped[str]
    second_complaints_contact: Mapped[str]
    #: Hours within which it reports an incident.
    notice_hours: Mapped[int | None]
    #: Codes of `Product`.
    products: Mapped[list[Any]]
    #: What the country's registers say, by the names of the questions an applicant is asked.
    registers: Mapped[dict[str, Any]]
    #: What it has certified and disclosed, in the same way.
    disclosures: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime]
    updated_by: Mapped[int | None]


class AgencyCredential(Base):
    """A licence or an insurance policy, until it is taken off the file."""

    __tablename__ = "agency_credentials"
    __table_args__ = (
        PrimaryKeyConstraint("agency_id", "id"),
        CheckConstraint("limit_minor >= 0", name="limit_minor"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    agency_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[CredentialKind] = mapped_column(code_type(CredentialKind))
    country: Mapped[str]
    #: What it is, such as a register or a kind of cover.
    title: Mapped[str]
    number: Mapped[str]
    issuer: Mapped[str]
    limit_minor: Mapped[int | None]
    currency: Mapped[str | None]
    valid_until: Mapped[date | None]
    created_at: Mapped[datetime]
    created_by: Mapped[int | None]
    removed_at: Mapped[datetime | None]


class Principal(Base):
    """Somebody who represents, directs or owns the agency, until taken off the file."""

    __tablename__ = "principals"
    __table_args__ = (
        PrimaryKeyConstraint("agency_id", "id"),
        CheckConstraint("share_bp between 0 and 10000", name="share_bp"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    agency_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str]
    role: Mapped[PrincipalRole] = mapped_column(code_type(PrincipalRole))
    document_type: Mapped[str]
    #: What its document is sealed for, since it is sealed before the row has a number.
    seal: Mapped[str]
    document: Mapped[bytes] = mapped_column(LargeBinary)
    document_end: Mapped[str]
    share_bp: Mapped[int | None]
    background_checked_on: Mapped[date | None]
    is_exposed: Mapped[bool]
    created_at: Mapped[datetime]
    created_by: Mapped[int | None]
    removed_at: Mapped[datetime | None]


class AgencyDocument(Base):
    """A file an agency shows, until taken off its file."""

    __tablename__ = "agency_documents"
    __table_args__ = (PrimaryKeyConstraint("agency_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    agency_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[DocumentKind] = mapped_column(code_type(DocumentKind))
    storage_key: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    created_by: Mapped[int | None]
    removed_at: Mapped[datetime | None]


class BankAccount(Base):
    """An account an agency is paid to, from a moment on; the newest is in force, and none is ever edited."""

    __tablename__ = "bank_accounts"
    __table_args__ = (PrimaryKeyConstraint("agency_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    agency_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    country: Mapped[str]
    currency: Mapped[str]
    bank: Mapped[str]
    account_kind: Mapped[AccountKind] = mapped_column(code_type(AccountKind))
    #: What the number is sealed for.
    seal: Mapped[str]
    number: Mapped[bytes] = mapped_column(LargeBinary)
    last_four: Mapped[str]
    #: Blind, over all agencies: two that name one account are found.
    number_index: Mapped[bytes] = mapped_column(LargeBinary, index=True)
    holder_name: Mapped[str]
    #: Sealed too: where the holder is a person it is that person's.
    holder_tax_id: Mapped[bytes] = mapped_column(LargeBinary)
    #: Whether the holder was the agency itself when it was put in force.
    is_own: Mapped[bool]
    in_force_from: Mapped[datetime]
    #: Who asked for it, and who agreed; nobody where it came with the application.
    asked_by: Mapped[int | None]
    agreed_by: Mapped[int | None]
