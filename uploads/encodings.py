"""How the bytes of a file become characters: byte order mark, else strict UTF-8 over the whole file, else a good guess.

A Spanish file that is not UTF-8 was nearly always written by a program for Windows or DOS, so the guess is limited to
four single-byte encodings; it is tried on the whole file before it is believed, and shown to the user.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import chardet

from uploads.faults import UnusableFile

_CHUNK = 1 << 20
#: Enough bytes outside ASCII for a guess; a file may have its first accent far down.
_EVIDENCE = 200_000
_SINGLE_BYTE = ("cp1252", "cp850", "latin-1", "mac-roman")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    # The mark of UTF-32 begins with that of UTF-16, and nobody writes CSV in UTF-32.
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_OTHER_FORMATS = (
    (b"PK\x03\x04", "ZIP, XLSX"),
    (b"\xd0\xcf\x11\xe0", "XLS"),
    (b"%PDF", "PDF"),
    (b"\x1f\x8b", "GZIP"),
    (b"7z\xbc\xaf", "7Z"),
    (b"Rar!", "RAR"),
    (b"{\\rtf", "RTF"),
    (b"<!DOCTYPE", "HTML"),
    (b"<html", "HTML"),
)


@dataclass(frozen=True)
class Encoding:
    """A codec's name, and where the text begins."""

    codec: str
    start: int


def detect(file: BinaryIO) -> Encoding:
    """The encoding of a whole file; raises `UnusableFile` when it is no text."""
    file.seek(0)
    head = file.read(_CHUNK)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"):
        raise UnusableFile("empty")
    for magic, name in _OTHER_FORMATS:
        if head.startswith(magic):
            raise UnusableFile("not_text", format=name)
    for mark, codec in _MARKS:
        if head.startswith(mark):
            if not _fits(file, codec):
                raise UnusableFile("unreadable_encoding")
            return Encoding(codec, len(mark))
    if b"\x00" in head:
        raise UnusableFile("not_text", format="?")
    if _fits(file, "utf-8"):
        return Encoding("utf-8", 0)
    return Encoding(_guess(file), 0)


def _fits(file: BinaryIO, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        for chunk in _chunks(file):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _guess(file: BinaryIO) -> str:
    evidence = bytearray()
    for chunk in _chunks(file):
        evidence += b"\n".join(line for line in chunk.splitlines() if not line.isascii())
        if len(evidence) >= _EVIDENCE:
            break
    said = chardet.detect(
        bytes(evidence),
        max_bytes=_EVIDENCE,
        include_encodings=_SINGLE_BYTE,
        prefer_superset=True,
        compat_names=False,
    )["encoding"]
    for codec in (said, *_SINGLE_BYTE):
        if codec is not None and _fits(file, codec):
            return codecs.lookup(codec).name
    raise UnusableFile("unreadable_encoding")


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(_CHUNK):
        yield chunk
