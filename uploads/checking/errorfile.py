"""The file of rejected rows: as they were sent, each with its reasons in words, ready to be corrected and sent again.

Faults of single rows are found again by the same check, so that none is missing however many there are; faults that
needed other rows stand in the database.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import BinaryIO

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor
from uploads.checking.errorforms import ENGLISH, XLSX, Dialect, ErrorWords, Row, as_text, as_workbook, form_of
from uploads.checking.run import Checker, Plan
from uploads.faults import ROW_FAULTS
from uploads.formats import encodings
from uploads.formats.blocks import blocks
from uploads.formats.frames import LINE, Sheet, as_written, read
from uploads.lifecycle import UploadMovedOn
from uploads.models import Upload, UploadError
from uploads.own import readable_key
from uploads.queries import sent_upload
from uploads.reading import sniff
from uploads.schemas.registry import SCHEMAS
from uploads.storage import Storage

Say = Callable[[str, str], str]


def english(field_label: str, code: str) -> str:
    """The reason in English; the portal passes its own translation instead."""
    return ROW_FAULTS[code] % {"field": field_label, "value": ""}


def error_file(
    session: Session,
    actor: Actor,
    storage: Storage,
    upload_id: int,
    *,
    say: Say = english,
    called: ErrorWords = ENGLISH,
) -> Iterator[bytes]:
    """The rejected rows in the format they were sent in, the line and the reasons behind each."""
    upload = sent_upload(session, actor, upload_id)
    if upload.mapping is None:
        raise UploadMovedOn
    form = form_of(upload)
    found = _rejected(session, actor, storage, upload, say)
    header: list[object]
    rows: Iterable[Iterable[Row]]
    if form.has_lines:
        header, rows = ["", called.line, called.reasons], _lines(storage, upload, found)
    else:
        header = [*(upload.header or []), called.line, called.reasons]
        rows = ([[*cells, number, why] for number, cells, why in batch] for batch in found)
    told = chain([[header]], rows)
    if form.media_type == XLSX:
        return as_workbook(told, called.sheet)
    return as_text(told, Dialect.of(upload, storage, readable_key(upload)))


def _rejected(
    session: Session, actor: Actor, storage: Storage, upload: Upload, say: Say
) -> Iterator[list[tuple[int, list[str], str]]]:
    """Block by block, the number, the cells and the reasons of every rejected row, in the order of the file."""
    plan = Plan.of(upload)
    checker = plan.checker()
    labels = {field.name: field.label for field in SCHEMAS[upload.kind].fields}
    with storage.open(readable_key(upload)) as file:
        offset, line = _beginning(upload, file)
        for block in blocks(file, plan.encoding, plan.delimiter, offset):
            sheet = read(block, plan.width, plan.delimiter, sorted(plan.mapping), line + 1)
            faults = _faults(session, actor, upload, checker, sheet, line)
            if faults:
                whole = as_written(block, plan.width, plan.delimiter, line + 1)
                yield [
                    (number, cells, " ".join(say(labels.get(field, ""), code) for field, code in faults[number]))
                    for number, cells in _originals(whole, sheet, plan, set(faults))
                ]
            line += sheet.records


def _lines(
    storage: Storage, upload: Upload, found: Iterable[list[tuple[int, list[str], str]]]
) -> Iterator[list[list[object]]]:
    """The rejected rows as the lines they were sent as; a file of fixed width has no header, so all are one further."""
    with storage.open(upload.storage_key) as raw:
        told = encodings.detect(raw)
        raw.seek(told.start)
        with io.TextIOWrapper(raw, encoding=told.codec, newline="\n") as text:
            lines = enumerate(text, 2)
            for batch in found:
                rows: list[list[object]] = []
                for number, _, why in batch:
                    written = next((written for at, written in lines if at == number), "")
                    rows.append([written.rstrip("\r\n"), number - 1, why])
                yield rows


def _beginning(upload: Upload, file: BinaryIO) -> tuple[int, int]:
    """Where the rows begin, and how many records stand above them; the upload's own checkpoint has moved on."""
    if upload.data_offset is not None and upload.data_line is not None:
        return upload.data_offset, upload.data_line
    # Confirmed before that was written down: it was plain text, whose beginning can be looked up again.
    dialect = sniff(file)
    return dialect.data_offset, dialect.data_line


def _faults(
    session: Session, actor: Actor, upload: Upload, checker: Checker, sheet: Sheet, line: int
) -> dict[int, list[tuple[str, str]]]:
    """Line -> field and code of each fault, those found by the check first."""
    found = checker.check(sheet).errors
    faults: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for number, field, code in found.select(LINE, "field", "code").iter_rows():
        faults[number].append((field, code))
    stored = select(UploadError.line, UploadError.field, UploadError.code).where(
        UploadError.organisation_id == actor.tenant,
        UploadError.upload_id == upload.id,
        UploadError.is_warning.is_(other=False),
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
