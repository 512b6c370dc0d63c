"""The first rows of a file as they would be understood: nothing is stored, whatever is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy.orm import Session

from agencies.kernel.money import EXPONENT
from agencies.kernel.tenancy import Actor, require
from uploads import lifecycle
from uploads.cells.reader import clean, read_cells, read_currency
from uploads.checking.checks import CURRENCY, check
from uploads.confirming import proposal
from uploads.formats.frames import LINE, Sheet
from uploads.kinds import SENDERS_PERMISSION
from uploads.mapping.proposals import Proposal, settle
from uploads.mapping.valuemaps import UnknownValue, compared, unknown_values
from uploads.models import Upload
from uploads.options import DATE_ORDERS, DECIMALS, Options
from uploads.own import own_upload
from uploads.schemas.fields import Field, Schema
from uploads.schemas.registry import SCHEMAS

ROWS = 10


@dataclass(frozen=True)
class PreviewCell:
    """One cell: as it was written, as it is understood, and what is wrong with it or to be remarked on."""

    written: str
    value: Any
    fault: str | None = None
    remark: str | None = None


@dataclass(frozen=True)
class PreviewRow:
    """One row with its currency; a row with any fault would be turned away."""

    cells: tuple[PreviewCell, ...]
    currency: str
    is_good: bool


@dataclass(frozen=True)
class Preview:
    """The first rows under one mapping, and the values of the sample that stand for no code under it."""

    fields: tuple[Field, ...]
    rows: tuple[PreviewRow, ...]
    unknown: tuple[UnknownValue, ...]


def preview(session: Session, actor: Actor, upload_id: int, *, mapping: Mapping[int, str], options: Options) -> Preview:
    """The first rows as this mapping and these options read them; what is not chosen is taken from the proposal."""
    upload = own_upload(session, actor, upload_id)
    require(actor, SENDERS_PERMISSION[upload.kind])
    sample = upload.sample
    if upload.header is None or sample is None:
        raise lifecycle.UploadMovedOn
    schema, usable = SCHEMAS[upload.kind], _usable(upload, mapping)
    found = chosen(session, actor, upload_id, mapping=mapping)
    settled = _possible(options).or_else(found.options)
    # What was just said on the page stays on it until it is confirmed.
    unknown = found.unknown
    return Preview(
        tuple(schema[name] for _, name in sorted(usable.items())),
        tuple(understood(sample[:ROWS], usable, schema, settled, upload.created_at.date())),
        tuple(unknown),
    )


def chosen(session: Session, actor: Actor, upload_id: int, *, mapping: Mapping[int, str]) -> Proposal:
    """The proposal with other columns: what they prove of how cells are written, what is missing, what nobody knows."""
    upload, proposed = own_upload(session, actor, upload_id), proposal(session, actor, upload_id)
    schema, usable = SCHEMAS[upload.kind], _usable(upload, mapping)
    if usable == proposed.mapping:
        return proposed
    sample = upload.sample or []
    values = [[row[at] for row in sample] for at in range(len(upload.header or []))]
    # What was only assumed of other columns is no word about these.
    settled = settle(usable, values, schema, replace(proposed.options, assumed=()))
    if proposed.remembered is not None:
        before = proposed.remembered.options.known
        settled = settled.or_else(Options(date_order=before.date_order, decimal=before.decimal))
    return replace(
        proposed,
        missing=tuple(one.name for one in schema.required if one.name not in usable.values()),
        options=settled,
        questions=settled.unsettled,
        unknown=tuple(unknown_values(usable, values, schema, proposed.options.codes)),
    )


def understood(
    rows: Sequence[Sequence[str]], mapping: Mapping[int, str], schema: Schema, options: Options, today: date
) -> list[PreviewRow]:
    """Rows as they are read on the day they came, cell by cell in the order of the file's columns."""
    ordered = sorted(mapping.items())
    cells = {str(at): pl.Series([row[at] or None for row in rows], dtype=pl.String) for at, _ in ordered}
    lines = pl.Series(LINE, range(len(rows)), dtype=pl.Int64)
    frame = pl.DataFrame({LINE: lines, **cells})
    found = check(Sheet(frame, (), len(rows)), mapping, schema, options, today=today)
    faults, remarks = _by_cell(found.errors), _by_cell(found.warnings)
    text = {name: clean(cells[str(at)]) for at, name in ordered}
    currency = read_currency(text.get(CURRENCY), len(rows), options).value
    read = {
        name: read_cells(text[name], schema[name], options, currency, today=today).value
        for _, name in ordered
        if name != CURRENCY
    }
    read[CURRENCY] = currency
    bad = {line for line, _ in faults}
    return [
        PreviewRow(
            tuple(
                PreviewCell(row[at], read[name][line], faults.get((line, name)), remarks.get((line, name)))
                for at, name in ordered
            ),
            currency[line] if currency[line] in EXPONENT else "",
            line not in bad,
        )
        for line, row in enumerate(rows)
    ]


def _by_cell(found: pl.DataFrame) -> dict[tuple[int, str], str]:
    """Line and field -> the first thing found there."""
    codes: dict[tuple[int, str], str] = {}
    for line, name, code in found.select(LINE, "field", "code").iter_rows():
        codes.setdefault((line, name), code)
    return codes


def _usable(upload: Upload, mapping: Mapping[int, str]) -> dict[int, str]:
    """The part of a mapping that can be read: known fields, each once."""
    known = {field.name for field in SCHEMAS[upload.kind].fields}
    usable: dict[int, str] = {}
    for at, name in sorted(mapping.items()):
        if name in known and name not in usable.values() and 0 <= at < len(upload.header or []):
            usable[at] = name
    return usable


def _possible(options: Options) -> Options:
    """The choices without those that are none."""
    return Options(
        currency=options.currency if options.currency in EXPONENT else None,
        date_order=options.date_order if options.date_order in DATE_ORDERS else None,
        decimal=options.decimal if options.decimal in DECIMALS else None,
        codes=compared(options.codes),
        by_field=options.by_field,
    )
