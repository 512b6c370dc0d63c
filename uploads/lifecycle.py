"""The stages of a file and the moves between them, as one table."""

from __future__ import annotations

from agencies.kernel.errors import Conflict, msg
from uploads.models import Upload, UploadState

MOVES: dict[UploadState, frozenset[UploadState]] = {
    UploadState.RECEIVED: frozenset({UploadState.CHECKING, UploadState.REJECTED}),
    UploadState.CHECKING: frozenset({UploadState.CHECKED, UploadState.REJECTED}),
    UploadState.CHECKED: frozenset({UploadState.APPLYING, UploadState.REJECTED}),
    # Rows that turn bad while applying send an upload back to the user who asked for all or nothing.
    # What cannot be applied at all, its work having failed, may be turned away.
    UploadState.APPLYING: frozenset({UploadState.APPLIED, UploadState.CHECKED, UploadState.REJECTED}),
    UploadState.APPLIED: frozenset(),
    UploadState.REJECTED: frozenset(),
}


class UploadMovedOn(Conflict):
    """The file is no longer at the stage the request was made for."""

    text = msg("This file has moved on in the meantime. Reload the page and look again.")


def move(upload: Upload, state: UploadState) -> None:
    """Put the upload into a state; raises `UploadMovedOn` when the table does not allow it."""
    if state not in MOVES[upload.state]:
        raise UploadMovedOn
    upload.state = state
