"""Approvals: what exactly was asked, by whom, until when, and what a second person made of it; and the limits above
which a second person is asked at all.
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
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type


class ApprovalKind(StrEnum):
    """What needs two persons."""

    #: A lot worth more than the creditor lets one person award.
    AWARD = "award"
    #: A file with more people in it than the organisation lets one person take away.
    EXPORT = "export"
    #: Another limit for one of the two above.
    LIMIT = "limit"
    #: Where money is paid to.
    BANK_ACCOUNT = "bank_account"


class ApprovalState(StrEnum):
    """Only what is pending moves; everything else is how it ended."""

    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    #: What it was about has changed, or whoever asked may not any more.
    VOID = "void"


class Approval(Base):
    """One thing asked for, frozen as it was; the columns above `state` never change."""

    __tablename__ = "approvals"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "asked_by"], ["users.organisation_id", "users.id"]),
        ForeignKeyConstraint(["organisation_id", "decided_by"], ["users.organisation_id", "users.id"]),
        CheckConstraint("state <> 'approved' or decided_by <> asked_by", name="two_persons"),
        CheckConstraint("(state = 'pending') = (decided_at is null)", name="decided_at"),
        # One thing is asked once at a time.
        Index(
            "uq_approvals_pending",
            "organisation_id",
            "kind",
            "about",
            unique=True,
            postgresql_where=text("state = 'pending'"),
        ),
        Index("ix_approvals_asked_at", "organisation_id", "asked_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    organisation_id: Mapped[int]
    kind: Mapped[ApprovalKind] = mapped_column(code_type(ApprovalKind))
    #: What it is about, such as a lot, whatever is to be done with it; an edit of that voids what was asked.
    about: Mapped[str]
    #: Ids, amounts, digests and names of things; never personal data.
    subject: Mapped[dict[str, Any]]
    #: Of the subject's canonical text; whoever approves sends along what was on the screen.
    subject_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    asked_by: Mapped[int]
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    state: Mapped[ApprovalState] = mapped_column(code_type(ApprovalState))
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None]


class ApprovalLimit(Base):
    """A limit two persons agreed on; the newest one holds. History is new rows."""

    __tablename__ = "approval_limits"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "approval_id"], ["approvals.organisation_id", "approvals.id"]),
        CheckConstraint("limit_value >= 0", name="limit_value"),
        Index("ix_approval_limits_kind", "organisation_id", "kind", "currency"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    organisation_id: Mapped[int]
    #: `award` or `export`.
    kind: Mapped[ApprovalKind] = mapped_column(code_type(ApprovalKind))
    #: Of an award; empty for an export.
    currency: Mapped[str]
    #: Minor units of the currency, or rows of a file: above it two persons are needed.
    limit_value: Mapped[int]
    approval_id: Mapped[int]
    set_at: Mapped[datetime]
