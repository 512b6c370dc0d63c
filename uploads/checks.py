"""Checks the rows of one block against their schema: good rows with typed values, and every fault as a value.

A pure function of the block, the mapping and the options, so that whoever asks for the errors again gets the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from uploads.cells import clean, read_cells, read_currency
from uploads.columns import constant
from uploads.faults import WHOLE_ROW
from uploads.frames import LINE, Sheet
from uploads.options import Options
from uploads.schemas.fields import Schema

CURRENCY = "currency"
_SHOWN = 80
_ERRORS = {LINE: pl.Int64, "field": pl.String, "code": pl.String, "value": pl.String}


@dataclass(frozen=True)
class Checked:
    """The outcome for one block."""

    #: `line`, then one typed column per mapped field (and the currency, mapped or not).
    rows: pl.DataFrame
    #: `line`, `field`, `code`, `value`, in the order of the file.
    errors: pl.DataFrame
    read: int
    rejected: int


def check(sheet: Sheet, mapping: Mapping[int, str], schema: Schema, options: Options) -> Checked:
    """Read every mapped cell of a block; a row with any fault goes to the errors and not to the rows."""
    frame = sheet.frame
    raw = {field: frame[str(position)] for position, field in mapping.items()}
    text = {field: clean(column) for field, column in raw.items()}
    currency = read_currency(text.get(CURRENCY), len(frame), options, is_only_one=schema.is_in_one_currency)
    columns, faults = {LINE: frame[LINE]}, [_ragged(sheet)]
    for field in schema.fields:
        if field.name == CURRENCY:
            read = currency
        elif field.name in text:
            read = read_cells(text[field.name], field, options, currency.value, is_plain=sheet.is_plain)
        else:
            continue
        columns[field.name] = read.value
        if read.fault is not None:
            faults.append(_faults(frame[LINE], field.name, read.fault, raw.get(field.name)))
    errors = pl.concat(faults).sort(LINE, maintain_order=True)
    rows = pl.DataFrame(columns)
    if len(errors):
        rows = rows.filter(~pl.col(LINE).is_in(errors[LINE].unique().implode()))
    return Checked(rows, errors, read=len(frame) + len(sheet.ragged), rejected=errors[LINE].n_unique())


def _ragged(sheet: Sheet) -> pl.DataFrame:
    rows = [(row.line, WHOLE_ROW, row.code, _shown(row.text)) for row in sheet.ragged]
    return pl.DataFrame(rows, schema=_ERRORS, orient="row")


def _faults(lines: pl.Series, field: str, codes: pl.Series, raw: pl.Series | None) -> pl.DataFrame:
    stood = raw if raw is not None else constant("", len(lines))
    found = pl.DataFrame({LINE: lines, "code": codes, "value": stood}).filter(pl.col("code").is_not_null())
    return found.select(
        LINE,
        pl.lit(field).alias("field"),
        "code",
        pl.col("value").fill_null("").str.replace_all("[\\x00-\\x1f\\x7f]", "\ufffd").str.slice(0, _SHOWN),
    )


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in text[:_SHOWN])
