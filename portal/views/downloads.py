"""Files that leave the portal: written out whole and recorded first; nothing leaves that the trail does not know."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator

from flask import Response, send_file

from agencies.kernel.session import transaction
from portal.extensions import db

#: A larger file waits on disk.
IN_MEMORY = 4 * 1024 * 1024
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def csv_file(chunks: Callable[[], Iterator[bytes]], name: str) -> Response:
    """The pieces as one CSV file to save, never to show; committed before its first byte leaves."""
    return saved_file(chunks, name, CSV)


def saved_file(chunks: Callable[[], Iterator[bytes]], name: str, media_type: str) -> Response:
    """The pieces as one file to save, never to show; committed before its first byte leaves."""
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  closed with the response
    try:
        with transaction(db.session):
            for chunk in chunks():
                file.write(chunk)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return send_file(file, mimetype=media_type, as_attachment=True, download_name=name)
