"""Turns away the uploads whose bytes hold malicious software, as far as nothing has been taken over from them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor
from uploads.faults import FileFault
from uploads.models import Upload, UploadState
from uploads.service import turn_away

#: Before anything of the file was taken over.
_STOPPED = {UploadState.OPENING, UploadState.RECEIVED, UploadState.CHECKING, UploadState.CHECKED}


def refuse_infected(session: Session, actor: Actor, key: str, malware: str, *, now: datetime) -> int | None:
    """Reject what was sent under a key; returns the newest upload of these bytes, if there is one."""
    found = session.scalars(
        select(Upload)
        .where(Upload.organisation_id == actor.tenant, Upload.storage_key == key)
        .order_by(Upload.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for upload in found:
        if upload.state in _STOPPED:
            turn_away(session, actor, upload, FileFault("malware", {"name": malware}), now=now)
            # The first rows of such a file are shown to nobody.
            upload.sealed_sample = None
    return found[-1].id if found else None
