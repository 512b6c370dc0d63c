"""What a file is, judged by its first bytes and never by its name: text, a workbook, an archive, or nothing we open."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import BinaryIO

from uploads.faults import UnusableFile

#: Where the marks of every format stand, and enough lines to know a file of fixed width by.
HEAD_BYTES = 64 << 10


class Format(StrEnum):
    """How a file is packed; stored with the upload."""

    TEXT = "text"
    #: Records of fixed width, cut by a layout.
    FIXED = "fixed"
    XLSX = "xlsx"
    #: The same with macros in it; they are never read.
    XLSM = "xlsm"
    XLSB = "xlsb"
    XLS = "xls"
    ODS = "ods"
    ZIP = "zip"
    GZIP = "gzip"


WORKBOOKS = frozenset({Format.XLSX, Format.XLSM, Format.XLSB, Format.XLS, Format.ODS})
#: What a name says, for the reader and for the program that looks at names.
SUFFIXES = {one: f".{one}" for one in WORKBOOKS}

_ZIP, _GZIP, _OLE = b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: An archive of nothing, and one cut into several files.
_ODD_ZIPS = (b"PK\x05\x06", b"PK\x07\x08")
_OTHER_FORMATS = (
    (b"%PDF", "PDF"),
    (b"7z\xbc\xaf", "7Z"),
    (b"Rar!", "RAR"),
    (b"BZh", "BZIP2"),
    (b"\xfd7zXZ", "XZ"),
    (b"\x28\xb5\x2f\xfd", "ZSTD"),
    (b"{\\rtf", "RTF"),
    (b"\x7fELF", "ELF"),
    (b"PAR1", "PARQUET"),
    (b"SQLite format 3", "SQLite"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
)
_HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<!doctype html|<html|<table|<meta)", re.IGNORECASE)
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml")
#: Streams of the compound files that Microsoft Office wrote before 2007, and still writes around what is encrypted.
_ENCRYPTED, _BOOK_STREAMS = "EncryptedPackage".encode("utf-16-le"), ("Workbook", "Book")
_DIRECTORY_BYTES = 8 << 20


def detect(file: BinaryIO) -> Format:
    """How a file is packed, by what is read in a moment; raises `UnusableFile` for what is known to be nothing we open.

    Workbooks of today are archives. Which one shows only by the directory of the archive, which may be as long as the
    file: whoever opens it reads that, in a process of its own (`packages.kind_of`).
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if head.startswith(_ZIP):
        return Format.ZIP
    if head.startswith(_GZIP):
        return Format.GZIP
    if head.startswith(_OLE):
        return _compound(file)
    if head.startswith(_ODD_ZIPS):
        raise UnusableFile("nothing_packed")
    if head.startswith(b"MZ") and b"This program" in head[:512]:
        raise UnusableFile("not_text", format="EXE")
    for mark, name in _OTHER_FORMATS:
        if head.startswith(mark):
            raise UnusableFile("not_text", format=name)
    if _HTML.match(head):
        raise UnusableFile("saved_as_page", format="HTML")
    if _XML.match(head):
        raise UnusableFile("saved_as_page" if b"Workbook" in head else "not_text", format="XML")
    return Format.TEXT


def _compound(file: BinaryIO) -> Format:
    file.seek(0, 2)
    size = file.tell()
    # The directory of streams stands anywhere, mostly at the end.
    pieces = []
    for start in {0, max(0, size - _DIRECTORY_BYTES)}:
        file.seek(start)
        pieces.append(file.read(_DIRECTORY_BYTES))
    if any(_ENCRYPTED in piece for piece in pieces):
        raise UnusableFile("password")
    if not any(_stream(name) in piece for name in _BOOK_STREAMS for piece in pieces):
        raise UnusableFile("not_text", format="DOC, PPT, MSG")
    return Format.XLS


def _stream(name: str) -> bytes:
    """A stream's name as the directory writes it: two bytes a character, closed by a zero."""
    return (name + "\0").encode("utf-16-le")
