"""Locate orders and what they are about, findings, and the steps of their verification."""

from __future__ import annotations

from datetime import date, datetime
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
from agencies.kernel.sealing import HoldsSealed, keyring_for
from agencies.mandates.models import FeeClass, LocateGrade
from assignments.contacts.models import Authorisation
from assignments.locates.sealed import ToldSubject, open_finding, open_subject


class LocatePurpose(StrEnum):
    """What somebody may lawfully be looked for; the creditor certifies it for each order."""

    COLLECT_OWN_DEBT = "collect_own_debt"
    CORRECT_DATA = "correct_data"
    SERVE_NOTICE = "serve_notice"


class OrderState(StrEnum):
    """Where an order stands between creditor and agency."""

    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    #: The agency said what it found, or that it found nothing.
    SUBMITTED = "submitted"
    CLOSED = "closed"


class OrderOutcome(StrEnum):
    """What the agency says of a whole order; nothing found is work too."""

    FOUND = "found"
    NONE_FOUND = "none_found"


class OrderEnd(StrEnum):
    """How an order ended."""

    VERIFIED = "verified"
    NONE_FOUND = "none_found"
    WITHDRAWN = "withdrawn"


class FindingKind(StrEnum):
    """What a finding is."""

    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    #: For the legal stage only: nobody is reached through an employer.
    EMPLOYER = "employer"


class FindingState(StrEnum):
    """A draft is the investigator's own; what was submitted stays as it is."""

    DRAFT = "draft"
    SUBMITTED = "submitted"


class SourceClass(StrEnum):
    """Where a finding comes from; relatives, references and employers are no source."""

    PUBLIC_REGISTER = "public_register"
    CREDIT_BUREAU = "credit_bureau"
    DATA_PROVIDER = "data_provider"
    DIRECTORY = "directory"
    OPEN_WEB = "open_web"
    FIELD = "field"
    DEBTOR = "debtor"


