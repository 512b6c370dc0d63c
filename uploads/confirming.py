"""Settles how a file is read: what its columns are, how its amounts and dates are written, remembered for the next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.kernel import work
from agencies.kernel.errors import Invalid, msg
from agencies.kernel.money import EXPONENT
from agencies.kernel.tenancy import Actor, require
from agencies.organisations.models import Organisation
from uploads import lifecycle
from uploads.headers import header_hash
from uploads.kinds import SENDERS_PERMISSION
from uploads.mapping import Proposal, Remembered, propose, settle
from uploads.models import HeaderMapping, Upload, UploadState
from uploads.options import DATE_ORDERS, DECIMALS, Options
from uploads.own import own_upload, record
from uploads.schemas.registry import SCHEMAS

#: The kind of work that checks a file.
CHECK = "check_upload"


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


def proposal(session: Session, actor: Actor, upload_id: int) -> Proposal:
    """What the columns of a received file are taken for."""
    upload = own_upload(session, actor, upload_id)
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
    upload = own_upload(session, actor, upload_id, lock=True)
    require(actor, SENDERS_PERMISSION[upload.kind])
    lifecycle.move(upload, UploadState.CHECKING)
    _check_mapping(upload, mapping)
    settled = _settled(session, upload, mapping, options)
    upload.mapping = {str(position): field for position, field in sorted(mapping.items())}
    upload.options, upload.currency = settled.to_dict(), settled.currency
    _remember(session, actor, upload, mapping, settled, now)
    work.request(session, actor, CHECK, str(upload.id), {"upload_id": upload.id}, now=now)
    record(session, actor, "upload.confirmed", upload, now, columns=len(mapping))
    return upload


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
