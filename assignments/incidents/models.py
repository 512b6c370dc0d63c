"""An incident as one creditor knows it: what is said of it, whom it touches, and what the creditor did about it.

An agency that works for several creditors reports once; each of them has a part of its own, and none sees another's.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type


class IncidentKind(StrEnum):
    """What happened to the data."""

    LOSS = "loss"
    THEFT = "theft"
    UNAUTHORISED_ACCESS = "unauthorised_access"
    DISCLOSURE = "disclosure"
    RANSOMWARE = "ransomware"
    OTHER = "other"


class DataCategory(StrEnum):
    """Kinds of personal data that may be concerned."""

    IDENTITY = "identity"
    CONTACT = "contact"
    DEBT = "debt"
    PAYMENT = "payment"
    EMPLOYMENT = "employment"
    RECORDINGS = "recordings"
    CREDENTIALS = "credentials"
    SENSITIVE = "sensitive"


class IncidentState(StrEnum):
    """How far the creditor has come with it."""

    REPORTED = "reported"
    #: Whether authority and people are to be told is decided, with reasons.
    ASSESSED = "assessed"
    #: Everybody who was to be told was told.
    NOTIFIED = "notified"
    CLOSED = "closed"


class StepKind(StrEnum):
    """What a creditor did about an incident."""

    ASSESSED = "assessed"
    AUTHORITY_TOLD = "authority_told"
    PEOPLE_TOLD = "people_told"
    CLOSED = "closed"


class Incident(Base):
    """One creditor's part of an incident."""

    __tablename__ = "incidents"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "id"),
        # The same form again is no second incident.
        UniqueConstraint("creditor_id", "report_key"),
        ForeignKeyConstraint(["creditor_id", "agency_id"], ["panel_members.creditor_id", "panel_members.agency_id"]),
        CheckConstraint("subjects >= 0 and cases >= 0", name="counts"),
        Index("ix_incidents_agency_id", "agency_id", "id", postgresql_where=text("agency_id is not null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    #: Where it happened; empty for what happened at the creditor itself.
    agency_id: Mapped[int | None]
    #: What the parts of one report have in common.
    report_key: Mapped[str]
    is_by_agency: Mapped[bool]
    state: Mapped[IncidentState] = mapped_column(code_type(IncidentState))
    #: As last stated; the statements are kept whole.
    kind: Mapped[IncidentKind] = mapped_column(code_type(IncidentKind))
    aware_at: Mapped[datetime]
    reported_at: Mapped[datetime]
    reported_by: Mapped[int | None]
    #: Of the newest determination.
    scope_no: Mapped[int]
    subjects: Mapped[int]
    cases: Mapped[int]
    #: Country -> how many people of it are touched.
    countries: Mapped[dict[str, Any]]
    #: When a later word last drew people in who did not stand in the determination before it.
    widened_at: Mapped[datetime | None]
    assessed_at: Mapped[datetime | None]
    tells_authority: Mapped[bool | None]
    tells_people: Mapped[bool | None]
    closed_at: Mapped[datetime | None]


def _incident_key() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["creditor_id", "incident_id"], ["incidents.creditor_id", "incidents.id"])


class IncidentStatement(Base):
    """What was said of an incident at one time; the next word is another row."""

    __tablename__ = "incident_statements"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "incident_id", "id"),
        _incident_key(),
        Index("ix_incident_statements_agency_id", "agency_id", postgresql_where=text("agency_id is not null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int | None]
    incident_id: Mapped[int]
    #: Kind, times, systems, categories, cause, measures, contact: `facts.Facts`.
    facts: Mapped[dict[str, Any]]
    stated_at: Mapped[datetime]
    stated_by: Mapped[int | None]
    is_by_agency: Mapped[bool]


class IncidentScope(Base):
    """One determination of whom an incident touches: what was asked, and how many that are."""

    __tablename__ = "incident_scopes"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "incident_id", "no"),
        _incident_key(),
        Index("ix_incident_scopes_agency_id", "agency_id", postgresql_where=text("agency_id is not null")),
    )

    creditor_id: Mapped[int]
    agency_id: Mapped[int | None]
    incident_id: Mapped[int]
    no: Mapped[int]
    #: Window, consignments, users and accounts it was narrowed by: `scope.Scope`.
    wanted: Mapped[dict[str, Any]]
    subjects: Mapped[int]
    cases: Mapped[int]
    countries: Mapped[dict[str, Any]]
    determined_at: Mapped[datetime]
    determined_by: Mapped[int | None]


class IncidentSubject(Base):
    """One person an incident touches, by one determination; for the creditor's eyes only."""

    __tablename__ = "incident_subjects"
    __table_args__ = (PrimaryKeyConstraint("creditor_id", "incident_id", "scope_no", "debtor_id"), _incident_key())

    creditor_id: Mapped[int]
    incident_id: Mapped[int]
    scope_no: Mapped[int]
    debtor_id: Mapped[int]
    country: Mapped[str]
    cases: Mapped[int]
    #: Why: `held`, `locate`, `not_returned`, `given_back`, `own`, `read`; the strongest of them.
    basis: Mapped[str]


class IncidentStep(Base):
    """One thing the creditor decided or did; never edited."""

    __tablename__ = "incident_steps"
    __table_args__ = (PrimaryKeyConstraint("creditor_id", "incident_id", "id"), _incident_key())

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    incident_id: Mapped[int]
    kind: Mapped[StepKind] = mapped_column(code_type(StepKind))
    #: When it happened, which may be before it was written down.
    happened_at: Mapped[datetime]
    #: Of which country the authority is.
    country: Mapped[str | None]
    #: The authority's number, or how people were told.
    reference: Mapped[str | None]
    note: Mapped[str | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int | None]


class IncidentFile(Base):
    """A file that was attached to an incident."""

    __tablename__ = "incident_files"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "incident_id", "id"),
        _incident_key(),
        Index("ix_incident_files_agency_id", "agency_id", postgresql_where=text("agency_id is not null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int | None]
    incident_id: Mapped[int]
    storage_key: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    created_by: Mapped[int | None]
    is_by_agency: Mapped[bool]
