"""The kinds of work there are, and the two ways to have work done: one piece, or all that is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from itertools import chain

from agencies.applications import expiring, joining
from agencies.applications.reviewing import TAKE_OVER
from agencies.approvals import service as approvals
from agencies.attestations import reminding
from agencies.kernel import letters, work
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import WORKER
from agencies.organisations.permissions import Permission
from agencies.standing import expiries
from agencies.webhooks import service as webhooks
from assignments import intake
from assignments.conduct import service as conduct
from assignments.incidents import letters as incidents
from assignments.marketplace import service as marketplace
from assignments.matches import finding as matches
from assignments.placements import coming_back, recalls
from assignments.reports import reminders
from assignments.reports import service as reports
from assignments.subjects import keeping as subjects
from assignments.undoing import UNDO
from portal import keeping, rotation
from portal.copying import copied
from portal.jobs import frame
from portal.jobs.chains import VERIFY, verify_chains
from portal.jobs.frame import Advance, Job, Step, Task
from portal.jobs.letters import send_letter
from portal.jobs.scans import scan_file
from portal.jobs.webhooks import send_webhook
from portal.ports import Ports
from uploads import confirming, opening
from uploads import service as uploads
from uploads.checking.run import Check
from uploads.verdicts import SCAN


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
def open_upload(job: Job) -> Iterator[Advance]:
    """Have a file opened by a process of its own, and look after it until it ends."""
    with closing(opening.Opening(job.session, job.actor, job.ports.storage, job.payload["upload_id"])) as opener:

        def advance() -> Step | None:
            step = opener.next_step(job.ports.now())
            return Step("opening", step.done, step.total) if step else None

        yield advance


@contextmanager
def apply_upload(job: Job) -> Iterator[Advance]:
    """Apply a file in one transaction, so that nobody ever sees half of it; a step before it may turn rows away."""

    def advance() -> Step | None:
        loaded = intake.load(job.session, job.actor, job.payload["upload_id"], now=job.ports.now())
        return None if loaded else Step("applying", 0, 0)

    yield advance


@contextmanager
def undo_upload(job: Job) -> Iterator[Advance]:
    """Take back what a file made, in one transaction."""

    def advance() -> None:
        intake.undo(job.session, job.actor, job.payload["upload_id"], job.ports.now())

    yield advance


@contextmanager
def open_report_periods(job: Job) -> Iterator[Advance]:
    """Add the reports that have come to be owed to a creditor."""

    def advance() -> None:
        reports.open_periods(job.session, job.actor, now=job.ports.now())

    yield advance


@contextmanager
def judge_conduct(job: Job) -> Iterator[Advance]:
    """Judge what agencies did with some of a creditor's debtors, some people in each transaction."""
    waiting: list[int] | None = None
    people = 0

    def advance() -> Step | None:
        nonlocal waiting, people
        if waiting is None:
            waiting = conduct.people_of(job.session, job.actor, job.payload)
            people = len(waiting)
        conduct.judge_people(job.session, job.actor, waiting[: conduct.BATCH], now=job.now)
        waiting = waiting[conduct.BATCH :]
        if waiting:
            return Step("judging", people - len(waiting), people)
        conduct.conclude(job.session, job.actor, job.payload, people=people, now=job.now)
        return None

    yield advance


@contextmanager
def match_debtors(job: Job) -> Iterator[Advance]:
    """Compare the debtors of an applied portfolio with all others of the creditor."""

    def advance() -> None:
        matches.find(job.session, job.actor, job.payload["upload_id"], now=job.ports.now())

    yield advance


@contextmanager
def advance_lot(job: Job) -> Iterator[Advance]:
    """Close a lot whose time for bids is over, or let one expire that nobody awarded."""

    def advance() -> None:
        marketplace.advance(job.session, job.actor, job.payload["lot_id"], now=job.ports.now())

    yield advance


@contextmanager
def expire_approvals(job: Job) -> Iterator[Advance]:
    """Mark what nobody approved in time, and tell whoever asked."""

    def advance() -> None:
        approvals.expire(job.session, job.actor, now=job.ports.now())

    yield advance


@contextmanager
def warn_expiries(job: Job) -> Iterator[Advance]:
    """Tell a creditor and its agencies which attestations run out soon or have run out."""

    def advance() -> None:
        reminding.warn_expiries(job.session, job.actor, now=job.ports.now())
        reminding.write_reviewers(job.session, job.actor, now=job.ports.now())

    yield advance


@contextmanager
def remind_signers(job: Job) -> Iterator[Advance]:
    """Write to the people of an agency who signed what runs out soon or has run out."""

    def advance() -> None:
        reminding.write_signers(job.session, job.actor, now=job.ports.now())

    yield advance


@contextmanager
def warn_credentials(job: Job) -> Iterator[Advance]:
    """Tell an agency and its creditors which licences and policies run out soon or have run out."""

    def advance() -> None:
        expiries.warn(job.session, job.actor, now=job.ports.now())

    yield advance


@contextmanager
def warn_incidents(job: Job) -> Iterator[Advance]:
    """Write to a creditor's people about incidents that were reported and deadlines that are near."""

    def advance() -> None:
        incidents.write_people(job.session, job.actor, now=job.ports.now())

    yield advance


