"""Where files are kept: a port, and a folder behind it.

Keys are made by the product, never by a sender; a key that would leave the folder is refused.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import BinaryIO, Protocol


class UnsafeKey(ValueError):
    """A key that does not name a file inside the store."""


class Incoming(Protocol):
    """A file on its way in: hashed and counted while it is written, kept or discarded at the end."""

    size: int

    def write(self, data: bytes) -> int:
        """Take the next bytes."""

    def digest(self) -> bytes:
        """SHA-256 of what was written so far."""

    def look(self) -> BinaryIO:
        """What was written so far, for reading, seekable; the caller closes it."""

    def keep(self, key: str) -> None:
        """Make the file durable under a key; the same key again replaces it."""

    def discard(self) -> None:
        """Forget what was written."""


class Storage(Protocol):
    """A store of files by key."""

    def incoming(self) -> Incoming:
        """Begin a file."""

    def open(self, key: str) -> BinaryIO:
        """A kept file for reading, seekable; raises `FileNotFoundError`."""

    def delete(self, key: str) -> None:
        """Remove a file; nothing happens when it is not there."""


class LocalIncoming:
    """A file being written beside the folder's kept files, out of reach of `open`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "incoming" / secrets.token_hex(16)
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
        target = _path(self._folder, key)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        target.parent.mkdir(parents=True, exist_ok=True)
        self._path.replace(target)

    def discard(self) -> None:
        """Forget what was written."""
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
        return _path(self._folder, key).open("rb")

    def delete(self, key: str) -> None:
        """Remove a file; nothing happens when it is not there."""
        _path(self._folder, key).unlink(missing_ok=True)


def _path(folder: Path, key: str) -> Path:
    parts = key.split("/")
    if any(not part or not part.replace("-", "").replace("_", "").isalnum() for part in parts):
        raise UnsafeKey(key)
    return folder.joinpath("kept", *parts)
