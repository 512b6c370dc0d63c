"""Real child processes: they go when their parent goes, and take with them what they started."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from portal.stack import processes
from portal.stack.environment import ROOT

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
# Starts a child of its own, tells its number and ignores the polite request to stop.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid, flush=True)
time.sleep(600)
"""


def first_line(log: Path) -> str:
    deadline = time.monotonic() + 20
    while not (log.exists() and log.read_text().endswith("\n")):
        assert time.monotonic() < deadline, "the process said nothing"
        time.sleep(0.02)
    return log.read_text().splitlines()[0]


def test_a_child_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    program = (
        "import os, signal, sys, time; from pathlib import Path; from portal.stack import processes\n"
        f"child = processes.start({SLEEP!r}, environ=os.environ, log=Path({str(log)!r}), follow=signal.SIGTERM)\n"
        "print(child.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert processes.is_alive(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert processes.wait_until_gone(child, patience=10)


def test_the_end_of_a_process_is_the_end_of_all_it_started(tmp_path: Path) -> None:
    log = tmp_path / "stubborn.log"
    process = processes.start([sys.executable, "-c", STUBBORN], environ=os.environ, log=log)
    grandchild = int(first_line(log))
    started = time.monotonic()
    processes.end([process], patience=0.5)
    assert time.monotonic() - started < 10
    assert process.returncode == -signal.SIGKILL
    assert processes.wait_until_gone(grandchild, patience=10)


def test_strays_are_found_by_their_mark(tmp_path: Path) -> None:
    environ = {**os.environ, "ENCARGO_STRAY": str(tmp_path)}
    marked = processes.start(SLEEP, environ=environ, log=tmp_path / "log")
    other = processes.start(SLEEP, environ=os.environ, log=tmp_path / "log")
    try:
        assert processes.kill_marked("ENCARGO_STRAY", str(tmp_path)) == 1
        assert marked.wait(timeout=10) == -signal.SIGKILL
        assert psutil.pid_exists(other.pid)
    finally:
        processes.end([marked, other], patience=5)


def test_a_lock_is_held_once_or_shared_by_many(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with processes.lock(path, exclusive=True) as first, processes.lock(path, exclusive=True) as second:
        assert (first, second) == (True, False)
    with (
        processes.lock(path, exclusive=False) as one,
        processes.lock(path, exclusive=False) as two,
        processes.lock(path, exclusive=True) as alone,
    ):
        assert (one, two, alone) == (True, True, False)


def test_a_long_log_is_put_aside_and_its_end_can_be_shown(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text("x" * processes.LOG_LIMIT + "\nlast\n")
    assert processes.last_lines(log, 1) == "last"
    processes.shorten(log)
    assert not log.exists()
    assert (tmp_path / "web.1.log").exists()
    assert processes.last_lines(log) == ""
