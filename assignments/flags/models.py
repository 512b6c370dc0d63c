"""Flags: what is known of a person or of a debt that stops work, who said so, and how it ended; never deleted."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Identity, Index, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type


class FlagKind(StrEnum):
    """What is known."""

    DECEASED = "deceased"
    INSOLVENT = "insolvent"
    DISPUTE = "dispute"
    COMPLAINT = "complaint"
    #: The person has asked to be left alone.
    STOP_CONTACT = "stop_contact"
    #: In hardship, ill, at risk: to be treated with care, and by the creditor itself unless it says otherwise.
    VULNERABLE = "vulnerable"
    #: Somebody else took the debt on in the person's name.
    IDENTITY_FRAUD = "identity_fraud"
    #: A court or an authority has the matter.
    LEGAL = "legal"


class FlagEnd(StrEnum):
    """How a flag came down."""

    #: It was so, and is settled.
    LIFTED = "lifted"
    #: It was not so.
    DISMISSED = "dismissed"


class Flag(Base):
    """One fact that stops work: on one debt, or on all debts of its person.

    What follows of it stands with the cases themselves (`Case.flags`), so that each holder sees the fact; the note is
    for the creditor and for whoever wrote it.
    """

    __tablename__ = "flags"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "id"),
        ForeignKeyConstraint(["creditor_id", "case_id"], ["cases.creditor_id", "cases.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["creditor_id", "debtor_id"], ["debtors.creditor_id", "debtors.id"], ondelete="CASCADE"),
        CheckConstraint("(ended_at is null) = (ended_how is null)", name="ended_how"),
        # Of one kind, one stands: on a debt, or on a person.
        Index(
            "uq_flags_case_id",
            "creditor_id",
            "case_id",
            "kind",
            unique=True,
            postgresql_where=text("ended_at is null and not is_of_person"),
        ),
        Index(
            "uq_flags_debtor_id",
            "creditor_id",
            "debtor_id",
            "kind",
            unique=True,
            postgresql_where=text("ended_at is null and is_of_person"),
        ),
        Index("ix_flags_debtor_id", "creditor_id", "debtor_id"),
        Index("ix_flags_case_id", "creditor_id", "case_id"),
        Index("ix_flags_agency_id", "agency_id", "id", postgresql_where=text("agency_id is not null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    #: The agency that raised it; empty when the creditor did.
    agency_id: Mapped[int | None]
    debtor_id: Mapped[int]
    #: The debt it is about, or by which its person was named.
    case_id: Mapped[int]
    account_ref: Mapped[str]
    kind: Mapped[FlagKind] = mapped_column(code_type(FlagKind))
    #: Whether it concerns every debt of the person.
    is_of_person: Mapped[bool]
    #: Whether nobody may go on; else the work goes on with care.
    stops_work: Mapped[bool]
    #: The day since which it is so, where the creditor is.
    since: Mapped[date]
    note: Mapped[str | None]
    raised_at: Mapped[datetime]
    raised_by: Mapped[int | None]
    #: When the creditor said that it is so; its own flags are confirmed from the beginning.
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[int | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None]
    ended_how: Mapped[FlagEnd | None] = mapped_column(code_type(FlagEnd))
    end_reason: Mapped[str | None]
