"""Files that leave the portal: written out whole and recorded first; nothing leaves that the trail does not know."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from typing import IO

from flask import Response, redirect, send_file
from werkzeug.wrappers import Response as AnyResponse

from agencies.kernel.session import transaction
from portal.extensions import db
from portal.views.stages import ports

#: A larger file waits on disk.
IN_MEMORY = 4 * 1024 * 1024
#: How long the address of a kept file opens it: as long as a click takes.
LINK_SECONDS = 60
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def csv_file(chunks: Callable[[], Iterator[bytes]], name: str) -> Response:
    """The pieces as one CSV file to save, never to show; committed before its first byte leaves."""
    return saved_file(chunks, name, CSV)


def saved_file(chunks: Callable[[], Iterator[bytes]], name: str, media_type: str) -> Response:
    """The pieces as one file to save, never to show; committed before its first byte leaves."""

    def write(file: IO[bytes]) -> None:
        for chunk in chunks():
            file.write(chunk)

    return written_file(write, name, media_type)


def written_file(write: Callable[[IO[bytes]], None], name: str, media_type: str) -> Response:
    """What is written as one file to save, never to show; committed before its first byte leaves."""
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  closed with the response
    try:
        with transaction(db.session):
            write(file)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return send_file(file, mimetype=media_type, as_attachment=True, download_name=name)


def let_out(key: str) -> None:
    """Raise why a file is held back, before anything is written down of its leaving."""
    ports().quarantine.check(key)


def kept_file(key: str, name: str, media_type: str) -> AnyResponse:
    """A file of the store to save, never to show: from the store itself where it hands files out, else through us."""
    storage = ports().storage
    if (address := storage.link(key, name, LINK_SECONDS)) is not None:
        # Not 301 or 308: nobody may remember the way to a file.
        response = redirect(address, code=303)
        response.headers["Cache-Control"] = "no-store"
        return response
    return send_file(storage.open(key), mimetype=media_type, as_attachment=True, download_name=name)
