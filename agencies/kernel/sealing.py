"""Fields that only this product can read: sealed with AES-256-GCM, found again by a blind index.

A sealed value carries the version of its key, so that keys change while the product runs: the newest seals, every one
that is still known opens. It is bound to its place (`Place`): copied into another row, column or tenant it does not
open. What must be found by its exact value has a blind index beside it: a keyed hash, with a key of its own for each
organisation, so that equal values of two tenants are not seen to be equal.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import event
from sqlalchemy.orm import Session, object_session

_VERSION_BYTES, _NONCE_BYTES, _TAG_BYTES = 2, 12, 16
#: 128 bits of a keyed hash: no two values of a tenant meet by chance.
_INDEX_BYTES = 16
_RING = "keyring"


class SealBroken(ValueError):
    """A sealed value is not what was written in this place, or its key is not known any more."""


class NoKeyring(RuntimeError):
    """A session was asked to seal or open, and nobody gave it the keys."""


class Place(NamedTuple):
    """Where a sealed value stands: whose it is, and which field of which row."""

    organisation_id: int
    table: str
    column: str
    #: Any id that stays with the row; a reference known before the row is written will do.
    row: str

    @property
    def label(self) -> bytes:
        """What is authenticated with the value."""
        return f"{self.organisation_id}|{self.table}|{self.column}|{self.row}".encode()


class Keyring:
    """The keys of one installation: those that seal, by version, and the one blind indexes are derived from."""

    def __init__(self, keys: Mapping[int, bytes], index_key: bytes) -> None:
        if not keys:
            raise ValueError("a keyring needs a key")
        self._ciphers = {version: AESGCM(key) for version, key in keys.items()}
        self._index_key = index_key
        #: The version new values are sealed with.
        self.newest = max(keys)

    def seal(self, value: str, place: Place) -> bytes:
        """A value as it is stored: key version, nonce, ciphertext and tag; never the same twice."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._ciphers[self.newest].encrypt(nonce, value.encode(), place.label)
        return self.newest.to_bytes(_VERSION_BYTES, "big") + nonce + sealed

    def open(self, sealed: bytes, place: Place) -> str:
        """The value that was sealed in this place; raises `SealBroken`."""
        cipher = self._ciphers.get(self.version_of(sealed))
        if cipher is None or len(sealed) < _VERSION_BYTES + _NONCE_BYTES + _TAG_BYTES:
            raise SealBroken
        body = sealed[_VERSION_BYTES:]
        try:
            return cipher.decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], place.label).decode()
        except InvalidTag as broken:
            raise SealBroken from broken

    @staticmethod
    def version_of(sealed: bytes) -> int:
        """The version of the key a value was sealed with."""
        return int.from_bytes(sealed[:_VERSION_BYTES], "big")

    def seal_many(self, values: Sequence[bytes], place: Place, rows: Sequence[str]) -> list[bytes]:
        """Many values of one column, each for its own row and not for the place's, as `seal` seals them one by one.

        A million rows of a file go through here, so nothing is done twice that can be done once.
        """
        encrypt, mark = self._ciphers[self.newest].encrypt, self.newest.to_bytes(_VERSION_BYTES, "big")
        beginning, drawn = place._replace(row="").label, secrets.token_bytes(_NONCE_BYTES * len(values))
        return [
            mark + (nonce := drawn[at : at + _NONCE_BYTES]) + encrypt(nonce, value, beginning + row.encode())
            for value, row, at in zip(values, rows, range(0, len(drawn), _NONCE_BYTES), strict=True)
        ]

    def index(self, organisation_id: int, kind: str, value: str) -> bytes:
        """The blind index of a normalised value: equal for equal values of one organisation and kind, and only then."""
        hashed = _prepared(self._index_key, organisation_id, kind)
        hashed.update(value.encode())
        found: bytes = hashed.digest()
        return found

    def index_many(self, organisation_id: int, kind: str, values: Iterable[bytes | None]) -> list[bytes | None]:
        """The blind index of each value, its key derived once; none of what is none."""
        # Keyed BLAKE2s (RFC 7693) costs a quarter of an HMAC; the prepared key is copied.
        prepare = _prepared(self._index_key, organisation_id, kind).copy
        found: list[bytes | None] = []
        for value in values:
            if value is None:
                found.append(None)
                continue
            hashed = prepare()
            hashed.update(value)
            found.append(hashed.digest())
        return found


def _prepared(index_key: bytes, organisation_id: int, kind: str) -> Any:
    key = hmac.digest(index_key, f"index|{organisation_id}|{kind}".encode(), hashlib.sha256)
    return hashlib.blake2s(key=key, digest_size=_INDEX_BYTES)


def attach(session: Session, keyring: Keyring) -> None:
    """Give a session the keys."""
    session.info[_RING] = keyring


def is_attached(session: Session) -> bool:
    """Whether the session was given keys."""
    return _RING in session.info


def keyring_of(session: Session) -> Keyring:
    """The keys a session was given; raises `NoKeyring`."""
    try:
        ring: Keyring = session.info[_RING]
    except KeyError as missing:
        raise NoKeyring from missing
    return ring


class HoldsSealed:
    """A row with sealed fields: it keeps the keys of the session that read it, and opens after that is closed."""

    own_keyring: Keyring | None = None


@event.listens_for(HoldsSealed, "load", propagate=True)
def _keep_keyring(row: Any, context: Any) -> None:
    row.own_keyring = context.session.info.get(_RING)


def keyring_for(row: HoldsSealed) -> Keyring:
    """The keys that a row opens with; raises `NoKeyring` when it was read by a session without any, or by none."""
    if row.own_keyring is not None:
        return row.own_keyring
    session = object_session(row)
    if session is None:
        raise NoKeyring
    return keyring_of(session)
