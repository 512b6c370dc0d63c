"""Tables that leave the portal as spreadsheets: numbers stay numbers, text is never a formula."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO

import xlsxwriter

#: A sheet's name may not be longer.
_NAME = 31


@dataclass(frozen=True)
class SheetColumn:
    """The head of a column, and the number format of what stands under it."""

    head: str
    number_format: str = "General"


def workbook(title: str, columns: Sequence[SheetColumn], rows: Iterable[Sequence[object]]) -> bytes:
    """One sheet with a head that stays in sight; nothing for None."""
    return workbooks([(title, columns, rows)])


def workbooks(sheets: Iterable[tuple[str, Sequence[SheetColumn], Iterable[Sequence[object]]]]) -> bytes:
    """Sheets with heads that stay in sight, in one book; nothing for None."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        for title, columns, rows in sheets:
            _write(book, bold, title, columns, rows)
    return out.getvalue()


def write_streamed(
    out: IO[bytes],
    sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[object]]]],
    *,
    made_at: Callable[[], datetime],
) -> None:
    """Write sheets of any length, a row at a time: memory does not grow with them, text is text, dates are dates.

    The book tells `made_at` as its time and no clock's, so that the same rows are the same bytes; it is asked for when
    all rows are through.
    """
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, {**options, "strings_to_numbers": False}) as book:
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        for title, head, rows in sheets:
            sheet = book.add_worksheet(title[:_NAME])
            sheet.freeze_panes(1, 1)
            for at, text in enumerate(head):
                sheet.set_column(at, at, 30 if at == 0 else 16)
                sheet.write_string(0, at, text, bold)
            for line, row in enumerate(rows, start=1):
                for at, cell in enumerate(row):
                    if isinstance(cell, str):
                        sheet.write_string(line, at, cell)
                    elif isinstance(cell, date):
                        sheet.write_datetime(line, at, cell, day)
                    elif cell is not None:
                        sheet.write_number(line, at, cell)
        book.set_properties({"created": made_at().replace(tzinfo=None)})


def _write(
    book: xlsxwriter.Workbook,
    bold: object,
    title: str,
    columns: Sequence[SheetColumn],
    rows: Iterable[Sequence[object]],
) -> None:
    sheet = book.add_worksheet(title[:_NAME])
    formats = [book.add_format({"num_format": column.number_format}) for column in columns]
    for at, (column, shape) in enumerate(zip(columns, formats, strict=True)):
        sheet.write_string(0, at, column.head, bold)
        sheet.set_column(at, at, 30 if at == 0 else 16, shape)
    for line, row in enumerate(rows, start=1):
        for at, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(line, at, cell)
            elif cell is not None:
                sheet.write_number(line, at, cell, formats[at])
    sheet.freeze_panes(1, 1)
