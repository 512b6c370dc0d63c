"""Files with people in them that a person takes away: above the organisation's limit a second person lets them go.

Approved is exactly one file for exactly one person, for a day: the same filter or the same upload, and no more rows
than were approved. What an agency needs to do its work (its manifest, its file of people to be found) is the purpose of
the placement and asks for nobody. A list with everything in full names its purpose, which is approved with it, and what
one person took in full within a day counts together: many small files are one large one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from agencies.approvals import limits, queries, rules, service
from agencies.approvals.limits import SecondPersonNeeded
from agencies.approvals.models import Approval, ApprovalKind
from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor, require
from agencies.organisations.permissions import Permission


class Taken(StrEnum):
    """Which file."""

    CASES = "cases"
    #: The same with documents, telephones, e-mails and addresses in full.
    FULL_CASES = "full_cases"
    ORIGINAL = "original"
    REJECTED = "rejected"
    #: Whom an incident touches, for an authority; on paper, as CSV or as a workbook is one file.
    PEOPLE = "people"


@dataclass(frozen=True)
class Taking:
    """A file somebody wants to take away."""

    what: Taken
    #: Which one exactly: the filter, or the upload; it is kept as a digest only, for a filter may name somebody.
    which: Mapping[str, Any]
    rows: int
    #: What it is needed for, where everything stands in full.
    purpose: str | None = None
    #: Other people whose data this person took in full within the last day.
    before: int = 0

    def about(self, actor: Actor) -> str:
        """The file and the person."""
        exactly = rules.digest({"what": self.what.value, "which": dict(self.which), **self.told})
        return f"export:{actor.user_id}:{exactly.hex()}"

    @property
    def told(self) -> dict[str, str]:
        """The purpose, where there is one."""
        return {} if self.purpose is None else {"purpose": self.purpose}


class ExportNeedsSecond(SecondPersonNeeded):
    """More people than one person takes away alone."""

    text = msg("A file with more than %(limit)s rows of personal data takes a second person; this one has %(rows)s.")

    def __init__(self, taking: Taking, limit: int) -> None:
        self.taking = taking
        super().__init__(limit=limit, rows=taking.rows, before=taking.before)


class FilesNeedSecond(ExportNeedsSecond):
    """With what was taken in full before, it is more people than one person takes away alone in a day."""

    text = msg(
        "More than %(limit)s rows with everything in full within 24 hours take a second person: this file has "
        "%(rows)s, and you took %(before)s others."
    )


def let_go(session: Session, actor: Actor, taking: Taking, *, now: datetime) -> Approval | None:
    """Let a file go: the approval it goes under, or nothing where it needs none; raises `ExportNeedsSecond`."""
    if not limits.needs_second(session, actor, ApprovalKind.EXPORT, taking.rows + taking.before):
        return None
    granted = queries.find_grant(session, actor, ApprovalKind.EXPORT, about=taking.about(actor), now=now)
    if granted is None or taking.rows > granted.subject["rows"]:
        limit = limits.limit_of(session, actor, ApprovalKind.EXPORT).value or 0
        raise (FilesNeedSecond if taking.rows <= limit else ExportNeedsSecond)(taking, limit)
    return granted


def ask_to_take(
    session: Session,
    actor: Actor,
    taking: Taking,
    *,
    words: Sequence[tuple[str, str]],
    arguments: Mapping[str, str] | None,
    now: datetime,
) -> Approval:
    """Ask a second person to let a file go to the actor; `words` tell the filter, `arguments` lead back to it.

    Without `arguments`, because the filter may name somebody, the actor filters again.
    """
    require(actor, Permission.CASE_EXPORT)
    about = taking.about(actor)
    subject = {
        "what": taking.what.value,
        "which": about.rpartition(":")[2],
        "rows": taking.rows,
        "words": [list(pair) for pair in words],
        "arguments": None if arguments is None else dict(arguments),
        **taking.told,
    }
    return service.ask(session, actor, ApprovalKind.EXPORT, subject, about=about, now=now)


def grant(session: Session, asker: Actor, subject: Mapping[str, Any], *, approval_id: int, now: datetime) -> None:
    """Approving is all there is to do: from now on and for a day the file goes to whoever asked."""
    del session, asker, subject, approval_id, now
