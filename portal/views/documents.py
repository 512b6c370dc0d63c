"""A document somebody attaches: its bytes are kept first and its row after, and go again when no row names them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.datastructures import FileStorage

from agencies.kernel.files import StoredFile, media_type_of, plain_name
from portal.identity import current_actor
from portal.receiving import incoming_of
from portal.views.stages import ports
from uploads.stores.keys import evidence_key


@contextmanager
def stored(sent: FileStorage) -> Iterator[StoredFile]:
    """The document as it was kept; raises what is wrong with it, and forgets it when its row is refused."""
    incoming, name = incoming_of(sent), plain_name(sent.filename or "")
    with incoming.look() as content:
        media_type = media_type_of(name, incoming.size, content)
    key = evidence_key(current_actor().tenant, secrets.token_hex(16))
    file = StoredFile(key, name, media_type, incoming.size, incoming.digest())
    incoming.keep(key)
    try:
        yield file
    except BaseException:
        ports().storage.delete(key)
        raise
