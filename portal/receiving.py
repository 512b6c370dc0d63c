"""A request that writes an uploaded file straight into the store, hashed on the way, so that no copy of it is made.

Werkzeug spools a file part to memory or a temporary file before a view sees it; for a file of two gigabytes that is one
write and one read too many. Only views that declare `@takes_files` receive this way, and only once the caller was found
to be allowed to call them; every other route keeps the small limit on bodies and the default spooling.
"""

from __future__ import annotations

import io
from typing import IO, Any, cast

from flask import Request, current_app
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import BadRequest

from uploads.storage import Incoming


class IncomingFile(io.RawIOBase):
    """What the form parser writes to: hands every chunk to the store, and can be rewound only in name."""

    def __init__(self, incoming: Incoming) -> None:
        self.incoming = incoming

    def writable(self) -> bool:
        """It takes bytes."""
        return True

    def write(self, data: Any) -> int:
        """Take the next bytes."""
        return self.incoming.write(bytes(data))

    def seek(self, offset: int, whence: int = 0) -> int:
        """The parser rewinds a finished part; nobody reads it back from here."""
        return offset if whence == 0 else self.incoming.size


class PortalRequest(Request):
    """The portal's request: streams the first file of a form into the store where the view takes files."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._streamed: list[IncomingFile] = []

    def close(self) -> None:
        """Discard what was streamed and not kept, after a refusal or a cut connection; a kept file is out of reach."""
        for file in self._streamed:
            file.incoming.discard()
        super().close()

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        # One file per form; a second part spools as usual and is ignored.
        if self._streamed or not self._takes_files():
            return super()._get_file_stream(total_content_length, content_type, filename, content_length)
        file = IncomingFile(current_app.extensions["encargo"].storage.incoming())
        self._streamed.append(file)
        return cast("IO[bytes]", file)

    def _takes_files(self) -> bool:
        view = current_app.view_functions.get(self.endpoint or "")
        return getattr(view, "takes_files", False)


def incoming_of(file: FileStorage) -> Incoming:
    """A form's file as the store's incoming file; discarded with the request unless it is kept.

    400 when another file stood before it in the form, so that this one was not written to the store.
    """
    if not isinstance(file.stream, IncomingFile):
        raise BadRequest
    return file.stream.incoming
