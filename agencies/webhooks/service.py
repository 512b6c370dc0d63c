"""Webhooks are made, paused, given another secret and removed by whoever manages the organisation."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from agencies.kernel import audit, work
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.notices import notify
from agencies.kernel.sealing import keyring_of
from agencies.kernel.tenancy import Actor, require
from agencies.organisations.permissions import Permission
from agencies.webhooks import signing
from agencies.webhooks.catalogue import TEST, offered
from agencies.webhooks.models import DeliveryState, Pause, Webhook, WebhookDelivery, secret_place

#: The kind of work that sends a message; revision 0101 asks for it too.
SEND = "send_webhook"
MOST_WEBHOOKS = 10
LONGEST_URL = 500
#: How long the former secret signs along.
BOTH_SIGN = timedelta(days=1)
#: Messages that a page shows, the newest.
SHOWN = 50
#: The only hosts that may be named without TLS, and on a local stack alone.
_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})


class UrlUnusable(Invalid):
    """Not an address messages can be sent to."""

    text = msg("Write the whole address, beginning with https://, without user name, password or #.")


class EventsMissing(Invalid):
    """A webhook that is told nothing, or what its organisation cannot be told."""

    text = msg("Choose at least one event.")


class TooManyWebhooks(Conflict):
    """Addresses nobody can oversee."""

    text = msg("Your organisation has %(most)d webhooks already. Remove one that is not needed any more.")


class SecretJustRenewed(Conflict):
    """Two former secrets cannot sign along."""

    text = msg("The secret was renewed less than a day ago and the former one still signs. Wait until it has ended.")


@dataclass(frozen=True)
class Made:
    """A webhook with a new secret, and the secret's only showing."""

    webhook: Webhook
    secret: str


def make(session: Session, actor: Actor, *, url: str, actions: list[str], may_loopback: bool, now: datetime) -> Made:
    """Have events told to an address from now on.

    Raises `UrlUnusable`, `EventsMissing` or `TooManyWebhooks`.
    """
    require(actor, Permission.WEBHOOK_MANAGE)
    known = [one.action for one in offered(actor.side) if one.action in actions]
    if not known or set(known) != set(actions):
        raise EventsMissing
    # Two who make one each at the same time wait for each other.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("webhooks", actor.tenant))))
    if len(list_webhooks(session, actor)) >= MOST_WEBHOOKS:
        raise TooManyWebhooks(most=MOST_WEBHOOKS)
    secret, seal = signing.new_secret(), secrets.token_hex(16)
    webhook = Webhook(
        organisation_id=actor.tenant,
        url=read_url(url, may_loopback=may_loopback),
        actions=known,
        seal=seal,
        secret=_sealed(session, actor, "secret", seal, secret),
        made_by=actor.user_id,
        made_at=now,
    )
    session.add(webhook)
    session.flush()
    _record(session, actor, "webhook.made", webhook, now)
    # Where what happens is sent is for all who manage the organisation to know.
    notify(
        session,
        actor.tenant,
        "webhook.made",
        key=f"webhook.made:{webhook.id}",
        permission=Permission.WEBHOOK_MANAGE,
        now=now,
        besides=actor.user_id,
        webhook_id=webhook.id,
    )
    return Made(webhook, secret)


def list_webhooks(session: Session, actor: Actor) -> list[Webhook]:
    """The organisation's webhooks, the newest first."""
    require(actor, Permission.WEBHOOK_MANAGE)
    own = (Webhook.organisation_id == actor.tenant, Webhook.removed_at.is_(None))
    return list(session.scalars(select(Webhook).where(*own).order_by(Webhook.id.desc())))


def get_webhook(session: Session, actor: Actor, webhook_id: int, *, lock: bool = False) -> Webhook:
    """One webhook of the organisation; raises `NotFound`."""
    require(actor, Permission.WEBHOOK_MANAGE)
    own = (Webhook.organisation_id == actor.tenant, Webhook.id == webhook_id, Webhook.removed_at.is_(None))
    statement = select(Webhook).where(*own)
    webhook = session.scalar(statement.with_for_update() if lock else statement)
    if webhook is None:
        raise NotFound
    return webhook


def list_deliveries(session: Session, actor: Actor, webhook_id: int) -> list[WebhookDelivery]:
    """The last messages to a webhook, the newest first."""
    require(actor, Permission.WEBHOOK_MANAGE)
    theirs = (WebhookDelivery.organisation_id == actor.tenant, WebhookDelivery.webhook_id == webhook_id)
    return list(
        session.scalars(select(WebhookDelivery).where(*theirs).order_by(WebhookDelivery.id.desc()).limit(SHOWN))
    )


