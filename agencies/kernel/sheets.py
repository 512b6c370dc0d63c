"""Cells of the CSV files we hand out: text that a spreadsheet must not take for a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

#: What a spreadsheet reads as the beginning of a formula, also in full width, and what can hide one.
_FORMULA = (*"=+-@\t\r\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
#: Signed numbers, such as telephone numbers with their country, compute nothing.
_NUMBERS = re.compile(r"[+-]?\d+([.,]\d+)?(; \+?\d+)*")


def inert(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would otherwise run it."""
    begins = text.lstrip(" ").startswith(_FORMULA)
    return f"'{text}" if begins and not _NUMBERS.fullmatch(text) else text


def csv_bytes(rows: Iterable[Iterable[object]]) -> bytes:
    """Rows as CSV in UTF-8: text made inert, numbers and dates as they are, nothing for None."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(
        [inert(cell) if isinstance(cell, str) else cell for cell in row] for row in rows
    )
    return out.getvalue().encode()
