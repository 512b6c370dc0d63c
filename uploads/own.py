"""The upload an actor may work on, and the trail of what was done with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.errors import NotFound, msg
from agencies.kernel.tenancy import Actor
from uploads.models import Upload


class FilePurged(NotFound):
    """A rejected file's bytes are not kept for ever."""

    text = msg("This file was rejected some time ago, and its content is no longer kept.")


def own_upload(session: Session, actor: Actor, upload_id: int, *, lock: bool = False) -> Upload:
    """The actor's organisation's upload, as it stands now; raises `NotFound`."""
    query = select(Upload).where(Upload.organisation_id == actor.tenant, Upload.id == upload_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    upload = session.scalar(query)
    if upload is None:
        raise NotFound
    return upload


def record(session: Session, actor: Actor, action: str, upload: Upload, now: datetime, **details: Any) -> None:
    """Write down what was done with an upload."""
    audit.record(session, actor, action, now=now, upload_id=upload.id, kind=upload.kind.value, **details)


def readable_key(upload: Upload) -> str:
    """Where the text of an upload is kept: the text made of a container, else the file as it was sent.

    Raises `FilePurged` when its bytes are gone.
    """
    if upload.purged_at is not None:
        raise FilePurged
    return upload.text_key or upload.storage_key


def readable_size(upload: Upload) -> int:
    """How many bytes that text has."""
    return int((upload.container or {}).get("text_bytes", upload.size_bytes))
