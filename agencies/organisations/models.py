"""Organisations, their users, invitations and signed-in sessions."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    FetchedValue,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type
from agencies.organisations.permissions import Role


class OrganisationKind(StrEnum):
    """What an organisation is on the platform for; the values equal those of `Side`."""

    CREDITOR = "creditor"
    AGENCY = "agency"
    PLATFORM = "platform"


class OrganisationState(StrEnum):
    """Approved organisations work; suspended ones may not sign in."""

    APPROVED = "approved"
    SUSPENDED = "suspended"


class UserState(StrEnum):
    """Invited people have no password yet."""

    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


class Organisation(Base):
    """A tenant: a creditor, an agency, or the platform itself."""

    __tablename__ = "organisations"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[OrganisationKind] = mapped_column(code_type(OrganisationKind))
    name: Mapped[str]
    legal_name: Mapped[str]
    tax_id: Mapped[str]
    #: ISO 3166 two letters; decides the business calendar.
    country: Mapped[str]
    #: ISO 4217; what its figures are shown in when a file does not say.
    currency: Mapped[str]
    time_zone: Mapped[str]
    language: Mapped[str]
    state: Mapped[OrganisationState] = mapped_column(code_type(OrganisationState))
    created_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("country", "tax_id"),)


class User(Base):
    """A person who signs in for one organisation in one role."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("organisation_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    email: Mapped[str] = mapped_column(CITEXT, unique=True)
    name: Mapped[str]
    role: Mapped[Role] = mapped_column(code_type(Role))
    language: Mapped[str]
    state: Mapped[UserState] = mapped_column(code_type(UserState))
    #: Argon2id, or nothing for an invited person.
    password_hash: Mapped[str | None]
    failed_sign_ins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    #: Wrong second factors in a row, and until when they are not even tried.
    failed_factors: Mapped[int] = mapped_column(default=0)
    factor_paused_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    last_signed_in_at: Mapped[datetime | None]
    #: Signed-in sessions that began before are over: the person was kept out, let in again, or changed roles.
    sessions_since: Mapped[datetime | None]
    #: Since when the person has been let in with this role; never moves back, see revision 0102.
    entitled_since: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    #: When the person last looked at the notices; later ones are new.
    notices_seen_at: Mapped[datetime | None]


class WebSession(Base):
    """A signed-in browser; the cookie holds a random token, the row its hash."""

    __tablename__ = "web_sessions"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "user_id"], ["users.organisation_id", "users.id"]),
        Index(None, "user_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    organisation_id: Mapped[int]
    user_id: Mapped[int]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    #: When the second factor was proved; until then the session is good for that and nothing else.
    factor_at: Mapped[datetime | None]
    #: When the person last proved who they are; what matters most wants it to be a moment ago.
    stepped_up_at: Mapped[datetime | None]
    #: The subject of the organisation's own sign-in that is tied to the person once the factor is proved here.
    ties_issuer: Mapped[str | None]
    ties_subject: Mapped[str | None]
    address: Mapped[str]
    user_agent: Mapped[str]


class Invitation(Base):
    """A one-time link by which an invited person sets a password."""

    __tablename__ = "invitations"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "user_id"], ["users.organisation_id", "users.id"]),
        Index(None, "user_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    organisation_id: Mapped[int]
    user_id: Mapped[int]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    invited_by: Mapped[int | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
