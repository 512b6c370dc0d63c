"""What the values of a sample say: whether a column holds what its name promises, and how to read dates and amounts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import polars as pl

from agencies.kernel.money import EXPONENT
from uploads.cells import clean, read_currency
from uploads.columns import Read
from uploads.dates import decisive_orders, needs_an_order, read_dates, read_instants
from uploads.options import DATE_ORDERS, Options
from uploads.schemas.fields import Field, FieldType

_AMOUNT = re.compile(r"[-+(\s]*(?:[A-Z]{3}|US\$|\$|S/\.?|€)?[-\s]*\d[\d.,'\s\u00a0]*(?:[A-Z]{3})?[-)\s]*")
_INTEGER = re.compile(r"[-+]?\d{1,9}(?:[.,]0+)?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.\w+")
_PHONE = re.compile(r"[+(]?[\d\s()./-]{6,20}")
_ZONE = "UTC"


def likeness(values: Sequence[str], field: Field) -> float | None:
    """The share of cells that could be what the field holds; None when there is nothing to go by."""
    text = clean(pl.Series(values, dtype=pl.String)).drop_nulls()
    if not len(text):
        return None
    match field.type:
        case FieldType.AMOUNT:
            return _share(text, _AMOUNT)
        case FieldType.INTEGER:
            return _share(text, _INTEGER)
        case FieldType.DATE:
            return max(_readable(read_dates(text, order)) for order in DATE_ORDERS)
        case FieldType.INSTANT:
            return max(_readable(read_instants(text, order, _ZONE)) for order in DATE_ORDERS)
        case FieldType.CHOICE | FieldType.TEXT:
            return _text_likeness(text, field)


def settle_date_order(columns: Iterable[Sequence[str]]) -> str | None:
    """The order that the dates themselves prove; None when no cell proves one, or two cells prove different ones."""
    texts = [clean(pl.Series(values, dtype=pl.String)) for values in columns]
    proved = set().union(*(decisive_orders(text) for text in texts)) if texts else set()
    if len(proved) == 1:
        return str(proved.pop())
    if proved or any(needs_an_order(text) for text in texts):
        return None
    return "ymd"


def settle_decimal(columns: Iterable[Sequence[str]]) -> str | None:
    """The decimal sign that the amounts themselves prove, by the same rule; a point where none has a sign."""
    proved: set[str] = set()
    is_open = False
    for cell in (cell for values in columns for cell in values):
        signs = re.sub(r"[^.,]", "", cell)
        if not signs:
            continue
        tail = re.search(r"[.,](\d*)\D*$", cell)
        last, other = signs[-1], "," if signs[-1] == "." else "."
        if other in signs:
            proved.add(last)
        elif len(signs) > 1:
            proved.add(other)
        elif tail and len(tail[1]) == 3:
            is_open = True
        else:
            proved.add(last)
    if len(proved) == 1:
        return proved.pop()
    return None if proved or is_open else "."


def settle_currency(values: Sequence[str], own: str) -> str:
    """The currency most rows of a currency column name, else the organisation's own."""
    text = clean(pl.Series(values, dtype=pl.String)).drop_nulls()
    codes = read_currency(text, len(text), Options(currency=own), is_only_one=False).value.to_list()
    known = Counter(code for code in codes if code in EXPONENT)
    return known.most_common(1)[0][0] if known else own


def _share(text: pl.Series, pattern: re.Pattern[str]) -> float:
    cells = text.to_list()
    return sum(bool(pattern.fullmatch(cell)) for cell in cells) / len(cells)


def _readable(read: Read) -> float:
    return read.faults.null_count() / len(read.value)


def _text_likeness(text: pl.Series, field: Field) -> float | None:
    if field.name == "email":
        return _share(text, _EMAIL)
    if field.name.startswith("phone"):
        return _share(text, _PHONE)
    if field.name == "account_ref":
        # An account has digits in it; in a sample few accounts repeat, also among payments.
        return _mean(text.str.contains(r"\d"))
    if field.name == "national_id":
        return _mean(text.str.contains(r"\d{4}|\d\.\d{3}"))
    if field.name in {"full_name", "first_name", "last_name", "city", "region"}:
        return _mean(~text.str.contains(r"^[\d\s.,/-]+$"))
    return None


def _mean(flags: pl.Series) -> float:
    return int(flags.sum()) / len(flags)
