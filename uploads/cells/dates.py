"""Dates and instants as senders write them, read by one order of day and month, a column at a time."""

from __future__ import annotations

import re
from datetime import date

import polars as pl

from uploads.cells.columns import Read

FIRST_YEAR, LAST_YEAR = 1900, 2100
#: Written where there is no date.
NO_DATE = ("0", "00/00/0000", "0000-00-00", "00-00-0000", "99/99/9999", "9999-99-99", "00000000")
#: What dates written as bare numbers can be: days since 1900 or 1904 as spreadsheets count, seconds since 1970 or their
#: thousandths. A number alone does not say it; a whole column of them may (`settle_numbers`).
SERIAL_1900, SERIAL_1904, SECONDS, MILLISECONDS = "serial_1900", "serial_1904", "epoch_s", "epoch_ms"
NUMBERS = (SERIAL_1900, SERIAL_1904, SECONDS, MILLISECONDS)
_NUMBER_SHAPES = {
    SERIAL_1900: r"^[1-7]\d{4}(?:\.\d+)?$",
    SERIAL_1904: r"^[1-7]\d{4}(?:\.\d+)?$",
    SECONDS: r"^-?\d{9,10}$",
    MILLISECONDS: r"^-?\d{11,13}$",
}
_WEEK_OR_MONTH = r"^(?:19|20)\d{2}-?W?(?:0[1-9]|[1-4]\d|5[0-3])$"
_ISO = ("%Y-%m-%d", "%Y%m%d")
_NAMED = ("%d-%b-%Y", "%d-%b-%y", "%b-%d-%Y")
_BY_ORDER = {
    "dmy": ("%d-%m-%Y", "%d-%m-%y", "%d%m%Y"),
    "mdy": ("%m-%d-%Y", "%m-%d-%y", "%m%d%Y"),
    "ymd": ("%y-%m-%d",),
}
_OTHER = {"dmy": ("mdy",), "mdy": ("dmy",), "ymd": ("dmy", "mdy")}
#: Day and month by their order: with signs between them, or as eight digits that are no year first.
_ORDERED = r"^(\d{1,2})[-/. ](\d{1,2})[-/. ](?:\d{4}|\d{2})(?:\D|$)|^(\d{2})(\d{2})(?:19|20)\d{2}$"
_MONTHS = {"ene": "jan", "abr": "apr", "ago": "aug", "set": "sep", "dic": "dec"}
_DATE_AND_TIME = (
    r"(?i)^(.*?\d)(?:[T ]\s*(\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?)\s*([ap])?\.?\s?(?:m\.?)?\s*(Z|[+-]\d{2}:?\d{2})?)?$"
)


def read_dates(text: pl.Series, order: str, numbers: str = "", *, latest: int | None = None) -> Read:
    """The date of each cell; a time of day behind the date is left out. `numbers` is what bare numbers are.

    After the `latest` year nothing of this column can have happened: 55 is 1955 then, and 24 is 2024.
    """
    value = _numbered(text, numbers) if numbers else _dates(text, order)
    if value.null_count() > text.null_count():
        text = _without_placeholders(text)
        value = value.zip_with(value.is_not_null(), _dates(_halves(text)["date"], order))
    if numbers:
        value = value.zip_with(value.is_not_null(), _dates(text, order))
    if latest is not None:
        value = _of_the_century_before(text, value, latest)
    return _judged(text, value, text, order)


def settle_numbers(text: pl.Series) -> str:
    """What the bare numbers of a column are, when all of its cells are such numbers of one kind; else nothing."""
    text = _without_placeholders(text).drop_nulls()
    if not len(text):
        return ""
    kinds = (SERIAL_1900, SECONDS, MILLISECONDS)
    return next((kind for kind in kinds if text.str.contains(_NUMBER_SHAPES[kind]).all()), "")


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


