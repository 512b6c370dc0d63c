"""Takes files in: once for the same bytes, and rejected at once when nothing could be made of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel.errors import NotFound
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.mandates.models import Mandate
from uploads import opening
from uploads.allowance import Allowance
from uploads.checking.control import Control
from uploads.confirming import confirm_as_before
from uploads.faults import UnusableFile
from uploads.kinds import SENDERS
from uploads.mapping.describing import look_into
from uploads.models import Upload, UploadKind, UploadState
from uploads.own import record
from uploads.storage import Incoming
from uploads.stores.keys import hold, upload_key

_LONGEST_NAME = 200


@dataclass(frozen=True)
class Received:
    """The upload a file belongs to, and whether the same bytes had been sent before."""

    upload: Upload
    is_repeat: bool


def receive(
    session: Session,
    actor: Actor,
    incoming: Incoming,
    *,
    kind: UploadKind,
    filename: str,
    creditor_id: int | None = None,
    report_id: int | None = None,
    control: Control | None = None,
    reads_as_before: bool = False,
    allowance: Allowance | None = None,
    now: datetime,
) -> Received:
    """Take a file in: the first upload of the same bytes, else a new one, rejected at once when it is unusable.

    What is not plain text waits to be opened by a job. `reads_as_before` has a file whose columns were confirmed before
    checked at once, if nothing is left to ask. `allowance` is asked for a file that was not sent before.
    """
    creditor_id = permitted(session, actor, kind, creditor_id)
    # Two requests with the same bytes wait here for each other, so that the second one finds the first.
    hold(session, incoming.digest())
    earlier = session.scalar(
        select(Upload).where(
            Upload.organisation_id == actor.tenant,
            Upload.kind == kind,
            Upload.creditor_id.is_not_distinct_from(creditor_id),
            Upload.sha256 == incoming.digest(),
            Upload.state.not_in({UploadState.REJECTED, UploadState.UNDONE}),
        )
    )
    if earlier is not None:
        incoming.discard()
        return Received(earlier, is_repeat=True)
    if allowance is not None:
        allowance.ask(session, actor, incoming.size, now)
    upload = Upload(
        organisation_id=actor.tenant,
        creditor_id=creditor_id,
        report_id=report_id,
        kind=kind,
        state=UploadState.RECEIVED,
        filename=_safe_name(filename),
        size_bytes=incoming.size,
        sha256=incoming.digest(),
        storage_key=upload_key(actor.tenant, kind, creditor_id, incoming.digest()),
        control=control.to_dict() if control and control.says_something else None,
        created_at=now,
        created_by=actor.user_id,
    )
    is_read = _look_into(session, actor, upload, incoming)
    session.add(upload)
    session.flush()
    if not is_read:
        opening.request(session, actor, upload, now=now)
    incoming.keep(upload.storage_key)
    record(session, actor, "upload.received", upload, now, size=upload.size_bytes, fault=upload.fault)
    if reads_as_before:
        confirm_as_before(session, actor, upload, now=now)
    return Received(upload, is_repeat=False)


def permitted(session: Session, actor: Actor, kind: UploadKind, creditor_id: int | None) -> int | None:
    """Whose cases the file speaks of, if the actor may send such a file; raises `Forbidden` and `NotFound`."""
    sender = SENDERS[kind]
    require(actor, sender.permission)
    require_side(actor, sender.side)
    if sender.side is Side.CREDITOR:
        return None
    served = select(Mandate.id).where(Mandate.agency_id == actor.tenant, Mandate.creditor_id == creditor_id)
    if session.scalar(served.limit(1)) is None:
        raise NotFound
    return creditor_id


def _look_into(session: Session, actor: Actor, upload: Upload, incoming: Incoming) -> bool:
    """Describe plain text at once, or reject what is none and nothing else; False when the file must be opened."""
    try:
        with incoming.look() as file:
            is_read = look_into(session, actor, upload, file)
    except UnusableFile as unusable:
        upload.state = UploadState.REJECTED
        upload.fault, upload.fault_params = unusable.fault.code, unusable.fault.params
        return True
    upload.state = UploadState.RECEIVED if is_read else UploadState.OPENING
    return is_read


def _safe_name(filename: str) -> str:
    """The last part of the name as the sender's machine gave it, as text that can be shown."""
    name = PurePath(filename.replace("\\", "/")).name
    return "".join(c for c in name if c.isprintable())[-_LONGEST_NAME:] or "file"
