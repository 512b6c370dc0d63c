"""Amounts as senders write them, read by one decimal sign into minor units, a column at a time.

The grammar is strict: a group of thousands has three digits, so that an amount written with the other decimal sign is
refused and never read a thousand times too large.
"""

from __future__ import annotations

import re

import polars as pl

_MAX_DIGITS = 15
_SYMBOLS = r"(?:US\$|\$|S/\.?|€|₡|₲)"
_SPACES = " '\u00a0\u202f\u2019"


def read_amounts(text: pl.Series, decimal: str, currency: pl.Series, exponents: dict[str, int]) -> pl.DataFrame:
    """Columns `value` (minor units) and `fault` (a code, or null) for the cells of one column.

    `currency` has the code of every row; a code written beside an amount must be the same.
    """
    group = "." if decimal == "," else ","
    digits = rf"(?:\d+|\d{{1,3}}(?:[{re.escape(group)}{_SPACES}]\d{{3}})+)(?:{re.escape(decimal)}\d+)?"
    number, negative, readable = text, pl.Series([False]).new_from_index(0, len(text)), text.str.contains(f"^{digits}$")
    if not readable.fill_null(value=True).all():
        parts = _parts(text, digits)
        agrees = (parts["code"].is_null() | (parts["code"] == currency)) & (parts["open"].is_null() == parts["close"].is_null())
        signs = parts.select(pl.sum_horizontal(pl.col("lead", "sign", "trail", "open").is_not_null())).to_series()
        readable = parts["n"].is_not_null() & agrees & (signs <= 1)
        number = parts["n"]
        minus = parts.select(pl.any_horizontal(pl.col("lead", "sign", "trail").eq_missing("-"))).to_series()
        negative = minus | parts["open"].is_not_null()
    plain = number.str.replace_all(f"[{re.escape(group)}{_SPACES}]", "") if _has_groups(number, group) else number
    halves = plain.str.splitn(decimal, 2).struct.unnest()
    whole, fraction = halves["field_0"], halves["field_1"].fill_null("")
    frame = pl.DataFrame(
        {
            "text": text,
            "whole": whole,
            "fraction": fraction,
            "readable": readable,
            "negative": negative,
            "exponent": currency.replace_strict(exponents, default=2, return_dtype=pl.Int64),
        }
    )
    return frame.select(_value(exponents).alias("value"), _fault().alias("fault"))


def _parts(text: pl.Series, digits: str) -> pl.DataFrame:
    pattern = (
        rf"^(?P<open>\()?\s*(?P<lead>[-+])?\s*(?:(?P<code>[A-Z]{{3}})|{_SYMBOLS})?\s*(?P<sign>[-+])?\s*"
        rf"(?P<n>{digits})\s*(?P<after>[A-Z]{{3}})?\s*(?P<trail>[-+])?\s*(?P<close>\))?$"
    )
    parts = text.str.extract_groups(pattern).struct.unnest()
    return parts.with_columns(pl.coalesce("code", "after").alias("code"))


def _has_groups(number: pl.Series, group: str) -> bool:
    return any(bool(number.str.contains(sign, literal=True).any()) for sign in (group, *_SPACES))


def _value(exponents: dict[str, int]) -> pl.Expr:
    whole = pl.col("whole").cast(pl.Int64, strict=False)
    fraction = pl.col("fraction")
    value = pl.lit(None, dtype=pl.Int64)
    for exponent in sorted({2, *exponents.values()}):
        cents = fraction.str.slice(0, exponent).str.pad_end(exponent, "0").cast(pl.Int64, strict=False) if exponent else 0
        value = pl.when(pl.col("exponent") == exponent).then(whole * 10**exponent + cents).otherwise(value)
    return pl.when("negative").then(-value).otherwise(value)


def _fault() -> pl.Expr:
    """Decimals beyond the currency's are forgiven when they are zeros, but never three: those may be thousands."""
    length = pl.col("fraction").str.len_bytes()
    beyond = pl.col("fraction").str.slice(pl.col("exponent"))
    too_many = (length > pl.col("exponent")) & ((length == 3) | (beyond.str.strip_chars("0") != ""))
    return (
        pl.when(pl.col("text").is_null())
        .then(None)
        .when(~pl.col("readable"))
        .then(pl.lit("unreadable_amount"))
        .when(pl.col("whole").str.strip_chars_start("0").str.len_bytes() > _MAX_DIGITS)
        .then(pl.lit("amount_too_large"))
        .when(too_many)
        .then(pl.lit("too_many_decimals"))
        .otherwise(None)
    )
