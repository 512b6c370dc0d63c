"""Has one file looked through, gives its verdict, and tells whoever should know.

The scanner reads the file beside the job, which only keeps the lease. Without a clear word the work is left for later
and the file stays in quarantine; the operator is told once a day that the scanner is away.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlalchemy import select

from agencies.kernel import audit, notices
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.models import Organisation, OrganisationKind
from agencies.organisations.permissions import Permission
from portal.jobs.frame import Advance, Job, Step
from uploads import verdicts
from uploads.refusing import refuse_infected
from uploads.scanners import Found, Scanner, ScannerAway, Scanning
from uploads.verdicts import FileVerdict, Verdict

#: How long one step watches the scanner, so that its work stays leased.
_WATCHED_SECONDS = 0.5
#: Who hears of it on each side: whoever sends files.
_TOLD = {
    Side.CREDITOR: Permission.PORTFOLIO_UPLOAD,
    Side.AGENCY: Permission.REPORT_SUBMIT,
}


@contextmanager
def scan_file(job: Job) -> Iterator[Advance]:
    """Scan one file, a step at a time."""
    with closing(_Scan(job)) as scan:
        yield scan.advance


class _Scan:
    """The way of one file through the scanner."""

    def __init__(self, job: Job) -> None:
        self._job, self._verdict_id = job, job.payload["verdict_id"]
        self._scanning: Scanning | None = None
        self._signatures = ""

    def close(self) -> None:
        """Stop what is under way."""
        if self._scanning is not None:
            self._scanning.close()
        self._scanning = None

    def advance(self) -> Step | None:
        """Go on for a moment; None once the file has its verdict and everybody knows."""
        row = verdicts.get(self._job.session, self._job.actor, self._verdict_id)
        if row is not None and row.verdict is Verdict.INFECTED:
            self._tell_operator("file.infected_elsewhere", f"file.infected:{row.id}", organisation=row.organisation_id)
            return None
        if row is None or row.verdict is not Verdict.PENDING:
            return None
        if (scanner := self._job.ports.scanner) is None:
            self._settle(row, Verdict.NOT_SCANNED, None)
            return None
        try:
            found = self._look(row, scanner)
        except FileNotFoundError:
            # Taken away before anybody looked.
            self._job.ports.quarantine.delete(row.key)
            return None
        except ScannerAway:
            day = self._job.now.date().isoformat()
            self._tell_operator("scanner.away", f"scanner.away:{day}")
            raise
        if found is None:
            return Step("scanning", 0, 0)
        self._settle(row, Verdict.INFECTED if found.malware else Verdict.CLEAN, found.malware)
        # The operator is told in a transaction of its own, after this one.
        return Step("telling", 0, 0) if found.malware else None

    def _look(self, row: FileVerdict, scanner: Scanner) -> Found | None:
        """What is in the file; None while nobody knows yet."""
        if self._scanning is None:
            self._signatures = scanner.signatures()
            # Behind the stroke stands which signatures they are; without it, others may look just the same.
            if "/" in self._signatures and verdicts.is_known_clean(
                self._job.session, self._job.actor, row.sha256, self._signatures
            ):
                return Found(None)
            self._scanning = scanner.begin(self._job.ports.quarantine.beneath.open(row.key))
        return self._scanning.result(_WATCHED_SECONDS)

    def _settle(self, row: FileVerdict, verdict: Verdict, malware: str | None) -> None:
        session, actor, now = self._job.session, self._job.actor, self._job.now
        given = verdicts.settle(
            session, actor, row.id, verdict, malware=malware, signatures=self._signatures or None, now=now
        )
        if not given or malware is None:
            return
        audit.record(session, actor, "file.infected", now=now, verdict_id=row.id, malware=malware)
        if actor.side is Side.PLATFORM:
            return
        refused = refuse_infected(session, actor, row.key, malware, now=now)
        kind, details = ("upload.infected", {"upload_id": refused}) if refused else ("document.infected", {})
        notices.notify(
            session,
            actor.tenant,
            kind,
            key=f"file.infected:{row.id}",
            permission=_TOLD[actor.side],
            now=now,
            malware=malware,
            **details,
        )

    def _tell_operator(self, kind: str, key: str, organisation: int | None = None) -> None:
        """Tell the platform, in its own transaction and once: the file's owner could not write to it."""
        ports = self._job.ports
        with ports.session(Actor(side=Side.WORKER)) as session:
            platform = session.scalar(
                select(Organisation.id).where(Organisation.kind == OrganisationKind.PLATFORM).limit(1)
            )
        if platform is None:
            return
        details = {} if organisation is None else {"about": organisation}
        actor = Actor(side=Side.PLATFORM, organisation_id=platform)
        with ports.session(actor) as session, transaction(session):
            notices.notify(
                session, platform, kind, key=key, permission=Permission.WORK_VIEW_ALL, now=self._job.now, **details
            )
