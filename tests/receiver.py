"""Systems that take messages: the one of the documentation, as a process of its own, and one that answers as told."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.webhooks import service
from portal.ports import Ports

SAMPLE = Path(__file__).parent.parent / "docs" / "webhooks.md"


@dataclass
class Documented:
    """The receiver of the documentation, running."""

    url: str
    output: Path

    def taken(self) -> list[dict[str, Any]]:
        """What it took, in order."""
        return [json.loads(line) for line in self.output.read_text().splitlines()]


@contextmanager
def documented(folder: Path, *secrets: str) -> Iterator[Documented]:
    """Run the receiver as the documentation prints it."""
    program, output = folder / "receiver.py", folder / "taken"
    program.write_text(re.search(r"```python\n(.*?)```", SAMPLE.read_text(), re.DOTALL)[1])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {"ENCARGO_SECRETS": " ".join(secrets), "PORT": str(port), "SEEN": str(folder / "seen.db")}
    with output.open("w") as out:
        running = subprocess.Popen([sys.executable, str(program)], env={**os.environ, **told}, stdout=out)
        try:
            _wait_for(port)
            yield Documented(f"http://127.0.0.1:{port}/encargo", output)
        finally:
            running.terminate()
            running.wait(10)


@dataclass
class Obedient:
    """A receiver that answers as it is told, and keeps what it was sent."""

    url: str = ""
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    pause: float = 0
    sent: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def ids(self) -> set[str]:
        """The messages it was sent, however often each came."""
        return {headers["webhook-id"] for headers, _body in self.sent}


def send_test(ports: Ports, actor: Actor, to: Obedient) -> None:
    """Have a message sent to a receiver by a webhook of its own."""
    now = ports.now()
    with ports.session(actor) as session, transaction(session):
        told = {"url": to.url, "actions": ["upload.checked"], "may_loopback": True}
        made = service.make(session, actor, **told, now=now)
        service.send_test(session, actor, made.webhook.id, now=now)


@contextmanager
def obedient() -> Iterator[Obedient]:
    """Run one on a port of its own."""
    told = Obedient()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            told.sent.append(({name.lower(): value for name, value in self.headers.items()}, self.rfile.read(length)))
            time.sleep(told.pause)
            self.send_response(told.status)
            for name, value in {**told.headers, "Content-Length": str(len(told.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, *_told: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the receiver did not start")
