"""Opens what is not plain text: workbooks, archives and files of fixed width become text before anybody reads rows.

The opening itself happens in a process of its own (`uploads.children`). The job here gives it the file, streams what it
writes into the store and writes down what was found, a step at a time.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel import work
from agencies.kernel.errors import Invalid, msg
from agencies.kernel.tenancy import Actor, require
from uploads import lifecycle
from uploads.checking.control import TRAILER, Control
from uploads.confirming import confirm_as_before
from uploads.faults import UnusableFile
from uploads.filelayouts import layout_by_code
from uploads.formats.children import Opener
from uploads.formats.limits import LIMITS, Limits
from uploads.kinds import SENDERS_PERMISSION
from uploads.mapping.describing import describe, is_plain_text, known_to, needs_layout
from uploads.models import Upload, UploadState
from uploads.own import own_upload, record
from uploads.reading import Dialect, made, sniff
from uploads.rows import Step
from uploads.storage import Incoming, Storage
from uploads.stores.keys import text_key

#: The kind of work that opens a file.
OPEN = "open_upload"
#: How long one step watches the process, so that its work stays leased.
_WATCHED_SECONDS = 0.5


class NothingToChoose(Invalid):
    """No sheet, header row or layout was named, or none of this file."""

    text = msg("Choose a sheet and a row of this file.")


def choose_sheet(
    session: Session,
    actor: Actor,
    upload_id: int,
    *,
    sheet: str | None = None,
    header_row: int | None = None,
    layout: str | None = None,
    now: datetime,
) -> Upload:
    """Have a received file read from another sheet, another header row or by another layout.

    Raises `NothingToChoose`, and `UploadMovedOn` once the columns are confirmed.
    """
    upload = own_upload(session, actor, upload_id, lock=True)
    require(actor, SENDERS_PERMISSION[upload.kind])
    lifecycle.move(upload, UploadState.OPENING)
    container = upload.container or {"format": "text"}
    sheets = {one["name"] for one in container.get("sheets", ())}
    if (sheet is not None and sheet not in sheets) or (header_row is not None and header_row < 1):
        raise NothingToChoose
    if layout is not None and layout_by_code(session, actor, layout) is None:
        raise NothingToChoose
    if sheet is None and header_row is None and layout is None:
        raise NothingToChoose
    asked = {"sheet": sheet or container.get("sheet"), "header_row": header_row, "layout": layout}
    upload.container = {**container, "asked": {name: value for name, value in asked.items() if value is not None}}
    request(session, actor, upload, now=now)
    record(session, actor, "upload.reopened", upload, now)
    return upload


def request(session: Session, actor: Actor, upload: Upload, *, now: datetime) -> None:
    """Ask for a file to be opened; asked for again, it is another piece of work."""
    before = work.find(session, actor, OPEN, str(upload.id))
    key = str(upload.id) if before is None else f"{upload.id}:{now.timestamp()}"
    work.request(session, actor, OPEN, key, {"upload_id": upload.id}, now=now)


class Opening:
    """The opening of one upload, a step at a time; everything done in one step belongs in one transaction."""

    def __init__(
        self, session: Session, actor: Actor, storage: Storage, upload_id: int, *, limits: Limits = LIMITS
    ) -> None:
        self._session, self._actor, self._storage, self._limits = session, actor, storage, limits
        self._upload_id = upload_id
        self._opener: Opener | None = None
        self._text: Incoming | None = None
        self._file: BinaryIO | None = None

    def next_step(self, now: datetime) -> Step | None:
        """Go on for a moment and say how far it is; None once the file is received or rejected."""
        upload = self._upload()
        if upload is None:
            self.close()
            return None
        try:
            if is_plain_text(upload):
                self._read_again(upload, now)
            else:
                opener = self._opener or self._start(upload)
                if not opener.pump(_WATCHED_SECONDS):
                    return Step(opener.done, opener.total)
                self._take_in(upload, opener.result(), now)
        except UnusableFile as unusable:
            self._refuse(upload, unusable, now)
        self._session.flush()
        self.close()
        return None

    def close(self) -> None:
        """End the process, if it still runs, and forget what it wrote unless that was kept."""
        if self._opener is not None:
            self._opener.close()
        if self._text is not None:
            self._text.discard()
        if self._file is not None:
            self._file.close()
        self._opener = self._text = self._file = None

    def _upload(self) -> Upload | None:
        """The upload as it stands now, if it is still to be opened."""
        return self._session.scalar(
            select(Upload)
            .where(
                Upload.organisation_id == self._actor.tenant,
                Upload.id == self._upload_id,
                Upload.state == UploadState.OPENING,
            )
            .with_for_update()
            .execution_options(populate_existing=True)
        )

    def _start(self, upload: Upload) -> Opener:
        asked = (upload.container or {}).get("asked", {})
        layout = layout_by_code(self._session, self._actor, asked["layout"]) if "layout" in asked else None
        order = {
            "known": sorted(known_to(upload.kind)),
            "sheet": asked.get("sheet"),
            "header_row": asked.get("header_row"),
            "layout": layout,
        }
        self._file, self._text = self._storage.open(upload.storage_key), self._storage.incoming()
        self._opener = Opener(self._file, order, self._limits, self._text.write)
        return self._opener

    def _read_again(self, upload: Upload, now: datetime) -> None:
        asked = (upload.container or {}).get("asked", {})
        with self._storage.open(upload.storage_key) as file:
            dialect = sniff(file, known_to(upload.kind), asked.get("header_row"))
        self._receive(upload, dialect, {"format": "text"}, now)

    def _take_in(self, upload: Upload, found: dict[str, Any], now: datetime) -> None:
        """Keep the text and write down what it is made of."""
        assert self._text is not None  # noqa: S101 - it was begun together with the process
        asked = (upload.container or {}).get("asked", {})
        with self._text.look() as file:
            dialect = self._dialect(upload, file, found, asked.get("header_row"))
        if found.get("declared") is not None and upload.control is None:
            upload.control = Control(rows=found["declared"], source=TRAILER).to_dict()
        self._receive(upload, dialect, {**found, "text_bytes": self._text.size}, now)
        # Named only now: a file that is rejected after all has no text.
        upload.text_key = text_key(upload.storage_key, upload.id)
        self._text.keep(upload.text_key)

    def _dialect(self, upload: Upload, file: BinaryIO, found: dict[str, Any], header_row: int | None) -> Dialect | None:
        if "header" in found:
            return made(file, found.pop("header"), found["data_line"])
        try:
            return sniff(file, known_to(upload.kind), header_row)
        except UnusableFile as unusable:
            if unusable.fault.code == "no_separator" and needs_layout(self._session, self._actor, file):
                return None
            raise

    def _receive(self, upload: Upload, dialect: Dialect | None, container: dict[str, Any], now: datetime) -> None:
        describe(self._session, upload, dialect, container)
        lifecycle.move(upload, UploadState.RECEIVED)
        record(self._session, self._actor, "upload.opened", upload, now, format=container["format"])
        confirm_as_before(self._session, self._actor, upload, now=now)

    def _refuse(self, upload: Upload, unusable: UnusableFile, now: datetime) -> None:
        """Reject the file, or go back to how it was read before somebody chose what cannot be."""
        fault = unusable.fault
        container = dict(upload.container or {})
        if container.pop("asked", None) is not None and upload.header is not None:
            told = {"code": "not_as_asked", "fault": fault.code, "params": fault.params}
            notes = [note for note in container.get("notes", ()) if note["code"] != "not_as_asked"]
            upload.container = {**container, "notes": [told, *notes]}
            lifecycle.move(upload, UploadState.RECEIVED)
            return
        lifecycle.move(upload, UploadState.REJECTED)
        upload.fault, upload.fault_params = fault.code, fault.params
        record(self._session, self._actor, "upload.rejected", upload, now, fault=fault.code)
