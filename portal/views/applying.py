"""The public way in: an organisation that is not here yet asks to be let in, part by part, by links in letters."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import CombinedMultiDict
from werkzeug.wrappers import Response

from agencies.applications import content, drafting, letters, links
from agencies.applications.links import LinkUsed, VisitOver
from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.models import OrganisationKind
from portal import errors, identity, throttle
from portal.extensions import db, limiter
from portal.forms.applications import ApplyForm, DocumentForm, LinkForm, SubmitForm
from portal.forms.asked import AskedForm, asked_form
from portal.forms.refusals import REFUSALS, refuse
from portal.i18n import refusal
from portal.presenters import applications as presenter
from portal.security import VISIT, opens_by_secret, public, takes_documents
from portal.views.documents import keep_document, removed
from portal.views.downloads import kept_file

blueprint = Blueprint("applying", __name__, url_prefix="/apply")


@blueprint.before_request
def act_as_nobody() -> None:
    """An applicant is nobody who is signed in, whoever else this browser belongs to."""
    identity.as_door()


@blueprint.errorhandler(VisitOver)
def ask_for_a_link(refused: VisitOver) -> Response:
    """Lead somebody whose time is over to where links are asked for; what is named by id is just not shown."""
    session.pop(VISIT, None)
    if request.view_args:
        return errors.page(403, refusal(refused))
    flash(refusal(refused), "info")
    return redirect(url_for(".index"), code=303)


@blueprint.get("/")
@public
def index() -> str:
    """Begin an application, or go on with one."""
    return _door(ApplyForm().offer(), LinkForm().offer())


@blueprint.post("/")
@public
@limiter.limit("5 per hour", key_func=throttle.by_email)
@limiter.limit("20 per hour", key_func=throttle.by_address)
def begin() -> str | Response | tuple[str, int]:
    """Send a link to the address; nothing else is kept before it is opened."""
    form = ApplyForm(request.form).offer()
    if form.validate():
        try:
            with transaction(db.session):
                letters.begin(db.session, **_begun(form), now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            return redirect(url_for(".sent"), code=303)
    return _door(form, LinkForm().offer()), form.refused_with


@blueprint.post("/link")
@public
@limiter.limit("5 per hour", key_func=throttle.by_email)
@limiter.limit("20 per hour", key_func=throttle.by_address)
def link() -> str | Response | tuple[str, int]:
    """Send a new link to an address that has begun; whoever asks is told the same either way."""
    form = LinkForm(request.form).offer()
    if form.validate():
        try:
            with transaction(db.session):
                letters.send_again(
                    db.session, email=form.email.data or "", kind=OrganisationKind(form.kind.data), now=utc_now()
                )
        except REFUSALS as error:
            refuse(form, error)
        else:
            return redirect(url_for(".sent"), code=303)
    return _door(ApplyForm().offer(), form), form.refused_with


@blueprint.get("/sent")
@public
def sent() -> str:
    """What to do next: look at the mail."""
    return render_template("applying/sent.html")


@blueprint.get("/open/<token>")
@public
@opens_by_secret
@limiter.limit("30 per minute", key_func=throttle.by_address)
def opening(token: str) -> str | tuple[str, int]:
    """Ask for one press, so that a mail scanner that follows links does not use this one up."""
    try:
        row = links.find_link(db.session, token, now=utc_now())
    except LinkUsed as refused:
        return render_template("applying/used.html", why=refusal(refused), again=LinkForm().offer()), 404
    return render_template("applying/open.html", row=row, token=token, show=presenter)


@blueprint.post("/open/<token>")
@public
@opens_by_secret
@limiter.limit("30 per minute", key_func=throttle.by_address)
def enter(token: str) -> str | Response | tuple[str, int]:
    """Use the link up: this browser goes on with the application for some hours."""
    try:
        with transaction(db.session):
            _row, visit = links.enter(db.session, token, now=utc_now())
    except LinkUsed as refused:
        return render_template("applying/used.html", why=refusal(refused), again=LinkForm().offer()), 404
    session[VISIT] = visit
    return redirect(url_for(".show"), code=303)


@blueprint.get("/draft")
@public
def show() -> str:
    """The application: what is filled in, what is missing, what was said."""
    return _shown(SubmitForm())


@blueprint.route("/part", methods=["GET", "POST"])
@public
def part() -> str | Response | tuple[str, int]:
    """Fill in one part, or add a row to a list."""
    code, now = request.args.get("name", ""), utc_now()
    row = links.visited(db.session, _visit(), now=now)
    section = content.section_of(row, code)
    known = {} if section.is_list else content.opened(db.session, row).get(code, {})
    if request.method == "GET":
        return _part(asked_form(section.fields, known=known), code)
    form = asked_form(section.fields, request.form, is_draft=not section.is_list)
    if form.validate():
        try:
            with transaction(db.session):
                drafting.write(db.session, _visit(), code, form.answers, now=now)
        except REFUSALS as error:
            refuse(form, error)
        else:
            return redirect(_next(code, is_list=section.is_list), code=303)
    return _part(form, code), form.refused_with


@blueprint.post("/part/drop")
@public
def drop() -> Response:
    """Take a row off a list."""
    code = request.args.get("name", "")
    with transaction(db.session):
        drafting.drop_row(db.session, _visit(), code, request.form.get("row", ""), now=utc_now())
    return redirect(url_for(".part", name=code), code=303)


@blueprint.post("/documents")
@public
@takes_documents
def attach() -> Response:
    """Take one file in; what is wrong with it is said on the page of the application."""
    row = links.visited(db.session, _visit(), now=utc_now())
    form = DocumentForm(CombinedMultiDict([request.files, request.form])).offer()
    if form.validate():
        keep_document(
            form.file.data,
            row.organisation_id,
            lambda stored: drafting.attach(db.session, _visit(), form.document_kind, stored, now=utc_now()).storage_key,
        )
    else:
        flash(" ".join(str(error) for field in form for error in field.errors), "error")
    return redirect(url_for(".show") + "#documents", code=303)


@blueprint.get('/documents/<ref("application_file"):file_id>')
@public
def download(file_id: int) -> Response:
    """One's own file, to be saved and never shown in the browser."""
    file = drafting.own_file(db.session, _visit(), file_id, now=utc_now())
    return kept_file(file.storage_key, file.name, file.media_type)


