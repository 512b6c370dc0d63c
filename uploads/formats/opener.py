"""The process that opens files nobody trusts: bytes on standard input, UTF-8 text on standard output, a report beside.

It is started by `uploads.children` for one file, with limits on memory, time and what it may write, without settings,
secrets or database, and whatever happens to it happens to it alone.
"""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from uploads.faults import UnusableFile
from uploads.formats import archives, encodings, fixedwidth
from uploads.formats.formulaerrors import failed_cells
from uploads.formats.headerrows import notes_on
from uploads.formats.limits import Limits
from uploads.formats.packages import kind_of
from uploads.formats.signatures import HEAD_BYTES, SUFFIXES, WORKBOOKS, Format, detect
from uploads.formats.workbooks import Workbook

#: Rows between two words on how far it is.
_TOLD_EVERY = 20_000
_COPIED = 1 << 20


def main(order: dict[str, Any], report: TextIO) -> None:
    """Open what stands on standard input as ordered, and report what was found or why it cannot be used."""
    limits = Limits(**order["limits"])
    _confine(limits)
    out = os.fdopen(1, "wb", buffering=_COPIED)
    try:
        with os.fdopen(0, "rb") as file:
            found = Opening(order, limits, out, report).open(file, is_inside=False)
        out.flush()
    except UnusableFile as unusable:
        found = {"fault": unusable.fault.code, "params": unusable.fault.params}
    except MemoryError:
        found = {"fault": "too_large_to_open", "params": {}}
    except Exception as error:  # noqa: BLE001 - the edge of a process
        # A reader that meets what its author never saw may raise anything; the name of it helps whoever looks.
        found = {"fault": "damaged", "params": {}, "error": type(error).__name__}
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        found = {"fault": "damaged", "params": {}, "error": "PanicException"}
    report.write(json.dumps(found) + "\n")
    report.flush()


