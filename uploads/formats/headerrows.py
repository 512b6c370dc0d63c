"""Which of the first rows names the columns: titles, dates and blank rows may stand above it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from uploads.faults import UnusableFile
from uploads.formats.headers import normal
from uploads.schemas.fields import Schema

#: Rows among which a header is looked for.
LOOKED_AT = 60
#: A number, date, e-mail address or code with more digits than letters: what columns are not called.
_DATA = re.compile(
    r"[-+($\s]*+[.,'\s]*+\d[\d.,'%)\s-]*+|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|[^@\s]+@[^@\s]+\.\w+|[A-Za-z]{0,3}[-\d]{5,}"
)
_MUCH_DATA = 1 / 3
#: Of its width a row must fill this share to be a header, unless its names are known.
_FILLED = 0.5
_FEW_KNOWN = 2


def known_names(schema: Schema) -> frozenset[str]:
    """Every name that a column of this kind of file is known by, normalised and without spaces."""
    return frozenset(
        normal(name).replace(" ", "") for field in schema.fields for name in (field.name, field.label, *field.synonyms)
    )


def count_known(row: Iterable[str], known: frozenset[str]) -> int:
    """How many cells of a row are names of columns."""
    return len({name for cell in row if cell and (name := normal(cell).replace(" ", "")) in known})


def find_header(rows: Sequence[Sequence[str]], known: frozenset[str]) -> int | None:
    """The row that names the columns; None when the first row that could do so looks like data.

    A row with names we know wins over the first row of full width, so that a legend above a table is no header.
    """
    rows = rows[:LOOKED_AT]
    filled = [_filled(row) for row in rows]
    if not any(filled):
        return None
    hits = [count_known(row, known) for row in rows]
    most = max(hits)
    # Titles fill a cell or two; the width of a table is what most of its rows have.
    usual = Counter(count for count in filled if count).most_common()
    width = max(count for count, times in usual if times == usual[0][1])
    wide = (at for at, count in enumerate(filled) if count and count >= max(_FILLED * width, min(2, width)))
    first = next(wide, None)
    if most >= _FEW_KNOWN and (first is None or most > 2 * hits[first]):
        return hits.index(most)
    return None if first is None or is_data(rows[first]) else first


def is_data(row: Iterable[str]) -> bool:
    """Whether too many cells of a row are what no column is called."""
    named = [cell.strip() for cell in row if cell.strip()]
    return not named or sum(bool(_DATA.fullmatch(name)) for name in named) / len(named) >= _MUCH_DATA


def tidy(header: Sequence[str], first_column: int = 0) -> tuple[list[str], dict[str, str]]:
    """The names of the columns on one line each and each once, and which were changed: new name -> what stood there.

    A column without a name is called by its letter, and of two with the same name the second gets a number.
    """
    names = [" ".join(cell.replace("\ufeff", "").split()) for cell in header]
    taken = {name.casefold() for name in names}
    seen: set[str] = set()
    changed: dict[str, str] = {}
    for at, name in enumerate(names):
        new = name or f"({letters(at + first_column)})"
        if name and name.casefold() in seen:
            new = _numbered(name, taken)
            taken.add(new.casefold())
        if new != name:
            changed[new] = name
        seen.add(new.casefold())
        names[at] = new
    return names, changed


def check_header(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Raises `UnusableFile` when the header names nothing, or nothing stands under it."""
    if is_data(header):
        raise UnusableFile("no_header")
    if not any(any(cell.strip() for cell in row) for row in rows):
        raise UnusableFile("header_only")


def letters(at: int) -> str:
    """The letters a spreadsheet calls a column by, the first being A."""
    name = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        name = chr(65 + rest) + name
    return name


def notes_on(changed: Mapping[str, str]) -> list[dict[str, object]]:
    """What the reader should know about renamed columns, as stored with the container."""
    repeated = [new for new, old in changed.items() if old]
    unnamed = [new for new, old in changed.items() if not old]
    notes: list[dict[str, object]] = []
    if repeated:
        notes.append({"code": "repeated_headers", "names": ", ".join(repeated)[:200], "count": len(repeated)})
    if unnamed:
        notes.append({"code": "unnamed_columns", "names": ", ".join(unnamed)[:200], "count": len(unnamed)})
    return notes


def _filled(row: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _numbered(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}_{number}".casefold() in taken:
        number += 1
    return f"{name}_{number}"
