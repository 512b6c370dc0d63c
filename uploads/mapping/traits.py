"""What a column holds, told from its values alone: for columns whose names say nothing.

Only what has a shape of its own is told: an e-mail, a mobile number, a currency, a date of birth, an identity number,
an account, a list of known codes. Amounts and other dates look alike, whatever they are of.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from agencies.kernel.money import EXPONENT
from uploads.cells.dates import read_dates
from uploads.cells.reader import clean, plain
from uploads.options import DATE_ORDERS
from uploads.schemas.fields import Field

#: Confidence of a guess by values alone; always below that of any name.
BY_VALUES = 40
_MOST = 0.9
_FEW = 3
_EMAIL = r"^[^@\s]+@[^@\s]+\.\w{2,}$"
_MOBILE = r"^(?:\+?57)?[\s-]?3[0-5]\d[\s.-]?\d{3}[\s.-]?\d{4}$"
_IDENTITY = (
    r"^(?:\d{1,2}\.?\d{3}\.?\d{3}|1\.?\d{3}\.?\d{3}\.?\d{3}|[89]\d{2}\.?\d{3}\.?\d{3}(?:-?\d)?"
    r"|\d{1,2}\.?\d{3}\.?\d{3}-[\dkK]|[A-Z]{4}\d{6}[A-Z0-9]{3,8})$"
)
_ACCOUNT = r"^(?:[A-Za-z]{0,5}[-_ ]?\d{9,20}|[A-Za-z]{1,6}[-_ /]?\d{2,}[\dA-Za-z/_-]*|\d{2,8}[-/]\d{2,}[\d/-]*)$"
_DATE = r"^(?:\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4}|(?:19|20)\d{6}|\d{1,2}[-/ ][A-Za-z]{3})"
_BORN = (1925, 2010)
_TYPICALLY_BORN = (1940, 1998)
_YEARS_APART = 8


def trait_of(values: Sequence[str], fields: Sequence[Field]) -> str | None:
    """The name of the one of these fields that the values alone give away, if any."""
    text = clean(pl.Series(values, dtype=pl.String)).drop_nulls()
    if len(text) < _FEW:
        return None
    wanted = {field.name: field for field in fields}
    for name in _by_shape(text):
        if name in wanted:
            return name
    spoken = [(_share_known(text, field), field.name) for field in fields if field.choices]
    share, name = max(spoken, default=(0.0, ""))
    return name if share >= _MOST else None


def _by_shape(text: pl.Series) -> tuple[str, ...]:
    """The fields whose shape the values have, the likeliest first."""
    if _share(text, _EMAIL) >= _MOST:
        return ("email",)
    if _share(text, _MOBILE) >= _MOST:
        return ("phone", "phone_2", "phone_used")
    if text.str.to_uppercase().is_in(list(EXPONENT)).mean() == 1:
        return ("currency",)
    # Reading dates takes long, so only what looks like one is read.
    if _share(text, _DATE) >= _MOST and _are_dates(text):
        return ("birth_date",) if _are_births(text) else ()
    if _share(text, r"^-?\d+[.,]\d{1,2}$") >= 1 - _MOST:
        return ()
    if _share(text, _IDENTITY) >= _MOST and _differ(text):
        return ("national_id",)
    if _share(text, _ACCOUNT) >= _MOST and _differ(text):
        return ("account_ref",)
    return ()


def _share(text: pl.Series, pattern: str) -> float:
    return int(text.str.contains(pattern).sum()) / len(text)


def _differ(text: pl.Series) -> bool:
    return bool(text.n_unique() >= 0.8 * len(text))


def _are_dates(text: pl.Series) -> bool:
    return bool(max(read_dates(text, order).faults.null_count() for order in DATE_ORDERS) >= _MOST * len(text))


def _are_births(text: pl.Series) -> bool:
    years = text.str.extract(r"\b((?:19|20)\d{2})").cast(pl.Int64, strict=False).drop_nulls().to_list()
    if len(years) < _MOST * len(text):
        return False
    middle = sorted(years)[len(years) // 2]
    is_lived = _BORN[0] <= min(years) and max(years) <= _BORN[1]
    is_usual = _TYPICALLY_BORN[0] <= middle <= _TYPICALLY_BORN[1]
    return bool(is_lived and is_usual and max(years) - min(years) >= _YEARS_APART)


def _share_known(text: pl.Series, field: Field) -> float:
    """The share of cells that are codes of the field; a code of one letter proves nothing."""
    known = {plain(one) for code, spoken in field.choices.items() for one in (code, *spoken) if len(one) > 1}
    cells = text.to_list()
    if all(len(cell) == 1 for cell in cells):
        return 0.0
    return sum(plain(cell) in known for cell in cells) / len(cells)
