"""Files of evidence: taken in by their content, handed out as attachments only."""

from __future__ import annotations

import secrets

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import CombinedMultiDict, FileStorage
from werkzeug.wrappers import Response

from agencies.attestations import queries, service
from agencies.kernel.clock import utc_now
from agencies.kernel.files import StoredFile, media_type_of, plain_name
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from portal.extensions import db
from portal.forms.attestations import EvidenceForm
from portal.forms.refusals import REFUSALS
from portal.i18n import refusal
from portal.identity import current_actor
from portal.receiving import incoming_of
from portal.security import requires, takes_documents
from portal.views.downloads import kept_file
from portal.views.stages import ports
from uploads.stores.keys import evidence_key

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
    return kept_file(file.storage_key, file.name, file.media_type)


def _keep(attestation_id: int, sent: FileStorage) -> None:
    """Keep the bytes first and the row after: a row without its file would be evidence that is not there."""
    incoming, name = incoming_of(sent), plain_name(sent.filename or "")
    with incoming.look() as content:
        media_type = media_type_of(name, incoming.size, content)
    stored = StoredFile(
        evidence_key(current_actor().tenant, secrets.token_hex(16)), name, media_type, incoming.size, incoming.digest()
    )
    incoming.keep(stored.key)
    kept = None
    try:
        with transaction(db.session):
            kept = service.attach(db.session, current_actor(), attestation_id, stored, now=utc_now()).storage_key
    finally:
        if kept != stored.key:
            ports().storage.delete(stored.key)
