"""Amounts as senders write them, read by one decimal sign into minor units, a column at a time.

The grammar is strict: a group of thousands has three digits, so that an amount written with the other decimal sign is
refused and never read a thousand times too large. All reckoning is in integers.
"""

from __future__ import annotations

import re

import polars as pl

from uploads.cells.columns import Read

_MAX_DIGITS = 15
_USUAL_EXPONENT = 2
_SYMBOLS = r"(?:US\$|\$|S/\.?|€|₡|₲)"
_SPACES = " '\u00a0\u202f\u2019"


def read_amounts(text: pl.Series, decimal: str, currency: pl.Series, exponents: dict[str, int]) -> Read:
    """Minor units of each cell; `currency` has the code of every row, a code written beside an amount must be it."""
    is_plain = text.str.contains(rf"^[0-9]{{1,{_MAX_DIGITS}}}(?:{re.escape(decimal)}[0-9]{{1,2}})?$").all()
    if is_plain and currency.n_unique() == 1:
        return _of_hundredths(_hundredths(text, decimal), exponents.get(currency[0], _USUAL_EXPONENT))
    exponent = currency.replace_strict(exponents, default=_USUAL_EXPONENT, return_dtype=pl.Int64)
    if is_plain:
        value, too_many = _minor(text, decimal, exponent)
        return Read(value).with_fault(too_many, "too_many_decimals")
    return _read_any(text, decimal, currency, exponent)


def decimal_of(cell: str) -> str | None:
    """The decimal sign that an amount proves, "" where it can be read by its sign only, None where it has no sign."""
    cell = cell.replace("S/.", "")
    signs = re.sub(r"[^.,]", "", cell)
    if not signs or not re.search(r"\d", cell):
        return None
    last, other = signs[-1], "," if signs[-1] == "." else "."
    if other in signs:
        return last
    if len(signs) > 1:
        return other
    tail = re.search(r"[.,](\d*)\D*$", cell)
    return "" if tail and len(tail[1]) == 3 else last


def needs_a_sign(text: pl.Series, decimal: str) -> pl.Series:
    """Where an amount could be read by its sign only, or proves that it is another than this one."""
    has_sign = text.str.contains(r"\d[.,]|[.,]\d").fill_null(value=False)
    if not has_sign.any():
        return has_sign
    needs = text.set(~has_sign, None).map_elements(lambda cell: decimal_of(cell) not in {None, decimal}, pl.Boolean)
    return needs.fill_null(value=False)


def _hundredths(text: pl.Series, decimal: str) -> pl.Series:
    """Digits with at most two decimals as hundredths, whatever the currency."""
    pointed = text if decimal == "." else text.str.replace(decimal, ".", literal=True)
    return pointed.str.to_decimal(scale=2).to_physical().cast(pl.Int64)


def _of_hundredths(hundredths: pl.Series, exponent: int) -> Read:
    """Minor units of a column that is all of one currency."""
    if exponent >= 2:
        return Read(hundredths * 10 ** (exponent - 2))
    beyond = 10 ** (2 - exponent)
    too_many = (hundredths % beyond != 0).fill_null(value=False)
    return Read(hundredths // beyond).with_fault(too_many, "too_many_decimals")


def _read_any(text: pl.Series, decimal: str, currency: pl.Series, exponent: pl.Series) -> Read:
    """Groups of thousands, signs before and behind, brackets, symbols and codes of currencies."""
    group = "." if decimal == "," else ","
    thousands = rf"[{re.escape(group)}{_SPACES}]"
    # Digits of other scripts would match `\d`, and nobody here reckons with them.
    digits = rf"(?:[0-9]+|[0-9]{{1,3}}(?:{thousands}[0-9]{{3}})+)(?:{re.escape(decimal)}[0-9]+)?"
    parts = text.str.extract_groups(
        rf"^(?P<open>\()?\s*(?P<lead>[-+])?\s*(?:(?P<code>[A-Z]{{3}})|{_SYMBOLS})?\s*(?P<sign>[-+])?\s*"
        rf"(?P<n>{digits})\s*(?P<after>[A-Z]{{3}})?\s*(?P<trail>[-+])?\s*(?P<close>\))?$"
    ).struct.unnest()
    parts = parts.with_columns(pl.coalesce("code", "after").alias("code"), currency.alias("currency"))
    flags = parts.select(
        readable=pl.col("n").is_not_null()
        & (pl.col("code").is_null() | (pl.col("code") == pl.col("currency")))
        & (pl.col("open").is_null() == pl.col("close").is_null())
        & (pl.sum_horizontal(pl.col("lead", "sign", "trail", "open").is_not_null()) <= 1),
        negative=pl.any_horizontal(pl.col("lead", "sign", "trail").eq_missing("-"), pl.col("open").is_not_null()),
    )
    number = parts["n"].str.replace_all(thousands, "")
    whole = number.str.extract(r"^0*(\d*)")
    too_large = (whole.str.len_bytes() > _MAX_DIGITS).fill_null(value=False)
    value, too_many = _minor(number.set(too_large, None), decimal, exponent)
    read = Read(value.zip_with(~flags["negative"], -value)).with_fault(too_many, "too_many_decimals")
    read = read.with_fault(too_large, "amount_too_large")
    return read.with_fault(text.is_not_null() & ~flags["readable"], "unreadable_amount")


def _minor(number: pl.Series, decimal: str, exponent: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Minor units, and where the decimals are too many for the currency.

    Decimals beyond the currency's are forgiven when they are zeros, but never three of them: those may be thousands.
    """
    frame = pl.DataFrame({"number": number, "exponent": exponent})
    text, decimals = pl.col("number"), pl.col("decimals")
    at = text.str.find(decimal, literal=True)
    frame = frame.with_columns(
        decimals=pl.when(at.is_null()).then(0).otherwise(text.str.len_bytes() - at - 1).cast(pl.Int64)
    )
    longest = int(frame["decimals"].max() or 0)  # type: ignore[arg-type]
    if longest > 3:
        # Only so many digits fit an integer; what is cut is nothing, or refused.
        rest = text.str.slice(pl.col("number").str.len_bytes() - decimals + 3)
        frame = frame.with_columns(
            is_lost=(decimals > 3) & rest.str.contains("[1-9]"),
            number=pl.when(decimals > 3).then(text.str.slice(0, text.str.len_bytes() - decimals + 3)).otherwise(text),
            cut=decimals.clip(upper_bound=3),
        )
    else:
        frame = frame.with_columns(is_lost=pl.lit(value=False), cut=decimals)
    units = text.str.replace(decimal, "", literal=True).cast(pl.Int64, strict=False)
    beyond = pl.col("cut") - pl.col("exponent")
    scaled = pl.when(beyond <= 0).then(units * _power(-beyond)).otherwise(units // _power(beyond))
    dropped = (beyond > 0) & ((decimals == 3) | (units % _power(beyond) != 0))
    read = frame.select(value=scaled, faulty=(dropped | pl.col("is_lost")).fill_null(value=False))
    return read["value"], read["faulty"]


def _power(of: pl.Expr) -> pl.Expr:
    """Ten to the power of a small number."""
    return pl.when(of == 2).then(100).when(of == 1).then(10).when(of == 3).then(1000).otherwise(1).cast(pl.Int64)