def renew_secret(session: Session, actor: Actor, webhook_id: int, *, now: datetime) -> Made:
    """Give a webhook another secret; the former one signs along for a day. Raises `NotFound` or `SecretJustRenewed`."""
    webhook = get_webhook(session, actor, webhook_id, lock=True)
    if webhook.former_until is not None and webhook.former_until > now:
        raise SecretJustRenewed
    former = keyring_of(session).open(webhook.secret or b"", secret_place(actor.tenant, "secret", webhook.seal))
    secret = signing.new_secret()
    webhook.former_secret = _sealed(session, actor, "former_secret", webhook.seal, former)
    webhook.former_until = now + BOTH_SIGN
    webhook.secret = _sealed(session, actor, "secret", webhook.seal, secret)
    _record(session, actor, "webhook.secret_renewed", webhook, now)
    return Made(webhook, secret)


def pause(session: Session, actor: Actor, webhook_id: int, *, now: datetime) -> None:
    """Send nothing for now; what happens meanwhile is not made up for. Raises `NotFound` or `Conflict`."""
    webhook = get_webhook(session, actor, webhook_id, lock=True)
    if webhook.paused_at is not None:
        raise Conflict
    webhook.paused_at, webhook.pause = now, Pause.ASKED
    _record(session, actor, "webhook.paused", webhook, now)


def resume(session: Session, actor: Actor, webhook_id: int, *, now: datetime) -> None:
    """Send again what happens from now on; raises `NotFound` or `Conflict`."""
    webhook = get_webhook(session, actor, webhook_id, lock=True)
    if webhook.paused_at is None:
        raise Conflict
    webhook.paused_at, webhook.pause = None, None
    webhook.failures, webhook.quiet_until = 0, None
    _record(session, actor, "webhook.resumed", webhook, now)


def remove(session: Session, actor: Actor, webhook_id: int, *, now: datetime) -> None:
    """End a webhook for good and forget its secrets; raises `NotFound`."""
    webhook = get_webhook(session, actor, webhook_id, lock=True)
    webhook.removed_at, webhook.secret, webhook.former_secret, webhook.former_until = now, None, None, None
    _record(session, actor, "webhook.removed", webhook, now)


def send_test(session: Session, actor: Actor, webhook_id: int, *, now: datetime) -> None:
    """Send a message that says nothing but that it arrives; raises `NotFound`, or `Conflict` while it is paused."""
    webhook = get_webhook(session, actor, webhook_id, lock=True)
    if webhook.paused_at is not None:
        raise Conflict
    delivery = WebhookDelivery(
        organisation_id=actor.tenant,
        webhook_id=webhook_id,
        action=TEST.action,
        state=DeliveryState.WAITING,
        attempts=0,
        made_at=now,
    )
    # Whoever looks whether the receiver is back does not want to wait for it.
    webhook.quiet_until = None
    session.add(delivery)
    session.flush()
    _ask(session, actor, delivery, now)
    _record(session, actor, "webhook.tested", webhook, now)


def send_again(session: Session, actor: Actor, webhook_id: int, delivery_id: int, *, now: datetime) -> None:
    """Send what was given up or not sent, under the same id; raises `NotFound` or `Conflict`."""
    webhook = get_webhook(session, actor, webhook_id, lock=True)
    theirs = (WebhookDelivery.organisation_id == actor.tenant, WebhookDelivery.webhook_id == webhook_id)
    delivery = session.scalar(
        select(WebhookDelivery).where(*theirs, WebhookDelivery.id == delivery_id).with_for_update()
    )
    if delivery is None:
        raise NotFound
    if webhook.paused_at is not None or delivery.state not in {DeliveryState.FAILED, DeliveryState.DROPPED}:
        raise Conflict
    delivery.state, delivery.attempts = DeliveryState.WAITING, 0
    webhook.quiet_until = None
    _ask(session, actor, delivery, now)
    _record(session, actor, "webhook.sent_again", webhook, now)


def read_url(given: str, *, may_loopback: bool) -> str:
    """An address messages can be sent to, as far as its letters tell; raises `UrlUnusable`.

    Where it leads is looked at whenever something is sent, because names change.
    """
    url = given.strip()
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as unreadable:
        raise UrlUnusable from unreadable
    is_here = may_loopback and host in _THIS_MACHINE
    if not host or parts.scheme not in ({"https", "http"} if is_here else {"https"}):
        raise UrlUnusable
    if "@" in parts.netloc or "#" in url or len(url) > LONGEST_URL or not url.isascii() or not url.isprintable():
        raise UrlUnusable
    if " " in url or "\\" in url:
        raise UrlUnusable
    return url


def _ask(session: Session, actor: Actor, delivery: WebhookDelivery, now: datetime) -> None:
    # Nobody's work: it is sent although whoever asked may have left.
    owner = Actor(side=actor.side, organisation_id=actor.tenant)
    key = f"{delivery.id}:{now.timestamp()}"
    work.request(session, owner, SEND, key, {"delivery_id": delivery.id}, now=now)


def _sealed(session: Session, actor: Actor, column: str, seal: str, secret: str) -> bytes:
    return keyring_of(session).seal(secret, secret_place(actor.tenant, column, seal))


def _record(session: Session, actor: Actor, action: str, webhook: Webhook, now: datetime) -> None:
    audit.record(session, actor, action, now=now, webhook_id=webhook.id)
