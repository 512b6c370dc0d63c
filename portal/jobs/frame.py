"""How every job runs: take the lease, act as the owner, one fenced transaction per step, and end in a known state."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from agencies.kernel import work
from agencies.kernel.errors import DomainError
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import WORKER, Actor
from agencies.webhooks.delivering import ReceiverWaits
from portal.jobs.owners import owner_of
from portal.ports import Ports
from uploads.scanners import ScannerAway
from uploads.verdicts import BeingScanned

log = structlog.get_logger(__name__)

UNKNOWN_KIND = "unknown_kind"
_LONGEST_WAIT = 600.0
#: What work may wait for however long it takes; each says after how many seconds to look again.
WAITS = (BeingScanned, ScannerAway, ReceiverWaits)


@dataclass(frozen=True)
class Step:
    """How far the work is after one transaction of it."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True)
class Job:
    """What a task is given: whose it is, what it is about, and what to do it with."""

    session: Session
    actor: Actor
    ports: Ports
    payload: dict[str, Any]

    @property
    def now(self) -> datetime:
        """The present instant, for what the job stamps with it."""
        return self.ports.now()


#: One transaction's worth of work; None once all is done, in the transaction that did the last of it.
Advance = Callable[[], Step | None]


@dataclass(frozen=True)
class Task:
    """How one kind of work is done."""

    #: Opens what the steps need and closes it again, however the work ends.
    begin: Callable[[Job], AbstractContextManager[Advance]]
    #: What the task may do when no person asked for it.
    permissions: frozenset[str] = field(default_factory=frozenset)
    #: Attempts that may fail before a person has to look.
    attempts: int = work.MAX_ATTEMPTS


def run(ports: Ports, work_id: int, tasks: dict[str, Task], is_stopping: Callable[[], bool] = lambda: False) -> bool:
    """Do one piece of work if it is there to be done; says whether this call brought it to its end."""
    lease = _claim(ports, work_id)
    if lease is None:
        return False
    logger = log.bind(work=lease.work_id, kind=lease.kind, attempt=lease.attempt)
    logger.info("work.begun")
    try:
        ended = _advance_to_end(ports, lease, tasks, is_stopping)
    except work.LeaseLost:
        logger.warning("work.taken_over")
        return False
    except WAITS as waiting:
        logger.info("work.waits", error=code_of(waiting))
        _leave(ports, lease, code_of(waiting), waiting.wait_seconds)
        return False
    except DomainError as refusal:
        logger.info("work.refused", error=code_of(refusal))
        return _close(ports, lease, code_of(refusal), most=0)
    except Exception as failure:
        # The edge of a job: whatever it was, the work is put back with a reason, and the log says where.
        logger.exception("work.failed", error=code_of(failure))
        most = tasks[lease.kind].attempts if lease.kind in tasks else work.MAX_ATTEMPTS
        return _close(ports, lease, code_of(failure), most=most)
    logger.info("work.done" if ended else "work.handed_on")
    return ended


def code_of(failure: Exception) -> str:
    """The stable code of an exception: its class's name in small letters."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(failure).__name__).lower()


def wait_seconds(attempt: int, chance: float) -> float:
    """How long to leave work alone after a failed attempt: twice as long each time, and not all at once."""
    return min(_LONGEST_WAIT, 2.0**attempt) * (0.5 + chance / 2)


def _claim(ports: Ports, work_id: int) -> work.Lease | None:
    with ports.session(WORKER) as session, transaction(session):
        return work.claim(session, work_id, seconds=ports.settings.work_lease_seconds)


def _advance_to_end(ports: Ports, lease: work.Lease, tasks: dict[str, Task], is_stopping: Callable[[], bool]) -> bool:
    task = tasks.get(lease.kind)
    if task is None:
        return _close(ports, lease, UNKNOWN_KIND, most=0)
    with ports.session(WORKER) as session:
        actor = owner_of(session, lease, task.permissions)
    with ports.session(actor) as session, task.begin(Job(session, actor, ports, lease.payload)) as advance:
        while not is_stopping():
            if not _step(ports, session, lease, advance):
                return True
    with ports.session(WORKER) as session, transaction(session):
        work.release(session, lease)
    return False


def _step(ports: Ports, session: Session, lease: work.Lease, advance: Advance) -> bool:
    seconds = ports.settings.work_lease_seconds
    with transaction(session):
        _lift_limits(session)
        work.fence(session, lease, seconds=seconds)
        step = advance()
        if step is None:
            work.finish(session, lease, now=ports.now())
            return False
        work.fence(session, lease, stage=step.stage, done=step.done, total=step.total, seconds=seconds)
        return True


def _lift_limits(session: Session) -> None:
    # A job may take its time, but when its process is killed its statement must not run on and hold the work's row.
    session.execute(
        text(
            "select set_config('statement_timeout', '0', true), set_config('lock_timeout', '60s', true), "
            "set_config('client_connection_check_interval', '2s', true)"
        )
    )


def _leave(ports: Ports, lease: work.Lease, reason: str, seconds: float) -> None:
    """Leave work that waits for something else for later."""
    with ports.session(WORKER) as session, transaction(session):
        work.release(session, lease, reason, wait_seconds=seconds)


def _close(ports: Ports, lease: work.Lease, error: str, *, most: int) -> bool:
    """Put the work back, or give it up when it was attempted `most` times."""
    now = ports.now()
    try:
        with ports.session(WORKER) as session, transaction(session):
            if lease.attempt >= most:
                work.give_up(session, lease, error, now=now)
            else:
                seconds = wait_seconds(lease.attempt, random.random())  # noqa: S311 - it only spreads load
                work.put_back(session, lease, error, wait_seconds=seconds, now=now, most=most)
    except work.LeaseLost:
        log.warning("work.taken_over", work=lease.work_id)
        return False
    return lease.attempt >= most
