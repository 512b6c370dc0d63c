"""A file that moves from one organisation to another is copied: each keeps its own under its own key."""

from __future__ import annotations

from agencies.applications.models import ApplicationFile
from agencies.kernel.files import StoredFile
from uploads.storage import Storage
from uploads.stores.keys import evidence_key
from uploads.verdicts import FileInfected

_PIECE = 1024 * 1024


def copied(storage: Storage, owner_id: int, file: ApplicationFile) -> StoredFile | None:
    """The same bytes under a key of the new owner, the same key each time; none of a file with malicious software."""
    key = evidence_key(owner_id, f"application-{file.id}")
    try:
        source = storage.open(file.storage_key)
    except FileInfected:
        return None
    incoming = storage.incoming()
    with source:
        while piece := source.read(_PIECE):
            incoming.write(piece)
    incoming.keep(key)
    return StoredFile(key, file.name, file.media_type, file.size_bytes, file.sha256)
