"""The whole product started by one command: it refuses clearly, survives a kill and leaves nothing behind."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from portal.stack import supervisor
from portal.stack.environment import ROOT, Places, StackError


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def processes_of(var: Path) -> list[str]:
    """The command lines of everything that carries this stack's folder in its environment."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("ENCARGO_VAR") == str(var) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
    return found


class Run:
    """One `python -m portal.stack run` and what it says."""

    def __init__(self, var: Path, port: int) -> None:
        self.var, self.port, self.said = var, port, ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "portal.stack", "run", "--empty", "--port", str(port)],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if not name.endswith("_URL")}
            | {"ENCARGO_VAR": str(var)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait_until_it_says(self, words: str) -> None:
        assert self.process.stdout is not None
        while words not in self.said:
            line = self.process.stdout.readline()
            assert line, f"ended without saying {words!r}: {self.said}"
            self.said += line

    def end(self, how: signal.Signals) -> int:
        assert self.process.stdout is not None
        self.process.send_signal(how)
        code = self.process.wait(timeout=60)
        self.said += self.process.stdout.read()
        self.process.stdout.close()
        return code


@pytest.fixture
def var(tmp_path: Path) -> Iterator[Path]:
    """A folder whose path leaves no room for a socket's address."""
    folder = tmp_path / ("a-long-name-" * 8) / "var"
    yield folder
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("ENCARGO_VAR") == str(folder):
                process.kill()
    shutil.rmtree(Places(folder).sockets, ignore_errors=True)


@pytest.mark.slow
def test_one_command_runs_the_product_and_leaves_nothing_behind(var: Path) -> None:
    port = free_port()
    first = Run(var, port)
    first.wait_until_it_says("Stop: Ctrl-C")
    assert f"Encargo is running at http://localhost:{port}" in first.said
    assert f"left as .eml files in {var / 'mail'}" in first.said
    assert supervisor.answers(port)
    assert len([line for line in processes_of(var) if line.endswith(" work")]) == supervisor.WORKERS
    secrets = (var / "secrets.env").read_text()

    second = Run(var, free_port())
    assert second.process.stdout is not None
    assert second.process.wait(timeout=30) == 1
    assert "already running" in second.process.stdout.read()
    second.process.stdout.close()
    assert supervisor.answers(port)

    first.end(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while left := processes_of(var):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)

    third = Run(var, port)
    third.wait_until_it_says("Stop: Ctrl-C")
    assert supervisor.answers(port)
    assert third.end(signal.SIGINT) == 0
    assert "the data stay in" in third.said
    assert processes_of(var) == []
    assert (var / "secrets.env").read_text() == secrets
    supervisor.require_free_port(port)


def test_a_taken_port_is_named_with_the_remedy(var: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = Run(var, port)
        assert run.process.stdout is not None
        assert run.process.wait(timeout=30) == 1
        said = run.process.stdout.read()
        run.process.stdout.close()
    assert f"Port {port} on 127.0.0.1 cannot be used" in said
    assert f"make run PORT={port + 1}" in said
    assert "Traceback" not in said


def test_a_port_that_does_not_exist_is_refused() -> None:
    with pytest.raises(StackError, match="There is no port 70000"):
        supervisor.require_free_port(70000)


def test_a_given_database_without_its_owner_is_refused() -> None:
    with pytest.raises(StackError, match="DATABASE_OWNER_URL"):
        supervisor.check_given({"DATABASE_URL": "postgresql+psycopg://db/encargo"})
    supervisor.check_given({"DATABASE_URL": "x", "DATABASE_OWNER_URL": "y"})
    supervisor.check_given({})


@pytest.mark.parametrize(("deaths", "pause"), [(1, 0.5), (2, 1), (3, 2), (4, 4), (7, 30), (40, 30)])
def test_a_child_that_keeps_dying_is_started_less_and_less_often(deaths: int, pause: float) -> None:
    assert supervisor.restart_pause(deaths) == pause


def test_a_failed_command_shows_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="no-such-command"):
        supervisor.flask("no-such-command", os.environ, tmp_path / "log")
