"""Puts right what got lost: unsent messages, work nobody holds, schedules nobody began. Any number may run at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from agencies.kernel import outbox, work
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import WORKER
from portal.jobs import doorbell, queues, schedules
from portal.ports import Ports

log = structlog.get_logger(__name__)

_KEEP_SENT = timedelta(days=7)
_PURGE_EVERY = timedelta(hours=1)


@dataclass
class Sweep:
    """One sweeping process; it remembers only what saves it from asking again."""

    ports: Ports
    _begun: set[schedules.Run] = field(default_factory=set)
    _purged_at: datetime | None = None

    def once(self, now: datetime) -> int:
        """Sweep once and return how many things were put right; what fails is logged and tried again next time."""
        parts: list[Callable[[datetime], int]] = [
            self.begin_schedules,
            self.drain_outbox,
            self.ring_overdue,
            self.purge_outbox,
        ]
        return sum(self._guarded(part, now) for part in parts)

    def begin_schedules(self, now: datetime) -> int:
        """Begin what the calendar says."""
        runs = schedules.due_runs(self.ports, now)
        begun = 0
        for run in runs:
            if run not in self._begun:
                begun += schedules.begin(self.ports, run, now)
                self._begun.add(run)
        self._begun &= set(runs)
        return begun

    def drain_outbox(self, _now: datetime) -> int:
        """Send what a dead Redis or a dead process left unsent."""
        return doorbell.drain(self.ports)

    def ring_overdue(self, _now: datetime) -> int:
        """Ring for work that is due and that nobody alive holds."""
        with self.ports.session(WORKER) as session, transaction(session):
            overdue = work.overdue(session)
        queue = queues.doorbell_queue(self.ports.settings)
        return sum(queues.ring(queue, work_id) for work_id in overdue)

    def purge_outbox(self, now: datetime) -> int:
        """Forget what was sent long ago."""
        if self._purged_at is not None and now - self._purged_at < _PURGE_EVERY:
            return 0
        self._purged_at = now
        with self.ports.session(WORKER) as session, transaction(session):
            return outbox.purge(session, sent_before=now - _KEEP_SENT)

    def _guarded(self, part: Callable[[datetime], int], now: datetime) -> int:
        try:
            return part(now)
        except (RedisError, SQLAlchemyError) as failure:
            log.warning("sweep.failed", part=part.__name__, error=type(failure).__name__)
            return 0


def sweep_forever(ports: Ports) -> None:
    """Sweep every few seconds until told to stop."""
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda _signal, _frame: stop.set())
    sweep = Sweep(ports)
    while not stop.is_set():
        put_right = sweep.once(ports.now())
        if put_right:
            log.info("sweep.done", put_right=put_right)
        stop.wait(ports.settings.sweep_seconds)
