"""The panel, and the file an agency keeps of itself: services, coverage, capacity, licences and insurance."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type


class PanelMember(Base):
    """An agency that may attest to a creditor, see its name, and be offered cases."""

    __tablename__ = "panel_members"
    __table_args__ = (PrimaryKeyConstraint("creditor_id", "agency_id"),)

    creditor_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    agency_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    joined_at: Mapped[datetime]
    joined_by: Mapped[int | None]


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
