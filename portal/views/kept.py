"""What is kept of a file: the file itself, its rejected rows; and taking back what it made."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from agencies.approvals.exports import Taking
from agencies.kernel.clock import utc_now
from agencies.kernel.errors import msg
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from assignments import intake
from assignments.reads import files
from portal.extensions import db
from portal.forms.refusals import REFUSALS, RefusalForm, refuse
from portal.i18n import say
from portal.identity import current_actor
from portal.presenters import uploads as presenter
from portal.security import requires, steps_up
from portal.views.downloads import CSV, kept_file, let_out, saved_file
from portal.views.second_person import asked, may_take_two
from portal.views.stages import ports
from portal.views.uploads import blueprint, sender, shown
from uploads import originals, queries
from uploads.checking import errorfile
from uploads.checking.errorforms import ErrorWords, form_of
from uploads.faults import ROW_FAULTS


@blueprint.post('/<ref("upload"):upload_id>/undo')
@sender
def undo(upload_id: int) -> AnyResponse | tuple[str, int]:
    """Take back what the file made."""
    form = RefusalForm()
    try:
        with transaction(db.session):
            intake.ask_undo(db.session, current_actor(), upload_id, now=utc_now())
    except REFUSALS as error:
        refuse(form, error)
        return shown(upload_id, form=form), form.refused_with
    return redirect(url_for("uploads.show", upload_id=upload_id), code=303)


@blueprint.get('/<ref("upload"):upload_id>/original')
@sender
@steps_up
@may_take_two
def original(upload_id: int) -> AnyResponse:
    """What the file held, to save and never to show; recorded before its first byte leaves."""
    with transaction(db.session):
        upload = files.hand_out(db.session, current_actor(), upload_id, now=utc_now())
        let_out(upload.storage_key)
    name = originals.saved_as(upload)
    if originals.is_as_sent(upload):
        return kept_file(upload.storage_key, name, "application/octet-stream")
    return saved_file(lambda: originals.text_of(ports().storage, upload), name, CSV)


@blueprint.get('/<ref("upload"):upload_id>/rejected')
@sender
@steps_up
@may_take_two
def error_file(upload_id: int) -> Response:
    """The rejected rows in the format they were sent in, each with its reasons."""
    actor = current_actor()
    with transaction(db.session):
        upload = files.hand_out_rejected(db.session, actor, upload_id, now=utc_now())

    def reason(label: str, code: str) -> str:
        return say(ROW_FAULTS[code], {"field": say(label), "value": ""})

    called = ErrorWords(line=_("line"), reasons=_("reasons"), sheet=_("Rejected"))
    form = form_of(upload)
    return saved_file(
        lambda: errorfile.error_file(db.session, actor, ports().storage, upload_id, say=reason, called=called),
        presenter.error_file_name(upload, form.ending, say),
        form.media_type,
    )


@blueprint.post('/<ref("upload"):upload_id>/original')
@requires(Permission.CASE_EXPORT)
def ask_for_original(upload_id: int) -> AnyResponse:
    """Ask a second person to let the file go."""
    return _ask(upload_id, files.original_of)


@blueprint.post('/<ref("upload"):upload_id>/rejected')
@requires(Permission.CASE_EXPORT)
def ask_for_rejected(upload_id: int) -> AnyResponse:
    """Ask a second person to let the rejected rows go."""
    return _ask(upload_id, files.rejected_of)


def _ask(upload_id: int, taking: Callable[..., Taking]) -> AnyResponse:
    actor = current_actor()
    upload = queries.sent_upload(db.session, actor, upload_id)
    words = [(msg("File"), upload.filename), (msg("Kind"), say(presenter.KINDS[upload.kind]))]
    arguments = {"upload_id": str(upload_id)}
    wanted = taking(db.session, actor, upload, now=utc_now())
    return asked(wanted, words=words, arguments=arguments)
