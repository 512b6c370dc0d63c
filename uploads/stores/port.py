"""What a store of files does, whatever it is made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

#: A link that lets whoever holds it fetch a file lives no longer than this.
LONGEST_LINK_SECONDS = 300
_KEY = re.compile(r"[A-Za-z0-9_-]{1,200}(?:/[A-Za-z0-9_-]{1,200}){0,9}")


class UnsafeKey(ValueError):
    """A key that does not name a file inside the store."""


class StorageUnavailable(OSError):
    """The store does not answer, or not as a store does; what was begun is undone."""


@dataclass(frozen=True)
class StoredObject:
    """A kept file as the store lists it."""

    key: str
    size: int
    modified_at: datetime


class Incoming(Protocol):
    """A file on its way in: hashed and counted while it is written, kept or discarded at the end."""

    @property
    def size(self) -> int:
        """How many bytes were written."""

    def write(self, data: bytes) -> int:
        """Take the next bytes."""

    def digest(self) -> bytes:
        """SHA-256 of what was written so far."""

    def look(self) -> BinaryIO:
        """What was written so far, for reading, seekable; the caller closes it."""

    def keep(self, key: str) -> None:
        """Make the file durable under a key; the same key again replaces it."""

    def discard(self) -> None:
        """Forget what was written; a kept file stays."""


class Storage(Protocol):
    """A store of files by key."""

    def incoming(self) -> Incoming:
        """Begin a file."""

    def open(self, key: str) -> BinaryIO:
        """A kept file for reading, seekable; raises `FileNotFoundError`."""

    def delete(self, key: str) -> None:
        """Remove a file; nothing happens when it is not there."""

    def link(self, key: str, filename: str, seconds: int) -> str | None:
        """An address that hands the file out as an attachment for some seconds; None when the caller must serve it."""

    def keys(self, prefix: str = "") -> Iterator[StoredObject]:
        """Every kept file whose key begins so, in no order that means anything."""

    def forget_abandoned(self, before: datetime, is_ours: Callable[[str], bool]) -> int:
        """Remove what was begun before an instant and never kept, where its key is ours; returns how many."""


def checked_key(key: str) -> str:
    """The key, if it names a file inside the store; raises `UnsafeKey`."""
    if not _KEY.fullmatch(key):
        raise UnsafeKey(key)
    return key


def checked_seconds(seconds: int) -> int:
    """How long a link may live; raises `ValueError` for longer than a download takes to begin."""
    if not 0 < seconds <= LONGEST_LINK_SECONDS:
        raise ValueError(f"a link lives between one and {LONGEST_LINK_SECONDS} seconds")
    return seconds
