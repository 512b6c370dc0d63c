"""What the values of a sample say: whether a column holds what its name promises, and how to read dates and amounts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from agencies.kernel.money import EXPONENT
from uploads.cells.amounts import decimal_of
from uploads.cells.columns import Read
from uploads.cells.dates import decisive_orders, needs_an_order, read_dates, read_instants, settle_numbers
from uploads.cells.reader import clean, plain, read_currency
from uploads.options import DATE_ORDERS, Options
from uploads.schemas.fields import Field, FieldType

_AMOUNT = re.compile(r"[-+(\s]*+(?:[A-Z]{3}|US\$|\$|S/\.?|€)?[-\s]*+\d[\d.,'\s\u00a0]*+(?:[A-Z]{3})?[-)\s]*+")
_INTEGER = re.compile(r"[-+]?\d{1,9}(?:[.,]0+)?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.\w+")
_PHONE = re.compile(r"[+(]?[\d\s()./-]{6,20}")
_ZONE = "UTC"
#: Typing errors prove things too: what few of the cells prove that need it is not believed.
_ENOUGH_TO_DIFFER, _NEEDED_PER_PROOF = 3, 10


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


@dataclass(frozen=True)
class Weight:
    """What the cells of columns prove of one option: how many prove each of its values, and how many need it."""

    proofs: Mapping[str, int]
    needing: int

    @property
    def is_enough(self) -> bool:
        """Whether everything proved is one thing, by a fair share of the cells that need it."""
        return len(self.proofs) == 1 and sum(self.proofs.values()) * _NEEDED_PER_PROOF >= self.needing

    @property
    def differs_by_itself(self) -> str | None:
        """What several cells prove and none denies: enough to read this column otherwise than its file."""
        found, count = next(iter(self.proofs.items()), (None, 0))
        return found if self.is_enough and count >= _ENOUGH_TO_DIFFER else None

    def __add__(self, other: Weight) -> Weight:
        return Weight(Counter(self.proofs) + Counter(other.proofs), self.needing + other.needing)


def weigh_orders(values: Sequence[str]) -> Weight:
    """What the dates of a column prove of the order of day and month."""
    text = clean(pl.Series(values, dtype=pl.String))
    return Weight(decisive_orders(text), int(needs_an_order(text).sum()))


def weigh_decimals(values: Sequence[str]) -> Weight:
    """What the amounts of a column prove of the decimal sign."""
    signs = [sign for cell in values if (sign := decimal_of(cell)) is not None]
    return Weight(Counter(sign for sign in signs if sign), len(signs))


def proved_orders(columns: Iterable[Sequence[str]]) -> set[str]:
    """The orders of day and month that at least one cell proves."""
    return {order for values in columns for order in weigh_orders(values).proofs}


def proved_decimals(columns: Iterable[Sequence[str]]) -> set[str]:
    """The decimal signs that at least one cell proves."""
    return {sign for values in columns for sign in weigh_decimals(values).proofs}


def settle_currency(values: Sequence[str], own: str) -> tuple[str, bool]:
    """The currency of rows that name none, and whether that is only assumed.

    It is the organisation's own. Where all that is named is one other currency, that one is the file's; but a row that
    names none is not known to be in it.
    """
    text = clean(pl.Series(values, dtype=pl.String)).drop_nulls()
    codes = read_currency(text, len(text), Options(currency=own)).value.to_list()
    known = {code for code in codes if code in EXPONENT}
    return (known.pop(), True) if len(known) == 1 and own not in known else (own, False)


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
