"""What debtors paid to the creditor itself, as the creditor tells it; it is nobody's recovery and earns nobody a fee.

A payment that an agency tells too counts by the agency's word, and the creditor's is matched to it (`settle_cases`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    PrimaryKeyConstraint,
    null,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from agencies.kernel.base import Base
from agencies.kernel.tenancy import Actor, Side, owned_by, require
from agencies.organisations.permissions import Permission


class CreditorPayment(Base):
    """One payment of a debtor to the creditor; once only, known by its natural key."""

    __tablename__ = "creditor_payments"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "id"),
        ForeignKeyConstraint(["creditor_id", "case_id"], ["cases.creditor_id", "cases.id"]),
        ForeignKeyConstraint(
            ["creditor_id", "agency_id", "placement_id", "case_id"],
            ["placements.creditor_id", "placements.agency_id", "placements.id", "placements.case_id"],
        ),
        ForeignKeyConstraint(
            ["creditor_id", "matched_agency_id", "matched_payment_id"],
            ["payments.creditor_id", "payments.agency_id", "payments.id"],
        ),
        CheckConstraint("amount_minor > 0", name="amount_minor"),
        CheckConstraint("taken_back_at is null or matched_payment_id is null", name="taken_back_at"),
        # What was taken back with its file may be told again.
        Index(
            "uq_creditor_payments_natural_key",
            "creditor_id",
            "natural_key",
            unique=True,
            postgresql_where=text("taken_back_at is null"),
        ),
        Index(
            "uq_creditor_payments_matched",
            "creditor_id",
            "matched_agency_id",
            "matched_payment_id",
            unique=True,
            postgresql_where=text("matched_payment_id is not null"),
        ),
        Index("ix_creditor_payments_upload_id", "creditor_id", "upload_id"),
        Index("ix_creditor_payments_case_id", "creditor_id", "case_id"),
        Index("ix_creditor_payments_agency_id", "agency_id", "case_id", postgresql_where=text("agency_id is not null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    #: Who held the case on that day, and by which placement; nobody, if nobody did.
    agency_id: Mapped[int | None]
    case_id: Mapped[int]
    placement_id: Mapped[int | None]
    #: As of an agency's payment: `ref:` and the reference, or `fp:` and a digest.
    natural_key: Mapped[str]
    reference: Mapped[str | None]
    paid_on: Mapped[date]
    currency: Mapped[str]
    amount_minor: Mapped[int]
    method: Mapped[str | None]
    upload_id: Mapped[int]
    line: Mapped[int]
    reported_at: Mapped[datetime]
    #: The agency's payment that tells of the same money and counts in its place.
    matched_agency_id: Mapped[int | None]
    matched_payment_id: Mapped[int | None]
    #: When its file was taken back.
    taken_back_at: Mapped[datetime | None]


@dataclass(frozen=True)
class ReceivedByCreditor:
    """A payment to the creditor as both sides see it; the means of payment is the creditor's own."""

    paid_on: date
    currency: str
    amount_minor: int
    method: str | None
    #: Counted by what an agency told of it.
    is_matched: bool


def list_received(session: Session, actor: Actor, case_id: int) -> list[ReceivedByCreditor]:
    """What the debtor paid to the creditor on one case, the latest first; an agency's own time only."""
    require(actor, Permission.CASE_VIEW)
    statement = (
        select(
            CreditorPayment.paid_on,
            CreditorPayment.currency,
            CreditorPayment.amount_minor,
            CreditorPayment.method if actor.side is Side.CREDITOR else null(),
            CreditorPayment.matched_payment_id.is_not(None),
        )
        .where(
            owned_by(actor, CreditorPayment.creditor_id, CreditorPayment.agency_id),
            CreditorPayment.case_id == case_id,
            CreditorPayment.taken_back_at.is_(None),
        )
        .order_by(CreditorPayment.paid_on.desc(), CreditorPayment.id.desc())
    )
    return [ReceivedByCreditor(*row) for row in session.execute(statement)]
