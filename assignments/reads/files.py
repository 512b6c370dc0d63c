"""Files leave the portal as they were sent, or their rejected rows; counted with all else that one person takes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from agencies.approvals import exports
from agencies.kernel.tenancy import Actor, Side
from assignments.reads import service as reads
from assignments.reads.models import ReadKind, Subject
from assignments.reads.taking import ORIGINAL, REJECTED, taken_in_full
from uploads import originals
from uploads.models import Upload
from uploads.own import record
from uploads.queries import sent_upload


def hand_out(session: Session, actor: Actor, upload_id: int, *, now: datetime) -> Upload:
    """The upload whose content leaves the portal now, written down.

    Raises `NotHandedOut`, `FilePurged`, and `ExportNeedsSecond` when it holds more people than one person takes away
    in a day.
    """
    upload = sent_upload(session, actor, upload_id)
    originals.check_handed_out(upload)
    exports.let_go(session, actor, original_of(session, actor, upload, now=now), now=now)
    is_as_sent = originals.is_as_sent(upload)
    record(session, actor, "upload.downloaded" if is_as_sent else "upload.text_downloaded", upload, now)
    _note(session, actor, upload, ORIGINAL, now)
    return upload


def hand_out_rejected(session: Session, actor: Actor, upload_id: int, *, now: datetime) -> Upload:
    """The upload whose rejected rows leave the portal now, written down; raises `ExportNeedsSecond`."""
    upload = sent_upload(session, actor, upload_id)
    exports.let_go(session, actor, rejected_of(session, actor, upload, now=now), now=now)
    record(session, actor, "upload.rejected_downloaded", upload, now)
    _note(session, actor, upload, REJECTED, now)
    return upload


def original_of(session: Session, actor: Actor, upload: Upload, *, now: datetime) -> exports.Taking:
    """What a file held, as something somebody wants to take away."""
    return _taking(session, actor, exports.Taken.ORIGINAL, upload, originals.people_in(upload), now)


def rejected_of(session: Session, actor: Actor, upload: Upload, *, now: datetime) -> exports.Taking:
    """A file's rejected rows, as something somebody wants to take away."""
    return _taking(session, actor, exports.Taken.REJECTED, upload, originals.people_rejected(upload), now)


def _taking(
    session: Session, actor: Actor, what: exports.Taken, upload: Upload, rows: int, now: datetime
) -> exports.Taking:
    # A file without people asks nobody, whatever was taken before.
    before = taken_in_full(session, actor, but_for=upload.id, now=now) if rows else 0
    return exports.Taking(what, {"upload": upload.id}, rows, before=before)


def _note(session: Session, actor: Actor, upload: Upload, part: str, now: datetime) -> None:
    reads.note(
        session,
        actor,
        ReadKind.FILE,
        (),
        now=now,
        fields=(part,),
        subject=(Subject.UPLOAD, upload.id),
        creditor_id=actor.tenant if actor.side is Side.CREDITOR else upload.creditor_id,
    )
