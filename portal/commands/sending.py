"""One file on its way from the command line: in, settled, checked and applied, each step in its own transaction."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from flask_babel import gettext as _

from agencies.kernel.errors import NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor, Side
from assignments.reports.queries import get_report
from portal.commands import telling
from portal.commands.base import refuse
from portal.commands.reading import Said
from portal.i18n import say
from portal.jobs import tasks
from portal.ports import Ports
from portal.presenters import uploads as presenter
from portal.views import choices
from uploads import confirming, queries, receiving, service
from uploads.kinds import SENDERS
from uploads.models import Upload, UploadKind, UploadState
from uploads.storage import Incoming

_PIECE = 1 << 20
_PAUSE_SECONDS = 0.5
_WORKING = {UploadState.OPENING, UploadState.CHECKING, UploadState.APPLYING}


@dataclass
class Sending:
    """A file somebody sends, and what was said about it."""

    ports: Ports
    actor: Actor
    said: Said
    #: The work is left to the workers.
    waits: bool
    upload_id: int = field(default=0, init=False)

    def send(self, file: Path, kind: UploadKind, creditor: str | None, report: str | None) -> None:
        """Take the file in; the same bytes again go on from where they stand."""
        if file.stat().st_size > self.ports.settings.max_upload_bytes:
            refuse(_("The file is larger than any we take."))
        now = self.ports.now()
        purpose = self._purpose(kind, creditor, report, now)
        incoming = self.ports.storage.incoming()
        try:
            _pour(file, incoming)
            with self.ports.session(self.actor) as session, transaction(session):
                about = {**purpose, "allowance": self.ports.allowance, "now": now}
                received = receiving.receive(session, self.actor, incoming, kind=kind, filename=file.name, **about)
                self.upload_id = received.upload.id
                telling.received(received.upload, is_repeat=received.is_repeat)
        finally:
            incoming.discard()
        self._work()

    def settle(self) -> None:
        """Say how the file is read, if what was said and what its values prove leave nothing open."""
        if self._look().state is not UploadState.RECEIVED:
            return
        with self.ports.session(self.actor) as session:
            upload = queries.sent_upload(session, self.actor, self.upload_id)
            proposed = confirming.proposal(session, self.actor, self.upload_id)
        mapping = self.said.mapping(proposed, upload)
        telling.proposal(proposed, mapping)
        if questions := list(self.said.still_open(proposed, upload, mapping)):
            refuse("\n".join([_("The file waits until this is settled, here or in the portal:"), *questions]))
        options = self.said.options.or_else(proposed.options)
        with self.ports.session(self.actor) as session, transaction(session):
            confirming.confirm(
                session, self.actor, self.upload_id, mapping=mapping, options=options, now=self.ports.now()
            )
        self._work()

    def finish(self, how: str | None) -> None:
        """Apply the checked file if that was asked for, tell what became of it, and end with 1 unless it is done."""
        upload = self._look()
        self._tell()
        if how is not None and upload.state is UploadState.CHECKED:
            with self.ports.session(self.actor) as session, transaction(session):
                service.apply(session, self.actor, self.upload_id, good_rows_only=how == "good", now=self.ports.now())
            self._work()
            upload = self._look()
            self._tell()
        is_done = {UploadState.APPLIED} if how is not None else {UploadState.CHECKED, UploadState.APPLIED}
        if upload.state not in is_done:
            refuse(_("This file was not taken over. It stands at: %(state)s.", state=telling.state(upload)))

    def _work(self) -> None:
        """Have the work the file waits for done: here, or by whoever holds it."""
        while (upload := self._look()).state in _WORKING:
            with self.ports.session(self.actor) as session:
                now = queries.progress(session, self.actor, self.upload_id)
            if now.failed:
                refuse(_("The work gave up: %(reason)s.", reason=say(presenter.reason(now.error))))
            is_over = now.work_id is not None and not self.waits and tasks.perform(self.ports, now.work_id)
            if not is_over and self._look().state is upload.state:
                # Somebody else holds it, or it is to be tried again in a moment.
                time.sleep(_PAUSE_SECONDS)

    def _look(self) -> Upload:
        with self.ports.session(self.actor) as session:
            return queries.get_upload(session, self.actor, self.upload_id)

    def _tell(self) -> None:
        with self.ports.session(self.actor) as session:
            telling.outcome(session, self.actor, queries.get_upload(session, self.actor, self.upload_id))

    def _purpose(self, kind: UploadKind, creditor: str | None, report: str | None, now: datetime) -> dict[str, Any]:
        """Whose cases the file speaks of and for which report; a creditor's own file says neither."""
        if SENDERS[kind].side is not self.actor.side or self.actor.side is Side.CREDITOR:
            return {}
        with self.ports.session(self.actor) as session:
            if report is not None:
                found = get_report(session, self.actor, self.ports.references.decode("report", report), now=now)
                return {"creditor_id": found.creditor_id, "report_id": found.id}
            served = choices.creditors(session, self.actor)
        wanted = [one for one, name in served if creditor is None or self._is_meant(creditor, one, name)]
        if len(wanted) != 1:
            names = ", ".join(name for _id, name in served)
            refuse(_("Say with --creditor whose cases the file speaks of: %(names)s.", names=names))
        return {"creditor_id": wanted[0]}

    def _is_meant(self, creditor: str, organisation_id: int, name: str) -> bool:
        if name.casefold() == creditor.strip().casefold():
            return True
        try:
            return self.ports.references.decode("organisation", creditor) == organisation_id
        except NotFound:
            return False


def _pour(file: Path, incoming: Incoming) -> None:
    with file.open("rb") as source:
        while piece := source.read(_PIECE):
            incoming.write(piece)
