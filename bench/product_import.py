"""The product's way from a file to applied cases, as its job goes it, in a process of its own.

    python -m bench.product_import <file> <e-mail of the sender> [unsealed]

Prints the seconds of each stage and its peak memory, the seconds of processor and the rows applied as JSON. `unsealed`
does the same with keys that hide nothing.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select

from agencies.kernel import clock, work
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR, WORKER, Actor
from agencies.organisations.models import User
from bench import portfolio_file, throwaway
from bench.unsealed import Unsealed
from config import Settings
from portal.jobs import tasks
from portal.ports import Ports, open_ports
from uploads import confirming, receiving
from uploads import service as uploads
from uploads.models import Upload, UploadKind, UploadState
from uploads.options import Options


def main(file: Path, email: str, *, is_sealed: bool) -> None:
    """Everything between the file and the applied cases."""
    opened = open_ports(Settings.from_env())
    if not is_sealed:
        opened = replace(opened, keyring=Unsealed())
    with opened.session(DOOR) as session:
        actor = throwaway.actor_of(opened, session.scalars(select(User.id).where(User.email == email)).one())
    worked = time.process_time()
    stages, peaks = dict[str, float](), dict[str, float]()
    with measured("receive", stages, peaks):
        upload_id = receive(opened, actor, file)
    with measured("check", stages, peaks):
        work_until(opened, actor, upload_id, UploadState.CHECKED)
    with measured("apply", stages, peaks):
        with opened.session(actor) as session, transaction(session):
            uploads.apply(session, actor, upload_id, good_rows_only=False, now=clock.utc_now())
        work_until(opened, actor, upload_id, UploadState.APPLIED)
    worked = time.process_time() - worked
    with opened.session(actor) as session:
        rows = session.get_one(Upload, (actor.tenant, upload_id)).rows_applied
    print(json.dumps({"applied": rows, "stages": stages, "cpu": worked, "peaks_mb": peaks}))


@contextmanager
def measured(stage: str, seconds: dict[str, float], peaks_mb: dict[str, float]) -> Iterator[None]:
    """Write down how long a stage takes, and the most memory that is resident while it lasts."""
    Path("/proc/self/clear_refs").write_text("5")
    began = time.perf_counter()
    yield
    seconds[stage], peaks_mb[stage] = time.perf_counter() - began, peak_mb()


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
    """The most memory this process had resident since it was last asked to forget that."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], is_sealed="unsealed" not in sys.argv[3:])
