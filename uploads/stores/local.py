"""Files in a folder of this machine: written beside the kept ones, and renamed into place when they are whole."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from uploads.stores.port import StoredObject, checked_key, checked_seconds

_KEPT, _INCOMING = "kept", "incoming"


class LocalIncoming:
    """A file being written beside the folder's kept files, out of reach of `open`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / _INCOMING / secrets.token_hex(16)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("xb")
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        """Take the next bytes."""
        self._hash.update(data)
        self.size += len(data)
        return self._file.write(data)

    def digest(self) -> bytes:
        """SHA-256 of what was written so far."""
        return self._hash.digest()

    def look(self) -> BinaryIO:
        """What was written so far, for reading, seekable; the caller closes it."""
        self._file.flush()
        return self._path.open("rb")

    def keep(self, key: str) -> None:
        """Flush to disk, then rename into place, so that a key never names half a file."""
        target = self._folder / _KEPT / checked_key(key)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        _make_durably(target.parent)
        self._path.replace(target)
        _sync(target.parent)

    def discard(self) -> None:
        """Forget what was written; a kept file stays."""
        self._file.close()
        self._path.unlink(missing_ok=True)


class LocalStorage:
    """Files in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def incoming(self) -> LocalIncoming:
        """Begin a file."""
        return LocalIncoming(self._folder)

    def open(self, key: str) -> BinaryIO:
        """A kept file for reading, seekable; raises `FileNotFoundError`."""
        return self._path(key).open("rb")

    def delete(self, key: str) -> None:
        """Remove a file; nothing happens when it is not there."""
        self._path(key).unlink(missing_ok=True)

    def link(self, key: str, filename: str, seconds: int) -> str | None:  # noqa: ARG002 - a folder has no address
        """None: the caller serves the file."""
        checked_key(key)
        checked_seconds(seconds)
        return None

    def keys(self, prefix: str = "") -> Iterator[StoredObject]:
        """Every kept file whose key begins so."""
        kept = self._folder / _KEPT
        for folder, _folders, names in os.walk(kept / prefix.rpartition("/")[0]):
            for name in names:
                path = Path(folder, name)
                key = path.relative_to(kept).as_posix()
                if key.startswith(prefix):
                    # It may have gone since the folder was read.
                    yield from _listed(path, key)

    def forget_abandoned(self, before: datetime, is_ours: Callable[[str], bool]) -> int:  # noqa: ARG002 - it has no key
        """Remove what was begun before an instant and never kept; returns how many."""
        waiting = self._folder / _INCOMING
        abandoned = [
            path
            for path in (waiting.iterdir() if waiting.exists() else ())
            for listed in _listed(path, path.name)
            if listed.modified_at < before
        ]
        for path in abandoned:
            path.unlink(missing_ok=True)
        return len(abandoned)

    def _path(self, key: str) -> Path:
        return self._folder / _KEPT / checked_key(key)


def _listed(path: Path, key: str) -> Iterator[StoredObject]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return
    yield StoredObject(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))


def _make_durably(folder: Path) -> None:
    """Make a folder and those above it; each new name is flushed into the folder that holds it."""
    if not folder.exists():
        _make_durably(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync(folder.parent)


def _sync(folder: Path) -> None:
    """Flush a folder's list of names: a file renamed and not flushed may be gone after a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
