"""Rows that add up the file and are no accounts: found by their words, or by being the sum of all rows above them.

Without a word only the last rows of a file are believed to be sums: above them it may be a row that lacks its account.

They are taken out before anything is read, and what the last of them say is what the file is compared with.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation

import polars as pl

from agencies.kernel.money import EXPONENT
from uploads.cells.amounts import needs_a_sign, read_amounts
from uploads.cells.columns import constant
from uploads.cells.reader import clean
from uploads.checking.control import TOTALS, Control
from uploads.formats.frames import LINE, Ragged, Sheet
from uploads.options import Options

#: What stands in a row of totals instead of an account. A name that only begins with such a word is none.
_WHAT = r"(?:registros?|filas?|cuentas?|obligaciones|cr[eé]ditos|clientes|deudores|rows?|records?|accounts?)"
_TOTAL = (
    r"(?:(?:sub|gran|grand|suma)[\s-]*)?(?:total(?:es|s)?|suma(?:s|toria)?|sum)"
    rf"(?:\s+(?:general|final|global|cartera|de (?:la )?cartera|(?:de )?{_WHAT}))?"
)
_COUNT = rf"(?:(?:total|n[uú]mero|cantidad|no\.?|count|number)\s+(?:de\s+|of\s+)?)?{_WHAT}\s*[:=]\s*[\d.,]+"
WORDS = rf"(?i)^[\s*=#-]*(?:{_TOTAL}(?:\s*[:=]\s*[\d.,$\s]*)?|{_COUNT}|cantidad|conteo|count)[\s:=*.-]*$"
#: A first look at the column of accounts, before anything slower.
_HINT = r"(?i)tot|sum|reg|fil|row|rec|cuen|acc|cant|cont|coun|n[uú]m|obl|cr[eé]d|cli|deu"
_SUB = re.compile(r"(?i)^[\s*=#-]*sub")
_COUNTED = re.compile(rf"(?i)(?:{_WHAT}|cantidad|conteo|count)")
_NUMBER = re.compile(r"\d[\d.,]*")
#: Columns that say whose row it is.
_WHOSE = ("account_ref", "debtor_ref", "national_id", "full_name", "first_name", "last_name", "payment_ref")
#: Characters of a row that could still be one of totals.
_LONGEST = 10_000
_SHOWN = 80
#: A single account above a row of the same amount proves nothing.
_FEWEST = 2


@dataclass(frozen=True)
class Seen:
    """What stood above a block: rows, and their value by currency."""

    rows: int = 0
    totals: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Split:
    """A block without its rows of totals, those rows as they are told, and what the last of them say."""

    sheet: Sheet
    #: Line and what stood there.
    told: tuple[tuple[int, str], ...]
    #: Of the rows of totals below the last account of the block; None where there are none.
    control: Control | None


def split(
    sheet: Sheet, mapping: Mapping[int, str], value: str | None, options: Options, seen: Seen, key: str = "account_ref"
) -> Split:
    """Take the rows of totals out of a block; `value` is the field of amounts, `key` what every account has."""
    at = {field: str(position) for position, field in mapping.items()}
    ragged = {row.line: _cells(row) for row in sheet.ragged if _is_total(_cells(row))}
    below = max((row.line for row in sheet.ragged if row.line not in ragged), default=0) if sheet.is_last else None
    found = _found(sheet, at, value, options, seen, key, below) if key in at else None
    if not ragged and found is None:
        return Split(sheet, (), None)
    frame, rows = sheet.frame, dict(ragged)
    if found is not None:
        frame = sheet.frame.filter(~pl.col(LINE).is_in(found[LINE].implode()))
        rows |= {row[0]: [cell or "" for cell in row[1:]] for row in found.iter_rows()}
    left = tuple(row for row in sheet.ragged if row.line not in ragged)
    last = max([*frame[LINE].tail(1).to_list(), *(row.line for row in left)], default=0)
    order = [str(position) for position in sorted(mapping)]
    place = order.index(at[value]) if value in at else None
    read = _amount_reader(options)
    says = [_control(rows[line], place if line not in ragged else None, read) for line in sorted(rows) if line > last]
    told = tuple((line, " ".join(cell for cell in rows[line] if cell)[:_SHOWN]) for line in sorted(rows))
    return Split(replace(sheet, frame=frame, ragged=left), told, _latest(says) if says else None)


def _found(
    sheet: Sheet,
    at: Mapping[str, str],
    value: str | None,
    options: Options,
    seen: Seen,
    key: str,
    below: int | None,
) -> pl.DataFrame | None:
    """The rows of totals among those that fit the header; without a word only those `below` all others, if any."""
    frame = sheet.frame
    account = frame[at[key]] if at[key] in sheet.clean else clean(frame[at[key]])
    maybe = account.is_null() | account.str.contains(_HINT)
    if not maybe.any():
        return None
    cells = frame.with_columns(clean(frame[name]).alias(name) for name in frame.columns if name != LINE).filter(maybe)
    names = [name for name in cells.columns if name != LINE]
    whose = [at[field] for field in _WHOSE if field in at]
    is_nobodys = pl.all_horizontal(
        pl.col(name).is_null() | pl.col(name).str.contains(WORDS) | (pl.col(name) == "0") for name in whose
    )
    cells = cells.filter(is_nobodys)
    has_words = pl.any_horizontal(pl.col(name).str.contains(WORDS).fill_null(value=False) for name in names)
    if below is not None and value is not None and value in at and len(cells):
        is_sum = has_words | pl.col(LINE).is_in(_sums(frame, at[value], options, seen).implode())
        others = frame.filter(~pl.col(LINE).is_in(cells.filter(is_sum)[LINE].implode()))[LINE]
        last = max(below, others[-1] if len(others) else 0)
        cells = cells.filter(has_words | (is_sum & (pl.col(LINE) > last)))
    else:
        cells = cells.filter(has_words)
    return cells if len(cells) else None


def _sums(frame: pl.DataFrame, column: str, options: Options, seen: Seen) -> pl.Series:
    """The lines whose amount is that of all rows above them."""
    own = options.currency or ""
    amount = read_amounts(clean(frame[column]), options.decimal or ".", constant(own, len(frame)), EXPONENT)
    minor = amount.value.fill_null(0)
    above = minor.cum_sum() - minor + seen.totals.get(own, 0)
    rows = pl.int_range(len(frame), eager=True) + seen.rows
    return frame[LINE].filter((minor == above) & (minor > 0) & (rows >= _FEWEST))


def _cells(row: Ragged) -> list[str]:
    """The cells of a row that does not fit; a comma divides them only where nothing clearer does."""
    if len(row.text) > _LONGEST:
        return []
    clear = next((sign for sign in ";\t|" if sign in row.text), ",")
    text = re.sub(r"[\r\n]+", " ", row.text)
    return [cell.strip() for cells in csv.reader([text], delimiter=clear) for cell in cells]


def _is_total(cells: list[str]) -> bool:
    words = [cell for cell in cells if cell]
    return bool(words) and re.match(WORDS, words[0]) is not None


def _control(cells: list[str], place: int | None, read: Callable[[str], int | None]) -> Control | None:
    """What one row of totals says: the amount in the column of amounts, or its only number, and how many rows."""
    words = " ".join(cell for cell in cells if re.match(WORDS, cell))
    if _SUB.match(words):
        return None
    counts = [number for cell in cells if _COUNTED.search(cell) for number in _NUMBER.findall(cell)]
    rows = int(re.sub(r"\D", "", counts[0])) if counts else None
    if place is not None:
        return Control(rows, read(cells[place]) if cells[place] else None, source=TOTALS)
    numbers = [cell for cell in cells if re.fullmatch(r"[$\s]*[\d.,]+", cell)]
    if len(numbers) == 2 and rows is None and numbers[0].isdigit():
        return Control(int(numbers[0]), read(numbers[1]), source=TOTALS)
    if len(numbers) == 1 and _COUNTED.search(words) and rows is None and numbers[0].isdigit():
        return Control(int(numbers[0]), source=TOTALS)
    return Control(rows, read(numbers[0]) if len(numbers) == 1 else None, source=TOTALS)


def _latest(says: list[Control | None]) -> Control:
    """The last word on each figure."""
    said = [one for one in says if one is not None]
    rows = [one.rows for one in said if one.rows is not None]
    amounts = [one.amount_minor for one in said if one.amount_minor is not None]
    return Control(rows[-1] if rows else None, amounts[-1] if amounts else None, source=TOTALS)


def _amount_reader(options: Options) -> Callable[[str], int | None]:
    """A total in minor units; what a spreadsheet's sum has behind the cents is rounded away."""

    def read(text: str) -> int | None:
        own = options.currency or ""
        if "decimal" in options.assumed and needs_a_sign(pl.Series([text]), options.decimal or ".").any():
            return None
        found = read_amounts(pl.Series([text]), options.decimal or ".", pl.Series([own]), EXPONENT)
        if found.fault is None:
            return int(found.value[0]) if found.value[0] is not None else None
        try:
            return round(Decimal(text.replace(options.decimal or ".", ".")).scaleb(EXPONENT.get(own, 2)))
        except InvalidOperation:
            return None

    return read
