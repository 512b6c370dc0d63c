"""A file that moves from one organisation to another is copied: each keeps its own under its own key."""

from __future__ import annotations

from agencies.applications.models import ApplicationFile
from agencies.kernel.files import StoredFile
from uploads.storage import Storage
from uploads.stores.keys import evidence_key

_PIECE = 1024 * 1024


def copied(storage: Storage, owner_id: int, file: ApplicationFile) -> StoredFile:
    """The same bytes under a key of the new owner; done again it is the same key."""
    key = evidence_key(owner_id, f"application-{file.id}")
    incoming = storage.incoming()
    with storage.open(file.storage_key) as source:
        while piece := source.read(_PIECE):
            incoming.write(piece)
    incoming.keep(key)
    return StoredFile(key, file.name, file.media_type, file.size_bytes, file.sha256)