def decisive_orders(text: pl.Series) -> dict[str, int]:
    """The orders that the numbers of a column leave possible for some of its cells, and for these alone: how many."""
    found = text.str.extract_groups(_ORDERED).struct.unnest()
    first, second = (
        found[name].fill_null(found[other]).cast(pl.Int64, strict=False) for name, other in (("1", "3"), ("2", "4"))
    )
    proofs = {
        "dmy": (first > 12) & (first <= 31) & (second <= 12),
        "mdy": (second > 12) & (second <= 31) & (first <= 12),
    }
    return {order: count for order, where in proofs.items() if (count := int(where.sum()))}


def order_of(cell: str) -> str | None:
    """The order that one date proves, "" where it only needs one, None where it needs none."""
    found = re.match(_ORDERED, cell)
    if found is None or cell in NO_DATE:
        return None
    first, second = int(found[1] or found[3]), int(found[2] or found[4])
    if first <= 31 and second <= 12 < first:
        return "dmy"
    return "mdy" if first <= 12 < second <= 31 else ""


def needs_an_order(text: pl.Series) -> pl.Series:
    """Where a cell could be read by its order only."""
    is_ordered = text.str.contains(_ORDERED)
    # What stands for no date is looked for where anything needs an order at all.
    if is_ordered.any():
        is_ordered = _without_placeholders(text).str.contains(_ORDERED)
    return is_ordered.fill_null(value=False)


def _numbered(text: pl.Series, numbers: str) -> pl.Series:
    shaped = _without_placeholders(text)
    shaped = shaped.set(~shaped.str.contains(_NUMBER_SHAPES[numbers]), None)
    if numbers in {SERIAL_1900, SERIAL_1904}:
        # The spreadsheet's 1900 had a 29 February, so its day 0 lies two days before the year.
        first = date(1899, 12, 30) if numbers == SERIAL_1900 else date(1904, 1, 1)
        days = shaped.str.extract(r"^(\d+)").cast(pl.Int32)
        return (days + (first - date(1970, 1, 1)).days).cast(pl.Date)
    unit = 1000 if numbers == SECONDS else 1
    return (shaped.cast(pl.Int64) * unit).cast(pl.Datetime("ms")).cast(pl.Date)


def _dates(text: pl.Series, order: str) -> pl.Series:
    value = text.str.to_date("%Y-%m-%d", strict=False)
    # Python and PostgreSQL agree on four digits; the reader above would take year 24 as well.
    is_short = value < date(1000, 1, 1)
    if is_short.any():
        value = value.set(is_short.fill_null(value=False), None)
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


def _of_the_century_before(text: pl.Series, value: pl.Series, latest: int) -> pl.Series:
    """The dates; those after the latest year are a hundred years earlier where only two digits of it were written."""
    ahead = value > date(latest, 12, 31)
    if not ahead.any():
        return value
    short = ahead.fill_null(value=False) & ~_halves(text)["date"].fill_null("").str.contains(r"\d{4}")
    return value.zip_with(~short, value.dt.offset_by("-100y"))


def _shape(form: str) -> str:
    """A year is written with as many digits as its form says."""
    parts = {"%Y": r"\d{4}", "%y": r"\d{2}", "%m": r"\d{1,2}", "%d": r"\d{1,2}", "%b": "[a-z]{3}"}
    if form == "%Y%m%d":
        return r"^(?:19|20)\d{6}$"
    if "-" not in form:
        return r"^\d{4}(?:19|20)\d{2}$"
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
    if value.null_count() > text.null_count():
        unread = value.is_null() & text.is_not_null()
        in_other_order = [_dates(day.set(~unread, None), other).is_not_null() for other in _OTHER[order]]
        read = read.with_fault(unread, "unreadable_date")
        read = read.with_fault(unread & day.str.contains(_WEEK_OR_MONTH).fill_null(value=False), "week_or_month")
        for readable in in_other_order:
            read = read.with_fault(unread & readable, "date_order")
    is_outside = (value < date(FIRST_YEAR, 1, 1)) | (value > date(LAST_YEAR, 12, 31))
    return read.with_fault(is_outside.fill_null(value=False), "date_out_of_range") if is_outside.any() else read
