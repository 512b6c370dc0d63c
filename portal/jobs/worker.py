"""One worker process on one queue: RQ pops, a forked child performs, a stop ends between two steps.

One queue only, because only then does RQ move a popped job to an intermediate list instead of losing it in a crash.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from types import FrameType

from rq import Worker
from rq.serializers import JSONSerializer
from sqlalchemy import Engine

from portal.jobs import queues, tasks
from portal.ports import Ports

#: How soon RQ notices that a worker is gone; its defaults are made for hours.
WORKER_TTL = 30
MAINTENANCE_SECONDS = 5
MONITORING_SECONDS = 2


class _Process:
    """What this process works with; the forked child inherits it."""

    ports: Ports | None = None
    is_stopping = False


class PoliteWorker(Worker):
    """Asks the child to stop after its current step, instead of waiting for the end of an hour's work."""

    def handle_warm_shutdown_request(self) -> None:
        """Pass the request on to the child."""
        super().handle_warm_shutdown_request()
        if self.horse_pid:
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGUSR1)


def listen(ports: Ports, *, burst: bool = False) -> None:
    """Work until told to stop; with `burst`, until the queue is empty."""
    _Process.ports = ports
    _forget_connections_after_fork(ports.engine)
    # Set before any fork, so that there is no instant at which the signal would end the child.
    signal.signal(signal.SIGUSR1, _stop)
    queue = queues.listening_queue(ports.settings)
    worker = PoliteWorker(
        [queue],
        connection=queue.connection,
        serializer=JSONSerializer,
        worker_ttl=WORKER_TTL,
        maintenance_interval=MAINTENANCE_SECONDS,
        job_monitoring_interval=MONITORING_SECONDS,
        log_job_description=False,
    )
    # What is done is logged by the frame, as JSON and with ids.
    worker.work(burst=burst, logging_level="WARNING")


def perform_rung(work_id: int) -> None:
    """What RQ calls in the child for one ring."""
    if _Process.ports is None:
        raise RuntimeError("rung outside a worker process")
    tasks.perform(_Process.ports, work_id, is_stopping=lambda: _Process.is_stopping)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    _Process.is_stopping = True


def _forget_connections_after_fork(engine: Engine) -> None:
    # The child would otherwise share the parent's sockets; closing them there would end the parent's sessions.
    os.register_at_fork(after_in_child=lambda: engine.dispose(close=False))
