"""Requests of data subjects: the register, taking one in, passing one on, and the page of one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Side
from agencies.organisations.permissions import Permission
from agencies.organisations.queries import home_country
from assignments.subjects import queries, service
from assignments.subjects.models import RequestChannel, RequestKind, SubjectRequest
from portal.extensions import db
from portal.forms.refusals import REFUSALS, refuse
from portal.forms.requests import RequestForm
from portal.identity import current_actor
from portal.presenters import requests as presenter
from portal.security import requires
from portal.views import choices, paging, request_pages
from portal.views.downloads import csv_file

blueprint = Blueprint("requests", __name__, url_prefix="/requests")
_ALL = (Permission.REQUEST_VIEW, Permission.REQUEST_FORWARD)


@blueprint.get("/")
@requires(*_ALL)
def index() -> str:
    """The register; for an agency what it passed on."""
    actor = current_actor()
    if actor.side is Side.CREDITOR:
        return request_pages.register()
    page = queries.list_forwarded(db.session, actor, after=paging.after(int))
    names = choices.organisations(db.session, {one.creditor_id for one in page.rows})
    shown = {"page": page, "pages": paging.addresses(page), "names": names}
    return render_template("requests/forwarded.html", **shown, show=presenter, late=service.forwarded_late)


@blueprint.get("/register.csv")
@requires(Permission.REQUEST_VIEW)
def export() -> Response:
    """The register as a file: what the filter shows, without names."""
    return csv_file(request_pages.register_file, "solicitudes.csv")


@blueprint.get("/retention")
@requires(Permission.REQUEST_VIEW)
def retention() -> str:
    """How long each class of data stays, and what is held fast."""
    return request_pages.retention()


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.REQUEST_HANDLE, Permission.REQUEST_FORWARD)
def new() -> str | Response | tuple[str, int]:
    """Take a request in, or pass one on as an agency."""
    actor, now = current_actor(), utc_now()
    country = home_country(db.session, actor)
    form = RequestForm(request.form) if request.method == "POST" else RequestForm.fresh(now, actor.time_zone, country)
    form.offer(request_pages.creditors(db.session, actor) if actor.side is Side.AGENCY else None)
    if request.method == "POST" and form.validate():
        try:
            with transaction(db.session):
                made = _make(form)
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("The request is registered and its time runs."), "success")
            is_own = actor.may(Permission.REQUEST_VIEW)
            return redirect(url_for(".show", request_id=made.id) if is_own else url_for(".index"), code=303)
    page = render_template("requests/new.html", form=form, is_creditor=actor.side is Side.CREDITOR)
    return page, form.refused_with if form.errors or form.form_errors else 200


@blueprint.get('/<ref("request"):request_id>')
@requires(Permission.REQUEST_VIEW)
def show(request_id: int) -> str:
    """One request: who asks what, until when, what was done, and what can be done next."""
    return request_pages.page(request_id)


def _make(form: RequestForm) -> SubjectRequest:
    actor = current_actor()
    told: dict[str, Any] = {
        "kind": RequestKind(form.kind.data),
        "channel": RequestChannel(form.channel.data),
        "country": str(form.country.data),
        "received_at": form.received(actor.time_zone),
        "key": form.key.data or "",
        "now": utc_now(),
    }
    if actor.side is Side.CREDITOR:
        return service.register(db.session, actor, form.person, **told)
    return service.forward(db.session, actor, form.person, creditor_id=form.creditor.number or 0, **told)
