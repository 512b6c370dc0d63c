"""Sends one message to a system of the organisation, in the step that writes down how that ended.

When the process dies in between, the message is sent again under the same id, by which its receiver tells a repeat.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import structlog

from agencies.webhooks import catalogue, delivering, signing
from agencies.webhooks.delivering import Answer, Outgoing, ReceiverWaits
from portal import outbound
from portal.addresses import is_loopback
from portal.jobs.frame import Advance, Job, Step
from portal.outbound import Unreachable

log = structlog.get_logger(__name__)

#: Of an answer nothing is used but its status.
MOST_BYTES = 64 * 1024
_AGENT = "Encargo-Webhooks/1"


@contextmanager
def send_webhook(job: Job) -> Iterator[Advance]:
    """Try once; when that failed, leave the message for its next turn."""
    wait: float | None = None

    def advance() -> Step | None:
        nonlocal wait
        if wait is not None:
            raise ReceiverWaits(wait)
        message = delivering.take(job.session, job.actor, job.payload["delivery_id"], now=job.now)
        if message is None:
            return None
        answer = _send(job, message)
        wait = delivering.settle(job.session, job.actor, message.delivery_id, answer, now=job.now)
        return None if wait is None else Step("waiting", 0, 1)

    yield advance


def _send(job: Job, message: Outgoing) -> Answer:
    encode, now = job.ports.references.encode, job.now
    event = catalogue.event_of(message.action)
    data = catalogue.told(event, message.details, encode)
    if message.sequence is not None:
        data["sequence"] = message.sequence
    body = signing.body_of(event.type, message.at, data)
    headers = signing.headers(message.secrets, "msg_" + encode("webhook_delivery", message.delivery_id), now, body)
    headers["user-agent"] = _AGENT
    here = is_loopback(urlsplit(job.ports.settings.public_url))
    try:
        status = outbound.post(message.url, body.encode(), headers, may_loopback=here, most_bytes=MOST_BYTES)
    except Unreachable as failure:
        # Its words tell what our own network looks like, which is for our log alone.
        log.info("webhook.unanswered", delivery=message.delivery_id, reason=str(failure))
        return Answer(fault="no_answer")
    return Answer(status=status)
