"""What a file held, for whoever sent it: the bytes themselves where they are plain text, else the text made of them.

Whether a workbook or an archive holds a program is told by too many signs, and those who hide one know them. So none is
ever handed out; the values that were read of it are.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import PurePath

from agencies.kernel.errors import Invalid, msg
from uploads.checking.errorforms import Dialect, as_text
from uploads.formats.signatures import Format
from uploads.models import Upload, UploadKind, UploadState
from uploads.own import FilePurged, readable_size
from uploads.storage import Storage

#: What a file of lines is called, whatever its sender called it: programs are started by their endings.
_ENDINGS = {Format.TEXT.value: ".csv", Format.FIXED.value: ".txt"}
_ROWS_AT_ONCE = 5_000
#: How many rows there are is known from here on.
_COUNTED = {UploadState.CHECKED, UploadState.APPLYING, UploadState.APPLIED, UploadState.UNDONE}
#: The kinds whose rows hold more of a person than an account's number.
_WITH_PEOPLE = {UploadKind.PORTFOLIO, UploadKind.PORTFOLIO_UPDATE, UploadKind.FINDINGS, UploadKind.ACTIVITIES}
#: No row that tells of a person is shorter: what was not counted yet is judged by its size.
_SHORTEST_ROW = 40


class NotHandedOut(Invalid):
    """Nobody knows what the file is, or its text is none that could be written again."""

    text = msg("This file is not handed out: its content was never understood.")


def is_as_sent(upload: Upload) -> bool:
    """Whether the bytes as they were sent are handed out: lines of text that were in no archive."""
    container = upload.container or {}
    return container.get("format", Format.TEXT.value) in _ENDINGS and "archive" not in container


def is_handed_out(upload: Upload) -> bool:
    """Whether what the file held may be downloaded; what was never understood may be anything."""
    is_understood = bool(upload.header) and upload.state is not UploadState.OPENING and upload.purged_at is None
    return is_understood and (is_as_sent(upload) or upload.text_key is not None)


def saved_as(upload: Upload) -> str:
    """The name under which it is saved: the sender's, with the ending of what it is."""
    name = PurePath(upload.filename)
    if not is_as_sent(upload):
        return f"{name.stem}.csv"
    if name.suffix.lower() in _ENDINGS.values():
        return name.name
    return name.stem + _ENDINGS[(upload.container or {}).get("format", Format.TEXT.value)]


def check_handed_out(upload: Upload) -> None:
    """Raise `NotHandedOut` or `FilePurged` where there is nothing to be handed out."""
    if upload.purged_at is not None:
        raise FilePurged
    if not is_handed_out(upload):
        raise NotHandedOut


def people_in(upload: Upload) -> int:
    """How many people a file tells of, at most: its rows, or what its size could hold as long as none were counted."""
    if upload.kind not in _WITH_PEOPLE:
        return 0
    least = 0 if upload.state in _COUNTED else readable_size(upload) // _SHORTEST_ROW
    return max(upload.rows_read, least)


def people_rejected(upload: Upload) -> int:
    """How many people its rejected rows tell of, at most."""
    return upload.rows_rejected if upload.kind in _WITH_PEOPLE else 0


def text_of(storage: Storage, upload: Upload) -> Iterator[bytes]:
    """The text made of a file as CSV for a spreadsheet: what was harmless text in a cell does not become a formula."""
    assert upload.text_key is not None  # noqa: S101 - `is_handed_out` saw to it
    with (
        storage.open(upload.text_key) as raw,
        io.TextIOWrapper(raw, encoding=upload.encoding or "utf-8", errors="replace", newline="") as text,
    ):
        # What was packed may begin with a byte order mark of its own.
        lines = chain([next(text, "").lstrip("\ufeff")], text)
        rows = csv.reader(lines, delimiter=upload.delimiter or ",")
        try:
            yield from as_text(
                iter(lambda: list(islice(rows, _ROWS_AT_ONCE)), []), Dialect("utf-8", ",", codecs.BOM_UTF8)
            )
        except csv.Error as error:
            raise NotHandedOut from error
