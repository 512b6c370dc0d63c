"""How a file that is no plain text was opened, and what else it could be read from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agencies.kernel.errors import msg
from uploads.faults import FILE_FAULTS
from uploads.models import Upload

FORMATS = {
    "text": msg("Text"),
    "fixed": msg("Text of fixed width"),
    "xlsx": msg("Excel workbook (XLSX)"),
    "xlsm": msg("Excel workbook with macros (XLSM)"),
    "xlsb": msg("Excel workbook (XLSB)"),
    "xls": msg("Excel workbook (XLS)"),
    "ods": msg("OpenDocument workbook (ODS)"),
    # Until they are opened, nobody knows what is in them.
    "zip": msg("Workbook or archive"),
    "gzip": msg("Archive (GZIP)"),
}
NOTES = {
    "repeated_headers": msg("Columns of the same name got a number, so that each can be told apart: %(names)s."),
    "unnamed_columns": msg("Columns without a name are called by their letter: %(names)s."),
    "long_numbers": msg(
        "These columns hold numbers so long that a spreadsheet shows them by a power of ten: %(names)s. Zeros before "
        "them and digits after the fifteenth are lost in the workbook itself; if they are accounts or documents, have "
        "them exported as text."
    ),
    "failed_formulas": msg(
        "Formulas of these columns gave an error such as #N/A or #REF!, and their cells were read as empty: %(names)s "
        "(%(count)s cells). If they should hold something, mend them in the workbook and send it again."
    ),
    "macros_left_out": msg("The workbook has macros. Only its cells were read; the macros stay behind."),
    "not_as_asked": msg("The file could not be read as you asked, so it is shown as before: %(fault)s"),
}
#: Texts translated and filled in.
Say = Callable[[str, Mapping[str, Any] | None], str]


@dataclass(frozen=True)
class Taken:
    """What was taken of a file, to fill the form with."""

    sheet: str
    layout: str
    is_fixed: bool
    #: The columns are unknown until somebody says where they stand.
    needs_layout: bool


def taken(upload: Upload) -> Taken:
    """What was taken of the file."""
    container = upload.container or {}
    return Taken(
        container.get("sheet", ""),
        container.get("layout", ""),
        container.get("format") == "fixed",
        bool(container.get("needs_layout")),
    )


def format_of(upload: Upload) -> str:
    """What kind of file it is: a text to be translated."""
    return FORMATS.get((upload.container or {}).get("format", "text"), FORMATS["text"])


def is_shown(upload: Upload) -> bool:
    """Whether there is anything to say or to choose."""
    return bool(upload.container)


def sheets(upload: Upload) -> list[tuple[str, str]]:
    """Name and label of every sheet that can be taken, hidden ones last."""
    found = (upload.container or {}).get("sheets", [])
    return [(one["name"], f"{one['name']} ({one['rows']:,} × {one['columns']})".replace(",", " ")) for one in found]


def facts(upload: Upload, say: Say) -> list[tuple[str, str]]:
    """What was taken of the file."""
    container = upload.container or {}
    named = (
        (msg("Format"), say(format_of(upload), None)),
        (msg("File in the archive"), container.get("entry")),
        (msg("Sheet"), container.get("sheet")),
        (msg("Other sheets"), ", ".join(name for name, _label in sheets(upload) if name != container.get("sheet"))),
        (msg("Layout"), container.get("layout_name")),
        (msg("Row of the header"), container.get("header_row") if container.get("format") != "fixed" else None),
        (msg("Lines left out: headers and trailers"), container.get("left_out")),
        (msg("Lines that are no records"), container.get("unreadable")),
        (msg("Further segments, not read"), _segments(container.get("segments") or {})),
    )
    return [(say(label, None), str(value)) for label, value in named if value]


def notes(upload: Upload, say: Say) -> list[str]:
    """What the reader should know before confirming the columns."""
    told = []
    for note in (upload.container or {}).get("notes", ()):
        given = dict(note)
        if "fault" in given:
            given["fault"] = say(FILE_FAULTS.get(given["fault"], ""), given.get("params") or None)
        if note["code"] in NOTES:
            told.append(say(NOTES[note["code"]], given))
    return told


def _segments(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in sorted(counted.items()))


def layout_choices(offered: Sequence[tuple[str, str]], say: Say) -> list[tuple[str, str]]:
    """The layouts a file can be read by."""
    return [("", say(msg("None: it has separators"), None)), *offered]
