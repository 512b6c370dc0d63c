"""A task for tests that counts: each step leaves one event in the owner's audit trail."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import text

from agencies.kernel import audit, clock, work
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import WORKER, Actor
from portal.jobs.frame import Advance, Job, Step, Task
from portal.ports import Ports


def counting(*, pause: float = 0.0, at: Callable[[int, Job], None] = lambda _number, _job: None) -> Task:
    """A task of `payload["steps"]` steps that goes on where the trail ends; `at` may interfere within a step."""

    @contextmanager
    def begin(job: Job) -> Iterator[Advance]:
        def advance() -> Step | None:
            done = count(job)
            if done == job.payload["steps"]:
                return None
            audit.record(job.session, job.actor, "step.done", now=clock.utc_now(), number=done + 1)
            at(done + 1, job)
            time.sleep(pause)
            return Step("counting", done + 1, job.payload["steps"])

        yield advance

    return Task(begin, permissions=frozenset({"counting"}))


def count(job: Job) -> int:
    """Steps of this owner so far."""
    return job.session.scalar(text("select count(*) from audit_events where action = 'step.done'"))


def ask(ports: Ports, actor: Actor, *, steps: int = 3, key: str = "a", kind: str = "count") -> int:
    """Ask for counting work."""
    with ports.session(actor) as session, transaction(session):
        return work.request(session, actor, kind, key, {"steps": steps}, now=clock.utc_now())


def look(ports: Ports, work_id: int) -> work.Work:
    """The work as it stands."""
    with ports.session(WORKER) as session:
        return session.get_one(work.Work, work_id)


def steps_of(ports: Ports, actor: Actor) -> int:
    """Steps that became durable for an owner."""
    with ports.session(actor) as session:
        return session.scalar(text("select count(*) from audit_events where action = 'step.done'"))
