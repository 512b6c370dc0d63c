"""What is kept against what is named: files that no row needs any more go, files that a row names are there.

A file is written before the row that names it commits, so a young file that nobody names may be on its way in: only old
ones are orphans. Bytes that were sent again come under the key they had; whoever removes a file by such a key holds the
lock that a receiver of the same bytes takes, and asks again under it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor
from uploads.models import Upload, UploadState
from uploads.own import record
from uploads.storage import Storage, StoredObject
from uploads.stores import keys

#: How many rejected or undone files lose their bytes in one transaction.
PURGE_BATCH = 100
_TRANSFER_DEPTH = 3


@dataclass(frozen=True)
class Named:
    """A key that a row names, and how big that row says the file is, if it says so."""

    key: str
    size: int | None
    organisation_id: int


@dataclass
class Comparison:
    """The store beside the rows."""

    #: Named and not there.
    missing: list[Named] = field(default_factory=list)
    #: There, and not as big as it was received.
    changed: list[Named] = field(default_factory=list)
    #: There for a while, and named by nobody.
    orphans: list[StoredObject] = field(default_factory=list)
    #: Files that were looked at.
    files: int = 0
    #: There, and not ours by their keys: nobody here removes them.
    foreign: int = 0


def compare(
    found: Iterable[StoredObject],
    named: Iterable[Named],
    transfers: set[str],
    organisations: Container[int | None],
    *,
    before: datetime,
) -> Comparison:
    """What is missing, changed or orphaned; `transfers` are the beginnings of keys of files still on their way.

    Others may keep files in the same place: only a key of our own form under one of these organisations is an orphan.
    """
    waiting = {one.key: one for one in named}
    known, result = set(waiting), Comparison()
    for one in found:
        result.files += 1
        row = waiting.pop(one.key, None)
        if row is not None:
            if row.size is not None and row.size != one.size:
                result.changed.append(row)
        elif keys.owner_of(one.key) not in organisations:
            result.foreign += one.key not in known
        elif one.key not in known and not _is_spared(one.key, known, transfers) and one.modified_at < before:
            result.orphans.append(one)
    result.missing.extend(waiting.values())
    return result


def remove_unneeded(session: Session, actor: Actor, storage: Storage, key: str) -> bool:
    """Remove a file that nobody names, unless somebody came to name it since it was listed."""
    if (digest := keys.digest_in(key)) is not None:
        keys.hold(session, digest)
        if any(_needs(one, key) for one in _uploads_of(session, actor, digest)):
            return False
    storage.delete(key)
    return True


def purge_ended(session: Session, actor: Actor, *, before: datetime, now: datetime) -> list[list[str]]:
    """Give up the bytes of some files rejected or undone long ago; their rows stay.

    Returns the keys of each, which `remove_unneeded` removes once this is committed: bytes are never gone while a row
    says they are there. What a crash leaves in between is an orphan.
    """
    since = case(
        (Upload.state == UploadState.UNDONE, Upload.undone_at),
        else_=func.coalesce(Upload.checked_at, Upload.created_at),
    )
    stale = session.scalars(
        select(Upload)
        .where(
            Upload.organisation_id == actor.tenant,
            Upload.state.in_({UploadState.REJECTED, UploadState.UNDONE}),
            Upload.purged_at.is_(None),
            since < before,
        )
        .order_by(Upload.id)
        .limit(PURGE_BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for upload in stale:
        upload.purged_at = now
        record(session, actor, "upload.purged", upload, now)
    return [list(_own_keys(upload)) for upload in stale]


def _own_keys(upload: Upload) -> Iterator[str]:
    yield upload.storage_key
    if upload.text_key is not None:
        yield upload.text_key


def _uploads_of(session: Session, actor: Actor, digest: bytes) -> list[Upload]:
    query = select(Upload).where(
        Upload.organisation_id == actor.tenant, Upload.sha256 == digest, Upload.purged_at.is_(None)
    )
    return list(session.scalars(query))


def _needs(upload: Upload, key: str) -> bool:
    """Whether an upload's bytes, or the text made of them now or in a moment, are what the key names."""
    return key in {upload.storage_key, upload.text_key, keys.text_key(upload.storage_key, upload.id)}


def _is_spared(key: str, known: set[str], transfers: set[str]) -> bool:
    # The text of a container is written before its row says so, and however old, its upload may be opened again.
    return keys.base_key(key) in known or "/".join(key.split("/")[:_TRANSFER_DEPTH]) in transfers
