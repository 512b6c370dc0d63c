"""What people do with a file once it is checked: apply it, or turn it away."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, literal, select
from sqlalchemy.orm import Session

from agencies.kernel import work
from agencies.kernel.errors import Invalid, msg
from agencies.kernel.tenancy import Actor, require
from uploads import lifecycle
from uploads.checking.control import Control
from uploads.checking.staging import STAGED
from uploads.confirming import CHECK
from uploads.faults import FileFault
from uploads.kinds import SENDERS_PERMISSION
from uploads.models import Upload, UploadState
from uploads.opening import OPEN
from uploads.own import own_upload, record
from uploads.schemas.registry import SCHEMAS

APPLY = "apply_upload"


class RowsWereRejected(Invalid):
    """All or nothing was asked for, and not all rows are good."""

    text = msg("%(rows)s rows were rejected. Apply the good rows only, or send a corrected file.")


class NothingToApply(Invalid):
    """No row is good."""

    text = msg("No row of this file can be applied.")


def conclude_check(session: Session, actor: Actor, upload_id: int, *, now: datetime) -> Upload:
    """Close the check once every row is staged or turned away: count what stands, for the user to decide on."""
    upload = own_upload(session, actor, upload_id, lock=True)
    if upload.state is not UploadState.CHECKING:
        return upload
    upload.checked_at = now
    if fault := _control_mismatch(upload):
        turn_away(session, actor, upload, fault, now=now)
        return upload
    lifecycle.move(upload, UploadState.CHECKED)
    recount(session, upload)
    record(session, actor, "upload.checked", upload, now, read=upload.rows_read, rejected=upload.rows_rejected)
    return upload


def recount(session: Session, upload: Upload) -> None:
    """Take the number and the values by currency of the good rows from what is staged."""
    staged, schema = STAGED[upload.kind], SCHEMAS[upload.kind]
    total = func.coalesce(func.sum(staged.c[schema.value]), 0) if schema.value else literal(0)
    # Rows of a kind that names no currency are in the file's own; without amounts there is nothing to be in one.
    currency = staged.c.currency if "currency" in staged.c else literal(upload.currency)
    rows = session.execute(
        select(currency, func.count(), total)
        .where(staged.c.organisation_id == upload.organisation_id, staged.c.upload_id == upload.id)
        .group_by(currency)
    ).all()
    upload.totals = {code: int(minor) for code, _, minor in rows if schema.value and code}
    upload.rows_good, upload.value_minor = sum(row[1] for row in rows), upload.totals.get(upload.currency or "", 0)
    upload.rows_rejected = upload.rows_read - upload.rows_good


def _control_mismatch(upload: Upload) -> FileFault | None:
    """What the sender said the file holds and it does not; until now the totals are those of all rows read."""
    control = Control.from_dict(upload.control)
    said = control.mismatch(upload.rows_read, upload.totals, upload.currency or "") if control else None
    return FileFault("control_mismatch", said) if said else None


def apply(session: Session, actor: Actor, upload_id: int, *, good_rows_only: bool, now: datetime) -> Upload:
    """Ask for a checked file to be applied; raises `RowsWereRejected` and `NothingToApply`."""
    upload = own_upload(session, actor, upload_id, lock=True)
    require(actor, SENDERS_PERMISSION[upload.kind])
    lifecycle.move(upload, UploadState.APPLYING)
    if upload.rows_good == 0:
        raise NothingToApply
    if upload.rows_rejected and not good_rows_only:
        raise RowsWereRejected(rows=upload.rows_rejected)
    upload.good_rows_only = good_rows_only
    upload.applied_by = actor.user_id
    # An upload that was sent back to its user is applied by another piece of work.
    before = work.find(session, actor, APPLY, str(upload.id))
    key = str(upload.id) if before is None else f"{upload.id}:{now.timestamp()}"
    work.request(session, actor, APPLY, key, {"upload_id": upload.id}, now=now)
    record(session, actor, "upload.apply_requested", upload, now, good_rows_only=good_rows_only)
    return upload


def reject(session: Session, actor: Actor, upload_id: int, *, now: datetime) -> Upload:
    """Turn a file away before it is applied; the same bytes may then be sent again.

    A file that is being applied is turned away only after its work has failed; raises `UploadMovedOn`. A check may be
    broken off at any time.
    """
    upload = own_upload(session, actor, upload_id, lock=True)
    require(actor, SENDERS_PERMISSION[upload.kind])
    if upload.state is UploadState.OPENING:
        work.dismiss(session, actor, OPEN, str(upload.id))
    if upload.state is UploadState.CHECKING:
        work.dismiss(session, actor, CHECK, str(upload.id))
    if upload.state is UploadState.APPLYING and not work.dismiss(session, actor, APPLY, str(upload.id)):
        raise lifecycle.UploadMovedOn
    turn_away(session, actor, upload, FileFault("turned_away"), now=now)
    return upload


def turn_away(session: Session, actor: Actor, upload: Upload, fault: FileFault, *, now: datetime) -> None:
    """Reject a file as a whole and forget its staged rows."""
    lifecycle.move(upload, UploadState.REJECTED)
    forget_staged(session, upload)
    upload.fault, upload.fault_params = fault.code, fault.params
    record(session, actor, "upload.rejected", upload, now, fault=fault.code)


def forget_staged(session: Session, upload: Upload) -> None:
    """Delete the rows an upload still has in staging."""
    staged = STAGED[upload.kind]
    session.execute(
        delete(staged).where(staged.c.organisation_id == upload.organisation_id, staged.c.upload_id == upload.id)
    )
