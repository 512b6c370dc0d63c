"""Incidents: the register, reporting one, and what is said of it."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import CombinedMultiDict
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.files import StoredFile, media_type_of, plain_name
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Side
from agencies.organisations.permissions import Permission
from assignments.incidents import queries, service
from assignments.incidents.facts import Scope
from portal.extensions import db
from portal.forms.attestations import EvidenceForm
from portal.forms.incidents import IncidentForm
from portal.forms.refusals import REFUSALS, refuse
from portal.i18n import refusal
from portal.identity import current_actor
from portal.receiving import incoming_of
from portal.security import requires, takes_documents
from portal.views import choices, incident_pages
from portal.views.downloads import csv_file, kept_file, let_out
from portal.views.stages import ports
from uploads.stores.keys import evidence_key

blueprint = Blueprint("incidents", __name__, url_prefix="/incidents")
_SAY = (Permission.INCIDENT_REPORT, Permission.INCIDENT_HANDLE)


@blueprint.get("/")
@requires(Permission.INCIDENT_VIEW)
def index() -> str:
    """The register, or the part of it that was asked for."""
    return incident_pages.register()


@blueprint.get("/register.csv")
@requires(Permission.INCIDENT_VIEW)
def export() -> Response:
    """The register as a file: what the filter shows."""
    return csv_file(incident_pages.register_file, "incidentes.csv")


@blueprint.get("/deadlines")
@requires(Permission.INCIDENT_VIEW, Permission.REQUEST_VIEW)
def deadlines() -> str:
    """The legal deadlines of every country, as data: with source, and how sure we are."""
    return incident_pages.matrix()


@blueprint.route("/new", methods=["GET", "POST"])
@requires(*_SAY)
def new() -> str | Response | tuple[str, int]:
    """Report an incident, or open one as the creditor."""
    actor, now = current_actor(), utc_now()
    blank = IncidentForm(request.form) if request.method == "POST" else IncidentForm.fresh(now, actor.time_zone)
    form = _offered(blank)
    if request.method == "POST" and form.validate():
        try:
            with transaction(db.session):
                made = _make(form)
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("The incident is reported; those whose data were held know of it now."), "success")
            seen = actor.may(Permission.INCIDENT_VIEW)
            return redirect(url_for(".show", incident_id=made) if seen else url_for("home.index"), code=303)
    page = render_template("incidents/new.html", form=form, is_creditor=actor.side is Side.CREDITOR)
    return page, form.refused_with if form.errors or form.form_errors else 200


@blueprint.get('/<ref("incident"):incident_id>')
@requires(Permission.INCIDENT_VIEW)
def show(incident_id: int) -> str:
    """One incident: what was said, whom it touches, by when whom the law wants told."""
    return incident_pages.incident(incident_id)


@blueprint.route('/<ref("incident"):incident_id>/more', methods=["GET", "POST"])
@requires(*_SAY)
def amend(incident_id: int) -> str | Response | tuple[str, int]:
    """Say more of an incident; what was said before stays."""
    actor = current_actor()
    detail = queries.get_incident(db.session, actor, incident_id)
    before = Scope(**{name: tuple(detail.scopes[-1].wanted[name]) for name in Scope().to_dict()})
    blank = (
        IncidentForm(request.form)
        if request.method == "POST"
        else IncidentForm.of(detail.facts, before, actor.time_zone)
    )
    # What the agency narrowed it to stays, for its consignments and people are not chosen on the creditor's page.
    form = _offered(blank, is_elsewhere=detail.part.agency_id not in {None, actor.tenant})
    if request.method == "POST" and form.validate():
        try:
            with transaction(db.session):
                said = (form.facts(actor.time_zone), form.scope_after(before))
                service.amend(db.session, actor, incident_id, *said, now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("What you said was added; whom it touches was determined again."), "success")
            return redirect(url_for(".show", incident_id=incident_id), code=303)
    page = render_template("incidents/amend.html", form=form, detail=detail, is_creditor=actor.side is Side.CREDITOR)
    return page, form.refused_with if form.errors or form.form_errors else 200


@blueprint.post('/<ref("incident"):incident_id>/files')
@requires(*_SAY)
@takes_documents
def attach(incident_id: int) -> Response:
    """Take one file in; what is wrong with it is said on the page of the incident."""
    queries.get_incident(db.session, current_actor(), incident_id)
    form = EvidenceForm(CombinedMultiDict([request.files, request.form]))
    if form.validate():
        try:
            _keep(incident_id, form.file.data)
        except REFUSALS as error:
            flash(refusal(error), "error")
        else:
            flash(_("The file was attached."), "success")
    else:
        flash(" ".join(str(error) for error in form.file.errors), "error")
    return redirect(url_for(".show", incident_id=incident_id) + "#files", code=303)


@blueprint.get('/<ref("incident"):incident_id>/files/<ref("incident_file"):file_id>')
@requires(Permission.INCIDENT_VIEW)
def download(incident_id: int, file_id: int) -> Response:
    """One file, to be saved and never shown in the browser."""
    with transaction(db.session):
        file = service.open_file(db.session, current_actor(), incident_id, file_id, now=utc_now())
        let_out(file.storage_key)
    return kept_file(file.storage_key, file.name, file.media_type)


def _offered(form: IncidentForm, *, is_elsewhere: bool = False) -> IncidentForm:
    actor = current_actor()
    users = [] if is_elsewhere else incident_pages.users(db.session, actor)
    if actor.side is Side.CREDITOR:
        return form.offer(agencies=choices.panel(db.session, actor), users=users)
    return form.offer(consignments=incident_pages.consignments(db.session, actor), users=users)


def _make(form: IncidentForm) -> int:
    actor = current_actor()
    said: dict[str, Any] = {"key": form.key.data or "", "now": utc_now()}
    facts, scope = form.facts(actor.time_zone), form.scope
    if actor.side is Side.CREDITOR:
        said["agency_id"] = form.agency.number
        return service.open_incident(db.session, actor, facts, scope, **said).id
    return service.report(db.session, actor, facts, scope, **said)[0].id


def _keep(incident_id: int, sent: Any) -> None:
    """Keep the bytes first and the row after: a row without its file would name what is not there."""
    incoming, name = incoming_of(sent), plain_name(sent.filename or "")
    with incoming.look() as content:
        media_type = media_type_of(name, incoming.size, content)
    key = evidence_key(current_actor().tenant, secrets.token_hex(16))
    stored = StoredFile(key, name, media_type, incoming.size, incoming.digest())
    incoming.keep(stored.key)
    is_kept = False
    try:
        with transaction(db.session):
            service.attach(db.session, current_actor(), incident_id, stored, now=utc_now())
        is_kept = True
    finally:
        if not is_kept:
            ports().storage.delete(stored.key)
