"""The product's way from a file to applied cases, as its job goes it, in a process of its own.

    python -m bench.product_import <file> <e-mail of the sender>

Prints the seconds of each stage, the seconds of processor, the rows applied and the peak memory as JSON.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

from sqlalchemy import select

from agencies.kernel import clock, work
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR, WORKER, Actor
from agencies.organisations.models import User
from bench import portfolio_file, throwaway
from config import Settings
from portal.jobs import tasks
from portal.ports import Ports, open_ports
from uploads import confirming, receiving
from uploads import service as uploads
from uploads.models import Upload, UploadKind, UploadState
from uploads.options import Options


def main(file: Path, email: str) -> None:
    """Everything between the file and the applied cases."""
    opened = open_ports(Settings.from_env())
    with opened.session(DOOR) as session:
        actor = throwaway.actor_of(opened, session.scalars(select(User.id).where(User.email == email)).one())
    began, worked = time.perf_counter(), time.process_time()
    upload_id = receive(opened, actor, file)
    received = time.perf_counter()
    work_until(opened, actor, upload_id, UploadState.CHECKED)
    checked = time.perf_counter()
    with opened.session(actor) as session, transaction(session):
        uploads.apply(session, actor, upload_id, good_rows_only=False, now=clock.utc_now())
    work_until(opened, actor, upload_id, UploadState.APPLIED)
    applied, worked = time.perf_counter(), time.process_time() - worked
    stages = {"receive": received - began, "check": checked - received, "apply": applied - checked}
    with opened.session(actor) as session:
        rows = session.get_one(Upload, (actor.tenant, upload_id)).rows_applied
    print(json.dumps({"applied": rows, "stages": stages, "cpu": worked, "peak_mb": peak_mb()}))


def receive(opened: Ports, actor: Actor, file: Path) -> int:
    """Store the file and confirm its columns as they are proposed."""
    incoming = opened.storage.incoming()
    with file.open("rb") as source:
        while data := source.read(1 << 20):
            incoming.write(data)
    with opened.session(actor) as session, transaction(session):
        now = clock.utc_now()
        upload = receiving.receive(
            session, actor, incoming, kind=UploadKind.PORTFOLIO, filename=file.name, now=now
        ).upload
        proposal = confirming.proposal(session, actor, upload.id)
        mapping = {column.position: column.field for column in proposal.columns if column.field}
        assert len(mapping) == len(portfolio_file.COLUMNS), proposal
        confirming.confirm(session, actor, upload.id, mapping=mapping, options=Options(), now=now)
        return upload.id


def work_until(opened: Ports, actor: Actor, upload_id: int, state: UploadState) -> None:
    """Do the work that is due until the upload has come so far; what only follows from it is not waited for."""
    with opened.session(WORKER) as session, transaction(session):
        due = work.overdue(session)
    for work_id in due:
        tasks.perform(opened, work_id)
        with opened.session(actor) as session:
            upload = session.get_one(Upload, (actor.tenant, upload_id))
            if upload.state is state:
                return
    sys.exit(f"the upload is {upload.state}: {upload.error_counts}")


def peak_mb() -> float:
    """The most memory this process ever had resident; the parent's, before it was this program, does not count."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
