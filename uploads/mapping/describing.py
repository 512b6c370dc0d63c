"""Writes down how a file is to be read, for whoever confirms its columns."""

from __future__ import annotations

from typing import Any, BinaryIO

from sqlalchemy.orm import Session

from agencies.kernel.sealing import keyring_of
from agencies.kernel.tenancy import Actor
from uploads.faults import UnusableFile
from uploads.filelayouts import list_layouts
from uploads.formats import encodings, fixedwidth
from uploads.formats.headerrows import known_names, notes_on
from uploads.formats.signatures import HEAD_BYTES, Format, detect
from uploads.mapping.aggregates import recognise
from uploads.models import Upload, UploadKind
from uploads.reading import FIRST_ROWS, Dialect, sniff
from uploads.schemas.registry import SCHEMAS


def known_to(kind: UploadKind) -> frozenset[str]:
    """The names by which the columns of a kind of file are known."""
    return known_names(SCHEMAS[kind])


def look_into(session: Session, actor: Actor, upload: Upload, file: BinaryIO) -> bool:
    """Describe a file that is plain text; False when it must be opened first. Raises `UnusableFile`."""
    shape = detect(file)
    file.seek(0)
    layout = fixedwidth.recognise(file.read(HEAD_BYTES).decode("latin-1")) if shape is Format.TEXT else None
    if shape is not Format.TEXT or layout is not None:
        upload.container = {"format": (Format.FIXED if layout else shape).value}
        return False
    try:
        describe(session, upload, sniff(file, known_to(upload.kind)), {"format": Format.TEXT.value})
    except UnusableFile as unusable:
        if unusable.fault.code != "no_separator" or not needs_layout(session, actor, file):
            raise
        describe(session, upload, None, {"format": Format.TEXT.value})
    return True


def needs_layout(session: Session, actor: Actor, file: BinaryIO) -> bool:
    """Whether a text without separators looks like records of fixed width, and a layout could cut it."""
    found = encodings.detect(file)
    file.seek(found.start)
    head = file.read(HEAD_BYTES)
    is_whole = len(head) < HEAD_BYTES
    text = head.decode(found.codec, errors="ignore")
    return fixedwidth.is_even(text, is_whole=is_whole) or bool(list_layouts(session, actor))


def describe(session: Session, upload: Upload, dialect: Dialect | None, container: dict[str, Any]) -> None:
    """Write down how the text of a file is written; without a dialect its columns wait for a layout."""
    notes = container.get("notes", [])
    if dialect is None:
        upload.header, upload.encoding, upload.delimiter = [], None, None
        upload.keep_sample(keyring_of(session), None)
        upload.container = {**container, "needs_layout": True, "notes": notes}
        return
    # Of the rows behind the first ones only cells are kept.
    if aggregate := recognise(dialect.header, dialect.sample[:FIRST_ROWS], SCHEMAS[upload.kind]):
        raise UnusableFile(aggregate.code, **aggregate.params)
    upload.encoding, upload.delimiter = dialect.encoding, dialect.delimiter
    upload.header = list(dialect.header)
    upload.keep_sample(keyring_of(session), dialect.sample)
    upload.offset_bytes, upload.offset_line = dialect.data_offset, dialect.data_line
    header_row = container.get("header_row", dialect.data_line)
    upload.container = {**container, "header_row": header_row, "notes": [*notes, *notes_on(dialect.renamed)]}


def is_plain_text(upload: Upload) -> bool:
    """Whether an upload's own bytes are the text to read, so that no process has to open it."""
    container = upload.container or {}
    is_packed = "archive" in container or "layout" in container.get("asked", {})
    return container.get("format") == Format.TEXT.value and not is_packed
