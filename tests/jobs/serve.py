"""A worker process that also knows the counting task: `python -m tests.jobs.serve <pause> [burst]`."""

from __future__ import annotations

import json
import sys

from sqlalchemy import text

from agencies.kernel.tenancy import WORKER
from config import Settings
from portal.jobs import tasks
from portal.jobs.worker import listen
from portal.ports import Ports, open_ports
from tests.jobs.counting import counting


def main(pause: str, *flags: str) -> None:
    """Listen, and say at the end which database connection the parent had before and after its children."""
    tasks.TASKS["count"] = counting(pause=float(pause))
    ports = open_ports(Settings.from_env())
    before = backend(ports)
    listen(ports, burst="burst" in flags)
    print(json.dumps({"before": before, "after": backend(ports)}))  # noqa: T201 - read by the test


def backend(ports: Ports) -> int:
    """The server process behind this process's connection."""
    with ports.session(WORKER) as session:
        return session.scalar(text("select pg_backend_pid()"))


if __name__ == "__main__":
    main(*sys.argv[1:])
