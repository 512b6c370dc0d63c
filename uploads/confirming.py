"""Settles how a file is read: what its columns are, how its amounts and dates are written, remembered for the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from agencies.kernel import work
from agencies.kernel.errors import Conflict, Invalid, msg
from agencies.kernel.money import EXPONENT
from agencies.kernel.tenancy import Actor, require
from agencies.organisations.models import Organisation
from uploads import lifecycle
from uploads.checking.staging import STAGED
from uploads.kinds import SENDERS_PERMISSION
from uploads.mapping import saved, valuemaps
from uploads.mapping.proposals import Proposal, propose, settle
from uploads.models import Upload, UploadError, UploadState
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


class CannotReadAgain(Conflict):
    """Where the rows of the file begin was not written down when it was confirmed."""

    text = msg("This file cannot be read again. Turn it away and send it once more.")


def proposal(session: Session, actor: Actor, upload_id: int) -> Proposal:
    """What the columns of a received file are taken for."""
    upload = own_upload(session, actor, upload_id)
    require(actor, SENDERS_PERMISSION[upload.kind])
    sample = upload.sample
    if upload.header is None or sample is None:
        raise lifecycle.UploadMovedOn
    own = replace(_own_options(session, upload), codes=saved.codes_of(session, actor, upload.kind))
    before = saved.find_remembered(session, actor, upload.kind, upload.header)
    if before is not None and upload.creditor_id is None:
        # A creditor's own word about its money stands; an agency's was about another creditor's, perhaps.
        own = replace(own, currency=before.options.known.currency or own.currency)
    return propose(upload.header, sample, SCHEMAS[upload.kind], before, own=own)


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
    _settle(session, actor, upload, mapping, options, now)
    saved.remember(session, actor, upload, mapping, now=now)
    saved.remember_codes(session, actor, upload.kind, options.codes, now=now)
    upload.remembered_at = upload.remembered_by = None
    record(session, actor, "upload.confirmed", upload, now, columns=len(mapping))
    return upload


def confirm_as_before(session: Session, actor: Actor, upload: Upload, *, now: datetime) -> bool:
    """Have a file that just came checked as the last one with its columns was; False when anything is to be asked."""
    if upload.state is not UploadState.RECEIVED or not upload.header or not upload.sample:
        return False
    if {"notes", "asked"} & {name for name, said in (upload.container or {}).items() if said}:
        # Somebody chose the sheet, or is to be told something about how the file was opened.
        return False
    proposed = proposal(session, actor, upload.id)
    before = proposed.remembered
    if before is None or not proposed.is_settled:
        return False
    _settle(session, actor, upload, proposed.mapping, proposed.options, now)
    saved.count_use(session, actor, upload, now=now)
    upload.remembered_at, upload.remembered_by = before.confirmed_at, before.confirmed_by
    record(session, actor, "upload.read_as_before", upload, now, columns=len(proposed.mapping))
    return True


def reopen(session: Session, actor: Actor, upload_id: int, *, now: datetime) -> Upload:
    """Forget what a check found, so that the file is read differently; raises `UploadMovedOn` and `CannotReadAgain`."""
    upload = own_upload(session, actor, upload_id, lock=True)
    require(actor, SENDERS_PERMISSION[upload.kind])
    was_checking = upload.state is UploadState.CHECKING
    lifecycle.move(upload, UploadState.RECEIVED)
    if upload.data_offset is None or upload.data_line is None:
        raise CannotReadAgain
    if was_checking:
        work.dismiss(session, actor, CHECK, str(upload.id))
    staged = STAGED[upload.kind]
    session.execute(
        delete(staged).where(staged.c.organisation_id == upload.organisation_id, staged.c.upload_id == upload.id)
    )
    session.execute(
        delete(UploadError).where(
            UploadError.organisation_id == upload.organisation_id, UploadError.upload_id == upload.id
        )
    )
    upload.offset_bytes, upload.offset_line = upload.data_offset, upload.data_line
    upload.rows_read = upload.rows_good = upload.rows_rejected = upload.errors_found = upload.value_minor = 0
    upload.error_counts, upload.warning_counts, upload.totals, upload.unknown_values = {}, {}, {}, {}
    upload.checked_at = None
    record(session, actor, "upload.read_again", upload, now)
    return upload


def explain_codes(
    session: Session, actor: Actor, upload_id: int, codes: Mapping[str, Mapping[str, str | None]], *, now: datetime
) -> Upload:
    """Say what unknown values of a checked file mean, and have it checked again with the same columns."""
    upload = reopen(session, actor, upload_id, now=now)
    mapping = {int(position): name for position, name in (upload.mapping or {}).items()}
    options = replace(Options.from_dict(upload.options), codes=codes)
    return confirm(session, actor, upload_id, mapping=mapping, options=options, now=now)


def _settle(
    session: Session, actor: Actor, upload: Upload, mapping: Mapping[int, str], options: Options, now: datetime
) -> None:
    """Write down how the file is read, and ask for its check."""
    lifecycle.move(upload, UploadState.CHECKING)
    _check_mapping(upload, mapping)
    valuemaps.check_codes(SCHEMAS[upload.kind], options.codes)
    known = Options(codes=saved.codes_of(session, actor, upload.kind))
    said = replace(options, codes=valuemaps.compared(options.codes))
    settled = _settled(session, upload, mapping, said.or_else(known))
    upload.mapping = {str(position): name for position, name in sorted(mapping.items())}
    upload.options, upload.currency = settled.to_dict(), settled.currency
    upload.schema_version = SCHEMAS[upload.kind].version
    upload.data_offset, upload.data_line = upload.offset_bytes, upload.offset_line
    # A file that is read once more is checked by another piece of work.
    is_first = work.find(session, actor, CHECK, str(upload.id)) is None
    key = str(upload.id) if is_first else f"{upload.id}:{now.timestamp()}"
    work.request(session, actor, CHECK, key, {"upload_id": upload.id}, now=now)


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
    settled = options.known.or_else(settle(mapping, values, schema, own))
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
    money_and_country = select(Organisation.currency, Organisation.country).where(Organisation.id == creditor_id)
    zone = select(Organisation.time_zone).where(Organisation.id == upload.organisation_id)
    currency, country = session.execute(money_and_country).one()
    return Options(currency=currency, time_zone=session.scalars(zone).one(), country=country)
