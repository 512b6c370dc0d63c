"""The kinds of work there are, and the two ways to have work done: one piece, or all that is due."""

from __future__ import annotations

from collections.abc import Callable

from agencies.kernel import work
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import WORKER
from portal.jobs import frame
from portal.jobs.frame import Task
from portal.ports import Ports

TASKS: dict[str, Task] = {}


def perform(ports: Ports, work_id: int, *, is_stopping: Callable[[], bool] = lambda: False) -> bool:
    """Do one piece of work here and now, if it is due and nobody else does it; says whether it came to its end."""
    return frame.run(ports, work_id, TASKS, is_stopping)


def perform_due(ports: Ports) -> int:
    """Do everything that is due in this process, also what that work asked for; returns how many ended."""
    ended, seen = 0, set[int]()
    while fresh := [work_id for work_id in _overdue(ports) if work_id not in seen]:
        for work_id in fresh:
            seen.add(work_id)
            ended += perform(ports, work_id)
    return ended


def _overdue(ports: Ports) -> list[int]:
    with ports.session(WORKER) as session, transaction(session):
        return work.overdue(session)
