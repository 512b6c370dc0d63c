"""The template of a kind of file: a sheet to fill in, with an example, and one that says what each column may hold."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from uploads.schemas.fields import FieldType

_NAME = 31
#: Rows that are prepared for typing: their formats, and their lists to choose from.
PREPARED = 5_000
_FORMATS = {FieldType.AMOUNT: "#,##0.00", FieldType.INTEGER: "0", FieldType.DATE: "yyyy-mm-dd"}


@dataclass(frozen=True)
class BookColumn:
    """One column of a template, in the reader's language."""

    heading: str
    type: FieldType
    is_needed: bool
    example: str
    #: How it is called, whether it is needed, its kind of value, its help: the row of the second sheet.
    told: tuple[str, ...]
    #: What may stand in it, where that is a list.
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class BookWords:
    """The names of the sheets and the head of the second one."""

    rows: str
    help: str
    heads: tuple[str, ...]


def template_book(columns: list[BookColumn], words: BookWords) -> bytes:
    """The template as a workbook; text columns keep leading zeros, and nothing in it is a formula."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        sheet, told = book.add_worksheet(words.rows[:_NAME]), book.add_worksheet(words.help[:_NAME])
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#E3EFF1"})
        needed = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#FBF1DC"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        ranges = _explain(told, columns, words, bold, wrapped)
        for at, column in enumerate(columns):
            shape = book.add_format({"num_format": _FORMATS.get(column.type, "@")})
            sheet.set_column(at, at, max(14, min(34, len(column.heading) + 4)), shape)
            sheet.write_string(0, at, column.heading, needed if column.is_needed else bold)
            _write(sheet, at, column, shape)
            if column.allowed:
                # A warning and no refusal: a sender's own codes may stand there too.
                chosen = {"validate": "list", "source": ranges[at], "error_type": "warning"}
                sheet.data_validation(1, at, PREPARED, at, chosen)
        sheet.freeze_panes(1, 0)
        told.freeze_panes(1, 1)
    return out.getvalue()


def _write(sheet: xlsxwriter.worksheet.Worksheet, at: int, column: BookColumn, shape: object) -> None:
    """The example, as its type is typed into a spreadsheet."""
    if column.type is FieldType.DATE and column.example:
        sheet.write_datetime(1, at, date.fromisoformat(column.example), shape)
    elif column.type in {FieldType.AMOUNT, FieldType.INTEGER} and column.example:
        sheet.write_number(1, at, float(column.example), shape)
    else:
        sheet.write_string(1, at, column.example, shape)


def _explain(
    sheet: xlsxwriter.worksheet.Worksheet,
    columns: list[BookColumn],
    words: BookWords,
    bold: object,
    wrapped: object,
) -> dict[int, str]:
    """Fill the second sheet; where the allowed values of each column stand there, by the column's place."""
    for at, head in enumerate(words.heads):
        sheet.write_string(0, at, head, bold)
        sheet.set_column(at, at, 60 if at == len(words.heads) - 1 else 24, wrapped)
    ranges, place = {}, len(words.heads) + 1
    for line, column in enumerate(columns):
        for at, text in enumerate(column.told):
            sheet.write_string(line + 1, at, text, wrapped)
        if column.allowed:
            sheet.set_column(place, place, 26)
            sheet.write_string(0, place, column.heading, bold)
            for row, value in enumerate(column.allowed, start=1):
                sheet.write_string(row, place, value)
            name = sheet.get_name().replace("'", "''")
            letter = xl_col_to_name(place, col_abs=True)
            ranges[line] = f"='{name}'!{letter}$2:{letter}${len(column.allowed) + 1}"
            place += 1
    return ranges
