"""Opaque references: the ids people see in addresses and manifests.

A reference is the id and its kind, encrypted as one AES block: it tells nothing, cannot be counted through, needs no
column or index, and a forged one fails to open with all but one chance in 2**64.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from agencies.kernel.errors import NotFound

_BLOCK = 16
_LENGTH = 26


class References:
    """Encodes ids with one key; the key must stay, or printed references are lost."""

    def __init__(self, key: bytes) -> None:
        # One block per reference holds no repeated plaintext, which is what makes ECB right here and nowhere else.
        self._cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305

    def encode(self, kind: str, number: int) -> str:
        """The reference of one id: 26 characters of a-z and 2-7."""
        return self.encode_many(kind, [number])[0]

    def encode_many(self, kind: str, numbers: Sequence[int]) -> list[str]:
        """The references of many ids of one kind, in one pass of the cipher."""
        tag = _tag(kind)
        sealed = self._cipher.encryptor().update(b"".join(tag + n.to_bytes(8, "big") for n in numbers))
        blocks = (sealed[at : at + _BLOCK] for at in range(0, len(sealed), _BLOCK))
        return [base64.b32encode(block).decode().rstrip("=").lower() for block in blocks]

    def decode(self, kind: str, reference: str) -> int:
        """The id behind a reference of this kind; raises `NotFound` for anything else."""
        if len(reference) != _LENGTH:
            raise NotFound
        try:
            sealed = base64.b32decode(reference.upper() + "======")
        except ValueError as unreadable:
            raise NotFound from unreadable
        block = self._cipher.decryptor().update(sealed)
        number = int.from_bytes(block[8:], "big")
        # 26 characters hold two bits more than a block: only the spelling that we wrote is a reference.
        if block[:8] != _tag(kind) or self.encode(kind, number) != reference.lower():
            raise NotFound
        return number


def _tag(kind: str) -> bytes:
    return hashlib.sha256(kind.encode()).digest()[:8]
