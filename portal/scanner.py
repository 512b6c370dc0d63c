"""The scanner for malicious software: clamd, spoken to over a socket of this machine.

Only a clear word counts. Whatever else comes (silence, noise, a connection that ends, a file larger than it takes) is
no verdict, and the file stays where it is.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import BinaryIO

from clamav_client.clamd import ClamdError, ClamdNetworkSocket, ClamdUnixSocket

from config import Settings
from uploads.scanners import Found, Scanner, ScannerAddress, ScannerAway

#: For each answer; a big file is looked through for a while after its last byte.
ANSWER_SECONDS = 180.0
#: To say who it is, a scanner need not look through anything.
GREETING_SECONDS = 3.0
#: For one file altogether.
LONGEST_SECONDS = 1800.0
_LONGEST_NAME = 100


@dataclass(frozen=True)
class ClamdScanner:
    """clamd at one address, connected to anew for each question."""

    address: ScannerAddress
    answer_seconds: float = ANSWER_SECONDS
    longest_seconds: float = LONGEST_SECONDS

    def signatures(self) -> str:
        """Its version and that of its signatures, as it says them."""
        connection = _connection(self.address, min(GREETING_SECONDS, self.answer_seconds))
        try:
            said = connection.version()
        except (ClamdError, OSError, ValueError) as away:
            raise ScannerAway(type(away).__name__) from None
        finally:
            _hang_up(connection)
        if not said:
            raise ScannerAway("no greeting")
        return _plain(said)

    def begin(self, file: BinaryIO) -> ClamdScanning:
        """Send a file from a thread of its own; whoever asked goes on keeping the lease of the work."""
        return ClamdScanning(
            _connection(self.address, self.answer_seconds), file, time.monotonic() + self.longest_seconds
        )


@dataclass
class ClamdScanning:
    """One file on its way through clamd."""

    connection: ClamdNetworkSocket
    file: BinaryIO
    until: float
    _found: Found | None = None
    _failure: str | None = None
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def result(self, seconds: float) -> Found | None:
        """What was found, or None while it is looked for."""
        self._thread.join(seconds)
        if self._thread.is_alive():
            if time.monotonic() > self.until:
                raise ScannerAway("too slow")
            return None
        if self._found is None:
            raise ScannerAway(self._failure or "no answer")
        return self._found

    def close(self) -> None:
        """Cut the connection, which ends the thread, and then the file."""
        _hang_up(self.connection)
        self._thread.join(GREETING_SECONDS)
        self.file.close()

    def _send(self) -> None:
        try:
            answers = self.connection.instream(self.file)
        except (ClamdError, OSError, ValueError) as away:
            self._failure = type(away).__name__
            return
        for status, name in answers.values():
            if status == "FOUND":
                self._found = Found(_plain(name or "?"))
            elif status == "OK" and name is None:
                self._found = Found(None)
            else:
                self._failure = status


def open_scanner(settings: Settings) -> Scanner | None:
    """The scanner that the settings name, if any."""
    return ClamdScanner(settings.scanner) if settings.scanner else None


def _connection(address: ScannerAddress, seconds: float) -> ClamdNetworkSocket:
    if address.path is not None:
        connection = ClamdUnixSocket(address.path)
        connection.timeout = seconds
        return connection
    return ClamdNetworkSocket(address.host, address.port, seconds)


def _hang_up(connection: ClamdNetworkSocket) -> None:
    # Before it was opened there is no such attribute; one that could not be opened, the library leaves open.
    opened: socket.socket | None = getattr(connection, "clamd_socket", None)
    if opened is not None:
        with contextlib.suppress(OSError):
            opened.shutdown(socket.SHUT_RDWR)
        opened.close()


def _plain(said: str) -> str:
    return "".join(letter for letter in said if letter.isprintable())[:_LONGEST_NAME]
