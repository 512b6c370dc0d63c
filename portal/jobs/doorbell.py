"""Rings for what the outbox holds, after the commit that put it there and again from the sweep.

Whatever fails here has cost nobody anything yet: the message stays and the sweep comes by in a few seconds.
"""

from __future__ import annotations

from functools import partial

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from agencies.kernel import outbox, work
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import WORKER
from portal.jobs import queues
from portal.ports import Ports

log = structlog.get_logger(__name__)


class UnknownTopic(RuntimeError):
    """The outbox holds a message that nobody knows how to send."""


def attach(session: Session, ports: Ports) -> None:
    """Let this session ring by itself after every commit that asked for work."""
    session.info[outbox.DOORBELL] = partial(ring, ports)


def ring(ports: Ports) -> int:
    """Send what the outbox holds and return how many; a dead Redis or database is logged and costs time only."""
    try:
        return drain(ports)
    except (RedisError, SQLAlchemyError) as failure:
        log.warning("doorbell.silent", error=type(failure).__name__)
        return 0


def drain(ports: Ports) -> int:
    """Send what the outbox holds; raises when Redis or the database does not answer."""
    queue = queues.doorbell_queue(ports.settings)
    with ports.session(WORKER) as session, transaction(session):

        def send(message: outbox.OutboxMessage) -> None:
            if message.topic != work.RING:
                raise UnknownTopic(message.topic)
            # A command may have done the work itself before anybody rang for it.
            if work.is_open(session, message.payload["work_id"]):
                queues.ring(queue, message.payload["work_id"])

        return outbox.drain(session, send, now=ports.now())
