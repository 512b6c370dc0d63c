"""Taking a document in for whoever shows it: its content is looked at, its bytes are kept first and its row after."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import flash
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from agencies.kernel.files import StoredFile, media_type_of, plain_name
from agencies.kernel.session import transaction
from portal.extensions import db
from portal.forms.refusals import REFUSALS
from portal.i18n import refusal
from portal.identity import current_actor
from portal.receiving import incoming_of
from portal.views.stages import ports
from uploads.stores.keys import evidence_key

#: Writes the row and returns the key it names: another one than was offered where the same file was there already.
Keep = Callable[[StoredFile], str]


@contextmanager
def stored(sent: FileStorage) -> Iterator[StoredFile]:
    """The document as it was kept; raises what is wrong with it, and forgets it when its row is refused."""
    file = _take(sent, current_actor().tenant)
    try:
        yield file
    except BaseException:
        ports().storage.delete(file.key)
        raise


def keep_document(sent: FileStorage, owner_id: int, keep: Keep) -> None:
    """Keep one file for an organisation; what is wrong with it is said on the next page."""
    try:
        _keep(sent, owner_id, keep)
    except REFUSALS as error:
        flash(refusal(error), "error")
    else:
        flash(_("The file was attached."), "success")


def removed(key: str) -> None:
    """Let the bytes go of a file whose row is gone."""
    ports().storage.delete(key)
    flash(_("The file was taken away."), "success")


def _keep(sent: FileStorage, owner_id: int, keep: Keep) -> None:
    file = _take(sent, owner_id)
    kept = None
    try:
        with transaction(db.session):
            kept = keep(file)
    finally:
        if kept != file.key:
            # A row without its file would be evidence that is not there; a file without a row is nobody's.
            ports().storage.delete(file.key)


def _take(sent: FileStorage, owner_id: int) -> StoredFile:
    incoming, name = incoming_of(sent), plain_name(sent.filename or "")
    with incoming.look() as content:
        media_type = media_type_of(name, incoming.size, content)
    key = evidence_key(owner_id, secrets.token_hex(16))
    incoming.keep(key)
    return StoredFile(key, name, media_type, incoming.size, incoming.digest())
