"""The one file an archive holds, unpacked with a limit on everything; what is declared is never believed uncounted."""

from __future__ import annotations

import lzma
import stat
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import PurePosixPath
from typing import IO, Any, BinaryIO, cast

from uploads.faults import UnusableFile
from uploads.formats.limits import Limits

#: What readers of archives raise over bytes that their authors never saw: each of these was seen.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
    LookupError,
    ArithmeticError,
    RuntimeError,
)
_PIECE = 1 << 20
#: Behind every member of a gzip file the rest of a piece is copied, so that these are small.
_SMALL_PIECE = 32 << 10
#: What programs put beside the file their user packed.
_CLUTTER = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")
_ENCRYPTED = 0x1
#: Whoever wants an entity expanded declares it; no program that writes spreadsheets does.
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY", "<!DOCTYPE".encode("utf-16-le"), "<!DOCTYPE".encode("utf-16-be"))
_LONGEST_DECLARATION = max(map(len, _DECLARATIONS))


class _Measured:
    """A file that is never read by more than a limit at once, as a directory is, however long it says that it is."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file, self._most = file, most

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(min(size, self._most + 1) if size >= 0 else self._most)
        if len(data) > self._most:
            raise UnusableFile("too_large_unpacked")
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def directory(file: BinaryIO, limits: Limits) -> zipfile.ZipFile:
    """An archive whose directory is not too long to be read; raises `UnusableFile`, and any of `UNREADABLE`."""
    return zipfile.ZipFile(cast("IO[bytes]", _Measured(file, limits.directory_bytes)))


def members(file: BinaryIO, limits: Limits) -> list[zipfile.ZipInfo]:
    """The entries of an archive whose directory is harmless; raises `UnusableFile`."""
    try:
        with directory(file, limits) as archive:
            entries = archive.infolist()
    except UNREADABLE as error:
        raise UnusableFile("damaged") from error
    if len(entries) > limits.entries:
        raise UnusableFile("too_large_unpacked")
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise UnusableFile("password")
    if any(_leaves(entry) for entry in entries):
        raise UnusableFile("unsafe_archive")
    if len({entry.filename for entry in entries}) < len(entries):
        raise UnusableFile("unsafe_archive")
    packed = sum(entry.compress_size for entry in entries)
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > limits.unpacked_bytes or _is_too_dense(packed, unpacked, limits):
        raise UnusableFile("too_large_unpacked")
    return entries


def only_file(file: BinaryIO, limits: Limits) -> zipfile.ZipInfo:
    """The one file in an archive; raises `UnusableFile` when there is none or there are several."""
    files = [entry for entry in members(file, limits) if not entry.is_dir() and not _is_clutter(entry.filename)]
    if not files:
        raise UnusableFile("nothing_packed")
    if len(files) > 1:
        names = ", ".join(PurePosixPath(entry.filename).name for entry in files[:5])
        raise UnusableFile("several_files", count=len(files), names=names[:200])
    return files[0]


def unpack(file: BinaryIO, entry: zipfile.ZipInfo, limits: Limits) -> Iterator[bytes]:
    """The bytes of one entry, as many as there really are; raises `UnusableFile` when they are too many or wrong."""
    room = _room(entry.compress_size, limits)
    counted = 0
    try:
        with directory(file, limits) as archive, archive.open(entry) as packed:
            while piece := packed.read(_PIECE):
                counted += len(piece)
                if counted > room:
                    raise UnusableFile("too_large_unpacked")
                yield piece
    except UNREADABLE as error:
        raise UnusableFile("damaged") from error


def gunzip(file: BinaryIO, packed_bytes: int, limits: Limits) -> Iterator[bytes]:
    """What a gzip file holds, member by member; raises `UnusableFile`."""
    room = _room(packed_bytes, limits)
    file.seek(0)
    counted, begun, rest = 0, 0, file.read(_SMALL_PIECE)
    try:
        while rest:
            begun += 1
            if begun > limits.members:
                raise UnusableFile("too_large_unpacked")
            inflater = zlib.decompressobj(wbits=31)
            for piece in _streamed(inflater, chain([rest], iter(partial(file.read, _SMALL_PIECE), b""))):
                counted += len(piece)
                if counted > room:
                    raise UnusableFile("too_large_unpacked")
                yield piece
            # Behind a member there may be another one, or the zeros of a tape.
            rest = inflater.unused_data.lstrip(b"\0")
            while not rest and (read := file.read(_SMALL_PIECE)):
                rest = read.lstrip(b"\0")
    except UNREADABLE as error:
        raise UnusableFile("damaged") from error


def count_out(file: BinaryIO, limits: Limits) -> int:
    """Unpack a workbook's parts once, keeping nothing; returns their bytes.

    Directories can be forged, and the reader behind believes them. The check sums are verified on the way, and parts
    that declare entities are refused, so that no parser ever has to decide about them.
    """
    entries = members(file, limits)
    unpacked, packed = 0, sum(entry.compress_size for entry in entries)
    room = _room(packed, limits)
    try:
        for entry in entries:
            before = b""
            for piece in _inflated(file, entry):
                unpacked += len(piece)
                if unpacked > room:
                    raise UnusableFile("too_large_unpacked")
                # Blanks and comments of any length may stand before it, and it may be cut in two.
                if _declares(before + piece):
                    raise UnusableFile("unsafe_archive")
                before = piece[-_LONGEST_DECLARATION:]
    except UNREADABLE as error:
        raise UnusableFile("damaged") from error
    return unpacked


def _declares(text: bytes) -> bool:
    # Hardly any piece of a workbook holds the sign that all of them have, and one byte is found much faster.
    return b"!" in text and any(mark in text for mark in _DECLARATIONS)


def _inflated(file: BinaryIO, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes an entry's stream really gives, whatever length the directory declares."""
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise UnusableFile("damaged")
    file.seek(entry.header_offset)
    header = file.read(30)
    if len(header) < 30 or not header.startswith(b"PK\x03\x04"):
        raise UnusableFile("damaged")
    file.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    packed = _taken(file, entry.compress_size)
    pieces = packed
    if entry.compress_type == zipfile.ZIP_DEFLATED:
        pieces = _streamed(zlib.decompressobj(-15), packed)
    crc, made = 0, 0
    for piece in pieces:
        crc, made = zlib.crc32(piece, crc), made + len(piece)
        yield piece
    if crc != entry.CRC or made != entry.file_size:
        raise UnusableFile("damaged")


