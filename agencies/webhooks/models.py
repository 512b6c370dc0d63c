"""Webhooks of an organisation and what was sent to each."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from agencies.kernel.base import Base, code_type
from agencies.kernel.sealing import Place


class Pause(StrEnum):
    """Why nothing is sent to a webhook for now."""

    #: Somebody of the organisation paused it.
    ASKED = "asked"
    #: The receiver said that it is gone for good (status 410).
    GONE = "gone"
    #: It has not answered for days.
    SILENT = "silent"


class DeliveryState(StrEnum):
    """Where one message stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    #: Given up after the last attempt; a person can send it again.
    FAILED = "failed"
    #: Not sent, because the webhook was paused or removed before it could be.
    DROPPED = "dropped"


class Webhook(Base):
    """An address of an organisation's system, the events it is told, and the secret that signs them."""

    __tablename__ = "webhooks"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "made_by"], ["users.organisation_id", "users.id"]),
        CheckConstraint("cardinality(actions) > 0", name="actions"),
        CheckConstraint("(paused_at is null) = (pause is null)", name="paused_at"),
        CheckConstraint("(former_secret is null) = (former_until is null)", name="former_until"),
        CheckConstraint("(removed_at is null) = (secret is not null)", name="removed_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    url: Mapped[str]
    #: Actions of the trail.
    actions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    #: What its secrets are sealed for.
    seal: Mapped[str]
    #: Sealed; forgotten when the webhook is removed.
    secret: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    #: The secret before this one, which signs along until its time is over.
    former_secret: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    former_until: Mapped[datetime | None]
    made_by: Mapped[int]
    made_at: Mapped[datetime]
    paused_at: Mapped[datetime | None]
    pause: Mapped[Pause | None] = mapped_column(code_type(Pause))
    removed_at: Mapped[datetime | None]
    #: Attempts that failed since the last one that did not.
    failures: Mapped[int] = mapped_column(default=0)
    #: Nothing is sent before, because it has just failed.
    quiet_until: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]


class WebhookDelivery(Base):
    """One message to one webhook; its text is made anew from the trail whenever it is sent, and is always the same."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "webhook_id"], ["webhooks.organisation_id", "webhooks.id"]),
        Index("ix_webhook_deliveries_webhook_id", "organisation_id", "webhook_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    webhook_id: Mapped[int]
    action: Mapped[str]
    #: The event's number in the organisation's trail; none for a test.
    seq: Mapped[int | None]
    state: Mapped[DeliveryState] = mapped_column(code_type(DeliveryState))
    attempts: Mapped[int]
    #: What the receiver answered last, as HTTP has it, or why there was no answer.
    status: Mapped[int | None]
    fault: Mapped[str | None]
    made_at: Mapped[datetime]
    tried_at: Mapped[datetime | None]


def secret_place(organisation_id: int, column: str, seal: str) -> Place:
    """Where the secrets of a webhook are sealed for."""
    return Place(organisation_id, "webhooks", column, seal)
