"""The kinds of work there are, and the two ways to have work done: one piece, or all that is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from agencies.kernel import work
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import WORKER
from agencies.organisations.permissions import Permission
from assignments import intake
from assignments.reports import service as reports
from portal.jobs import frame
from portal.jobs.frame import Advance, Job, Step, Task
from portal.ports import Ports
from uploads import service as uploads
from uploads.checking import Check


@contextmanager
def check_upload(job: Job) -> Iterator[Advance]:
    """Check a file block by block; the last step also asks the business and closes the check."""
    upload_id, block_bytes = job.payload["upload_id"], job.ports.settings.check_block_bytes
    with closing(Check(job.session, job.actor, job.ports.storage, upload_id, block_bytes=block_bytes)) as check:

        def advance() -> Step | None:
            step = check.next_step()
            if step is not None:
                return Step("checking", step.done, step.total)
            intake.screen(job.session, job.actor, upload_id)
            uploads.conclude_check(job.session, job.actor, upload_id, now=job.ports.now())
            return None

        yield advance


@contextmanager
def apply_upload(job: Job) -> Iterator[Advance]:
    """Apply a file in one transaction, so that nobody ever sees half of it."""

    def advance() -> None:
        intake.load(job.session, job.actor, job.payload["upload_id"], now=job.ports.now())

    yield advance


@contextmanager
def open_report_periods(job: Job) -> Iterator[Advance]:
    """Add the reports that have come to be owed to a creditor."""

    def advance() -> None:
        reports.open_periods(job.session, job.actor, now=job.ports.now())

    yield advance


TASKS: dict[str, Task] = {
    uploads.CHECK: Task(check_upload),
    uploads.APPLY: Task(apply_upload),
    "open_report_periods": Task(open_report_periods, permissions=frozenset({Permission.REPORT_VIEW})),
}


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
