"""Where the scanner for malicious software is, and what is expected of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Protocol


@dataclass(frozen=True)
class ScannerAddress:
    """A socket of this machine: a file, or a port."""

    path: str | None = None
    host: str = "127.0.0.1"
    port: int = 3310


class ScannerAway(RuntimeError):
    """The scanner gave no verdict: it is away, too busy, or its answer is none; later it may."""

    #: Until work that needs it looks again.
    wait_seconds = 30.0


class Scanner(Protocol):
    """Looks through files."""

    def signatures(self) -> str:
        """Which scanner with which signatures would answer now; raises `ScannerAway`."""

    def begin(self, file: BinaryIO) -> Scanning:
        """Begin to look through a file, beside whoever asks."""


class Scanning(Protocol):
    """The look through one file."""

    def result(self, seconds: float) -> Found | None:
        """What was found, or None when it is not over after so many seconds; raises `ScannerAway`."""

    def close(self) -> None:
        """Stop looking; nothing happens when it is over."""


@dataclass(frozen=True)
class Found:
    """What the scanner said: the name of what it found, if it found anything."""

    malware: str | None