@contextmanager
def expire_applications(job: Job) -> Iterator[Advance]:
    """Forget what nobody goes on with, and after that its files; a file that is left over is swept as an orphan."""
    keys: list[str] | None = None

    def advance() -> Step | None:
        nonlocal keys
        if keys is None:
            keys = expiring.expire(job.session, job.actor, now=job.now)
            return Step("removing", 0, len(keys)) if keys else None
        for key in keys:
            job.ports.storage.delete(key)
        return None

    yield advance


@contextmanager
def take_over_application(job: Job) -> Iterator[Advance]:
    """Let a new agency begin with what it applied with."""

    def advance() -> None:
        joining.take_over(job.session, job.actor, partial(copied, job.ports.storage, job.actor.tenant), now=job.now)

    yield advance


@contextmanager
def remind_reports(job: Job) -> Iterator[Advance]:
    """Tell a creditor and its agencies which reports fall due and which are missing."""

    def advance() -> None:
        # What has come to be owed today is asked for today.
        reports.open_periods(job.session, job.actor, now=job.ports.now())
        reminders.remind(job.session, job.actor, now=job.ports.now())

    yield advance


@contextmanager
def keep_retention(job: Job) -> Iterator[Advance]:
    """Give up what a creditor has kept as long as it may, and erase again what came in of people who were erased."""

    def advance() -> None:
        subjects.keep(job.session, job.actor, now=job.ports.now())

    yield advance


def in_one_go(verb: Callable[..., object]) -> Callable[[Job], AbstractContextManager[Advance]]:
    """Work that is one verb for the organisation, in one transaction."""

    @contextmanager
    def work_of(job: Job) -> Iterator[Advance]:
        def advance() -> None:
            verb(job.session, job.actor, now=job.ports.now())

        yield advance

    return work_of


@contextmanager
def sweep_files(job: Job) -> Iterator[Advance]:
    """Remove files of the organisation that nothing names any more, and the bytes of those rejected long ago."""
    steps = keeping.sweep_steps(job.ports, now=job.now)

    def advance() -> Step | None:
        if (step := next(steps, None)) is None:
            return None
        step(job.session, job.actor)
        return Step("sweeping", 0, 0)

    yield advance


@contextmanager
def rotate_keys(job: Job) -> Iterator[Advance]:
    """Seal anew what the organisation has under older keys, a batch in each transaction."""
    total = sum(rotation.left(job.ports, job.actor).values())
    # What is read at the door only is done in transactions of the door, which may be done again.
    at_the_door, done = rotation.turn_by_itself(job.ports, rotation.at_the_door(job.actor)), 0
    batches = chain(rotation.turn(job.session, job.actor), at_the_door)

    def advance() -> Step | None:
        nonlocal done
        if (rows := next(batches, None)) is None:
            return None
        done += rows
        return Step("sealing", done, total)

    with closing(at_the_door):
        yield advance


#: A file that a system sent with a key was allowed when it came, and again when it was decided on; who sends such files
#: may do no more than this with them.
_FILES = frozenset({Permission.PORTFOLIO_UPLOAD, Permission.REPORT_SUBMIT})

TASKS: dict[str, Task] = {
    rotation.ROTATE: Task(rotate_keys),
    VERIFY: Task(verify_chains, permissions=frozenset({Permission.AUDIT_VIEW})),
    "sweep_files": Task(sweep_files),
    SCAN: Task(scan_file),
    # A mail server may be away for an hour, or let strangers wait as long.
    letters.SEND: Task(send_letter, attempts=14),
    webhooks.SEND: Task(send_webhook),
    "keep_retention": Task(keep_retention, permissions=frozenset({Permission.REQUEST_HANDLE})),
    "execute_recalls": Task(in_one_go(recalls.execute_due), permissions=frozenset({Permission.RECALL_MAKE})),
    "recall_by_terms": Task(in_one_go(coming_back.recall_by_terms), permissions=frozenset({Permission.RECALL_MAKE})),
    "expire_approvals": Task(expire_approvals, permissions=frozenset({Permission.APPROVAL_VIEW})),
    "remind_signers": Task(remind_signers, permissions=frozenset({Permission.ATTESTATION_VIEW})),
    "warn_expiries": Task(warn_expiries, permissions=frozenset({Permission.ATTESTATION_VIEW})),
    incidents.WARN: Task(warn_incidents, permissions=frozenset({Permission.INCIDENT_VIEW})),
    "warn_credentials": Task(warn_credentials, permissions=frozenset({Permission.STANDING_VIEW})),
    expiring.EXPIRE: Task(expire_applications, permissions=frozenset({Permission.APPLICATION_REVIEW})),
    TAKE_OVER: Task(take_over_application),
    conduct.JUDGE: Task(judge_conduct, permissions=frozenset({Permission.CONDUCT_VIEW})),
    opening.OPEN: Task(open_upload, permissions=_FILES),
    confirming.CHECK: Task(check_upload, permissions=_FILES),
    uploads.APPLY: Task(apply_upload, permissions=_FILES),
    UNDO: Task(undo_upload),
    matches.MATCH: Task(match_debtors, permissions=_FILES),
    marketplace.ADVANCE: Task(advance_lot, permissions=frozenset({Permission.LOT_VIEW})),
    "remind_reports": Task(remind_reports, permissions=frozenset({Permission.REPORT_VIEW})),
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
