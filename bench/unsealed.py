"""Keys that hide nothing, to measure what sealing costs: a value is kept as it is, and found by itself.

Only the benchmark of the import makes one; the settings of the product name keys, never a keyring.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agencies.kernel.sealing import Keyring, Place


class Unsealed(Keyring):
    """A keyring that neither seals nor hashes; all else that the product does with what it gives stays as it is."""

    def __init__(self) -> None:
        super().__init__({1: bytes(32)}, bytes(32))

    def seal(self, value: str, _place: Place) -> bytes:
        """The value itself."""
        return value.encode()

    def open(self, sealed: bytes, _place: Place) -> str:
        """What was never sealed."""
        return sealed.decode()

    def seal_many(self, values: Sequence[bytes], _place: Place, _rows: Sequence[str]) -> list[bytes]:
        """The values themselves."""
        return list(values)

    def index(self, _organisation_id: int, _kind: str, value: str) -> bytes:
        """The value itself."""
        return value.encode()

    def index_many(self, _organisation_id: int, _kind: str, values: Iterable[bytes | None]) -> list[bytes | None]:
        """The values themselves."""
        return list(values)
