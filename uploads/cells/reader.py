"""Cells of one column, read by the type of their field: values and, where one cannot be read, the code of its fault."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date

import polars as pl

from agencies.kernel.money import EXPONENT
from agencies.kernel.sheets import MADE_INERT
from uploads.cells.amounts import needs_a_sign, read_amounts
from uploads.cells.columns import Read, constant
from uploads.cells.dates import needs_an_order, read_dates, read_instants
from uploads.cells.identity import ROUNDED
from uploads.formats.frames import PLACEHOLDERS
from uploads.options import Options
from uploads.schemas.fields import Field, FieldType

_CONTROLS = "".join(chr(code) for code in (*range(9), 11, 12, *range(14, 32), 127, *range(128, 160)))
CONTROL = f"[{re.escape(_CONTROLS)}]"
_AS_NUMBER = r"^\d+\.0$|^\d(?:[.,]\d+)?[eE]\+\d{2}$"
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
    """Cells without the spaces around them; nothing where only a placeholder stands.

    The apostrophe that keeps a spreadsheet from running a cell is none of it: what we hand out is read as it was.
    """
    if raw.str.contains("'", literal=True).any():
        raw = raw.str.replace(MADE_INERT, "$1")
    text = raw.str.strip_chars()
    is_nothing = text.is_in(PLACEHOLDERS)
    return text.set(is_nothing.fill_null(value=False), None) if is_nothing.any() else text


def read_currency(text: pl.Series | None, rows: int, options: Options) -> Read:
    """The currency code of every row; rows that name none have the file's."""
    own = options.currency or ""
    is_assumed = "currency" in options.assumed
    if text is None or (not is_assumed and (not text.is_not_null().any() or (text == own).all())):
        return Read(constant(own, rows))
    written = text.str.to_uppercase().fill_null(own)
    value = written.replace({**_CURRENCIES, **dict.fromkeys(_OWN_CURRENCY, own)})
    read = Read(value).with_fault(~value.is_in(list(EXPONENT)), "unknown_currency")
    # What every row looked at names is not therefore the currency of one that names none.
    unsaid = text.is_null() | text.str.to_uppercase().is_in(_OWN_CURRENCY).fill_null(value=False)
    return read.with_fault(unsaid, "not_settled") if is_assumed else read


def read_cells(
    text: pl.Series,
    field: Field,
    options: Options,
    currency: pl.Series,
    *,
    today: date | None = None,
    is_plain: bool = False,
) -> Read:
    """The cleaned cells of one field read by its type; raises nothing, whatever stands there.

    `today` is the day the file came. `is_plain` says that no cell can hold a line break or a control character, so that
    nobody looks for them.
    """
    match field.type:
        case FieldType.AMOUNT:
            read = read_amounts(text, options.decimal or ".", currency, EXPONENT)
        case FieldType.DATE:
            latest = today.year if today is not None and field.is_past else None
            read = read_dates(text, options.date_order or "ymd", options.numbers, latest=latest)
        case FieldType.INSTANT:
            read = read_instants(text, options.date_order or "ymd", options.time_zone or "UTC")
        case FieldType.INTEGER:
            read = _integers(text)
        case FieldType.CHOICE:
            read = _choices(text, field, options.codes.get(field.name, {}))
        case _:
            read = _text(text, field, is_plain=is_plain)
    if options.assumed:
        read = _only_settled(text, field, options, read)
    if field.type in {FieldType.AMOUNT, FieldType.INTEGER} and not field.may_be_negative:
        below = (read.value < 0).fill_null(value=False)
        if below.any():
            read = read.with_fault(below & read.faults.is_null(), "negative")
    if field.required and read.value.null_count():
        # What stood in the place of a date may have been found to be none, so the value is asked and not the text.
        read = read.with_fault(read.value.is_null() & read.faults.is_null(), "required")
    return read


def _only_settled(text: pl.Series, field: Field, options: Options, read: Read) -> Read:
    """The same without what could be read only by an option that nobody said and no cell proved."""
    if field.type is FieldType.AMOUNT and "decimal" in options.assumed:
        open_cells = needs_a_sign(text, options.decimal or ".")
    elif field.type in {FieldType.DATE, FieldType.INSTANT} and "date_order" in options.assumed:
        open_cells = needs_an_order(text)
    else:
        return read
    if not open_cells.any():
        return read
    return Read(read.value.set(open_cells, None), read.fault).with_fault(open_cells, "not_settled")


def plain(text: str) -> str:
    """A spelling as it is compared: lower case, no accents, single spaces."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    return " ".join(bare.replace("_", " ").split())


def _text(text: pl.Series, field: Field, *, is_plain: bool) -> Read:
    if field.is_code and text.str.contains("[^A-Z0-9]|^(?:0+|9+)$").any():
        text = _codes(text)
    read = Read(text)
    if field.is_reference and text.str.contains(_AS_NUMBER).any():
        # A spreadsheet wrote the number of an account as a quantity: 860003563.0 is one yet, 8.6E+08 is none any more.
        read = Read(text.str.replace(r"^(\d+)\.0$", "$1")).with_fault(
            text.str.contains(ROUNDED).fill_null(value=False), "digits_lost"
        )
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


def _choices(text: pl.Series, field: Field, own: Mapping[str, str | None]) -> Read:
    """The field's codes by their known spellings and the sender's own; a sender's word goes before ours."""
    known = {plain(spelling): code for code, spellings in field.choices.items() for spelling in (code, *spellings)}
    spellings = text.unique().drop_nulls().to_list()
    compared = [plain(spelling) for spelling in spellings]
    codes = [own.get(one, known.get(one)) for one in compared]
    nothing = [spelling for spelling, code in zip(spellings, codes, strict=True) if code == ""]
    if nothing:
        text = text.set(text.is_in(nothing).fill_null(value=False), None)
    value = text.replace_strict(spellings, codes, default=None, return_dtype=pl.String)
    left_out = [spelling for spelling, one in zip(spellings, compared, strict=True) if own.get(one, "") is None]
    read = _faulty_where_unread(text, value, "unknown_choice")
    return read.with_fault(text.is_in(left_out).fill_null(value=False), "left_out") if left_out else read


def _faulty_where_unread(text: pl.Series, value: pl.Series, code: str) -> Read:
    return Read(value).with_fault(text.is_not_null() & value.is_null(), code)
