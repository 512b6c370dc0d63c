"""A real worker process on the real Redis: it forks, it stops politely, it runs nobody's pickles."""

from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from agencies.kernel.work import WorkState
from portal.jobs import doorbell
from portal.jobs.worker import perform_rung
from portal.ports import Ports
from portal.stack import processes
from portal.stack.environment import ROOT
from tests.jobs.counting import ask, look, steps_of
from tests.pipeline.product import environment, until
from tests.tenants import Tenants


@pytest.fixture
def serve(ports: Ports) -> Iterator:
    """Start a worker process that knows the counting task."""
    started = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "tests.jobs.serve", *arguments],
                cwd=ROOT,
                env=environment(ports.settings),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        )
        return started[-1]

    yield start
    for process in started:
        processes.kill_session(process.pid)
        process.communicate()


def test_a_worker_does_what_is_rung_and_keeps_its_own_connection(ports: Ports, tenants: Tenants, queue, serve):
    ids = [ask(ports, tenants.creditor, key=str(number), steps=3) for number in range(3)]
    doorbell.ring(ports)

    out, errors = serve("0", "burst").communicate(timeout=60)

    assert [look(ports, work_id).state for work_id in ids] == [WorkState.DONE] * 3, errors
    assert queue.count == 0
    told = json.loads(out.splitlines()[-1])
    assert told["before"] == told["after"], "a child must not close the parent's connection"


def test_a_worker_told_to_stop_hands_its_work_on_between_two_steps(ports: Ports, tenants: Tenants, queue, serve):
    work_id = ask(ports, tenants.creditor, steps=1000)
    doorbell.ring(ports)
    worker = serve("0.05")
    until(lambda: look(ports, work_id).done >= 3, seconds=60, every=0.02)

    worker.send_signal(signal.SIGTERM)
    begun = time.monotonic()
    worker.communicate(timeout=20)

    assert time.monotonic() - begun < 10
    row = look(ports, work_id)
    assert (row.state, row.attempt, row.error) == (WorkState.QUEUED, 0, None)
    assert 3 <= row.done < 1000
    assert steps_of(ports, tenants.creditor) == row.done


def test_an_idle_worker_stops_at_once(ports: Ports, queue, serve):
    worker = serve("0")
    until(lambda: queue.connection.smembers(f"rq:workers:{queue.name}"), seconds=60)

    worker.terminate()

    assert worker.wait(timeout=20) == 0


def test_a_pickle_in_the_queue_is_never_opened(ports: Ports, queue, serve, tmp_path):
    trap = tmp_path / "sprung"
    bomb = pickle.dumps(("os.system", None, (f"touch {trap}",), {}))
    job_id = f"{queue.name}-1"
    queue.connection.hset(
        f"rq:job:{job_id}",
        mapping={"data": bomb, "origin": queue.name, "status": "queued", "created_at": "2026-03-11T12:00:00.000000Z"},
    )
    queue.push_job_id(job_id)

    _out, errors = serve("0", "burst").communicate(timeout=60)

    assert queue.count == 0
    assert not trap.exists()
    assert "Deserialization" in errors or "deserializ" in errors.lower(), errors


def test_a_ring_outside_a_worker_is_a_bug():
    with pytest.raises(RuntimeError):
        perform_rung(1)