def _taken(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size:
        data = file.read(min(size, _PIECE))
        if not data:
            raise UnusableFile("damaged")
        size -= len(data)
        yield data


def _streamed(inflater: Any, packed: Iterator[bytes]) -> Iterator[bytes]:
    """What one deflated stream gives, never more than a piece at a time."""
    data = next(packed, b"")
    while not inflater.eof:
        piece = inflater.decompress(data, _PIECE)
        data = inflater.unconsumed_tail
        if piece:
            yield piece
        elif not data and not inflater.eof:
            data = next(packed, b"")
            if not data:
                raise UnusableFile("damaged")


def _leaves(entry: zipfile.ZipInfo) -> bool:
    """Whether an entry names a place outside the archive, or is a link to one."""
    name = entry.filename.replace("\\", "/")
    is_link = stat.S_ISLNK(entry.external_attr >> 16)
    return is_link or name.startswith("/") or ":" in name.split("/")[0] or ".." in name.split("/") or "\0" in name


def _is_clutter(name: str) -> bool:
    return name.startswith(_CLUTTER[0]) or PurePosixPath(name).name in _CLUTTER or "/._" in f"/{name}"


def room_for(packed: int, limits: Limits, most: int) -> int:
    """How many bytes may come of so many packed ones."""
    return min(most, max(limits.free_bytes, packed * limits.ratio))


def _room(packed: int, limits: Limits) -> int:
    return room_for(packed, limits, limits.unpacked_bytes)


def _is_too_dense(packed: int, unpacked: int, limits: Limits) -> bool:
    return unpacked > _room(packed, limits)
