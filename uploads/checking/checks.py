"""Checks the rows of one block against their schema: good rows with typed values, and every fault as a value.

A pure function of the block, the mapping and the options, so that whoever asks for the errors again gets the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from agencies.kernel.money import EXPONENT
from uploads.cells.columns import constant
from uploads.cells.contents import read_content
from uploads.cells.reader import clean, read_cells, read_currency
from uploads.checking.control import Control
from uploads.checking.remarks import remarks
from uploads.checking.totalrows import Seen, Split, split
from uploads.faults import WHOLE_ROW
from uploads.formats.frames import LINE, Sheet
from uploads.options import Options
from uploads.schemas.fields import Schema

CURRENCY = "currency"
_SHOWN = 80
_ERRORS = {LINE: pl.Int64, "field": pl.String, "code": pl.String, "value": pl.String}
#: Codes of faults and remarks by field: where each stands.
Found = list[tuple[str, str, pl.Series]]


@dataclass(frozen=True)
class Checked:
    """The outcome for one block."""

    #: `line`, one typed column per mapped field (and the currency, mapped or not), and what the check puts beside them.
    rows: pl.DataFrame
    #: `line`, `field`, `code`, `value`, in the order of the file.
    errors: pl.DataFrame
    read: int
    rejected: int
    #: The same columns as the errors: what was remarked on good rows.
    warnings: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_ERRORS))
    #: Currency -> value of every row whose value can be read, rejected or not.
    totals: dict[str, int] = field(default_factory=dict)
    #: What the rows of totals say that stand below the last row of the block.
    control: Control | None = None


def check(
    sheet: Sheet,
    mapping: Mapping[int, str],
    schema: Schema,
    options: Options,
    *,
    today: date | None = None,
    seen: Seen | None = None,
) -> Checked:
    """Read every mapped cell of a block; a row with any fault goes to the errors and not to the rows.

    `today` is the day the file came, so that whoever checks it again later finds the same; `seen` is what stood above
    the block. Rows of totals are no rows: they are told and neither read nor rejected.
    """
    without_totals = split(sheet, mapping, schema.value, options.of(schema.value or ""), seen or Seen())
    sheet = without_totals.sheet
    frame = sheet.frame
    raw = {field: frame[str(position)] for position, field in mapping.items()}
    text = {field: column if column.name in sheet.clean else clean(column) for field, column in raw.items()}
    currency = read_currency(text.get(CURRENCY), len(frame), options)
    columns, faults = {LINE: frame[LINE]}, [_ragged(sheet)]
    for one in schema.fields:
        if one.name == CURRENCY:
            read = currency
        elif one.name in text:
            own = options.of(one.name)
            read = read_cells(text[one.name], one, own, currency.value, today=today, is_plain=sheet.is_plain)
        else:
            continue
        columns[one.name] = read.value
        if read.fault is not None:
            faults.append(_faults(frame[LINE], one.name, read.fault, raw.get(one.name)))
    totals = _totals(columns.get(schema.value or ""), currency.value)
    remarked = read_content(columns, text, schema, options.country)
    if today is not None:
        remarked += remarks(schema.kind, columns, today)
    errors = pl.concat(faults).sort(LINE, maintain_order=True)
    warnings = [_faults(frame[LINE], name, where, raw.get(name)) for name, where in _by_field(remarked)]
    told = pl.concat([*warnings, _told_totals(without_totals)]).sort(LINE, maintain_order=True)
    rows = pl.DataFrame(columns)
    if len(errors):
        is_good = ~pl.col(LINE).is_in(errors[LINE].unique().implode())
        rows, told = rows.filter(is_good), told.filter(is_good)
    return Checked(
        rows,
        errors,
        len(frame) + len(sheet.ragged),
        errors[LINE].n_unique(),
        told,
        totals,
        without_totals.control,
    )


def _told_totals(found: Split) -> pl.DataFrame:
    rows = [(line, WHOLE_ROW, "total_row", _shown(text)) for line, text in found.told]
    return pl.DataFrame(rows, schema=_ERRORS, orient="row")


def _by_field(remarked: Found) -> list[tuple[str, pl.Series]]:
    """One column of codes per remark, as faults have."""
    return [(name, constant(None, len(where)).set(where, code)) for name, code, where in remarked]


def _totals(value: pl.Series | None, currency: pl.Series) -> dict[str, int]:
    if value is None:
        return {}
    sums = pl.DataFrame({CURRENCY: currency, "value": value}).group_by(CURRENCY).sum().sort(CURRENCY)
    return {code: int(total) for code, total in sums.iter_rows() if code in EXPONENT}


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
