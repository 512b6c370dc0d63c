"""A file as it was sent, for whoever sent it: never one that may hold a program."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from agencies.kernel.errors import Invalid, msg
from agencies.kernel.tenancy import Actor
from uploads.formats import Format
from uploads.models import Upload, UploadState
from uploads.own import FilePurged, record
from uploads.queries import sent_upload

#: Formats that hold values and nothing that runs.
_HARMLESS = {one.value for one in (Format.TEXT, Format.FIXED, Format.XLSX, Format.ODS)}


class NotHandedOut(Invalid):
    """The file may hold a macro, or nobody knows what it is."""

    text = msg("This file is not handed out: it may hold a macro, or its content was never understood.")


def is_handed_out(upload: Upload) -> bool:
    """Whether the file as it was sent may be downloaded; what was never understood may be anything."""
    is_understood = bool(upload.header) and upload.state is not UploadState.OPENING and upload.purged_at is None
    return is_understood and (upload.container or {}).get("format", Format.TEXT.value) in _HARMLESS


def hand_out(session: Session, actor: Actor, upload_id: int, *, now: datetime) -> Upload:
    """The upload whose file leaves the portal now, written down; raises `NotHandedOut` and `FilePurged`."""
    upload = sent_upload(session, actor, upload_id)
    if upload.purged_at is not None:
        raise FilePurged
    if not is_handed_out(upload):
        raise NotHandedOut
    record(session, actor, "upload.downloaded", upload, now)
    return upload
