"""Cells of one column, read by the type of their field: values and, where one cannot be read, the code of its fault."""

from __future__ import annotations

import re
import unicodedata

import polars as pl

from agencies.kernel.money import EXPONENT
from uploads.amounts import read_amounts
from uploads.columns import Read, constant
from uploads.dates import read_dates, read_instants
from uploads.frames import PLACEHOLDERS
from uploads.options import Options
from uploads.schemas.fields import Field, FieldType

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
    return text.set(text.is_in(PLACEHOLDERS).fill_null(value=False), None)


def read_currency(text: pl.Series | None, rows: int, options: Options, *, is_only_one: bool) -> Read:
    """The currency code of every row; rows that name none have the file's."""
    own = options.currency or ""
    if text is None or not text.is_not_null().any() or (text == own).all():
        return Read(constant(own, rows))
    written = text.str.to_uppercase().fill_null(own)
    value = written.replace({**_CURRENCIES, **dict.fromkeys(_OWN_CURRENCY, own)})
    read = Read(value)
    if is_only_one:
        read = read.with_fault(value != own, "other_currency")
    return read.with_fault(~value.is_in(list(EXPONENT)), "unknown_currency")


def read_cells(text: pl.Series, field: Field, options: Options, currency: pl.Series, *, is_plain: bool = False) -> Read:
    """The cleaned cells of one field read by its type; raises nothing, whatever stands there.

    `is_plain` says that no cell can hold a line break or a control character, so that nobody looks for them.
    """
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
        case _:
            read = _text(text, field, is_plain=is_plain)
    if field.type in {FieldType.AMOUNT, FieldType.INTEGER} and not field.may_be_negative:
        below = (read.value < 0).fill_null(value=False)
        if below.any():
            read = read.with_fault(below & read.faults.is_null(), "negative")
    if field.required and read.value.null_count():
        # What stood in the place of a date may have been found to be none, so the value is asked and not the text.
        read = read.with_fault(read.value.is_null() & read.faults.is_null(), "required")
    return read


def plain(text: str) -> str:
    """A spelling as it is compared: lower case, no accents, single spaces."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    return " ".join(bare.replace("_", " ").split())


def _text(text: pl.Series, field: Field, *, is_plain: bool) -> Read:
    if field.is_code and text.str.contains("[^A-Z0-9]|^(?:0+|9+)$").any():
        text = _codes(text)
    read = Read(text)
    if not is_plain:
        if text.str.contains("[\t\r\n]").any():
            read = Read(text.str.replace_all(_BREAKS, " "))
        read = read.with_fault(read.value.str.contains(CONTROL).fill_null(value=False), "control_character")
    longest = read.value.str.len_bytes().max()
    if isinstance(longest, int) and longest > field.max_length:
        read = read.with_fault((read.value.str.len_chars() > field.max_length).fill_null(value=False), "too_long")
    return read


def _codes(text: pl.Series) -> pl.Series:
    """Capitals and digits; a spreadsheet's `860003563.0` is the number, and zeros or nines alone are none."""
    bare = text.str.replace(r"^(\d+)\.0$", "$1").str.to_uppercase()
    bare = bare.str.replace_all(r"[\s.,/_'\u00a0-]", "")
    return bare.set(bare.str.contains("^(?:0*|9+)$").fill_null(value=False), None)


def _integers(text: pl.Series) -> Read:
    """Whole numbers; a spreadsheet's `12.0` is one."""
    number = text.str.extract(r"^([-+]?\d{1,9})(?:[.,]0+)?$").cast(pl.Int64)
    return _faulty_where_unread(text, number, "unreadable_number")


def _choices(text: pl.Series, field: Field) -> Read:
    known = {plain(spelling): code for code, spellings in field.choices.items() for spelling in (code, *spellings)}
    spellings = text.unique().drop_nulls().to_list()
    codes = [known.get(plain(spelling)) for spelling in spellings]
    value = text.replace_strict(spellings, codes, default=None, return_dtype=pl.String)
    return _faulty_where_unread(text, value, "unknown_choice")


def _faulty_where_unread(text: pl.Series, value: pl.Series, code: str) -> Read:
    return Read(value).with_fault(text.is_not_null() & value.is_null(), code)
