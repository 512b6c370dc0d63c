"""What becomes of a file before its columns are confirmed: read in this process, by the product's own code."""

from __future__ import annotations

import io
import tempfile
from dataclasses import dataclass
from pathlib import Path

from uploads.faults import UnusableFile
from uploads.formats.blocks import blocks
from uploads.formats.frames import read
from uploads.formats.limits import LIMITS
from uploads.formats.opener import Opening
from uploads.formats.signatures import Format, detect
from uploads.reading import Dialect, made, sniff


@dataclass(frozen=True)
class Verdict:
    """How a file was read; or the code of why it was not."""

    fault: str | None = None
    format: str = "text"
    encoding: str = "utf-8"
    delimiter: str = ","
    header: tuple[str | int, ...] = ()
    #: The record the header stands in.
    line: int = 1
    rows: int = 0
    #: Records that do not fit the header.
    ragged: int = 0


def verdict(path: Path) -> Verdict:
    """What becomes of a file."""
    try:
        with path.open("rb") as file:
            shape = detect(file)
            if shape is Format.TEXT:
                return _counted(file, sniff(file), "text")
            with tempfile.TemporaryFile() as text:
                order = {"known": ["id", "name", "obligacion", "saldo"]}
                found = Opening(order, LIMITS, text, io.StringIO()).open(file, is_inside=False)
                dialect = made(text, found["header"], found["data_line"]) if "header" in found else sniff(text)
                return _counted(text, dialect, found["format"])
    except UnusableFile as unusable:
        return Verdict(unusable.fault.code)


def _counted(file, dialect: Dialect, shape: str) -> Verdict:
    rows = ragged = 0
    line, width = dialect.data_line, len(dialect.header)
    for block in blocks(file, dialect.encoding, dialect.delimiter, dialect.data_offset):
        sheet = read(block, width, dialect.delimiter, range(width), line + 1)
        line += sheet.records
        rows, ragged = rows + len(sheet.frame), ragged + len(sheet.ragged)
    return Verdict(None, shape, dialect.encoding, dialect.delimiter, dialect.header, dialect.data_line, rows, ragged)
