"""How rejected rows are written: in the format they were sent in, with the line and the reasons beside them."""

from __future__ import annotations

import codecs
import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import xlsxwriter

from agencies.kernel.sheets import inert
from uploads.formats.signatures import WORKBOOKS, Format
from uploads.models import Upload
from uploads.storage import Storage

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MARKS = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
_PIECE = 1 << 20
#: No cell of a workbook holds more characters.
_LONGEST_CELL = 32_767
#: Rows of a sheet, its header included.
_MOST_ROWS = 1_048_576

Row = Sequence[object]


@dataclass(frozen=True)
class Form:
    """What a file of rejected rows is: a workbook for a workbook, the original lines for fixed width, else text."""

    ending: str
    media_type: str
    #: The lines as they were sent stand in it, and not their cells.
    has_lines: bool = False


@dataclass(frozen=True)
class ErrorWords:
    """What the two columns put behind a row, and the sheet, are called."""

    line: str
    reasons: str
    sheet: str


ENGLISH = ErrorWords("line", "reasons", "Rejected")


def form_of(upload: Upload) -> Form:
    """The form in which the rejected rows of an upload come back."""
    container = upload.container or {}
    shape = container.get("format", Format.TEXT.value)
    if shape in {one.value for one in WORKBOOKS}:
        return Form("xlsx", XLSX)
    # What was packed as well is no file of lines that could be looked up again.
    if shape == Format.FIXED.value and "archive" not in container:
        return Form("csv", CSV, has_lines=True)
    return Form("csv", CSV)


@dataclass(frozen=True)
class Dialect:
    """How the text was written that the rows stood in."""

    encoding: str
    delimiter: str
    mark: bytes

    @classmethod
    def of(cls, upload: Upload, storage: Storage, key: str) -> Dialect:
        """As the file had it; text that was made of something else is written so that spreadsheets read it."""
        if (upload.container or {}).get("format", Format.TEXT.value) != Format.TEXT.value:
            return cls("utf-8", ",", codecs.BOM_UTF8)
        encoding = upload.encoding or "utf-8"
        mark = _MARKS.get(encoding, b"")
        with storage.open(key) as file:
            has_mark = bool(mark) and file.read(len(mark)) == mark
        return cls(encoding, upload.delimiter or ",", mark if has_mark else b"")


def as_text(rows: Iterable[Iterable[Row]], dialect: Dialect) -> Iterator[bytes]:
    """Batches of rows as delimited text: made inert; a letter that the encoding lacks becomes a question mark."""
    yield dialect.mark
    for batch in rows:
        out = io.StringIO()
        writer = csv.writer(out, delimiter=dialect.delimiter, lineterminator="\r\n")
        writer.writerows([inert(cell) if isinstance(cell, str) else cell for cell in row] for row in batch)
        yield out.getvalue().encode(dialect.encoding, "replace")


def as_workbook(rows: Iterable[Iterable[Row]], name: str) -> Iterator[bytes]:
    """Batches of rows as a workbook, written to disk row by row; text stays text, so that nothing is a formula.

    What one sheet cannot hold stands in the next ones, numbered and under the same header.
    """
    with tempfile.TemporaryFile() as file:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(file, options) as book:
            told = chain.from_iterable(rows)
            header = next(told)
            under = list(islice(told, 1))
            while under or not book.worksheets():
                number = len(book.worksheets()) + 1
                sheet = book.add_worksheet(name if number == 1 else f"{name} {number}")
                for at, row in enumerate(chain([header], under, islice(told, _MOST_ROWS - 2))):
                    for column, cell in enumerate(row):
                        if isinstance(cell, str):
                            sheet.write_string(at, column, cell[:_LONGEST_CELL])
                        else:
                            sheet.write(at, column, cell)
                under = list(islice(told, 1))
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece
