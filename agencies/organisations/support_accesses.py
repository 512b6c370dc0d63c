"""The operator's looking at a tenant's pages: asked with a reason, granted by the tenant, over after minutes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    PrimaryKeyConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type


class SupportState(StrEnum):
    """Granted ones end by themselves when their time is over, whether or not they are marked."""

    ASKED = "asked"
    GRANTED = "granted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


class SupportAccess(Base):
    """One request of an operator to look at an organisation's pages, and what became of it."""

    __tablename__ = "support_accesses"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "answered_by"], ["users.organisation_id", "users.id"]),
        CheckConstraint("minutes between 1 and 60", name="minutes"),
        # Nobody looks whom nobody of the organisation let in.
        CheckConstraint("state not in ('granted', 'ended') or answered_by is not null", name="granted_by"),
        Index("ix_support_accesses_platform_id", "platform_id", "id"),
        Index("ix_support_accesses_web_session_id", "web_session_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    #: Whose pages are looked at.
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    platform_id: Mapped[int]
    operator_id: Mapped[int]
    #: As it was when it was asked; the tenant knows nobody of the platform otherwise.
    operator_name: Mapped[str]
    reason: Mapped[str]
    minutes: Mapped[int]
    asked_at: Mapped[datetime]
    state: Mapped[SupportState] = mapped_column(code_type(SupportState))
    answered_by: Mapped[int | None]
    answered_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    #: The signed-in browser that looks, once it does.
    web_session_id: Mapped[int | None]
    entered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None]
