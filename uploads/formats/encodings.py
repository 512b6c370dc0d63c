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
_IBERIAN = frozenset("áéíóúüñçãõâêôàÁÉÍÓÚÜÑÇÃÕÂÊÔÀ¿¡ªº°“”‘’–—…€\u00a0")
#: Of the high bytes of western text in UTF-16 nearly all are zero, of the low ones none.
_MOSTLY, _HARDLY = 0.7, 0.05


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
    for mark, codec in _MARKS:
        if head.startswith(mark):
            if not _fits(file, codec):
                raise UnusableFile("unreadable_encoding")
            return Encoding(codec, len(mark))
    if b"\x00" in head:
        wide = _unmarked(head)
        if wide is None or not _fits(file, wide):
            raise UnusableFile("not_text", format="?")
        return Encoding(wide, 0)
    if _fits(file, "utf-8"):
        return Encoding("utf-8", 0)
    return Encoding(_guess(file), 0)


def _unmarked(head: bytes) -> str | None:
    """Which UTF-16 text without its mark is in, by where the zeros stand."""
    even, odd = head[0::2], head[1::2]
    first, second = even.count(0) / len(even), odd.count(0) / max(1, len(odd))
    if first <= _HARDLY and second >= _MOSTLY:
        return "utf-16-le"
    return "utf-16-be" if second <= _HARDLY and first >= _MOSTLY else None


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
    # A few names are too little for statistics of a language: the letters that people's names are made of come first.
    likely = sorted((one for one in (said, *_SINGLE_BYTE) if one), key=lambda codec: -_letters(bytes(evidence), codec))
    for codec in likely:
        if _fits(file, codec):
            return codecs.lookup(codec).name
    raise UnusableFile("unreadable_encoding")


def _letters(evidence: bytes, codec: str) -> float:
    """How many of the characters outside ASCII are letters and signs of Spanish or Portuguese, to two decimals."""
    foreign = [c for c in evidence.decode(codec, errors="replace") if not c.isascii()]
    return round(sum(c in _IBERIAN for c in foreign) / len(foreign), 2) if foreign else 0.0


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(_CHUNK):
        yield chunk
