"""The comparison as a file: lines and columns of the page in its order, the limits in columns of their own."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Sequence
from datetime import date

from agencies.kernel.errors import msg
from agencies.kernel.money import exponent, major
from agencies.kernel.sheets import csv_bytes
from agencies.kernel.tenancy import Side
from portal.i18n import say
from portal.presenters.comparison import Line, View, period
from portal.presenters.figures import Column, Kind
from portal.workbooks import SheetColumn, workbook

_SHARE = "0.00%"
_LOW = msg("%(figure)s, lower limit")
_HIGH = msg("%(figure)s, upper limit")


def columns(shown: Sequence[Column], view: View, side: Side) -> list[SheetColumn]:
    """The heads, with the currency where there are amounts, and the formats of the numbers under them."""
    made = [
        SheetColumn(say(msg("Agency") if side is Side.CREDITOR else msg("Creditor"))),
        SheetColumn(say(msg("Placements counted"))),
    ]
    for column in shown:
        label = say(column.label)
        if column.kind is Kind.AMOUNT:
            places = exponent(view.currency)
            made.append(SheetColumn(f"{label} ({view.currency})", "#,##0" + ("." + "0" * places if places else "")))
        else:
            made.append(SheetColumn(label, _SHARE if column.kind is Kind.SHARE else "#,##0"))
        if column.has_interval:
            made += [SheetColumn(say(text, {"figure": label}), _SHARE) for text in (_LOW, _HIGH)]
        if column.code == "standing":
            made.append(SheetColumn(say(msg("What is blocked"))))
    return made


def rows(shown: Sequence[Column], lines: Sequence[Line]) -> list[list[object]]:
    """What stands in the columns: shares as fractions of one, amounts in units, nothing where there is no figure."""
    return [[line.name, period(line.facts), *_cells(shown, line)] for line in lines]


def as_csv(shown: Sequence[Column], lines: Sequence[Line], view: View, side: Side) -> bytes:
    """The table as CSV, with the mark that tells spreadsheets it is UTF-8."""
    return BOM_UTF8 + csv_bytes([[one.head for one in columns(shown, view, side)], *rows(shown, lines)])


def as_xlsx(shown: Sequence[Column], lines: Sequence[Line], view: View, side: Side) -> bytes:
    """The table as a workbook."""
    return workbook(say(msg("Comparison of agencies")), columns(shown, view, side), rows(shown, lines))


#: How a file is written, by the end of its name.
FILES = {"csv": as_csv, "xlsx": as_xlsx}


def file_name(today: date, kind: str) -> str:
    """What the downloaded file is called."""
    return f"{say(msg('comparison'))}-{today:%Y-%m-%d}.{kind}"


def _cells(shown: Sequence[Column], line: Line) -> list[object]:
    made: list[object] = []
    for column in shown:
        figure = line.figures[column.code]
        if column.kind is Kind.AMOUNT:
            made.append(major(int(figure.value or 0), line.facts.currency))
        else:
            made.append(figure.value)
        if column.has_interval:
            made += figure.interval or (None, None)
        if column.code == "standing":
            made.append(figure.note or None)
    return made
