"""Cells of one column, read by the type of their field: values and, where a cell cannot be read, the code of its fault."""

from __future__ import annotations

import re
import unicodedata

import polars as pl

from agencies.kernel.money import EXPONENT
from uploads.amounts import read_amounts
from uploads.dates import read_dates, read_instants
from uploads.options import Options
from uploads.schemas.fields import Field, FieldType

#: Written where there is nothing to write.
_NOTHING = ("-", "--", "n/a", "#n/a", "n.a.", "null", "nan", "sin informacion", "sin información", "sin dato", "no aplica")
PLACEHOLDERS = ["", *(form for word in _NOTHING for form in (word, word.upper(), word.capitalize()))]
_CONTROLS = "".join(chr(code) for code in (*range(9), 11, 12, *range(14, 32), 127, *range(128, 160)))
CONTROL = f"[{re.escape(_CONTROLS)}]"
_BREAKS = r"[\s\u00a0]*[\r\n\t]+[\s\u00a0]*"
_CURRENCIES = {
    "S/": "PEN",
    "S/.": "PEN",
    "SOLES": "PEN",
    "US$": "USD",
    "U$S": "USD",
    "DOLARES": "USD",
    "DÓLARES": "USD",
    "EUROS": "EUR",
    "€": "EUR",
    "MN": "MXN",
    "COL$": "COP",
}
#: The peso sign and the peso's name are those of the file's own currency.
_OWN_CURRENCY = ("$", "PESO", "PESOS")


def clean(raw: pl.Series) -> pl.Series:
    """Cells without the spaces around them; nothing where only a placeholder stands."""
    text = raw.str.strip_chars()
    return text.set(text.is_in(PLACEHOLDERS), None)


def read_currency(text: pl.Series | None, rows: int, options: Options, *, is_only_one: bool) -> pl.DataFrame:
    """Columns `value` (a code for every row) and `fault`; rows that name none have the file's."""
    own = options.currency
    if text is None or not text.is_not_null().any():
        value = pl.Series([own], dtype=pl.String).new_from_index(0, rows)
        return pl.DataFrame({"value": value, "fault": pl.Series([None], dtype=pl.String).new_from_index(0, rows)})
    written = text.str.to_uppercase().fill_null(own or "")
    value = written.replace({**_CURRENCIES, **dict.fromkeys(_OWN_CURRENCY, own)})
    frame = pl.DataFrame({"value": value})
    other = pl.col("value") != own if is_only_one else pl.lit(value=False)
    return frame.select(
        "value",
        pl.when(~pl.col("value").is_in(list(EXPONENT)))
        .then(pl.lit("unknown_currency"))
        .when(other)
        .then(pl.lit("other_currency"))
        .otherwise(None)
        .alias("fault"),
    )


def read_cells(text: pl.Series, field: Field, options: Options, currency: pl.Series) -> pl.DataFrame:
    """Columns `value` and `fault` for the cleaned cells of one field; raises nothing, whatever stands there."""
    match field.type:
        case FieldType.AMOUNT:
            read = read_amounts(text, options.decimal or ".", currency, EXPONENT)
        case FieldType.DATE:
            read = read_dates(text, options.date_order or "ymd")
        case FieldType.INSTANT:
            read = read_instants(text, options.date_order or "ymd", options.time_zone or "UTC")
        case FieldType.INTEGER:
            read = _integers(text)
        case FieldType.CHOICE:
            read = _choices(text, field)
        case FieldType.TEXT:
            read = _text(text, field)
    if field.type in {FieldType.AMOUNT, FieldType.INTEGER} and not field.may_be_negative:
        below = (read["value"] < 0).fill_null(value=False) & read["fault"].is_null()
        if below.any():
            read = read.with_columns(read["fault"].set(below, "negative").alias("fault"))
    if field.required:
        # What stood in the place of a date may have been found to be none, so the value is asked too.
        missing = text.is_null() | (read["value"].is_null() & read["fault"].is_null())
        if missing.any():
            read = read.with_columns(read["fault"].set(missing, "required").alias("fault"))
    return read


def plain(text: str) -> str:
    """A spelling as it is compared: lower case, no accents, single spaces."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    return " ".join(bare.replace("_", " ").split())


def _text(text: pl.Series, field: Field) -> pl.DataFrame:
    if text.str.contains("[\t\r\n]").any():
        text = text.str.replace_all(_BREAKS, " ")
    frame = pl.DataFrame({"value": text})
    return frame.select(
        "value",
        pl.when(pl.col("value").str.contains(CONTROL))
        .then(pl.lit("control_character"))
        .when(pl.col("value").str.len_chars() > field.max_length)
        .then(pl.lit("too_long"))
        .otherwise(None)
        .alias("fault"),
    )


def _integers(text: pl.Series) -> pl.DataFrame:
    """Whole numbers; a spreadsheet's `12.0` is one."""
    number = text.str.extract(r"^([-+]?\d{1,9})(?:[.,]0+)?$").cast(pl.Int64)
    return _faulty_where_unread(text, number, "unreadable_number")


def _choices(text: pl.Series, field: Field) -> pl.DataFrame:
    known = {plain(spelling): code for code, spellings in field.choices.items() for spelling in (code, *spellings)}
    spellings = text.unique().drop_nulls().to_list()
    codes = [known.get(plain(spelling)) for spelling in spellings]
    value = text.replace_strict(spellings, codes, default=None, return_dtype=pl.String)
    return _faulty_where_unread(text, value, "unknown_choice")


def _faulty_where_unread(text: pl.Series, value: pl.Series, code: str) -> pl.DataFrame:
    fault = pl.Series([None], dtype=pl.String).new_from_index(0, len(text))
    return pl.DataFrame({"value": value, "fault": fault.set(text.is_not_null() & value.is_null(), code)})
