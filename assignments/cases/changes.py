"""What a creditor's later word changed of a case: its balance, and what is known of it; never edited.

An adjustment keeps the creditor's word and the day it speaks of, so that the balance is always the latest word, or what
was handed over, less what was paid since; a payment of before that day is in the word, however late it is told.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from agencies.kernel.base import Base
from agencies.kernel.tenancy import Actor, owned_by, require
from agencies.organisations.permissions import Permission


def _of_case(table: str) -> tuple[Any, ...]:
    return (
        PrimaryKeyConstraint("creditor_id", "id"),
        # Once by a file, and once more when the file is taken back.
        UniqueConstraint("creditor_id", "upload_id", "case_id", "takes_back"),
        ForeignKeyConstraint(["creditor_id", "case_id"], ["cases.creditor_id", "cases.id"]),
        Index(f"ix_{table}_case_id", "creditor_id", "case_id"),
        Index(f"ix_{table}_agency_id", "agency_id", "case_id", postgresql_where=text("agency_id is not null")),
    )


class BalanceAdjustment(Base):
    """What the creditor says is owed, and what that changed in our books: sometimes nothing, as yet."""

    __tablename__ = "balance_adjustments"
    __table_args__ = (
        *_of_case("balance_adjustments"),
        CheckConstraint("after_minor = before_minor + delta_minor", name="delta_minor"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    #: Whoever held the case then, and was told.
    agency_id: Mapped[int | None]
    case_id: Mapped[int]
    upload_id: Mapped[int]
    line: Mapped[int]
    #: That it gives back what the file had changed.
    takes_back: Mapped[bool]
    before_minor: Mapped[int]
    after_minor: Mapped[int]
    delta_minor: Mapped[int]
    #: The day whose evening the word speaks of: as the file says, or when it was applied, on the creditor's clock.
    cut_off_date: Mapped[date]
    stated_minor: Mapped[int]
    made_at: Mapped[datetime]


class CaseUpdate(Base):
    """What else a file changed of a case: field -> what stood there before, and after."""

    __tablename__ = "case_updates"
    __table_args__ = _of_case("case_updates")

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int | None]
    case_id: Mapped[int]
    upload_id: Mapped[int]
    line: Mapped[int]
    takes_back: Mapped[bool]
    before: Mapped[dict[str, Any]]
    #: The same fields, and `contacts`: how many new ways to reach the debtor came with it.
    after: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]


def list_adjustments(session: Session, actor: Actor, case_id: int) -> list[BalanceAdjustment]:
    """How the creditor's word changed the balance of one case, the latest first; an agency's own time only."""
    require(actor, Permission.CASE_VIEW)
    return list(
        session.scalars(
            select(BalanceAdjustment)
            .where(
                owned_by(actor, BalanceAdjustment.creditor_id, BalanceAdjustment.agency_id),
                BalanceAdjustment.case_id == case_id,
                BalanceAdjustment.delta_minor != 0,
            )
            .order_by(BalanceAdjustment.id.desc())
        )
    )


def list_updates(session: Session, actor: Actor, case_id: int) -> list[CaseUpdate]:
    """What else the creditor's word changed of one case, the latest first; an agency's own time only."""
    require(actor, Permission.CASE_VIEW)
    return list(
        session.scalars(
            select(CaseUpdate)
            .where(owned_by(actor, CaseUpdate.creditor_id, CaseUpdate.agency_id), CaseUpdate.case_id == case_id)
            .order_by(CaseUpdate.id.desc())
        )
    )
