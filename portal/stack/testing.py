"""The test run: lint, types, then the tests on throw-away servers, and nothing left behind."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from portal.stack import processes
from portal.stack.chromium import ensure_chromium
from portal.stack.clamd import ensure_clamd
from portal.stack.environment import ROOT, StackError, claim_private_folder, short_temporary_folder
from portal.stack.servers import Servers

PREFIX = "encargo-test-"
MARK = "ENCARGO_TEST_RUN"  # In the environment of everything the tests start.

SOURCES = ["agencies", "assignments", "portal", "uploads", "config.py", "wsgi.py"]
CHECKS = {
    "lint": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "security": ["bandit", "-q", "-r", "-c", "pyproject.toml", *SOURCES],
    "types": ["mypy"],
}


@contextlib.contextmanager
def throwaway_servers() -> Iterator[tuple[Servers, Path]]:
    """Servers and their folder for the time of the block; they die with this process, however it dies."""
    _remove_leftovers()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=short_temporary_folder()))
    claim_private_folder(folder)
    servers = Servers.throwaway(folder)
    with processes.lock(folder / "in-use.lock", exclusive=True):
        try:
            servers.start(follow=True)
            servers.provision()
            yield servers, folder
        finally:
            servers.stop()
            shutil.rmtree(folder, ignore_errors=True)


def run_tests(arguments: list[str], given: Mapping[str, str]) -> int:
    """Run all, or with arguments only pytest, which receives them; returns the exit code."""
    # Both also where we were started in the background, with interruptions ignored.
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, _interrupt)
    processes.follow_parent(signal.SIGTERM, os.getppid())
    failed = [] if arguments else [name for name, command in CHECKS.items() if not _passes(name, command)]
    chromium, clamd = ensure_chromium(), ensure_clamd()
    with throwaway_servers() as (servers, folder):
        if servers.postgres is None or servers.valkey is None:
            message = "The throw-away servers are missing."
            raise StackError(message)
        environ = {
            **given,
            "TEST_DATABASE_SUPERUSER_URL": servers.postgres.url(),
            "TEST_REDIS_URL": servers.valkey.url(),
            "CHROMIUM": chromium,
            "CLAMD": clamd or "",
            MARK: str(folder),
        }
        code = _pytest(arguments, environ)
        processes.kill_marked(MARK, str(folder))
    if failed:
        print(f"Failed before the tests: {', '.join(failed)} (their messages are above).", flush=True)
    return code or (1 if failed else 0)


def _passes(name: str, command: list[str]) -> bool:
    print(f"== {name}", flush=True)
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False).returncode == 0


def _pytest(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Run pytest in our own terminal group, so that Ctrl-C reaches it; it goes when we go."""
    print("== tests", flush=True)
    parent = os.getpid()

    def before_exec() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        processes.follow_parent(signal.SIGINT, parent)

    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", *arguments],
        cwd=ROOT,
        env=dict(environ),
        preexec_fn=before_exec,  # noqa: PLW1509 - three system calls, made while this process has one thread
    )
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # The first interruption lets pytest clean up; from the second on it has ten seconds left.
            process.send_signal(signal.SIGINT)
            try:
                return process.wait(timeout=30)
            except (KeyboardInterrupt, subprocess.TimeoutExpired):
                process.kill()


def _remove_leftovers() -> None:
    """Remove the folders of test runs that were killed: those nobody holds the lock of."""
    for folder in short_temporary_folder().glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_uid != os.getuid():
                continue
            with processes.lock(folder / "in-use.lock", exclusive=True) as free:
                if free:
                    processes.kill_marked(MARK, str(folder))
                    shutil.rmtree(folder, ignore_errors=True)


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt
