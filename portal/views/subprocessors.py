"""Whom an agency lets work on a creditor's data: its list, version by version, and the creditor's word on each."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import CombinedMultiDict
from werkzeug.wrappers import Response as AnyResponse

from agencies.attestations import disclosed, disclosing
from agencies.attestations.entries import Told
from agencies.attestations.subprocessors import Subprocessor, SubprocessorVerdict
from agencies.kernel import audit
from agencies.kernel.clock import utc_now
from agencies.kernel.errors import NotFound
from agencies.kernel.files import StoredFile
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Side
from agencies.organisations.permissions import Permission
from agencies.organisations.queries import get_organisation
from portal.extensions import db
from portal.forms.refusals import REFUSALS, RefusalForm, refuse
from portal.forms.subprocessors import EntryForm, ObjectionForm, entry_form
from portal.identity import current_actor
from portal.presenters import subprocessors as presenter
from portal.security import requires, takes_documents
from portal.views import choices
from portal.views.documents import stored
from portal.views.downloads import kept_file, let_out, saved_file

blueprint = Blueprint("subprocessors", __name__, url_prefix="/attestations")
_SIGN, _REVIEW, _VIEW = Permission.ATTESTATION_SIGN, Permission.ATTESTATION_REVIEW, Permission.ATTESTATION_VIEW


@blueprint.get('/with/<ref("counterpart"):other_id>/subprocessors')
@requires(_VIEW)
def show(other_id: int) -> str:
    """The list that is in force, or an older version of it."""
    return _shown(other_id)


@blueprint.get('/with/<ref("counterpart"):other_id>/subprocessors/text')
@requires(_VIEW)
def text(other_id: int) -> Response:
    """A published version, byte for byte what its fingerprint is of."""
    found = disclosed.get_disclosure(db.session, current_actor(), other_id, version=_version()).shown
    if found is None or found.text is None:
        raise NotFound
    body = found.text.encode()
    return saved_file(lambda: iter([body]), f"AT-03-{found.version}.txt", "text/plain; charset=utf-8")


@blueprint.post('/with/<ref("counterpart"):other_id>/subprocessors/begin')
@requires(_SIGN)
def begin(other_id: int) -> AnyResponse:
    """Begin the next version, or go on where somebody began it."""
    with transaction(db.session):
        disclosing.begin_list(db.session, current_actor(), other_id, now=utc_now())
    return redirect(url_for(".draft", other_id=other_id), code=303)


@blueprint.get('/with/<ref("counterpart"):other_id>/subprocessors/draft')
@requires(_SIGN)
def draft(other_id: int) -> str:
    """The version that is being prepared."""
    return _drafted(other_id)


@blueprint.post('/with/<ref("counterpart"):other_id>/subprocessors/add')
@requires(_SIGN)
@takes_documents
def add(other_id: int) -> AnyResponse | tuple[str, int]:
    """Put somebody on the draft."""
    form = _entry_form()
    if form.validate():
        try:
            _keep(form, None, other_id)
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("Added to the list. It counts once the list is published."), "success")
            return redirect(url_for(".draft", other_id=other_id), code=303)
    return _drafted(other_id, form), form.refused_with


@blueprint.get('/subprocessors/<ref("subprocessor"):entry_id>')
@requires(_SIGN)
def edit(entry_id: int) -> str:
    """One entry of the draft."""
    return _edited(entry_id, entry_form(None, _own(entry_id), ""))


@blueprint.post('/subprocessors/<ref("subprocessor"):entry_id>')
@requires(_SIGN)
@takes_documents
def change(entry_id: int) -> AnyResponse | tuple[str, int]:
    """Change one entry of the draft."""
    entry, form = _own(entry_id), _entry_form()
    if form.validate():
        try:
            _keep(form, entry_id, entry.creditor_id)
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("Saved."), "success")
            return redirect(url_for(".draft", other_id=entry.creditor_id), code=303)
    return _edited(entry_id, form), form.refused_with


@blueprint.post('/subprocessors/<ref("subprocessor"):entry_id>/remove')
@requires(_SIGN)
def remove(entry_id: int) -> AnyResponse:
    """Take one off the draft."""
    with transaction(db.session):
        creditor_id = disclosing.remove_entry(db.session, current_actor(), entry_id)
    flash(_("Taken off the list. It counts once the list is published."), "success")
    return redirect(url_for(".draft", other_id=creditor_id), code=303)


@blueprint.post('/with/<ref("counterpart"):other_id>/subprocessors/publish')
@requires(_SIGN)
def publish(other_id: int) -> AnyResponse | tuple[str, int]:
    """Make the draft the list that is in force."""
    refused = RefusalForm()
    try:
        with transaction(db.session):
            disclosing.publish_list(db.session, current_actor(), other_id, now=utc_now())
    except REFUSALS as error:
        refuse(refused, error)
        return _drafted(other_id, refused=refused), refused.refused_with
    flash(_("Published. Sign AT-03 anew: it refers to this version of the list."), "success")
    return redirect(url_for("attestations.relation", other_id=other_id), code=303)


@blueprint.post('/subprocessors/<ref("subprocessor"):entry_id>/approve')
@requires(_REVIEW)
def approve(entry_id: int) -> AnyResponse:
    """The creditor authorises one."""
    with transaction(db.session):
        verdict = SubprocessorVerdict.APPROVED
        entry = disclosing.decide(db.session, current_actor(), entry_id, verdict, now=utc_now())
    flash(_("Approved. The agency has been told."), "success")
    return redirect(url_for(".show", other_id=entry.agency_id), code=303)


@blueprint.post('/subprocessors/<ref("subprocessor"):entry_id>/object')
@requires(_REVIEW)
def oppose(entry_id: int) -> AnyResponse | tuple[str, int]:
    """The creditor objects to one, and says why."""
    actor, form = current_actor(), ObjectionForm(request.form)
    entry = disclosing.get_entry(db.session, actor, entry_id)
    if form.validate():
        try:
            with transaction(db.session):
                verdict = SubprocessorVerdict.OBJECTED
                disclosing.decide(db.session, actor, entry_id, verdict, **form.said, now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("Your objection was recorded. AT-03 has to be signed anew; the agency has been told."), "success")
            return redirect(url_for(".show", other_id=entry.agency_id), code=303)
    return _shown(entry.agency_id, form=form, objected_id=entry_id), form.refused_with


@blueprint.get('/subprocessors/<ref("subprocessor"):entry_id>/contract')
@requires(_VIEW)
def contract(entry_id: int) -> AnyResponse:
    """The contract with one, to be saved and never shown in the browser."""
    actor = current_actor()
    with transaction(db.session):
        entry = disclosing.get_entry(db.session, actor, entry_id)
        if entry.contract_file_key is None:
            raise NotFound
        let_out(entry.contract_file_key)
        audit.record(db.session, actor, "evidence.downloaded", now=utc_now(), subprocessor_id=entry_id)
    return kept_file(entry.contract_file_key, entry.contract_name or "", entry.contract_type or "")


def _entry_form() -> EntryForm:
    return entry_form(CombinedMultiDict([request.files, request.form]), None, "")


def _own(entry_id: int) -> Subprocessor:
    """An entry of the agency's draft; of a published list nothing is changed."""
    entry = disclosing.get_entry(db.session, current_actor(), entry_id)
    found = disclosed.get_disclosure(db.session, current_actor(), entry.creditor_id)
    if found.draft is None or found.draft.version != entry.version:
        raise disclosing.ListPublished
    return entry


