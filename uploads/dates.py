"""Dates and instants as senders write them, read by one order of day and month, a column at a time."""

from __future__ import annotations

import polars as pl

from uploads.columns import Read

FIRST_YEAR, LAST_YEAR = 1900, 2100
#: Written where there is no date.
NO_DATE = ("0", "00/00/0000", "0000-00-00", "00-00-0000", "99/99/9999", "9999-99-99", "00000000")
_ISO = ("%Y-%m-%d", "%Y%m%d")
_NAMED = ("%d-%b-%Y", "%d-%b-%y", "%b-%d-%Y")
_BY_ORDER = {"dmy": ("%d-%m-%Y", "%d-%m-%y"), "mdy": ("%m-%d-%Y", "%m-%d-%y"), "ymd": ("%y-%m-%d",)}
_OTHER = {"dmy": ("mdy",), "mdy": ("dmy",), "ymd": ("dmy", "mdy")}
_MONTHS = {"ene": "jan", "abr": "apr", "ago": "aug", "set": "sep", "dic": "dec"}
_DATE_AND_TIME = (
    r"(?i)^(.*?\d)(?:[T ]\s*(\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?)\s*([ap])?\.?\s?(?:m\.?)?\s*(Z|[+-]\d{2}:?\d{2})?)?$"
)


def read_dates(text: pl.Series, order: str) -> Read:
    """The date of each cell; a time of day behind the date is left out."""
    value = _dates(text, order)
    if value.null_count() > text.null_count():
        text = _without_placeholders(text)
        value = value.zip_with(value.is_not_null(), _dates(_halves(text)["date"], order))
    return _judged(text, value, text, order)


def read_instants(text: pl.Series, order: str, time_zone: str) -> Read:
    """The instant of each cell in UTC; without an offset of its own a clock time is the sender's."""
    text = _without_placeholders(text)
    halves = _halves(text)
    day = _dates(halves["date"], order)
    clock = pl.col("time").fill_null("00:00").str.extract_groups(r"^(\d+):(\d+)(?::(\d+))?")
    hour, minute, second = (clock.struct.field(name).fill_null("0").cast(pl.Int64) for name in ("1", "2", "3"))
    in_half = pl.when(pl.col("half") == "p").then(hour % 12 + 12).when(pl.col("half") == "a").then(hour % 12)
    naive = pl.col("day").cast(pl.Datetime("us")) + pl.duration(
        hours=in_half.otherwise(hour), minutes=minute, seconds=second
    )
    local = naive.dt.replace_time_zone(time_zone, ambiguous="earliest", non_existent="null")
    stated = naive.dt.replace_time_zone("UTC") - _offset(pl.col("offset"))
    is_clock = (hour < 24) & (minute < 60) & (second < 60)
    value = (
        halves.with_columns(day=day)
        .select(
            pl.when(is_clock).then(
                pl.when(pl.col("offset").is_null()).then(local.dt.convert_time_zone("UTC")).otherwise(stated)
            )
        )
        .to_series()
    )
    faults = _judged(text, day, halves["date"], order).faults
    impossible = value.is_null() & text.is_not_null() & faults.is_null()
    return Read(value, faults).with_fault(impossible, "unreadable_date")


def decisive_orders(text: pl.Series) -> set[str]:
    """The orders that the numbers of a column leave possible for at least one of its cells, and for it alone."""
    found = text.str.extract_groups(r"^(\d{1,2})[-/.](\d{1,2})[-/.](?:\d{4}|\d{2})(?:\D|$)").struct.unnest()
    first, second = (found[name].cast(pl.Int64, strict=False) for name in ("1", "2"))
    orders = set()
    if ((first > 12) & (first <= 31) & (second <= 12)).any():
        orders.add("dmy")
    if ((second > 12) & (second <= 31) & (first <= 12)).any():
        orders.add("mdy")
    return orders


def needs_an_order(text: pl.Series) -> bool:
    """Whether any cell could be read by its order only."""
    return bool(text.str.contains(r"^\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})(?:\D|$)").any())


def _dates(text: pl.Series, order: str) -> pl.Series:
    value = text.str.to_date("%Y-%m-%d", strict=False)
    # Python and PostgreSQL agree on four digits; the reader above would take year 24 as well.
    value = value.set((value.dt.year() < 1000).fill_null(value=False), None)
    if value.null_count() == text.null_count():
        return value
    unified = text.str.replace_all(r"[/. ]", "-").str.to_lowercase()
    if unified.str.contains("[a-z]").any():
        unified = (
            unified.str.replace_many(_MONTHS).str.replace_all(r"([a-z]{3})[a-z]*-?", "$1-").str.replace_all("-de-", "-")
        )
        unified = unified.str.replace(r"^([a-z]{3}-(?:\d{4}|\d{2}))$", "01-$1")
    for form in (*_ISO[1:], *_BY_ORDER[order], *_NAMED, _ISO[0]):
        left = value.is_null() & unified.is_not_null()
        if not left.any():
            break
        shaped = unified.set(~left | ~unified.str.contains(_shape(form)), None)
        value = value.zip_with(~left, shaped.str.to_date(form, strict=False))
    return value


def _shape(form: str) -> str:
    """A year is written with as many digits as its form says."""
    parts = {"%Y": r"\d{4}", "%y": r"\d{2}", "%m": r"\d{1,2}", "%d": r"\d{1,2}", "%b": "[a-z]{3}"}
    if form == "%Y%m%d":
        return r"^(?:19|20)\d{6}$"
    return "^" + "-".join(parts[part] for part in form.split("-")) + "$"


def _halves(text: pl.Series) -> pl.DataFrame:
    parts = text.str.extract_groups(_DATE_AND_TIME).struct.unnest()
    return parts.select(
        pl.col("1").str.strip_chars().alias("date"),
        pl.col("2").alias("time"),
        pl.col("3").str.to_lowercase().alias("half"),
        pl.col("4").alias("offset"),
    )


def _offset(written: pl.Expr) -> pl.Expr:
    parts = written.str.extract_groups(r"^([+-])(\d{2}):?(\d{2})$")
    minutes = parts.struct.field("2").cast(pl.Int64) * 60 + parts.struct.field("3").cast(pl.Int64)
    sign = pl.when(parts.struct.field("1") == "-").then(-1).otherwise(1)
    return pl.duration(minutes=(minutes * sign).fill_null(0))


def _without_placeholders(text: pl.Series) -> pl.Series:
    return text.set(text.is_in(NO_DATE).fill_null(value=False), None)


def _judged(text: pl.Series, value: pl.Series, day: pl.Series, order: str) -> Read:
    """The values with the faults of those that are no dates, or none that we believe; `day` is the text of the date."""
    read = Read(value)
    unread = value.is_null() & text.is_not_null()
    if unread.any():
        in_other_order = [_dates(day.set(~unread, None), other).is_not_null() for other in _OTHER[order]]
        read = read.with_fault(unread, "unreadable_date")
        for readable in in_other_order:
            read = read.with_fault(unread & readable, "date_order")
    year = value.dt.year()
    return read.with_fault(((year < FIRST_YEAR) | (year > LAST_YEAR)).fill_null(value=False), "date_out_of_range")
