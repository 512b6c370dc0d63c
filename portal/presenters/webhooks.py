"""What the pages of webhooks show: what each is told, how it stands, and what became of its messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from agencies.kernel.errors import msg
from agencies.webhooks.catalogue import event_of
from agencies.webhooks.models import DeliveryState, Pause, Webhook, WebhookDelivery
from portal.i18n import say

EVENT_NAMES: dict[str, str] = {
    "file.checked": msg("A file has been checked"),
    "file.refused": msg("A file was refused"),
    "file.applied": msg("A file has been applied"),
    "file.undone": msg("A file has been undone"),
    "consignment.sent": msg("Cases were placed"),
    "consignment.acknowledged": msg("Placed cases were acknowledged"),
    "consignment.rejected": msg("Placed cases were rejected"),
    "recall.requested": msg("A recall was requested"),
    "recall.accepted": msg("A recall was accepted"),
    "recall.objected": msg("A recall was objected to"),
    "recall.decided": msg("An objection to a recall was decided"),
    "recall.withdrawn": msg("A recall was withdrawn"),
    "recall.executed": msg("A recall took effect"),
    "recall.closed": msg("A recall was closed"),
    "cases.updated": msg("The creditor sent news of cases"),
    "cases.paid_directly": msg("The creditor received payments itself"),
    "cases.returned": msg("Cases were given back"),
    "report.completed": msg("A report was handed in"),
    "report.corrected": msg("A report was corrected"),
    "locate.ordered": msg("People were ordered to be found"),
    "locate.withdrawn": msg("Locate orders were withdrawn"),
    "question.asked": msg("A question about a case was asked"),
    "question.answered": msg("A question about a case was answered"),
    "incident.reported": msg("An incident was reported"),
    "webhook.test": msg("Test"),
}
_PAUSES = {
    Pause.ASKED: (msg("Paused"), "neutral", msg("Somebody of your organisation paused it.")),
    Pause.GONE: (msg("Stopped"), "bad", msg("The receiver answered that it is gone for good (410).")),
    Pause.SILENT: (msg("Stopped"), "bad", msg("The receiver has not taken a message for days.")),
}
_STATES = {
    DeliveryState.WAITING: (msg("Waiting"), "waiting"),
    DeliveryState.DELIVERED: (msg("Delivered"), "good"),
    DeliveryState.FAILED: (msg("Given up"), "bad"),
    DeliveryState.DROPPED: (msg("Not sent"), "neutral"),
}


@dataclass(frozen=True)
class WebhookLine:
    """One webhook as the pages show it."""

    id: int
    url: str
    events: tuple[tuple[str, str], ...]
    state: str
    tone: str
    why: str
    is_paused: bool
    made_at: datetime
    answered_at: datetime | None
    #: Until when the secret before this one signs along.
    former_until: datetime | None
    #: When the receiver, which has just failed, is tried again.
    quiet_until: datetime | None


@dataclass(frozen=True)
class DeliveryLine:
    """One message in the list."""

    id: int
    type: str
    name: str
    made_at: datetime
    tried_at: datetime | None
    attempts: int
    state: str
    tone: str
    answer: str
    can_go_again: bool


def line(one: Webhook, now: datetime) -> WebhookLine:
    """A webhook and how it stands."""
    if one.pause is not None:
        state, tone, why = _PAUSES[one.pause]
    elif one.failures:
        state, tone, why = msg("Does not answer"), "waiting", ""
    else:
        state, tone, why = msg("Works"), "good", ""
    types = [event_of(action).type for action in one.actions]
    return WebhookLine(
        id=one.id,
        url=one.url,
        events=tuple((kind, say(EVENT_NAMES[kind])) for kind in types),
        state=state,
        tone=tone,
        why=why,
        is_paused=one.pause is not None,
        made_at=one.made_at,
        answered_at=one.answered_at,
        former_until=_ahead(one.former_until, now),
        quiet_until=None if one.pause is not None else _ahead(one.quiet_until, now),
    )


def delivery(one: WebhookDelivery) -> DeliveryLine:
    """A message and what became of it."""
    kind = event_of(one.action).type
    state, tone = _STATES[one.state]
    return DeliveryLine(
        id=one.id,
        type=kind,
        name=say(EVENT_NAMES[kind]),
        made_at=one.made_at,
        tried_at=one.tried_at,
        attempts=one.attempts,
        state=state,
        tone=tone,
        answer=_answer(one),
        can_go_again=one.state in {DeliveryState.FAILED, DeliveryState.DROPPED},
    )


def _answer(one: WebhookDelivery) -> str:
    """The receiver's last word, as technicians know it."""
    if one.fault is not None:
        return say(msg("no answer"))
    if one.status is None:
        return ""
    try:
        return f"{one.status} {HTTPStatus(one.status).phrase}"
    except ValueError:
        return str(one.status)


def _ahead(instant: datetime | None, now: datetime) -> datetime | None:
    return instant if instant is not None and instant > now else None
