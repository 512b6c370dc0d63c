"""How much of a packed file is believed: what nobody's portfolio needs is refused before it costs anything."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What the process that opens a file may use and make."""

    #: Of everything in the file once it is unpacked. A million rows of 25 columns are 250 MB as text, 1.5 GB as XML.
    unpacked_bytes: int = 4 << 30
    #: Spreadsheets pack about 10 to 1, the emptiest about 60 to 1; deflate itself ends at 1032 to 1.
    ratio: int = 200
    #: Below this nobody can hide much, however well it is packed.
    free_bytes: int = 16 << 20
    #: A workbook has a few parts for each sheet.
    entries: int = 10_000
    #: Of an archive's directory: each of those entries with a name of 160 letters. Above the pieces files are read in.
    directory_bytes: int = 2 << 20
    #: Of a gzip file. Programs that make it in blocks close one every 64 KiB.
    members: int = 50_000
    #: Of the text that is made of a file: 40 bytes in each of the most cells.
    text_bytes: int = 2 << 30
    #: A sheet ends at 1,048,576 rows; this is one of them with 47 columns.
    cells: int = 50_000_000
    #: Of one row; a sheet ends at 16,384 columns.
    columns: int = 2_000
    #: A workbook is read whole before its first row is known: a million rows of 25 columns take 2.1 GB.
    memory_bytes: int = 3 << 30
    cpu_seconds: int = 300
    wall_seconds: int = 600


LIMITS = Limits()
