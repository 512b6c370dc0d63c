"""The store behind the scanner: what a sender's file holds can be reached only while its verdict allows it.

It stands around the store itself, so that no page and no job can forget to ask. A file is written down as kept in a
transaction of its own, because whoever keeps it may still give up; the row that names it commits later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import BinaryIO

from sqlalchemy.orm import Session

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import WORKER, Actor, Side
from uploads import verdicts
from uploads.storage import Incoming, Storage, StoredObject
from uploads.stores import keys
from uploads.verdicts import Verdict


class Quarantine:
    """A store of files that hands out only what was found clean, or came while there was no scanner."""

    def __init__(
        self,
        beneath: Storage,
        open_session: Callable[[Actor], Session],
        *,
        is_scanned: bool,
        now: Callable[[], datetime],
    ) -> None:
        #: The store itself, for the scanner alone.
        self.beneath = beneath
        self._open_session, self._is_scanned, self._now = open_session, is_scanned, now

    def incoming(self) -> Incoming:
        """Begin a file."""
        return QuarantinedIncoming(self, self.beneath.incoming())

    def open(self, key: str) -> BinaryIO:
        """A kept file for reading; raises `BeingScanned`, `FileInfected` and `FileNotFoundError`."""
        self.check(key)
        return self.beneath.open(key)

    def link(self, key: str, filename: str, seconds: int) -> str | None:
        """An address that hands the file out; raises `BeingScanned` and `FileInfected`."""
        self.check(key)
        return self.beneath.link(key, filename, seconds)

    def delete(self, key: str) -> None:
        """Remove a file, and after it what is known of it."""
        self.beneath.delete(key)
        owner = keys.sender_of(key)
        if owner is not None and keys.base_key(key) == key:
            with self._acting_for(owner) as (session, actor), transaction(session):
                verdicts.forget(session, actor, key)

    def keys(self, prefix: str = "") -> Iterator[StoredObject]:
        """Every kept file whose key begins so."""
        return self.beneath.keys(prefix)

    def forget_abandoned(self, before: datetime, is_ours: Callable[[str], bool]) -> int:
        """Remove what was begun before an instant and never kept."""
        return self.beneath.forget_abandoned(before, is_ours)

    def check(self, key: str) -> None:
        """Raise `BeingScanned` or `FileInfected` while a file, or the one its text was made of, is held back."""
        owner = keys.sender_of(key)
        if owner is None:
            return
        with self._acting_for(owner) as (session, actor):
            verdicts.check(verdicts.find(session, actor, keys.base_key(key)), is_scanned=self._is_scanned)

    def note(self, key: str, sha256: bytes, size: int) -> None:
        """Write down that a sender's file was kept; texts and pieces of ours need no verdict of their own."""
        owner = keys.sender_of(key)
        if owner is None or keys.base_key(key) != key:
            return
        with self._acting_for(owner) as (session, actor), transaction(session):
            verdicts.note(session, actor, key, sha256=sha256, size=size, is_scanned=self._is_scanned, now=self._now())

    def held_of(self, owner: int) -> dict[str, Verdict]:
        """The files of an organisation that are held back."""
        with self._acting_for(owner) as (session, actor):
            return verdicts.held(session, actor)

    def count_held(self) -> dict[Verdict, int]:
        """How many files are held back, of all organisations."""
        with self._open_session(WORKER) as session:
            return verdicts.count_held(session)

    @contextmanager
    def _acting_for(self, owner: int) -> Iterator[tuple[Session, Actor]]:
        actor = Actor(side=Side.WORKER, organisation_id=owner)
        with self._open_session(actor) as session:
            yield session, actor


class QuarantinedIncoming:
    """A file on its way in that is noted the moment it is kept."""

    def __init__(self, quarantine: Quarantine, beneath: Incoming) -> None:
        self._quarantine, self._beneath = quarantine, beneath

    @property
    def size(self) -> int:
        """How many bytes were written."""
        return self._beneath.size

    def write(self, data: bytes) -> int:
        """Take the next bytes."""
        return self._beneath.write(data)

    def digest(self) -> bytes:
        """SHA-256 of what was written so far."""
        return self._beneath.digest()

    def look(self) -> BinaryIO:
        """What was written so far, for reading."""
        return self._beneath.look()

    def keep(self, key: str) -> None:
        """Make the file durable under a key, and have it scanned."""
        digest, size = self._beneath.digest(), self._beneath.size
        self._beneath.keep(key)
        self._quarantine.note(key, digest, size)

    def discard(self) -> None:
        """Forget what was written; a kept file stays."""
        self._beneath.discard()
