"""The file of rejected rows: as they were sent, each with its reasons in words, ready to be corrected and sent again.

Faults of single rows are found again by the same check, so that none is missing however many there are; faults that
needed other rows stand in the database.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterator

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel.sheets import csv_bytes
from agencies.kernel.tenancy import Actor
from uploads.blocks import blocks
from uploads.checking import Plan
from uploads.checks import check
from uploads.faults import ROW_FAULTS
from uploads.frames import LINE, Sheet, as_written, read
from uploads.lifecycle import UploadMovedOn
from uploads.models import Upload, UploadError
from uploads.queries import sent_upload
from uploads.reading import sniff
from uploads.schemas.registry import SCHEMAS
from uploads.storage import Storage

Say = Callable[[str, str], str]
_MARK = b"\xef\xbb\xbf"


def english(field_label: str, code: str) -> str:
    """The reason in English; the portal passes its own translation instead."""
    return ROW_FAULTS[code] % {"field": field_label, "value": ""}


def error_file(
    session: Session, actor: Actor, storage: Storage, upload_id: int, *, say: Say = english, reasons: str = "reasons"
) -> Iterator[bytes]:
    """The rejected rows as CSV in UTF-8 with a mark that spreadsheets need, the line and the reasons behind each."""
    upload = sent_upload(session, actor, upload_id)
    if upload.mapping is None:
        raise UploadMovedOn
    return _error_file(session, actor, storage, upload, say, reasons)


def _error_file(
    session: Session, actor: Actor, storage: Storage, upload: Upload, say: Say, reasons: str
) -> Iterator[bytes]:
    plan = Plan.of(upload)
    labels = {field.name: field.label for field in SCHEMAS[upload.kind].fields}
    yield _MARK + csv_bytes([[*(upload.header or []), "line", reasons]])
    with storage.open(upload.storage_key) as file:
        # The upload's own checkpoint has moved on, so the beginning of the rows is looked up again.
        dialect = sniff(file)
        line = dialect.data_line
        for block in blocks(file, plan.encoding, plan.delimiter, dialect.data_offset):
            sheet = read(block, plan.width, plan.delimiter, sorted(plan.mapping), line + 1)
            faults = _faults(session, actor, upload, plan, sheet, line)
            if faults:
                whole = as_written(block, plan.width, plan.delimiter, line + 1)
                yield csv_bytes(
                    [*cells, number, " ".join(say(labels.get(field, ""), code) for field, code in faults[number])]
                    for number, cells in _originals(whole, sheet, plan, set(faults))
                )
            line += sheet.records


def _faults(
    session: Session, actor: Actor, upload: Upload, plan: Plan, sheet: Sheet, line: int
) -> dict[int, list[tuple[str, str]]]:
    """Line -> field and code of each fault, those found by the check first."""
    found = check(sheet, plan.mapping, SCHEMAS[upload.kind], plan.options).errors
    faults: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for number, field, code in found.select(LINE, "field", "code").iter_rows():
        faults[number].append((field, code))
    stored = select(UploadError.line, UploadError.field, UploadError.code).where(
        UploadError.organisation_id == actor.tenant,
        UploadError.upload_id == upload.id,
        UploadError.line.between(line + 1, line + sheet.records),
    )
    for number, field, code in session.execute(stored.order_by(UploadError.line)):
        if (field, code) not in faults[number]:
            faults[number].append((field, code))
    return dict(faults)


def _originals(whole: pl.DataFrame, sheet: Sheet, plan: Plan, lines: set[int]) -> list[tuple[int, list[str]]]:
    """The cells of the rows with these numbers as they stand in the file, in its order."""
    rows = {row[0]: list(row[1:]) for row in whole.filter(pl.col(LINE).is_in(sorted(lines))).iter_rows()}
    for ragged in sheet.ragged:
        try:
            cells = next(csv.reader(io.StringIO(ragged.text), delimiter=plan.delimiter), [])
        except csv.Error:
            cells = [ragged.text]
        rows[ragged.line] = cells + [""] * (plan.width - len(cells))
    return sorted(rows.items())
