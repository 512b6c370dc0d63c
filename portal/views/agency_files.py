"""The file an agency keeps of itself, and creditors read: services, coverage, capacity, licences, insurance."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from agencies.organisations.queries import get_organisation
from agencies.standing import accounts, documents, filing, people
from portal.extensions import db
from portal.forms.applications import DocumentForm
from portal.forms.refusals import REFUSALS, refuse
from portal.forms.standing import CredentialForm, StatementForm
from portal.identity import current_actor
from portal.presenters import agency_files as presenter
from portal.security import requires

blueprint = Blueprint("agency_files", __name__, url_prefix="/agency-file")
_EDIT, _VIEW = Permission.STANDING_EDIT, Permission.STANDING_VIEW


@blueprint.get("/")
@requires(_EDIT)
def index() -> str:
    """The agency's own file."""
    return _shown(current_actor().tenant)


@blueprint.get('/<ref("counterpart"):agency_id>')
@requires(_VIEW)
def show(agency_id: int) -> str:
    """The file of an agency, read by a creditor or by itself."""
    return _shown(agency_id)


@blueprint.route("/edit", methods=["GET", "POST"])
@requires(_EDIT)
def edit() -> str | Response | tuple[str, int]:
    """State services, coverage, capacity and contacts."""
    actor, now = current_actor(), utc_now()
    page = filing.get_file(db.session, actor, actor.tenant)
    form = StatementForm(request.form, obj=page.statement).offer()
    if request.method == "POST" and form.validate():
        try:
            with transaction(db.session):
                filing.state(db.session, actor, form.statement, now=now)
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("Your file was saved."), "success")
            return redirect(url_for(".index"), code=303)
    return render_template("agency_files/edit.html", form=form), form.refused_with if form.errors else 200


@blueprint.post("/credentials")
@requires(_EDIT)
def add() -> Response | tuple[str, int]:
    """Put a licence or a policy on the file."""
    actor, form = current_actor(), _credential_form(request.form)
    if form.validate():
        try:
            with transaction(db.session):
                filing.add_credential(db.session, actor, form.credential, now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("Added to your file."), "success")
            return redirect(url_for(".index"), code=303)
    return _shown(actor.tenant, form), form.refused_with


@blueprint.post('/credentials/<ref("credential"):credential_id>/remove')
@requires(_EDIT)
def remove(credential_id: int) -> Response:
    """Take one off the file."""
    with transaction(db.session):
        filing.remove_credential(db.session, current_actor(), credential_id, now=utc_now())
    flash(_("Taken off your file."), "success")
    return redirect(url_for(".index"), code=303)


def _credential_form(formdata: Any = None) -> CredentialForm:
    actor = current_actor()
    home = get_organisation(db.session, actor, actor.tenant)
    return CredentialForm(formdata).offer(home.country, home.currency)


def _shown(agency_id: int, form: CredentialForm | None = None) -> str:
    actor = current_actor()
    page = filing.get_file(db.session, actor, agency_id)
    if form is None and presenter.may_edit(page, actor):
        form = _credential_form()
    today = local_date(utc_now(), actor.time_zone)
    return render_template(
        "agency_files/show.html",
        page=page,
        form=form,
        today=today,
        principals=people.principals_of(db.session, actor, agency_id),
        accounts=accounts.accounts_of(db.session, actor, agency_id),
        documents=documents.documents_of(db.session, actor, agency_id),
        document=DocumentForm().offer(),
        show=presenter,
    )
