"""Files sent, checked and applied as the views and jobs do it, each step in its own transaction."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from assignments import intake
from portal.ports import Ports
from uploads import confirming, receiving, service
from uploads.checking.run import Check
from uploads.models import Upload, UploadKind
from uploads.options import Options
from uploads.queries import get_upload
from uploads.receiving import Received
from uploads.rows import Loaded

BLOCK = 4 << 20


def send(
    ports: Ports,
    actor: Actor,
    data: bytes,
    *,
    kind: UploadKind = UploadKind.PORTFOLIO,
    filename: str = "cartera.csv",
    creditor_id: int | None = None,
) -> Received:
    """Write the bytes into the store and receive them."""
    incoming = ports.storage.incoming()
    incoming.write(data)
    with ports.session(actor) as session, transaction(session):
        return receiving.receive(
            session, actor, incoming, kind=kind, filename=filename, creditor_id=creditor_id, now=utc_now()
        )


def confirm(
    ports: Ports,
    actor: Actor,
    upload_id: int,
    mapping: Mapping[int, str] | None = None,
    options: Options | None = None,
) -> Upload:
    """Confirm the columns, by default as they are proposed."""
    with ports.session(actor) as session, transaction(session):
        if mapping is None:
            proposed = confirming.proposal(session, actor, upload_id)
            mapping = {column.position: column.field for column in proposed.columns if column.field}
        return confirming.confirm(
            session, actor, upload_id, mapping=mapping, options=options or Options(), now=utc_now()
        )


def check(ports: Ports, actor: Actor, upload_id: int, *, block_bytes: int = BLOCK) -> Upload:
    """Run the check to its end."""
    while check_some(ports, actor, upload_id, steps=10, block_bytes=block_bytes):
        pass
    with ports.session(actor) as session:
        return get_upload(session, actor, upload_id)


def check_some(ports: Ports, actor: Actor, upload_id: int, *, steps: int, block_bytes: int) -> bool:
    """Do a few steps of the check as a worker that then dies; says whether there is more to do."""
    with (
        ports.session(actor) as session,
        closing(Check(session, actor, ports.storage, upload_id, block_bytes=block_bytes)) as running,
    ):
        for _ in range(steps):
            with transaction(session):
                if running.next_step() is None:
                    intake.screen(session, actor, upload_id)
                    service.conclude_check(session, actor, upload_id, now=utc_now())
                    return False
    return True


def apply(ports: Ports, actor: Actor, upload_id: int, *, good_rows_only: bool = True) -> Loaded:
    """Ask for the upload to be applied, and apply it."""
    with ports.session(actor) as session, transaction(session):
        service.apply(session, actor, upload_id, good_rows_only=good_rows_only, now=utc_now())
    return load(ports, actor, upload_id)


def load(ports: Ports, actor: Actor, upload_id: int) -> Loaded:
    """Apply what was asked for."""
    loaded = None
    while loaded is None:
        with ports.session(actor) as session, transaction(session):
            loaded = intake.load(session, actor, upload_id, now=utc_now())
    return loaded


def checked(
    ports: Ports,
    actor: Actor,
    data: bytes,
    *,
    mapping: Mapping[int, str] | None = None,
    options: Options | None = None,
    block_bytes: int = BLOCK,
) -> Upload:
    """A portfolio file sent, confirmed and checked."""
    upload = send(ports, actor, data).upload
    confirm(ports, actor, upload.id, mapping, options)
    return check(ports, actor, upload.id, block_bytes=block_bytes)