class Confidence(StrEnum):
    """How sure the investigator is that it is the right person's."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class VerificationAct(StrEnum):
    """One step on the way of a finding."""

    GRADED = "graded"
    AUTHORISATION_SET = "authorisation_set"
    RELEASED = "released"


class VerificationMethod(StrEnum):
    """How the creditor found out whether a finding is correct."""

    CALL = "call"
    MESSAGE = "message"
    LETTER = "letter"
    VISIT = "visit"
    DOCUMENT = "document"
    SECOND_SOURCE = "second_source"
    COMPARISON = "comparison"


class LocateBatch(Base):
    """Orders given together to one agency, for one purpose, under one mandate version."""

    __tablename__ = "locate_batches"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "mandate_version_id"],
            ["mandate_versions.creditor_id", "mandate_versions.agency_id", "mandate_versions.id"],
        ),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "snapshot_id"],
            ["attestation_snapshots.creditor_id", "attestation_snapshots.agency_id", "attestation_snapshots.id"],
        ),
        Index("ix_locate_batches_agency_id", "agency_id", "id"),
        Index("ix_locate_batches_creditor_id", "creditor_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    mandate_version_id: Mapped[int]
    name: Mapped[str]
    purpose: Mapped[LocatePurpose] = mapped_column(code_type(LocatePurpose))
    #: Whoever ordered certified the purpose, and on what authorisation or basis it stands.
    legal_basis: Mapped[str]
    #: What may not be used to find these people.
    exclusions: Mapped[str | None]
    fee_class: Mapped[FeeClass] = mapped_column(code_type(FeeClass))
    due_on: Mapped[date]
    state: Mapped[OrderState] = mapped_column(code_type(OrderState))
    orders: Mapped[int]
    sent_at: Mapped[datetime]
    sent_by: Mapped[int | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[int | None]
    downloaded_at: Mapped[datetime | None]
    #: What the agency's attestations were when it was ordered; none on what was ordered before they were kept.
    snapshot_id: Mapped[int | None]


class LocateOrder(Base):
    """One person to be found, for one case."""

    __tablename__ = "locate_orders"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "batch_id"],
            ["locate_batches.creditor_id", "locate_batches.agency_id", "locate_batches.id"],
        ),
        ForeignKeyConstraint(["creditor_id", "case_id"], ["cases.creditor_id", "cases.id"]),
        ForeignKeyConstraint(["creditor_id", "debtor_id"], ["debtors.creditor_id", "debtors.id"]),
        # One live locate order per case: the wall behind the code.
        Index(
            "uq_locate_orders_live",
            "creditor_id",
            "case_id",
            unique=True,
            postgresql_where=text("closed_at is null"),
        ),
        Index("ix_locate_orders_queue", "agency_id", "due_on", "id", postgresql_where=text("state = 'acknowledged'")),
        Index("ix_locate_orders_batch_id", "creditor_id", "batch_id", "id"),
        Index("ix_locate_orders_debtor_id", "creditor_id", "debtor_id"),
        # Asked for each case of a file that is undone.
        Index("ix_locate_orders_case_id", "creditor_id", "case_id"),
        Index("ix_locate_orders_account_ref", "agency_id", "account_ref"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    batch_id: Mapped[int]
    case_id: Mapped[int]
    debtor_id: Mapped[int]
    account_ref: Mapped[str]
    state: Mapped[OrderState] = mapped_column(code_type(OrderState))
    due_on: Mapped[date]
    currency: Mapped[str]
    #: The case's balance when it was ordered: what is worth most is looked for first.
    value_minor: Mapped[int]
    outcome: Mapped[OrderOutcome | None] = mapped_column(code_type(OrderOutcome))
    #: Where the agency looked.
    searched: Mapped[str | None]
    submitted_at: Mapped[datetime | None]
    submitted_by: Mapped[int | None]
    closed_at: Mapped[datetime | None]
    ended_as: Mapped[OrderEnd | None] = mapped_column(code_type(OrderEnd))


class LocateSubject(HoldsSealed, Base):
    """Who is looked for, as known when it was ordered: all the personal data the agency sees, until the order ends."""

    __tablename__ = "locate_subjects"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "order_id"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "order_id"],
            ["locate_orders.creditor_id", "locate_orders.agency_id", "locate_orders.id"],
        ),
        Index("ix_locate_subjects_agency_id", "agency_id", "order_id"),
    )

    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    order_id: Mapped[int]
    name: Mapped[str | None]
    country: Mapped[str]
    id_type: Mapped[str | None]
    person_type: Mapped[str | None]
    birth_date: Mapped[date | None]
    region: Mapped[str | None]
    city: Mapped[str | None]
    #: The number of the document, and the points that are known.
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    stopped = frozenset[bytes]()  # By what the person is not to be reached; set by whoever reads the row.

    @property
    def told(self) -> ToldSubject:
        """What is sealed, opened with the keys of its session."""
        return open_subject(keyring_for(self), self.creditor_id, self.order_id, self.sealed)

    @property
    def id_number(self) -> str | None:
        """The number of the document, opened."""
        return self.told.id_number

    @property
    def known(self) -> list[dict[str, Any]]:
        """Known points: kind and value where the agency may read them, else a digest and whether it is wrong."""
        return self.told.known


class Finding(HoldsSealed, Base):
    """One thing an agency found about a person, with where it comes from; graded by the creditor on both axes."""

    __tablename__ = "findings"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        # The same thing about the same person is one finding, however often it is sent.
        UniqueConstraint("creditor_id", "agency_id", "order_id", "kind", "form"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "order_id"],
            ["locate_orders.creditor_id", "locate_orders.agency_id", "locate_orders.id"],
        ),
        CheckConstraint("released_at is null or authorisation = 'authorised'", name="released"),
        Index("ix_findings_agency_id", "agency_id", "order_id"),
        Index(
            "ix_findings_to_verify",
            "creditor_id",
            "id",
            postgresql_where=text("state = 'submitted' and grade is null"),
        ),
        Index("ix_findings_creditor_id", "creditor_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    order_id: Mapped[int]
    kind: Mapped[FindingKind] = mapped_column(code_type(FindingKind))
    state: Mapped[FindingState] = mapped_column(code_type(FindingState))
    #: What it is found by: the blind index of its normal form, the same as a contact point's.
    form: Mapped[bytes] = mapped_column(LargeBinary)
    #: As it was typed, and in its normal form.
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    #: What the normal form tells besides: mobile or fixed, the domain.
    detail: Mapped[str | None]
    source_class: Mapped[SourceClass] = mapped_column(code_type(SourceClass))
    source_ref: Mapped[str]
    found_on: Mapped[date]
    #: Why it is taken for the right person's.
    evidence: Mapped[str | None]
    confidence: Mapped[Confidence] = mapped_column(code_type(Confidence))
    #: Known to the creditor before; said at once and worth nothing.
    is_known: Mapped[bool]
    file_key: Mapped[str | None]
    file_name: Mapped[str | None]
    file_type: Mapped[str | None]
    file_size: Mapped[int | None]
    file_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    upload_id: Mapped[int | None]
    line: Mapped[int | None]
    created_at: Mapped[datetime]
    created_by: Mapped[int | None]
    submitted_at: Mapped[datetime | None]
    #: First axis: is it correct?
    grade: Mapped[LocateGrade | None] = mapped_column(code_type(LocateGrade))
    graded_at: Mapped[datetime | None]
    #: Second axis: may it be used?
    authorisation: Mapped[Authorisation] = mapped_column(code_type(Authorisation), server_default="unknown")
    #: Since when it is a contact point; emptied when the authorisation goes.
    released_at: Mapped[datetime | None]
    #: What the grade earned, by the order's fee class.
    fee_currency: Mapped[str | None]
    fee_minor: Mapped[int | None]

    @property
    def raw(self) -> str:
        """As it was typed, opened with the keys of its session."""
        return open_finding(keyring_for(self), self.creditor_id, self.order_id, self.form, self.sealed)[0]

    @property
    def value(self) -> str:
        """Its normal form, opened."""
        return open_finding(keyring_for(self), self.creditor_id, self.order_id, self.form, self.sealed)[1]


class Verification(Base):
    """One step of verifying a finding: what was done, how, and what came of it; never edited."""

    __tablename__ = "verifications"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "agency_id", "id"),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "finding_id"],
            ["findings.creditor_id", "findings.agency_id", "findings.id"],
        ),
        Index("ix_verifications_finding_id", "creditor_id", "agency_id", "finding_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    finding_id: Mapped[int]
    act: Mapped[VerificationAct] = mapped_column(code_type(VerificationAct))
    method: Mapped[VerificationMethod | None] = mapped_column(code_type(VerificationMethod))
    grade: Mapped[LocateGrade | None] = mapped_column(code_type(LocateGrade))
    authorisation: Mapped[Authorisation | None] = mapped_column(code_type(Authorisation))
    note: Mapped[str | None]
    at: Mapped[datetime]
    by: Mapped[int | None]
