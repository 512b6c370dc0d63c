"""Cells of the CSV files we hand out: text that a spreadsheet must not take for a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

#: What a spreadsheet reads as the beginning of a formula, also in full width, and what can hide one.
_FORMULA = (*"=+-@\t\r\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
#: Signed amounts, with groups and decimals of either kind, and telephone numbers with their country compute nothing. A
#: space or a bracket stands behind the country's code: of digits and hyphens alone a spreadsheet makes a difference.
_NUMBERS = re.compile(
    r"[+-]?[0-9]{1,3}(?:([.,' \u00a0\u202f])[0-9]{3})(?:\1[0-9]{3})*(?:[.,][0-9]+)?"
    r"|[+-]?[0-9]+(?:[.,][0-9]+)?(?:; \+?[0-9]+)*"
    r"|\+[0-9]{1,4}(?: ?\(| )[0-9][0-9 ()-]{4,18}"
)
#: How a cell begins that was made inert, as a pattern; behind the apostrophe stands what the cell was.
MADE_INERT = rf"^ *'( *[{re.escape(''.join(_FORMULA))}])"


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
