"""A scanner for tests that speaks clamd's protocol over a real socket, honestly or as badly as it is told."""

from __future__ import annotations

import contextlib
import socketserver
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from uploads.scanners import ScannerAddress

#: The test pattern of the European Institute for Computer Antivirus Research, in two halves so that this file is clean.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
MALWARE = "Eicar-Test-Signature"
_ENDS = 1024


@dataclass
class Behaviour:
    """What the scanner does, and what it was asked."""

    #: honest, or how it fails: see `_answer`.
    way: str = "honest"
    version: str = "ClamAV 1.4.3/1/Sun Mar  1 00:00:00 2026"
    #: The bytes of each file it was sent whole.
    seen: list[bytes] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        behaviour = self.server.behaviour
        if behaviour.way == "silent":
            behaviour.stopped.wait(20)
            return
        command = self.rfile.readline(_ENDS).strip()
        if command == b"nVERSION":
            self.wfile.write(behaviour.version.encode() + b"\n")
        elif command == b"nINSTREAM":
            self._scan(behaviour)

    def _scan(self, behaviour: Behaviour) -> None:
        content = b""
        while size := struct.unpack("!L", self.rfile.read(4))[0]:
            content += self.rfile.read(size)
            if behaviour.way == "cuts":
                return
        behaviour.seen.append(content)
        with contextlib.suppress(OSError):
            self.wfile.write(_answer(behaviour, content))
            if behaviour.way == "never ends":
                self.wfile.flush()
                behaviour.stopped.wait(20)


def _answer(behaviour: Behaviour, content: bytes) -> bytes:
    found = f"stream: {MALWARE} FOUND\n" if EICAR in content else "stream: OK\n"
    return {
        "noise": bytes(range(128, 256)) + b"\n",
        "chatters": b"HTTP/1.1 200 OK\r\n",
        "half a word": b"stream: O",
        "nothing": b"",
        "never ends": b"stream: O",
        "too large": b"INSTREAM size limit exceeded. ERROR\n",
        "out of memory": b"stream: Can't allocate memory ERROR\n",
        "contradicts": b"stream: Eicar-Test-Signature OK\n",
    }.get(behaviour.way, found.encode())


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, path: Path, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        super().__init__(str(path), _Handler)

    def handle_error(self, request, client_address) -> None:
        """Whoever hung up in the middle is no news."""


@contextlib.contextmanager
def running(path: Path, behaviour: Behaviour) -> Iterator[ScannerAddress]:
    """The scanner at a socket, until the block ends."""
    path.unlink(missing_ok=True)
    with _Server(path, behaviour) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield ScannerAddress(path=str(path))
        finally:
            behaviour.stopped.set()
            server.shutdown()
            thread.join()
