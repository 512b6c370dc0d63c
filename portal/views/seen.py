"""Pages that name debtors write down whom they showed, before they are shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from agencies.kernel.clock import utc_now
from agencies.kernel.tenancy import Side
from assignments.reads import service as reads
from assignments.reads.models import Purpose, ReadKind, Subject
from assignments.reads.service import CaseKey
from portal.extensions import db
from portal.identity import current_actor, written_down
from uploads.models import Upload


def seen(kind: ReadKind, cases: Iterable[CaseKey], **what: Any) -> None:
    """Write down that the visitor is shown these cases, in a transaction of its own."""
    with written_down():
        reads.note(db.session, current_actor(), kind, cases, **what, now=utc_now())


def seen_people(debtors: Collection[int], request_id: int) -> None:
    """Write down that the visitor is shown these people with what one of them asked, if there are any yet."""
    if not debtors:
        return
    why: dict[str, Any] = {"purpose": Purpose.DATA_SUBJECT, "subject": (Subject.REQUEST, request_id)}
    with written_down():
        reads.note_people(db.session, current_actor(), ReadKind.PAGE, debtors, **why, now=utc_now())


def seen_file(upload: Upload) -> None:
    """Write down that the visitor looks into a file, whose rows need not be cases yet."""
    actor = current_actor()
    creditor_id = actor.tenant if actor.side is Side.CREDITOR else upload.creditor_id
    seen(ReadKind.FILE, (), fields=("file",), subject=(Subject.UPLOAD, upload.id), creditor_id=creditor_id)
