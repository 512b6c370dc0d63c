"""The stages of a file and the moves between them, as one table."""

from __future__ import annotations

from agencies.kernel.errors import Conflict, msg
from uploads.models import Upload, UploadState

MOVES: dict[UploadState, frozenset[UploadState]] = {
    UploadState.OPENING: frozenset({UploadState.RECEIVED, UploadState.REJECTED}),
    # Another sheet or layout may be asked for as long as nothing is checked.
    UploadState.RECEIVED: frozenset({UploadState.CHECKING, UploadState.OPENING, UploadState.REJECTED}),
    UploadState.CHECKING: frozenset({UploadState.CHECKED, UploadState.RECEIVED, UploadState.REJECTED}),
    # Rows turned away for how the file was read are read again when its sender says how.
    UploadState.CHECKED: frozenset({UploadState.APPLYING, UploadState.RECEIVED, UploadState.REJECTED}),
    # Rows that turn bad while applying send an upload back to the user who asked for all or nothing.
    # What cannot be applied at all, its work having failed, may be turned away.
    UploadState.APPLYING: frozenset({UploadState.APPLIED, UploadState.CHECKED, UploadState.REJECTED}),
    UploadState.APPLIED: frozenset({UploadState.UNDONE}),
    UploadState.UNDONE: frozenset(),
    UploadState.REJECTED: frozenset(),
}


class UploadMovedOn(Conflict):
    """The file is no longer at the stage the request was made for."""

    text = msg("This file has moved on in the meantime. Reload the page and look again.")


class CannotBeUndone(Conflict):
    """Something has come of what the file made, or the file is of a kind that is not taken back."""

    text = msg("This file cannot be undone: %(reason)s.")

    def __init__(self, reason: str) -> None:
        # As one of a list, so that it is translated where the refusal is.
        super().__init__(reason=(reason,))


def move(upload: Upload, state: UploadState) -> None:
    """Put the upload into a state; raises `UploadMovedOn` when the table does not allow it."""
    if state not in MOVES[upload.state]:
        raise UploadMovedOn
    upload.state = state
