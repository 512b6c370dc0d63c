"""One message on its way: taken by one process at a time, tried at growing intervals, given up in the end.

A receiver that fails is left alone for a while with everything that waits for it, so that however slow it is it holds
one attempt at a time and keeps nobody else's waiting.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, undefer

from agencies.kernel import audit
from agencies.kernel.audit import AuditEvent
from agencies.kernel.notices import notify
from agencies.kernel.sealing import keyring_of
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Permission
from agencies.webhooks.models import DeliveryState, Pause, Webhook, WebhookDelivery, secret_place

#: Seconds until the next attempt after the first, second, ... that failed; after the last of them it is given up. Those
#: of the Standard Webhooks specification, together three days.
WAITS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
#: Until whoever sends to the same receiver is asked again.
_BUSY_SECONDS = 2.0
GONE = 410
#: How long what was sent, or given up, can be looked at.
KEPT = timedelta(days=90)


class ReceiverWaits(Exception):
    """Nothing is sent to this receiver right now; says how many seconds to leave it alone."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.wait_seconds = seconds


@dataclass(frozen=True)
class Outgoing:
    """What is to be sent, and where."""

    delivery_id: int
    url: str
    action: str
    #: When it happened, and its number in the organisation's trail; a test has none.
    at: datetime
    sequence: int | None
    details: dict[str, Any]
    secrets: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """What came back: a status of HTTP, or why there is none."""

    status: int | None = None
    fault: str | None = None

    @property
    def is_good(self) -> bool:
        """Whether the receiver has taken the message."""
        return self.status is not None and 200 <= self.status < 300


def take(session: Session, actor: Actor, delivery_id: int, *, now: datetime) -> Outgoing | None:
    """The message, held for this transaction; None when there is nothing to send any more.

    Raises `ReceiverWaits` while another message is on its way to the same receiver, or it was left alone.
    """
    delivery, webhook = _find(session, actor, delivery_id)
    if delivery.state is not DeliveryState.WAITING:
        return None
    if webhook.paused_at is not None or webhook.removed_at is not None:
        delivery.state = DeliveryState.DROPPED
        return None
    if webhook.quiet_until is not None and webhook.quiet_until > now:
        raise ReceiverWaits((webhook.quiet_until - now).total_seconds())
    lock = func.hashtextextended(f"webhook {webhook.id}", actor.tenant)
    if not session.scalar(select(func.pg_try_advisory_xact_lock(lock))):
        raise ReceiverWaits(_BUSY_SECONDS)
    at, details = _event(session, delivery)
    secrets = _secrets(session, webhook, now)
    return Outgoing(delivery_id, webhook.url, delivery.action, at, delivery.seq, details, secrets)


def settle(session: Session, actor: Actor, delivery_id: int, answer: Answer, *, now: datetime) -> float | None:
    """Write down how an attempt ended; the seconds until the next one, or None when there is none."""
    delivery, webhook = _find(session, actor, delivery_id)
    delivery.attempts += 1
    delivery.status, delivery.fault, delivery.tried_at = answer.status, answer.fault, now
    if answer.is_good:
        delivery.state = DeliveryState.DELIVERED
        webhook.failures, webhook.quiet_until, webhook.answered_at = 0, None, now
        return None
    webhook.failures += 1
    webhook.quiet_until = now + timedelta(seconds=_wait(webhook.failures))
    if answer.status == GONE or webhook.failures > len(WAITS):
        _stop(session, actor, webhook, Pause.GONE if answer.status == GONE else Pause.SILENT, now)
    elif delivery.attempts <= len(WAITS):
        return float(_wait(max(delivery.attempts, webhook.failures)))
    delivery.state = DeliveryState.FAILED
    _tell(session, actor, webhook, "webhook.failed", f"webhook.failed:{webhook.id}:{now.date()}", now)
    return None


def forget(session: Session, actor: Actor, *, now: datetime) -> int:
    """Forget messages that came to their end long ago; returns how many."""
    old = (WebhookDelivery.organisation_id == actor.tenant, WebhookDelivery.made_at <= now - KEPT)
    ended = WebhookDelivery.state != DeliveryState.WAITING
    gone = session.scalars(
        delete(WebhookDelivery)
        .where(*old, ended)
        .returning(WebhookDelivery.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())


def _find(session: Session, actor: Actor, delivery_id: int) -> tuple[WebhookDelivery, Webhook]:
    delivery = session.get_one(WebhookDelivery, (actor.tenant, delivery_id), populate_existing=True)
    secrets = (undefer(Webhook.secret), undefer(Webhook.former_secret))
    key = (actor.tenant, delivery.webhook_id)
    return delivery, session.get_one(Webhook, key, options=secrets, populate_existing=True)


def _event(session: Session, delivery: WebhookDelivery) -> tuple[datetime, dict[str, Any]]:
    if delivery.seq is None:
        return delivery.made_at, {}
    event = session.get_one(AuditEvent, (delivery.organisation_id, delivery.seq))
    return event.at, json.loads(event.body)["details"]


def _secrets(session: Session, webhook: Webhook, now: datetime) -> tuple[str, ...]:
    """The secret, and the former one as long as it signs along."""
    held = [("secret", webhook.secret)]
    if webhook.former_until is not None and webhook.former_until > now:
        held.append(("former_secret", webhook.former_secret))
    ring = keyring_of(session)
    return tuple(
        ring.open(sealed, secret_place(webhook.organisation_id, column, webhook.seal))
        for column, sealed in held
        if sealed is not None
    )


def _wait(failed: int) -> int:
    return WAITS[min(failed, len(WAITS)) - 1]


def _stop(session: Session, actor: Actor, webhook: Webhook, why: Pause, now: datetime) -> None:
    webhook.paused_at, webhook.pause = now, why
    audit.record(session, actor, "webhook.stopped", now=now, webhook_id=webhook.id, reason=why.value)
    _tell(session, actor, webhook, "webhook.stopped", f"webhook.stopped:{webhook.id}:{now.timestamp()}", now)


def _tell(session: Session, actor: Actor, webhook: Webhook, kind: str, key: str, now: datetime) -> None:
    permission = Permission.WEBHOOK_MANAGE
    notify(session, actor.tenant, kind, key=key, permission=permission, now=now, webhook_id=webhook.id)
