"""Two debtors of one creditor that may be one person, and what somebody decided about them."""

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
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type


class MatchState(StrEnum):
    """Whether somebody has looked at the two."""

    PROPOSED = "proposed"
    #: One person: the cases of both stand with one debtor.
    MERGED = "merged"
    #: Two persons; they are not proposed again.
    DISMISSED = "dismissed"


class DebtorMatch(Base):
    """That two debtors are alike, by how much and in what; nothing is merged until a person says so."""

    __tablename__ = "debtor_matches"
    __table_args__ = (
        PrimaryKeyConstraint("creditor_id", "id"),
        UniqueConstraint("creditor_id", "debtor_id", "other_id"),
        # An upload that is undone takes its debtors along, and what was thought of them.
        ForeignKeyConstraint(["creditor_id", "debtor_id"], ["debtors.creditor_id", "debtors.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["creditor_id", "other_id"], ["debtors.creditor_id", "debtors.id"], ondelete="CASCADE"),
        CheckConstraint("debtor_id < other_id", name="order"),
        CheckConstraint("similarity_bp between 0 and 10000", name="similarity_bp"),
        CheckConstraint("(state = 'merged') = (kept_id is not null)", name="kept_id"),
        # Asked for each debtor of a file that is undone.
        Index("ix_debtor_matches_other_id", "creditor_id", "other_id"),
        Index(
            "ix_debtor_matches_proposed",
            "creditor_id",
            "similarity_bp",
            "id",
            postgresql_where=text("state = 'proposed'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    #: The older of the two.
    debtor_id: Mapped[int]
    other_id: Mapped[int]
    similarity_bp: Mapped[int]
    #: What it was made of: `name_bp`, `birth`, `contacts` (kinds of points both have), `ids`.
    reasons: Mapped[dict[str, Any]]
    state: Mapped[MatchState] = mapped_column(code_type(MatchState))
    found_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None]
    #: The debtor that has the cases of both since.
    kept_id: Mapped[int | None]
    #: The cases that were the other one's before.
    moved_cases: Mapped[list[Any] | None]
