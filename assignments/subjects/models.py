"""Requests of data subjects, what was done about each, what holds data fast, and the marks of those who were erased."""

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
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type


class RequestKind(StrEnum):
    """What a person asks for."""

    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    OPPOSITION = "opposition"
    #: One way to be reached is not to be used any more.
    REVOCATION = "revocation"


class RequestChannel(StrEnum):
    """How a request came in."""

    LETTER = "letter"
    EMAIL = "email"
    PHONE = "phone"
    IN_PERSON = "in_person"
    WEB = "web"
    AUTHORITY = "authority"


class RequestState(StrEnum):
    """How far a request has come."""

    #: Nothing is done and nothing leaves before it is known who asks.
    RECEIVED = "received"
    IDENTIFIED = "identified"
    ANSWERED = "answered"
    #: Who asked could not show to be the person.
    REFUSED = "refused"


class RequestStepKind(StrEnum):
    """What was done about a request."""

    IDENTITY_ACCEPTED = "identity_accepted"
    IDENTITY_REFUSED = "identity_refused"
    MATCHED = "matched"
    MARKED = "marked"
    EXTENDED = "extended"
    EXPORTED = "exported"
    RECTIFIED = "rectified"
    ERASED = "erased"
    ERASURE_REFUSED = "erasure_refused"
    STOPPED = "stopped"
    ANSWERED = "answered"


class Outcome(StrEnum):
    """What came of a request."""

    GRANTED = "granted"
    PARTLY = "partly"
    REFUSED = "refused"


class SubjectRequest(Base):
    """One request of one person to one creditor; who asks is sealed."""

    __tablename__ = "subject_requests"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "id"),
        UniqueConstraint("creditor_id", "request_key"),
        ForeignKeyConstraint(["creditor_id", "agency_id"], ["panel_members.creditor_id", "panel_members.agency_id"]),
        Index("ix_subject_requests_agency_id", "agency_id", "id", postgresql_where=text("agency_id is not null")),
        Index(
            "ix_subject_requests_due",
            "creditor_id",
            "due_at",
            postgresql_where=text("state in ('received', 'identified')"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    #: The agency that received and forwarded it.
    agency_id: Mapped[int | None]
    request_key: Mapped[str]
    #: The place of what is sealed.
    token: Mapped[str]
    #: Who asks, how to reach them, and what they say: sealed.
    person: Mapped[bytes] = mapped_column(LargeBinary)
    kind: Mapped[RequestKind] = mapped_column(code_type(RequestKind))
    channel: Mapped[RequestChannel] = mapped_column(code_type(RequestChannel))
    country: Mapped[str]
    state: Mapped[RequestState] = mapped_column(code_type(RequestState))
    #: When the first of the two, agency or creditor, received it.
    received_at: Mapped[datetime]
    registered_at: Mapped[datetime]
    registered_by: Mapped[int | None]
    #: The law's time as it was when it came, with its source.
    term: Mapped[dict[str, Any]]
    due_at: Mapped[datetime]
    #: By when the person's cases say that a claim is in process, where a law asks for that.
    mark_due_at: Mapped[datetime | None]
    marked_at: Mapped[datetime | None]
    extended_at: Mapped[datetime | None]
    extension_reason: Mapped[str | None]
    #: What was shown to prove identity, in general words.
    identity_shown: Mapped[str | None]
    identity_at: Mapped[datetime | None]
    identity_by: Mapped[int | None]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[int | None]
    outcome: Mapped[Outcome | None] = mapped_column(code_type(Outcome))


def _request_key() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["creditor_id", "request_id"], ["subject_requests.creditor_id", "subject_requests.id"])


class RequestDebtor(Base):
    """A debtor that the person who asks was found to be."""

    __tablename__ = "subject_debtors"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "request_id", "debtor_id"),
        _request_key(),
        Index("ix_subject_debtors_debtor_id", "creditor_id", "debtor_id"),
    )

    creditor_id: Mapped[int]
    request_id: Mapped[int]
    debtor_id: Mapped[int]
    matched_at: Mapped[datetime]
    matched_by: Mapped[int | None]


class ContactStop(Base):
    """What a person is not to be reached by any more, because they asked; known again wherever it comes from."""

    __tablename__ = "contact_stops"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "request_id", "debtor_id", "form"),
        _request_key(),
        Index("ix_contact_stops_debtor_id", "creditor_id", "debtor_id"),
    )

    creditor_id: Mapped[int]
    request_id: Mapped[int]
    debtor_id: Mapped[int]
    #: The blind index of its one spelling; empty for every way to reach the person, those that come later too.
    form: Mapped[bytes] = mapped_column(LargeBinary)
    stopped_at: Mapped[datetime]
    stopped_by: Mapped[int | None]


class RequestStep(Base):
    """One thing done about a request; never edited. What names a person is sealed."""

    __tablename__ = "subject_steps"
    __table_args__ = (PrimaryKeyConstraint("creditor_id", "request_id", "id"), _request_key())

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    request_id: Mapped[int]
    kind: Mapped[RequestStepKind] = mapped_column(code_type(RequestStepKind))
    #: Counts, codes, reasons; never personal data.
    details: Mapped[dict[str, Any]]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    at: Mapped[datetime]
    by: Mapped[int | None]


class RequestAnswer(Base):
    """The document that answered a request, sealed, and its hash: proof of what was said and when; never edited."""

    __tablename__ = "subject_answers"
    __table_args__ = (PrimaryKeyConstraint("creditor_id", "request_id"), _request_key())

    creditor_id: Mapped[int]
    request_id: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    #: SHA-256 of the text in UTF-8.
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    made_by: Mapped[int | None]


class LegalHold(Base):
    """Why a debtor's data stay, whatever is asked and however old they are."""

    __tablename__ = "legal_holds"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "id"),
        Index("ix_legal_holds_debtor_id", "creditor_id", "debtor_id", postgresql_where=text("lifted_at is null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    debtor_id: Mapped[int]
    #: The case it was asked for, where it was one.
    case_id: Mapped[int | None]
    reason: Mapped[str]
    #: The last day of it; empty until somebody lifts it.
    until: Mapped[date | None]
    placed_at: Mapped[datetime]
    placed_by: Mapped[int | None]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[int | None]
    lift_reason: Mapped[str | None]


class Erasure(Base):
    """A tombstone: that a debtor was erased, and by which keyed marks the same person is known again; never edited."""

    __tablename__ = "erasures"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "mark"),
        Index("ix_erasures_debtor_id", "creditor_id", "debtor_id"),
    )

    creditor_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    #: A keyed hash of what makes a row this person.
    mark: Mapped[bytes] = mapped_column(LargeBinary)
    debtor_id: Mapped[int]
    request_id: Mapped[int | None]
    erased_at: Mapped[datetime]
    erased_by: Mapped[int | None]
