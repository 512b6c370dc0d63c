"""What people do with a file: send it, confirm its columns, apply what was checked, or turn it away."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any

from sqlalchemy import delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.kernel import audit, work
from agencies.kernel.errors import Invalid, NotFound, msg
from agencies.kernel.money import EXPONENT
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.mandates.models import Mandate
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from uploads import lifecycle
from uploads.faults import FileFault, UnusableFile
from uploads.headers import header_hash
from uploads.mapping import Proposal, Remembered, propose, settle
from uploads.models import HeaderMapping, Upload, UploadKind, UploadState
from uploads.options import DATE_ORDERS, DECIMALS, Options
from uploads.reading import Dialect, sniff
from uploads.schemas.registry import SCHEMAS
from uploads.staging import STAGED
from uploads.storage import Incoming

CHECK, APPLY = "check_upload", "apply_upload"
#: What it takes to send, decide on and look into a file of a kind.
SENDERS_PERMISSION = {
    UploadKind.PORTFOLIO: Permission.PORTFOLIO_UPLOAD,
    UploadKind.PAYMENTS: Permission.REPORT_SUBMIT,
    UploadKind.ACTIVITIES: Permission.REPORT_SUBMIT,
    UploadKind.FINDINGS: Permission.LOCATE_WORK,
}
_SIDE = {
    UploadKind.PORTFOLIO: Side.CREDITOR,
    UploadKind.PAYMENTS: Side.AGENCY,
    UploadKind.ACTIVITIES: Side.AGENCY,
    UploadKind.FINDINGS: Side.AGENCY,
}
_LONGEST_NAME = 200


class ColumnsMissing(Invalid):
    """A required field has no column."""

    text = msg("Say which column holds: %(fields)s.")


class MappingImpossible(Invalid):
    """A field or a column is used twice, or does not exist."""

    text = msg("Each column can be one thing and each thing one column. Correct: %(fields)s.")


class OptionNotSettled(Invalid):
    """The values leave it open and the user has not said it."""

    text = msg("The values of the file do not tell how to read its amounts or dates. Please choose.")

    def __init__(self, option: str) -> None:
        super().__init__(option=option)
        self.option = option


class RowsWereRejected(Invalid):
    """All or nothing was asked for, and not all rows are good."""

    text = msg("%(rows)s rows were rejected. Apply the good rows only, or send a corrected file.")


class NothingToApply(Invalid):
    """No row is good."""

    text = msg("No row of this file can be applied.")


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
    now: datetime,
) -> Received:
    """Take a file in: the first upload of the same bytes, else a new one, rejected at once when it is unusable."""
    creditor_id = _permitted(session, actor, kind, creditor_id)
    # Two requests with the same bytes wait here for each other, so that the second one finds the first.
    session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(incoming.digest()[:8], "big", signed=True))))
    earlier = session.scalar(
        select(Upload).where(
            Upload.organisation_id == actor.tenant,
            Upload.kind == kind,
            Upload.creditor_id.is_not_distinct_from(creditor_id),
            Upload.sha256 == incoming.digest(),
            Upload.state != UploadState.REJECTED,
        )
    )
    if earlier is not None:
        incoming.discard()
        return Received(earlier, is_repeat=True)
    upload = Upload(
        organisation_id=actor.tenant,
        creditor_id=creditor_id,
        report_id=report_id,
        kind=kind,
        state=UploadState.RECEIVED,
        filename=_safe_name(filename),
        size_bytes=incoming.size,
        sha256=incoming.digest(),
        storage_key=f"{actor.tenant}/{secrets.token_hex(16)}",
        created_at=now,
        created_by=actor.user_id,
    )
    _look_into(upload, incoming)
    session.add(upload)
    session.flush()
    incoming.keep(upload.storage_key)
    _record(session, actor, "upload.received", upload, now, size=upload.size_bytes, fault=upload.fault)
    return Received(upload, is_repeat=False)


def proposal(session: Session, actor: Actor, upload_id: int) -> Proposal:
    """What the columns of a received file are taken for."""
    upload = _own(session, actor, upload_id)
    require(actor, SENDERS_PERMISSION[upload.kind])
    if upload.header is None or upload.sample is None:
        raise lifecycle.UploadMovedOn
    remembered = session.get(HeaderMapping, (actor.tenant, upload.kind, header_hash(upload.header)))
    before = Remembered(remembered.mapping, Options.from_dict(remembered.options)) if remembered else None
    schema = SCHEMAS[upload.kind]
    return propose(upload.header, upload.sample, schema, before, own=_own_options(session, upload))


def confirm(
    session: Session,
    actor: Actor,
    upload_id: int,
    *,
    mapping: Mapping[int, str],
    options: Options,
    now: datetime,
) -> Upload:
    """Settle how the file is read, remember it for the next one, and ask for the check."""
    upload = _own(session, actor, upload_id, lock=True)
    require(actor, SENDERS_PERMISSION[upload.kind])
    lifecycle.move(upload, UploadState.CHECKING)
    _check_mapping(upload, mapping)
    settled = _settled(session, upload, mapping, options)
    upload.mapping = {str(position): field for position, field in sorted(mapping.items())}
    upload.options, upload.currency = settled.to_dict(), settled.currency
    _remember(session, actor, upload, mapping, settled, now)
    work.request(session, actor, CHECK, str(upload.id), {"upload_id": upload.id}, now=now)
    _record(session, actor, "upload.confirmed", upload, now, columns=len(mapping))
    return upload


def conclude_check(session: Session, actor: Actor, upload_id: int, *, now: datetime) -> Upload:
    """Close the check once every row is staged or turned away: count what stands, for the user to decide on."""
    upload = _own(session, actor, upload_id, lock=True)
    if upload.state is not UploadState.CHECKING:
        return upload
    lifecycle.move(upload, UploadState.CHECKED)
    recount(session, upload)
    upload.checked_at = now
    _record(session, actor, "upload.checked", upload, now, read=upload.rows_read, rejected=upload.rows_rejected)
    return upload


def recount(session: Session, upload: Upload) -> None:
    """Take the number and the value of the good rows from what is staged."""
    staged, value = STAGED[upload.kind], SCHEMAS[upload.kind].value
    total = func.sum(staged.c[value]) if value else literal(0)
    rows, minor = session.execute(
        select(func.count(), total).where(
            staged.c.organisation_id == upload.organisation_id, staged.c.upload_id == upload.id
        )
    ).one()
    upload.rows_good, upload.value_minor = rows, int(minor or 0)
    upload.rows_rejected = upload.rows_read - rows


def apply(session: Session, actor: Actor, upload_id: int, *, good_rows_only: bool, now: datetime) -> Upload:
    """Ask for a checked file to be applied; raises `RowsWereRejected` and `NothingToApply`."""
    upload = _own(session, actor, upload_id, lock=True)
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
    _record(session, actor, "upload.apply_requested", upload, now, good_rows_only=good_rows_only)
    return upload


def reject(session: Session, actor: Actor, upload_id: int, *, now: datetime) -> Upload:
    """Turn a file away before it is applied; the same bytes may then be sent again.

    A file that is being applied is turned away only after its work has failed; raises `UploadMovedOn`. A check may be
    broken off at any time.
    """
    upload = _own(session, actor, upload_id, lock=True)
    require(actor, SENDERS_PERMISSION[upload.kind])
    if upload.state is UploadState.CHECKING:
        work.dismiss(session, actor, CHECK, str(upload.id))
    if upload.state is UploadState.APPLYING and not work.dismiss(session, actor, APPLY, str(upload.id)):
        raise lifecycle.UploadMovedOn
    turn_away(session, actor, upload, FileFault("turned_away"), now=now)
    return upload


def turn_away(session: Session, actor: Actor, upload: Upload, fault: FileFault, *, now: datetime) -> None:
    """Reject a file as a whole and forget its staged rows."""
    lifecycle.move(upload, UploadState.REJECTED)
    staged = STAGED[upload.kind]
    session.execute(
        delete(staged).where(staged.c.organisation_id == upload.organisation_id, staged.c.upload_id == upload.id)
    )
    upload.fault, upload.fault_params = fault.code, fault.params
    _record(session, actor, "upload.rejected", upload, now, fault=fault.code)


def _permitted(session: Session, actor: Actor, kind: UploadKind, creditor_id: int | None) -> int | None:
    """Whose cases the file speaks of, if the actor may send such a file."""
    require(actor, SENDERS_PERMISSION[kind])
    require_side(actor, _SIDE[kind])
    if kind is UploadKind.PORTFOLIO:
        return None
    served = select(Mandate.id).where(Mandate.agency_id == actor.tenant, Mandate.creditor_id == creditor_id)
    if session.scalar(served.limit(1)) is None:
        raise NotFound
    return creditor_id


def _look_into(upload: Upload, incoming: Incoming) -> None:
    try:
        with incoming.look() as file:
            _describe(upload, sniff(file))
    except UnusableFile as unusable:
        upload.state = UploadState.REJECTED
        upload.fault, upload.fault_params = unusable.fault.code, unusable.fault.params


def _describe(upload: Upload, dialect: Dialect) -> None:
    upload.encoding, upload.delimiter = dialect.encoding, dialect.delimiter
    upload.header, upload.sample = list(dialect.header), [list(row) for row in dialect.sample]
    upload.offset_bytes, upload.offset_line = dialect.data_offset, dialect.data_line


def _check_mapping(upload: Upload, mapping: Mapping[int, str]) -> None:
    schema = SCHEMAS[upload.kind]
    known = {field.name: field.label for field in schema.fields}
    used = list(mapping.values())
    wrong = {field for field in used if field not in known or used.count(field) > 1}
    wrong |= {field for position, field in mapping.items() if not 0 <= position < len(upload.header or [])}
    if wrong:
        raise MappingImpossible(fields=[known.get(field, field) for field in sorted(wrong)])
    missing = [field.label for field in schema.required if field.name not in used]
    if missing:
        raise ColumnsMissing(fields=missing)


def _settled(session: Session, upload: Upload, mapping: Mapping[int, str], options: Options) -> Options:
    """The user's word, else what the values prove; raises `OptionNotSettled`."""
    sample = upload.sample or []
    values = [[row[at] for row in sample] for at in range(len(upload.header or []))]
    schema, own = SCHEMAS[upload.kind], _own_options(session, upload)
    settled = options.or_else(settle(mapping, values, schema, own))
    for name in settled.unsettled:
        raise OptionNotSettled(name)
    if settled.currency not in EXPONENT:
        raise OptionNotSettled("currency")
    if settled.date_order not in DATE_ORDERS or settled.decimal not in DECIMALS:
        raise OptionNotSettled("date_order" if settled.date_order not in DATE_ORDERS else "decimal")
    return settled


