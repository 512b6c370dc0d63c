"""A company's own sign-in (OpenID Connect): its provider, the domains of its people's addresses, who came in by it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    UniqueConstraint,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from agencies.kernel.base import Base
from agencies.kernel.sealing import Place
from agencies.organisations.models import Organisation, OrganisationState


class SignInProvider(Base):
    """The provider one organisation's people sign in with."""

    __tablename__ = "sign_in_providers"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    issuer: Mapped[str]
    client_id: Mapped[str]
    #: Sealed; only the door reads it.
    client_secret: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    #: People of the organisation come in by it and by nothing else.
    is_required: Mapped[bool]
    #: A second factor the provider says it has asked for counts as ours.
    trusts_factor: Mapped[bool]
    #: The organisation answers for the addresses of a provider that does not say whether they are verified.
    vouches_for_emails: Mapped[bool]
    changed_at: Mapped[datetime]


class SignInDomain(Base):
    """What the addresses of an organisation's people end with; it counts once the operator has approved it.

    Approved is the domain with the provider as it was; another provider is asked for, and approved, anew.
    """

    __tablename__ = "sign_in_domains"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "domain"),
        Index("uq_sign_in_domains_domain", "domain", unique=True, postgresql_where=text("approved_at is not null")),
    )

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    domain: Mapped[str]
    asked_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[int | None]


class SignInLink(Base):
    """Which person of the organisation a provider's subject is, from the first time on."""

    __tablename__ = "sign_in_links"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "user_id", "issuer"),
        UniqueConstraint("organisation_id", "issuer", "subject"),
        ForeignKeyConstraint(["organisation_id", "user_id"], ["users.organisation_id", "users.id"]),
    )

    organisation_id: Mapped[int]
    user_id: Mapped[int]
    issuer: Mapped[str]
    subject: Mapped[str]
    linked_at: Mapped[datetime]


def secret_place(organisation_id: int) -> Place:
    """Where a client secret is sealed for."""
    return Place(organisation_id, "sign_in_providers", "client_secret", str(organisation_id))


def is_required(session: Session, organisation_id: int) -> bool:
    """Whether an organisation's people come in by its own sign-in alone; one that waits for the operator is not."""
    found: bool | None = session.scalar(
        select(SignInProvider.is_required).where(SignInProvider.organisation_id == organisation_id)
    )
    return bool(found) and is_approved(session, organisation_id)


def is_approved(session: Session, organisation_id: int) -> bool:
    """Whether the operator has approved a domain of the organisation with its provider as it is now."""
    approved = select(SignInDomain.domain).where(
        SignInDomain.organisation_id == organisation_id, SignInDomain.approved_at.is_not(None)
    )
    return session.scalar(approved.limit(1)) is not None


def provider_for(session: Session, email: str) -> SignInProvider | None:
    """The provider for an address's domain, whether or not anybody has the address; at the door."""
    domain = domain_of(email)
    return session.scalar(
        select(SignInProvider)
        .join(SignInDomain, SignInDomain.organisation_id == SignInProvider.organisation_id)
        .join(Organisation, Organisation.id == SignInProvider.organisation_id)
        .where(
            SignInDomain.domain == domain,
            SignInDomain.approved_at.is_not(None),
            Organisation.state == OrganisationState.APPROVED,
        )
    )


def domain_of(email: str) -> str:
    """What comes after the last @, in small letters."""
    return email.strip().rpartition("@")[2].lower()
