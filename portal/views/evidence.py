"""Files of evidence: taken in by their content, handed out as attachments only."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import CombinedMultiDict, FileStorage
from werkzeug.wrappers import Response

from agencies.attestations import queries, service
from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from portal.extensions import db
from portal.forms.attestations import EvidenceForm
from portal.forms.refusals import REFUSALS
from portal.i18n import refusal
from portal.identity import current_actor
from portal.security import requires, takes_documents
from portal.views.documents import stored
from portal.views.downloads import kept_file, let_out
from portal.views.stages import ports

blueprint = Blueprint("evidence", __name__, url_prefix="/attestations")


@blueprint.post('/<ref("attestation"):attestation_id>/evidence')
@requires(Permission.ATTESTATION_SIGN)
@takes_documents
def attach(attestation_id: int) -> Response:
    """Take one file in; what is wrong with it is said on the page of the attestation."""
    queries.get_attestation(db.session, current_actor(), attestation_id, now=utc_now())
    form = EvidenceForm(CombinedMultiDict([request.files, request.form]))
    if form.validate():
        try:
            _keep(attestation_id, form.file.data)
        except REFUSALS as error:
            flash(refusal(error), "error")
        else:
            flash(_("The file was attached."), "success")
    else:
        flash(" ".join(str(error) for error in form.file.errors), "error")
    return redirect(url_for("attestations.show", attestation_id=attestation_id) + "#evidence", code=303)


@blueprint.post('/<ref("attestation"):attestation_id>/evidence/<ref("attestation_file"):file_id>/remove')
@requires(Permission.ATTESTATION_SIGN)
def detach(attestation_id: int, file_id: int) -> Response:
    """Take a file off a draft."""
    with transaction(db.session):
        key = service.detach(db.session, current_actor(), attestation_id, file_id)
    ports().storage.delete(key)
    flash(_("The file was taken away."), "success")
    return redirect(url_for("attestations.show", attestation_id=attestation_id) + "#evidence", code=303)


@blueprint.get('/<ref("attestation"):attestation_id>/evidence/<ref("attestation_file"):file_id>')
@requires(Permission.ATTESTATION_VIEW)
def download(attestation_id: int, file_id: int) -> Response:
    """One file, to be saved and never shown in the browser."""
    with transaction(db.session):
        file = service.open_evidence(db.session, current_actor(), attestation_id, file_id, now=utc_now())
        let_out(file.storage_key)
    return kept_file(file.storage_key, file.name, file.media_type)


def _keep(attestation_id: int, sent: FileStorage) -> None:
    """Keep the bytes first and the row after: a row without its file would be evidence that is not there."""
    with stored(sent) as file:
        with transaction(db.session):
            kept = service.attach(db.session, current_actor(), attestation_id, file, now=utc_now()).storage_key
        if kept != file.key:
            ports().storage.delete(file.key)
