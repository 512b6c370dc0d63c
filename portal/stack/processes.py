"""Child processes that never outlive their parent: starting and ending them with all they started."""

import contextlib
import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from portal.stack.environment import ROOT

PR_SET_PDEATHSIG = 1
LOG_LIMIT = 10 * 1024 * 1024

# Loaded before any fork: a child between fork and exec must not load libraries.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def follow_parent(death_signal: signal.Signals, parent: int) -> None:
    """Ask the kernel to send this process the signal when its parent dies, however it dies."""
    if _libc is None:
        return
    _libc.prctl(PR_SET_PDEATHSIG, int(death_signal))
    if os.getppid() != parent:  # The parent died before the request was in place.
        os.kill(os.getpid(), death_signal)


def start(
    argv: Sequence[str], *, environ: Mapping[str, str], log: Path, follow: signal.Signals | None = None
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, its output in the log; `follow` ties it to our life."""
    parent = os.getpid()

    def before_exec() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ignored, where we were started in the background.
        if follow is not None:
            follow_parent(follow, parent)

    shorten(log)
    with log.open("ab") as output:
        return subprocess.Popen(
            list(argv),
            cwd=ROOT,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=before_exec,  # noqa: PLW1509 - a few system calls, made while this process has one thread
        )


def end(processes: Sequence[subprocess.Popen[bytes]], *, patience: float) -> None:
    """Ask all to stop, wait, then kill what is left of them and of everything they started."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + patience
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
    for process in processes:
        kill_session(process.pid)
        process.wait()


def kill_session(leader: int) -> None:
    """Kill the members of a session that `start` made; its number stays theirs when the leader is gone."""
    for pid in psutil.pids():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getsid(pid) == leader:
                os.kill(pid, signal.SIGKILL)


def kill_marked(name: str, value: str) -> int:
    """Kill the processes whose environment carries the mark; returns how many there were."""
    found = 0
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid != os.getpid() and process.environ().get(name) == value:
                process.kill()
                found += 1
    return found


def is_alive(pid: int) -> bool:
    """Whether the process exists and has not ended; a zombie nobody has collected yet counts as ended."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until_gone(pid: int, *, patience: float) -> bool:
    """Wait for a process that need not be our child; False when it is still there at the end."""
    deadline = time.monotonic() + patience
    while is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@contextlib.contextmanager
def lock(path: Path, *, exclusive: bool, wait: bool = False) -> Iterator[bool]:
    """Hold a lock that the kernel releases when this process dies; yields False when it was not to be had."""
    how = (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | (0 if wait else fcntl.LOCK_NB)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, how)
        except BlockingIOError:
            yield False
        else:
            yield True


def shorten(log: Path) -> None:
    """Put a long log aside, keeping one predecessor."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".1.log"))


def last_lines(log: Path, count: int = 12) -> str:
    """The end of a log, to show why something failed."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 16_384))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-count:])
