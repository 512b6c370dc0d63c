"""Runs the whole product on one machine: servers, migrations, demo, web, workers, sweep; until stopped."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from portal.stack import processes
from portal.stack.environment import ROOT, Places, StackError, application_environment
from portal.stack.servers import Servers, gate, in_use

HOST = "127.0.0.1"
WORKERS = 2
MARK = "ENCARGO_SUPERVISED"  # In the environment of our children, so that strays of a killed run can be found.
READY_PATIENCE = 90.0
STOP_PATIENCE = 15.0
LONGEST_PAUSE = 30.0
SIGN_OF_LIFE = 20.0  # Seconds of silence after which a long command is said to be going on.
FLASK = [sys.executable, "-m", "flask", "--app", "wsgi"]


@dataclass
class Child:
    """One program that is kept running."""

    name: str
    argv: list[str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    born: float = 0.0
    deaths: int = 0
    due: float = 0.0

    def start(self, environ: Mapping[str, str]) -> None:
        """Start it, tied to the life of the supervisor."""
        self.process = processes.start(self.argv, environ=environ, log=self.log, follow=signal.SIGTERM)
        self.born = time.monotonic()

    def note_death(self) -> None:
        """Say that it died and when it is back: soon after a long life, ever later after short ones."""
        assert self.process is not None  # noqa: S101 - only a started child can die
        processes.kill_session(self.process.pid)
        code, now = self.process.wait(), time.monotonic()
        self.deaths = 1 if now - self.born > 60 else self.deaths + 1
        pause = restart_pause(self.deaths)
        self.due, self.process = now + pause, None
        say(f"{self.name} ended (code {code}), starts again in {pause:g} s; its log: {self.log}")


def restart_pause(deaths: int) -> float:
    """Seconds to wait after so many early deaths in a row."""
    return min(LONGEST_PAUSE, 0.5 * 2 ** (deaths - 1))


class Stopped(Exception):
    """Somebody asked the stack to stop."""


@dataclass
class Supervisor:
    """One run of the product."""

    places: Places
    given: Mapping[str, str]
    port: int
    demo: bool = True

    def run(self) -> None:
        """Run until stopped; everything that was started is gone on return."""
        check_given(self.given)
        self.places.create()
        with processes.lock(self.places.sockets / "run.lock", exclusive=True) as alone:
            if not alone:
                message = f"Encargo is already running from {self.places.var}; stop that one first (Ctrl-C)."
                raise StackError(message)
            require_free_port(self.port)
            self._run_alone()

    def _run_alone(self) -> None:
        processes.follow_parent(signal.SIGTERM, os.getppid())
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, _raise_stopped)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # Ignored by nohup, on purpose.
            signal.signal(signal.SIGHUP, _raise_stopped)
        processes.kill_marked(MARK, str(self.places.var))
        servers, children = Servers.of(self.places, self.given), []
        with in_use(self.places):
            try:
                say(f"Starting {' and '.join(servers.names()) or 'with the given servers'} ...")
                with gate(self.places):
                    servers.start(follow=True)
                    servers.provision()
                environ = application_environment(
                    self.places, self.given, local=servers.addresses(), port=self.port
                ) | {MARK: str(self.places.var)}
                self._prepare(environ)
                # Only the commands of the demo need what its people sign in with.
                lasting = {name: value for name, value in environ.items() if not name.startswith("DEMO_")}
                children = self._children()
                for child in children:
                    child.start(lasting)
                self._wait_until_ready(children[0])
                self._greet(environ)
                watch(servers, children, lasting)
            except Stopped:
                say("Stopping ...")
            finally:
                # A second Ctrl-C must not interrupt the stop: each step of it has a limit of its own.
                for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(name, signal.SIG_IGN)
                processes.end([child.process for child in children if child.process], patience=STOP_PATIENCE)
                servers.stop()
        say("Stopped; the data stay in " + str(self.places.var))

    def _prepare(self, environ: Mapping[str, str]) -> None:
        """Bring the schema up to date and, on a new database, load the demo."""
        say("Bringing the database up to date ...")
        flask("db-upgrade", environ, self.places.log / "migrate.log")
        if self.demo:
            say("Loading the demo, if the database is new (once, a minute or two) ...")
            flask("load-demo", environ, self.places.log / "demo.log")

    def _children(self) -> list[Child]:
        log = self.places.log
        web = [
            *(sys.executable, "-m", "gunicorn", "--no-control-socket", "--bind", f"{HOST}:{self.port}"),
            *("--worker-class", "gthread", "--workers", "2", "--threads", "4", "--timeout", "120"),
            *("--graceful-timeout", "10", "wsgi:app"),
        ]
        workers = [
            # Whoever waits for a page goes before whoever waits for a file.
            Child(f"worker {number}", ["nice", "-n", "5", *FLASK, "work"], log / f"worker-{number}.log")
            for number in range(1, WORKERS + 1)
        ]
        return [
            Child("web", web, log / "web.log"),
            *workers,
            Child("sweep", [*FLASK, "sweep", "--forever"], log / "sweep.log"),
        ]

    def _wait_until_ready(self, web: Child) -> None:
        deadline = time.monotonic() + READY_PATIENCE
        while not answers(self.port):
            ended = web.process is None or web.process.poll() is not None
            if ended or time.monotonic() > deadline:
                message = f"The web server did not start; {web.log} ends with:\n{processes.last_lines(web.log)}"
                raise StackError(message)
            time.sleep(0.1)

    def _greet(self, environ: Mapping[str, str]) -> None:
        say(f"\nEncargo is running at {environ['PUBLIC_URL']}\n")
        accounts = subprocess.run(
            [*FLASK, "demo-accounts"],
            cwd=ROOT,
            env=dict(environ),
            capture_output=True,
            text=True,
            check=False,
        )
        if accounts.returncode == 0 and accounts.stdout.strip():
            say(accounts.stdout.rstrip() + "\n")
            if not self.demo:
                say("They are from an earlier demo. To list them again: make shell, then flask demo-accounts\n")
        if environ["MAIL_URL"] == self.places.mail.as_uri():
            say(f"Letters are not sent; they are left as .eml files in {self.places.mail}")
        say(f"Logs: {self.places.log}   Stop: Ctrl-C")


def watch(servers: Servers, children: list[Child], environ: Mapping[str, str]) -> None:
    """Keep servers and children running; returns only by the exception of a signal."""
    while True:
        for name in servers.revive():
            say(f"{name} had ended and was started again")
        now = time.monotonic()
        for child in children:
            if child.process is None:
                if now >= child.due:
                    child.start(environ)
            elif child.process.poll() is not None:
                child.note_death()
        time.sleep(0.2)


def flask(command: str, environ: Mapping[str, str], log: Path) -> None:
    """Run one of the application's commands to its end; raises with the end of its log when it fails."""
    began = time.monotonic()
    process = processes.start([*FLASK, command], environ=environ, log=log, follow=signal.SIGTERM)
    try:
        while (code := _code_within(process, SIGN_OF_LIFE)) is None:
            say(f"  ... {time.monotonic() - began:.0f} s")
    finally:
        processes.end([process], patience=STOP_PATIENCE)
    if code != 0:
        message = f"`flask {command}` failed; {log} ends with:\n{processes.last_lines(log)}"
        raise StackError(message)


def answers(port: int) -> bool:
    """Whether the web server says that it is alive."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
        connection.request("GET", "/livez")
        return connection.getresponse().status == http.HTTPStatus.OK
    return False


def require_free_port(port: int) -> None:
    """Raise, naming the remedy, when another program listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OverflowError:
            message = f"There is no port {port}; choose one up to 65535: make run PORT=8081"
            raise StackError(message) from None
        except OSError as refusal:
            message = (
                f"Port {port} on {HOST} cannot be used ({refusal.strerror}). "
                f"Stop the program that holds it, or choose another: make run PORT={port + 1}"
            )
            raise StackError(message) from None


def check_given(given: Mapping[str, str]) -> None:
    """A given database needs its owner's address as well, because migrations sign in as the owner."""
    if given.get("DATABASE_URL") and not given.get("DATABASE_OWNER_URL"):
        message = "DATABASE_URL is set, DATABASE_OWNER_URL is not; migrations need it (docs/operations.md)."
        raise StackError(message)


def say(message: str) -> None:
    """One line to whoever started the stack; a closed terminal is no reason to stop."""
    with contextlib.suppress(OSError):
        print(message, flush=True)


def _raise_stopped(_signal: int, _frame: object) -> None:
    raise Stopped


def _code_within(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    """How the process ended; None when it goes on."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(seconds)
    return None
