"""Attestations, the files that prove them, and the signatures under them."""

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
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.attestations.templates import Act
from agencies.kernel.base import Base, code_type


class AttestationState(StrEnum):
    """Where an attestation stands; whether it is expiring or expired follows from its dates."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REVOKED = "revoked"
    #: A later one for the same template was accepted.
    SUPERSEDED = "superseded"


class SignerRole(StrEnum):
    """Who may bind an agency."""

    LEGAL_REPRESENTATIVE = "legal_representative"
    DATA_OFFICER = "data_officer"


_KEY = ["creditor_id", "agency_id", "attestation_id"]


def _attestation_key() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(_KEY, ["attestations.creditor_id", "attestations.agency_id", "attestations.id"])


class Attestation(Base):
    """One declaration of an agency to a creditor, by a template in the version of that day."""

    __tablename__ = "attestations"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        ForeignKeyConstraint(["creditor_id", "agency_id"], ["panel_members.creditor_id", "panel_members.agency_id"]),
        # Two people who press "fill in" at the same time get one draft; of two accepted ones the older is superseded.
        Index(
            "uq_attestations_open",
            "creditor_id",
            "agency_id",
            "code",
            "recall_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("state in ('draft', 'submitted')"),
        ),
        Index(
            "uq_attestations_accepted",
            "creditor_id",
            "agency_id",
            "code",
            "recall_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("state = 'accepted'"),
        ),
        Index(None, "agency_id"),
        CheckConstraint("state <> 'accepted' or valid_until is not null", name="accepted_until"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    #: Such as `AT-01`.
    code: Mapped[str]
    #: The version of the template that was filled in, and the country whose variant it is.
    template_version: Mapped[int]
    country: Mapped[str]
    #: For the template that is due once for every recall.
    recall_id: Mapped[int | None]
    state: Mapped[AttestationState] = mapped_column(code_type(AttestationState))
    #: What was filled in, by field of the template.
    answers: Mapped[dict[str, Any]]
    #: Of what day the evidence is.
    evidence_on: Mapped[date | None]
    #: Set when it is signed, by the template's rule.
    valid_until: Mapped[date | None]
    created_at: Mapped[datetime]
    created_by: Mapped[int | None]
    submitted_at: Mapped[datetime | None]
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[int | None]
    review_reason: Mapped[str | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[int | None]
    revocation_reason: Mapped[str | None]
    #: The version of the list of sub-processors it speaks of, where it speaks of one.
    list_version: Mapped[int | None]
    #: When something it speaks of changed: it stands as it was signed, and has to be renewed.
    outdated_at: Mapped[datetime | None]


class AttestationFile(Base):
    """A file of evidence."""

    __tablename__ = "attestation_files"
    __table_args__ = (PrimaryKeyConstraint("creditor_id", "agency_id", "id"), _attestation_key(), Index(None, *_KEY))

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    attestation_id: Mapped[int]
    storage_key: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    created_by: Mapped[int | None]


class AttestationSignature(Base):
    """Who signed which exact text, when and from where; never edited."""

    __tablename__ = "attestation_signatures"
    __table_args__ = (PrimaryKeyConstraint("creditor_id", "agency_id", "id"), _attestation_key(), Index(None, *_KEY))

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    attestation_id: Mapped[int]
    #: Every word the signer saw.
    text: Mapped[str]
    language: Mapped[str]
    #: SHA-256 of the text in UTF-8.
    text_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    signer_name: Mapped[str]
    signer_id: Mapped[str]
    signer_role: Mapped[SignerRole] = mapped_column(code_type(SignerRole))
    signed_at: Mapped[datetime]
    signed_by: Mapped[int | None]
    #: The network address the signature came from.
    address: Mapped[str]


class AttestationSnapshot(Base):
    """What held between a creditor and an agency at the moment of an act; kept once and referred to; never edited."""

    __tablename__ = "attestation_snapshots"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        ForeignKeyConstraint(["creditor_id", "agency_id"], ["panel_members.creditor_id", "panel_members.agency_id"]),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    #: What was done.
    act: Mapped[Act] = mapped_column(code_type(Act))
    taken_at: Mapped[datetime]
    #: Template by template: what held, in which version, signed with which text, until when.
    held: Mapped[list[Any]]
    #: SHA-256 of `held` in its canonical form.
    sha256: Mapped[bytes] = mapped_column(LargeBinary)


class CreditorTemplate(Base):
    """A template a creditor asks for besides the common ones; a published version is never edited."""

    __tablename__ = "creditor_templates"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "id"),
        UniqueConstraint("creditor_id", "code", "version"),
        CheckConstraint("published_at is null or valid_from is not null", name="published_from"),
        CheckConstraint("code ~ '^EX-[0-9]{2}$'", name="code"),
        Index(
            "uq_creditor_templates_draft",
            "creditor_id",
            "code",
            unique=True,
            postgresql_where=text("published_at is null"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    #: Such as `EX-01`.
    code: Mapped[str]
    version: Mapped[int]
    #: The first day on which it is asked for.
    valid_from: Mapped[date | None]
    #: As the common ones stand in their file.
    body: Mapped[dict[str, Any]]
    #: The first day on which it is asked for no more.
    retired_on: Mapped[date | None]
    created_at: Mapped[datetime]
    created_by: Mapped[int | None]
    published_at: Mapped[datetime | None]
    published_by: Mapped[int | None]