def _own_options(session: Session, upload: Upload) -> Options:
    """The sender's clock, and the money of whoever is owed: an agency reports in its creditor's currency."""
    creditor_id = upload.creditor_id or upload.organisation_id
    currency = select(Organisation.currency).where(Organisation.id == creditor_id)
    zone = select(Organisation.time_zone).where(Organisation.id == upload.organisation_id)
    return Options(currency=session.scalars(currency).one(), time_zone=session.scalars(zone).one())


def _remember(
    session: Session,
    actor: Actor,
    upload: Upload,
    mapping: Mapping[int, str],
    options: Options,
    now: datetime,
) -> None:
    header = upload.header or []
    row = {
        "mapping": {header[position]: field for position, field in mapping.items()},
        "options": options.to_dict(),
        "confirmed_at": now,
        "confirmed_by": actor.user_id,
    }
    session.execute(
        insert(HeaderMapping)
        .values(organisation_id=actor.tenant, kind=upload.kind, header_hash=header_hash(header), **row)
        .on_conflict_do_update(index_elements=["organisation_id", "kind", "header_hash"], set_=row)
    )


def _own(session: Session, actor: Actor, upload_id: int, *, lock: bool = False) -> Upload:
    query = select(Upload).where(Upload.organisation_id == actor.tenant, Upload.id == upload_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    upload = session.scalar(query)
    if upload is None:
        raise NotFound
    return upload


def _safe_name(filename: str) -> str:
    """The last part of the name as the sender's machine gave it, as text that can be shown."""
    name = PurePath(filename.replace("\\", "/")).name
    return "".join(c for c in name if c.isprintable())[-_LONGEST_NAME:] or "file"


def _record(session: Session, actor: Actor, action: str, upload: Upload, now: datetime, **details: Any) -> None:
    audit.record(session, actor, action, now=now, upload_id=upload.id, kind=upload.kind.value, **details)
