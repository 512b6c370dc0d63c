"""Wishes of people for another e-mail address, and what became of each."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKeyConstraint, Identity, PrimaryKeyConstraint
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type


class ChangeState(StrEnum):
    """How a wish for another address went on."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    #: Stopped from the former address, or replaced by another wish, before it was confirmed.
    STOPPED = "stopped"
    #: Undone from the former address after it was confirmed.
    TAKEN_BACK = "taken_back"


class EmailChange(Base):
    """One wish of a person for another address."""

    __tablename__ = "email_changes"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "user_id"], ["users.organisation_id", "users.id"]),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    organisation_id: Mapped[int]
    user_id: Mapped[int]
    former: Mapped[str] = mapped_column(CITEXT)
    wanted: Mapped[str] = mapped_column(CITEXT)
    state: Mapped[ChangeState] = mapped_column(code_type(ChangeState))
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