@blueprint.post('/documents/<ref("application_file"):file_id>/remove')
@public
def detach(file_id: int) -> Response:
    """Take a file off the draft."""
    with transaction(db.session):
        key = drafting.detach(db.session, _visit(), file_id, now=utc_now())
    removed(key)
    return redirect(url_for(".show") + "#documents", code=303)


@blueprint.post("/submit")
@public
def submit() -> str | Response | tuple[str, int]:
    """Hand the application in."""
    form = SubmitForm(request.form)
    if form.validate():
        try:
            with transaction(db.session):
                letters.submit(db.session, _visit(), now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("Handed in. The operator looks at it and writes to you."), "success")
            return redirect(url_for(".show"), code=303)
    return _shown(form), form.refused_with


@blueprint.post("/withdraw")
@public
def withdraw() -> Response:
    """Take it back for good."""
    with transaction(db.session):
        drafting.withdraw(db.session, _visit(), now=utc_now())
    flash(_("Your application was taken back."), "success")
    return redirect(url_for(".show"), code=303)


@blueprint.post("/leave")
@public
def leave() -> Response:
    """Close the application in this browser; a new link opens it again."""
    session.pop(VISIT, None)
    flash(_("Closed in this browser. What you saved is kept; ask for a new link to go on."), "success")
    return redirect(url_for(".index"), code=303)


def _visit() -> str:
    return str(session.get(VISIT, ""))


def _begun(form: ApplyForm) -> dict[str, Any]:
    return {
        "kind": OrganisationKind(form.kind.data),
        "country": form.country.data,
        "email": form.email.data or "",
        "language": form.language.data,
    }


def _door(form: ApplyForm, again: LinkForm) -> str:
    return render_template("applying/index.html", form=form, again=again, is_open=VISIT in session)


def _next(code: str, *, is_list: bool) -> str:
    """After a part comes the next one; a list is stayed at, for there may be another row."""
    then = request.form.get("then")
    if is_list or then == "stay":
        return url_for(".part", name=code)
    row = links.visited(db.session, _visit(), now=utc_now())
    following = presenter.after(row, code)
    return url_for(".part", name=following) if following and then == "next" else url_for(".show")


def _part(form: AskedForm, code: str) -> str:
    row = links.visited(db.session, _visit(), now=utc_now())
    said = content.opened(db.session, row)
    page = presenter.part_page(row, content.section_of(row, code), said)
    return render_template("applying/part.html", page=page, form=form, show=presenter)


def _shown(form: SubmitForm) -> str:
    row = links.visited(db.session, _visit(), now=utc_now())
    files = drafting.files_of(db.session, row)
    page = presenter.draft_page(row, content.opened(db.session, row), files, drafting.steps_of(db.session, row))
    return render_template("applying/show.html", page=page, form=form, document=DocumentForm().offer(), show=presenter)
