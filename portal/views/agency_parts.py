"""Parts of an agency's file: its principals, its documents, what it discloses, and the account it is paid to."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import CombinedMultiDict
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.models import OrganisationKind
from agencies.organisations.permissions import Permission
from agencies.organisations.queries import get_organisation
from agencies.standing import accounts, changes, documents, filing, people
from agencies.standing.registers import DISCLOSURES, REGISTERS
from portal.extensions import db
from portal.forms.agency_parts import AccountForm, PrincipalForm
from portal.forms.applications import DocumentForm
from portal.forms.asked import asked_form
from portal.forms.refusals import REFUSALS, refuse
from portal.identity import current_actor
from portal.presenters import agency_files as presenter
from portal.security import requires, steps_up, takes_documents
from portal.views.agency_files import blueprint
from portal.views.documents import keep_document
from portal.views.downloads import kept_file, let_out

_EDIT, _VIEW = Permission.STANDING_EDIT, Permission.STANDING_VIEW


@blueprint.route("/principals", methods=["GET", "POST"])
@requires(_EDIT)
def principals() -> str | Response | tuple[str, int]:
    """Who represents, directs and owns the agency; and put somebody on the file."""
    actor, form = current_actor(), PrincipalForm(request.form).offer()
    if request.method == "POST" and form.validate():
        try:
            with transaction(db.session):
                people.add_principal(db.session, actor, form.facts, now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("Added to your file."), "success")
            return redirect(url_for(".principals"), code=303)
    rows = people.principals_of(db.session, actor, actor.tenant)
    page = render_template("agency_files/principals.html", rows=rows, form=form, show=presenter)
    return page, form.refused_with if form.errors or form.form_errors else 200


@blueprint.post('/principals/<ref("principal"):principal_id>/remove')
@requires(_EDIT)
def remove_principal(principal_id: int) -> Response:
    """Take somebody off the file."""
    with transaction(db.session):
        people.remove_principal(db.session, current_actor(), principal_id, now=utc_now())
    flash(_("Taken off your file."), "success")
    return redirect(url_for(".principals"), code=303)


@blueprint.route("/disclosures", methods=["GET", "POST"])
@requires(_EDIT)
def disclosures() -> str | Response | tuple[str, int]:
    """What registers say, what is certified, what was disputed."""
    actor = current_actor()
    page = filing.get_file(db.session, actor, actor.tenant)
    asked = [one for one in (*REGISTERS[page.country], *DISCLOSURES) if OrganisationKind.AGENCY in one.kinds]
    form = asked_form(asked, request.form, {**page.registers, **page.disclosures})
    if request.method == "POST" and form.validate():
        try:
            with transaction(db.session):
                filing.disclose(db.session, actor, registers=form.answers, disclosures=form.answers, now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("Your file was saved."), "success")
            return redirect(url_for(".index"), code=303)
    shown = render_template("agency_files/disclosures.html", form=form)
    return shown, form.refused_with if form.errors or form.form_errors else 200


@blueprint.post("/documents")
@requires(_EDIT)
@takes_documents
def attach() -> Response:
    """Take one file in; what is wrong with it is said on the page of the file."""
    actor = current_actor()
    form = DocumentForm(CombinedMultiDict([request.files, request.form])).offer()
    if form.validate():
        keep_document(
            form.file.data,
            actor.tenant,
            lambda stored: (
                documents.add_document(db.session, actor, form.document_kind, stored, now=utc_now()).storage_key
            ),
        )
    else:
        flash(" ".join(str(error) for field in form for error in field.errors), "error")
    return redirect(url_for(".index") + "#documents", code=303)


@blueprint.post('/documents/<ref("agency_document"):document_id>/remove')
@requires(_EDIT)
def detach(document_id: int) -> Response:
    """Take a file off; its bytes stay, because somebody may have relied on it."""
    with transaction(db.session):
        documents.remove_document(db.session, current_actor(), document_id, now=utc_now())
    flash(_("Taken off your file."), "success")
    return redirect(url_for(".index") + "#documents", code=303)


@blueprint.get('/<ref("counterpart"):agency_id>/documents/<ref("agency_document"):document_id>')
@requires(_VIEW)
def download(agency_id: int, document_id: int) -> Response:
    """One document, to be saved and never shown in the browser."""
    with transaction(db.session):
        file = documents.open_document(db.session, current_actor(), agency_id, document_id, now=utc_now())
        let_out(file.storage_key)
    return kept_file(file.storage_key, file.name, file.media_type)


@blueprint.get("/account")
@requires(_EDIT)
def account() -> str:
    """The account in force, those before it, and a form for another one."""
    return _account(AccountForm().offer(_home()))


@blueprint.post("/account")
@requires(Permission.BANK_ACCOUNT_CHANGE)
@steps_up
def change_account() -> str | Response | tuple[str, int]:
    """Ask a second person to agree to another account."""
    actor, home = current_actor(), _home()
    form = AccountForm(request.form).offer(home)
    if form.validate():
        try:
            with transaction(db.session):
                asked = changes.ask_for_account(db.session, actor, form.account(home[0]), now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("A second person of your agency must agree; until then the account in force stays."), "success")
            return redirect(url_for("approvals.show", approval_id=asked.id), code=303)
    return _account(form), form.refused_with


def _home() -> tuple[str, str]:
    actor = current_actor()
    home = get_organisation(db.session, actor, actor.tenant)
    return home.country, home.currency


def _account(form: AccountForm) -> str:
    actor = current_actor()
    rows = accounts.accounts_of(db.session, actor, actor.tenant)
    has_second = accounts.has_second_manager(db.session, actor)
    return render_template("agency_files/account.html", rows=rows, form=form, has_second=has_second, show=presenter)
