"""Applications of organisations that are not on the platform yet, their links, their files, and what became of them.

An application belongs to the platform. Until it is approved nobody is signed in for it: the applicant shows a link, or
the token of the browser that opened one, and the wall lets through the rows of the one handle that goes with it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
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

from agencies.kernel.base import Base, code_type
from agencies.organisations.models import OrganisationKind
from agencies.standing.models import DocumentKind


class ApplicationState(StrEnum):
    """Where an application stands."""

    #: Nothing but an address that nobody has confirmed.
    UNCONFIRMED = "unconfirmed"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
    #: The operator has asked something, and the applicant may write again.
    MORE_ASKED = "more_asked"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    #: Nobody touched it for months; what it said is gone.
    EXPIRED = "expired"


class KeyUse(StrEnum):
    """What a token opens."""

    #: The link of a letter: once.
    LINK = "link"
    #: The browser that opened a link, for some hours.
    VISIT = "visit"


_OPEN = text("state in ('submitted', 'under_review', 'more_asked')")


def _application_key() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["organisation_id", "handle"], ["applications.organisation_id", "applications.handle"])


class Application(Base):
    """One request to be let in."""

    __tablename__ = "applications"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "handle"),
        # Of one organisation one application is looked at, however many people of it apply.
        Index(
            "uq_applications_open",
            "organisation_id",
            "country",
            "tax_id",
            unique=True,
            postgresql_where=_OPEN,
        ),
        Index(None, "agency_id"),
        Index(None, "creditor_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    #: The platform, to which it was made.
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    #: Random; what a link leads to, and what its sealed fields are bound to.
    handle: Mapped[str]
    kind: Mapped[OrganisationKind] = mapped_column(code_type(OrganisationKind))
    state: Mapped[ApplicationState] = mapped_column(code_type(ApplicationState))
    country: Mapped[str]
    language: Mapped[str]
    #: As far as they are said already; of a company, so open.
    legal_name: Mapped[str]
    tax_id: Mapped[str | None]
    #: Sealed: the address that was confirmed, and everything that was filled in, as JSON.
    email: Mapped[bytes] = mapped_column(LargeBinary)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    #: Of the operator who took it up.
    reviewer_id: Mapped[int | None]
    #: What it became.
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    creditor_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))


class ApplicationKey(Base):
    """A token that opens an application; only its hash is kept."""

    __tablename__ = "application_keys"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "token_hash"),
        _application_key(),
        Index(None, "organisation_id", "email_index"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    organisation_id: Mapped[int]
    handle: Mapped[str]
    #: By which a new link is found for an address, without the address.
    email_index: Mapped[bytes] = mapped_column(LargeBinary)
    kind: Mapped[OrganisationKind] = mapped_column(code_type(OrganisationKind))
    use: Mapped[KeyUse] = mapped_column(code_type(KeyUse))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ApplicationStep(Base):
    """One move of an application, by whom, and what was said with it; never edited."""

    __tablename__ = "application_steps"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        _application_key(),
        Index(None, "organisation_id", "handle"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    organisation_id: Mapped[int]
    handle: Mapped[str]
    state: Mapped[ApplicationState] = mapped_column(code_type(ApplicationState))
    at: Mapped[datetime]
    #: The operator; None for the applicant.
    by_user_id: Mapped[int | None]
    message: Mapped[str]


class ApplicationFile(Base):
    """A file an applicant sent along."""

    __tablename__ = "application_files"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        _application_key(),
        Index(None, "organisation_id", "handle"),
        Index(None, "agency_id"),
        Index(None, "creditor_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    organisation_id: Mapped[int]
    handle: Mapped[str]
    kind: Mapped[DocumentKind] = mapped_column(code_type(DocumentKind))
    storage_key: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    #: Set once the organisation is there, which then reads it.
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    creditor_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
