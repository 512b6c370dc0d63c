"""Which workbook an archive is, by the parts in it; for the process that opens files, because directories are long."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from uploads.faults import UnusableFile
from uploads.formats.archives import UNREADABLE, directory, members
from uploads.formats.limits import Limits
from uploads.formats.signatures import Format

_SPREADSHEETS = {
    b"application/vnd.oasis.opendocument.spreadsheet",
    b"application/vnd.oasis.opendocument.spreadsheet-template",
}
#: Parts in which macros stand, whatever the workbook calls itself, in small letters.
_MACRO_SHEETS = ("xl/macrosheets/", "xl/intlmacrosheets/")
_PROJECTS = ("vbaproject.bin", "vbadata.xml")


def kind_of(file: BinaryIO, limits: Limits) -> Format:
    """The kind of workbook that an archive is, or an archive; raises `UnusableFile`."""
    names = {entry.filename for entry in members(file, limits)}
    if "[Content_Types].xml" in names:
        if "xl/workbook.bin" in names:
            return Format.XLSB
        if not any(name.startswith("xl/") for name in names):
            raise UnusableFile("not_text", format="DOCX, PPTX")
        return Format.XLSM if _holds_macros(names) else Format.XLSX
    if "mimetype" in names and "content.xml" in names:
        if _declared(file, limits) not in _SPREADSHEETS:
            raise UnusableFile("not_text", format="ODT")
        return Format.ODS
    return Format.ZIP


def _holds_macros(names: Iterable[str]) -> bool:
    """Whether parts are called as macros are; for what the page says, since no workbook is handed out."""
    small = [name.lower() for name in names]
    return any(name.startswith(_MACRO_SHEETS) or name.endswith(_PROJECTS) for name in small)


def _declared(file: BinaryIO, limits: Limits) -> bytes:
    """What an OpenDocument file says that it is."""
    try:
        with directory(file, limits) as archive, archive.open("mimetype") as entry:
            return entry.read(200).strip()
    except UNREADABLE as error:
        raise UnusableFile("damaged") from error