def _keep(form: EntryForm, entry_id: int | None, creditor_id: int) -> None:
    """Write what was typed, with the contract if one was chosen."""
    if not form.has_contract:
        return _write(form.told, None, entry_id, creditor_id)
    with stored(form.contract.data) as file:
        return _write(form.told, file, entry_id, creditor_id)


def _write(told: Told, file: StoredFile | None, entry_id: int | None, creditor_id: int) -> None:
    actor, now = current_actor(), utc_now()
    with transaction(db.session):
        if entry_id is None:
            disclosing.add_entry(db.session, actor, creditor_id, told, file, now=now)
        else:
            disclosing.change_entry(db.session, actor, entry_id, told, file, now=now)


def _shown(other_id: int, *, form: ObjectionForm | None = None, objected_id: int | None = None) -> str:
    actor = current_actor()
    found = disclosed.get_disclosure(db.session, actor, other_id, version=_version())
    return _page(
        "subprocessors/show.html", other_id, page=presenter.list_page(found, actor), form=form, objected_id=objected_id
    )


def _version() -> int | None:
    """The version the address asks for; the newest one when it asks for none."""
    asked = request.args.get("version", "")
    if asked and not (asked.isascii() and asked.isdigit() and len(asked) < 10):
        raise NotFound
    return int(asked) if asked else None


def _drafted(other_id: int, form: EntryForm | None = None, refused: RefusalForm | None = None) -> str:
    actor = current_actor()
    found = disclosed.get_disclosure(db.session, actor, other_id, is_draft=True)
    home = get_organisation(db.session, actor, actor.tenant).country
    form = form or entry_form(None, None, home)
    return _page(
        "subprocessors/draft.html", other_id, page=presenter.list_page(found, actor), form=form, refused=refused
    )


def _edited(entry_id: int, form: EntryForm) -> str:
    entry = _own(entry_id)
    return _page("subprocessors/edit.html", entry.creditor_id, entry=entry, form=form)


def _page(template: str, other_id: int, **shown: object) -> str:
    names = choices.organisations(db.session, [other_id])
    is_creditor = current_actor().side is Side.CREDITOR
    return render_template(
        template, other_id=other_id, other=names.get(other_id, "–"), is_creditor=is_creditor, **shown
    )
