"""What the values of a sample say: whether a column holds what its name promises, and how to read dates and amounts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import polars as pl

from agencies.kernel.money import EXPONENT
from uploads.cells import clean, plain, read_currency
from uploads.columns import Read
from uploads.dates import decisive_orders, needs_an_order, read_dates, read_instants, settle_numbers
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
            numbers = settle_numbers(text)
            return max(_readable(read_dates(text, order, numbers)) for order in DATE_ORDERS)
        case FieldType.INSTANT:
            return max(_readable(read_instants(text, order, _ZONE)) for order in DATE_ORDERS)
        case FieldType.CHOICE:
            # A sender's own codes speak neither for a field nor against it.
            known = {plain(one) for code, spellings in field.choices.items() for one in (code, *spellings)}
            return 1.0 if all(plain(cell) in known for cell in text.to_list()) else None
        case FieldType.TEXT:
            return _text_likeness(text, field)


def proved_orders(columns: Iterable[Sequence[str]]) -> set[str]:
    """The orders of day and month that at least one cell proves."""
    texts = [clean(pl.Series(values, dtype=pl.String)) for values in columns]
    return set().union(*(decisive_orders(text) for text in texts)) if texts else set()


def settle_date_order(columns: Sequence[Sequence[str]]) -> str | None:
    """The order that the dates themselves prove; None when no cell proves one, or two cells prove different ones."""
    proved = proved_orders(columns)
    if len(proved) == 1:
        return proved.pop()
    if proved or any(needs_an_order(clean(pl.Series(values, dtype=pl.String))) for values in columns):
        return None
    return "ymd"


def proved_decimals(columns: Iterable[Sequence[str]]) -> set[str]:
    """The decimal signs that at least one cell proves."""
    return _decimals(columns)[0]


def settle_decimal(columns: Iterable[Sequence[str]]) -> str | None:
    """The decimal sign that the amounts themselves prove, by the same rule; a point where none has a sign."""
    proved, is_open = _decimals(columns)
    if len(proved) == 1:
        return proved.pop()
    return None if proved or is_open else "."


def _decimals(columns: Iterable[Sequence[str]]) -> tuple[set[str], bool]:
    """The signs that cells prove, and whether a cell can be read by its sign only."""
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
    return proved, is_open


def settle_currency(values: Sequence[str], own: str) -> str:
    """The currency of rows that name none: the organisation's own, unless a currency column never names it."""
    text = clean(pl.Series(values, dtype=pl.String)).drop_nulls()
    codes = read_currency(text, len(text), Options(currency=own)).value.to_list()
    known = Counter(code for code in codes if code in EXPONENT)
    return own if own in known or not known else known.most_common(1)[0][0]


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
