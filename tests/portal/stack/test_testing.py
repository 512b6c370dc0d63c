"""The servers of a test run go when the run goes, however it goes, and so does their folder."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from portal.stack import processes, testing
from portal.stack.environment import ROOT

PROGRAM = """
import sys, time
from pathlib import Path
from portal.stack.testing import throwaway_servers
with throwaway_servers() as (servers, folder):
    print(folder, servers.postgres._server_pid(), servers.valkey._process.pid, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("how", [None, signal.SIGINT, signal.SIGKILL])
def test_nothing_stays_of_a_test_run(how: signal.Signals | None) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert run.stdout is not None
    assert run.stdin is not None
    folder, *pids = run.stdout.readline().split()
    assert all(processes.is_alive(int(pid)) for pid in pids)
    if how is None:
        run.stdin.close()
    else:
        run.send_signal(how)
    run.wait(timeout=30)
    assert all(processes.wait_until_gone(int(pid), patience=20) for pid in pids)
    testing._remove_leftovers()
    assert not Path(folder).exists()


def test_the_tidying_spares_a_run_that_is_going_on() -> None:
    with testing.throwaway_servers() as (servers, folder):
        testing._remove_leftovers()
        assert folder.exists()
        assert servers.postgres is not None
        assert servers.postgres.answers()
    assert not folder.exists()