class Opening:
    """One file being opened."""

    def __init__(self, order: dict[str, Any], limits: Limits, out: BinaryIO, report: TextIO) -> None:
        self._order, self._limits, self._out, self._report = order, limits, out, report
        self._known = frozenset(order["known"])
        self._room: int | None = None

    def open(self, file: BinaryIO, *, is_inside: bool) -> dict[str, Any]:
        """Write the text of a file; returns what is known of its container."""
        shape = detect(file)
        if shape is Format.ZIP:
            shape = kind_of(file, self._limits)
        if self._room is None:
            # Of the file as it was sent: what is packed twice must not grow twice.
            self._room = archives.room_for(file.seek(0, os.SEEK_END), self._limits, self._limits.text_bytes)
        if shape in {Format.ZIP, Format.GZIP}:
            if is_inside:
                raise UnusableFile("nested_archive")
            return self._unpacked(file, shape)
        if shape in WORKBOOKS:
            return self._workbook(file, shape)
        layout = self._layout(file)
        return self._fixed(file, layout) if layout else self._copied(file)

    def _unpacked(self, file: BinaryIO, shape: Format) -> dict[str, Any]:
        size = file.seek(0, 2)
        if shape is Format.ZIP:
            entry = archives.only_file(file, self._limits)
            name = entry.filename.replace("\\", "/").rpartition("/")[2]
            pieces = archives.unpack(file, entry, self._limits)
        else:
            name, pieces = None, archives.gunzip(file, size, self._limits)
        with tempfile.TemporaryFile() as inner:
            for piece in pieces:
                inner.write(piece)
            if not inner.tell():
                raise UnusableFile("empty")
            inner.seek(0)
            found = self.open(inner, is_inside=True)
        return {**found, "archive": shape.value, "entry": name and name[:200]}

    def _workbook(self, file: BinaryIO, shape: Format) -> dict[str, Any]:
        if shape is not Format.XLS:
            archives.count_out(file, self._limits)
        with tempfile.TemporaryDirectory() as folder:
            # The reader goes by names; this one says what the bytes are.
            path = Path(folder, f"book{SUFFIXES[shape]}")
            path.symlink_to(f"/proc/self/fd/{file.fileno()}")
            book = Workbook(str(path), self._known, self._limits)
        taken = book.take(self._order.get("sheet"), self._asked_row())
        long_numbers: Counter[int] = Counter()
        rows = book.rows(taken, lambda at: long_numbers.update([at]))
        total = max(0, taken.info.rows - taken.first_row)
        self._write([list(taken.header)], rows, total)
        names = [taken.header[at] for at in sorted(long_numbers)]
        notes = notes_on(taken.renamed)
        if names:
            notes.append({"code": "long_numbers", "names": ", ".join(names)[:200], "count": long_numbers.total()})
        if shape in {Format.XLSX, Format.XLSM}:
            notes += _failed(failed_cells(file, taken.info.name, taken.first_row, taken.left), taken.header)
        if shape is Format.XLSM:
            notes.append({"code": "macros_left_out"})
        return {
            "format": shape.value,
            "sheets": [
                {"name": one.name, "rows": one.rows, "columns": one.columns, "is_hidden": one.is_hidden}
                for one in sorted(book.sheets, key=lambda one: one.is_hidden)
            ],
            "sheet": taken.info.name,
            "header_row": taken.header_row + 1,
            "data_line": taken.first_row,
            "header": list(taken.header),
            "notes": notes,
        }

    def _fixed(self, file: BinaryIO, layout: fixedwidth.Layout) -> dict[str, Any]:
        found = encodings.detect(file)
        file.seek(found.start)
        tally = fixedwidth.Tally()
        with io.TextIOWrapper(file, encoding=found.codec, newline="\n") as text:
            self._write([layout.header], fixedwidth.rows(_lines(text), layout, tally), 0)
        if not tally.records:
            raise UnusableFile("no_records", layout=layout.name)
        return {
            "format": Format.FIXED.value,
            "layout": layout.code,
            "layout_name": layout.name,
            "data_line": 0,
            "header": layout.header,
            "records": tally.records,
            "unreadable": tally.unreadable,
            "left_out": tally.left_out,
            "segments": dict(tally.segments),
            "declared": tally.declared,
            "notes": [],
        }

    def _copied(self, file: BinaryIO) -> dict[str, Any]:
        """Text inside an archive is read as it stands, by whoever reads text."""
        file.seek(0)
        while piece := file.read(_COPIED):
            self._out.write(piece)
        return {"format": Format.TEXT.value}

    def _layout(self, file: BinaryIO) -> fixedwidth.Layout | None:
        if self._order.get("layout"):
            return fixedwidth.Layout.from_dict(self._order["layout"])
        file.seek(0)
        return fixedwidth.recognise(file.read(HEAD_BYTES).decode("latin-1"))

    def _asked_row(self) -> int | None:
        row = self._order.get("header_row")
        return None if row is None else row - 1

    def _write(self, header: Iterable[list[str]], rows: Iterator[list[str]], total: int) -> None:
        # No byte order mark: what the text is made of is known.
        text = _Text(self._out, self._room or 0)
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerows(header)
        for at, row in enumerate(rows, 1):
            if row:
                writer.writerow(row)
            else:
                text.write("\r\n")
            if at % _TOLD_EVERY == 0:
                self._tell(at, total)

    def _tell(self, done: int, total: int) -> None:
        self._report.write(json.dumps({"done": done, "total": total}) + "\n")
        self._report.flush()


class _Text:
    """Text on its way out, counted: one long cell that many rows share is written once for each of them."""

    def __init__(self, out: BinaryIO, room: int) -> None:
        self._out, self._left = out, room

    def write(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        self._left -= len(data)
        if self._left < 0:
            raise UnusableFile("too_large_unpacked")
        self._out.write(data)


def _failed(found: Counter[int], header: Sequence[str]) -> list[dict[str, object]]:
    """Said of the columns whose formulas failed, if any did."""
    at = [column for column in sorted(found) if 0 <= column < len(header)]
    names = ", ".join(header[column] for column in at)[:200]
    return [{"code": "failed_formulas", "names": names, "count": sum(found[column] for column in at)}] if at else []


def _lines(text: TextIO) -> Iterator[str]:
    """Lines of a file, none longer than a record may be: what has no line ends is no file of records."""
    while line := text.readline(fixedwidth.LONGEST_RECORD):
        if len(line) >= fixedwidth.LONGEST_RECORD and not line.endswith("\n"):
            raise UnusableFile("no_records", layout="")
        yield line


def _confine(limits: Limits) -> None:
    """Take from this process what opening a file does not need."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    # The first signal ends the process by its name; the second one cannot be caught.
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.unpacked_bytes, limits.unpacked_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), os.fdopen(int(sys.argv[2]), "w"))
