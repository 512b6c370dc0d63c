"""Mandates: what the two sides agreed, made and amended by the creditor, read by both."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.session import transaction
from agencies.mandates import queries, service
from agencies.organisations.permissions import Permission
from portal.extensions import db
from portal.forms.mandates import MandateForm, TermsForm
from portal.forms.refusals import REFUSALS, refuse
from portal.identity import current_actor
from portal.presenters import mandates as presenter
from portal.security import requires
from portal.views.choices import agencies

blueprint = Blueprint("mandates", __name__, url_prefix="/mandates")


@blueprint.get("/")
@requires(Permission.MANDATE_VIEW)
def index() -> str:
    """Every mandate of the organisation."""
    actor = current_actor()
    rows = queries.list_mandates(db.session, actor, on=local_date(utc_now(), actor.time_zone))
    may_make = actor.may(Permission.MANDATE_MAKE)
    return render_template("mandates/index.html", rows=rows, may_make=may_make, show=presenter)


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.MANDATE_MAKE)
def new() -> str | Response | tuple[str, int]:
    """Make a mandate with an agency."""
    actor, now = current_actor(), utc_now()
    form = MandateForm(request.form, valid_from=local_date(now, actor.time_zone))
    form.agency.offer(agencies(db.session, actor))
    if request.method == "POST" and form.validate():
        try:
            with transaction(db.session):
                made = service.make(db.session, actor, **form.values, now=now)
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("The mandate was made."), "success")
            return redirect(url_for(".show", mandate_id=made.id))
    return render_template("mandates/new.html", form=form), form.refused_with if form.errors else 200


@blueprint.get('/<ref("mandate"):mandate_id>')
@requires(Permission.MANDATE_VIEW)
def show(mandate_id: int) -> str:
    """One mandate, its terms and their history."""
    actor = current_actor()
    today = local_date(utc_now(), actor.time_zone)
    row = queries.get_mandate(db.session, actor, mandate_id, on=today)
    return render_template("mandates/show.html", row=row, today=today, show=presenter)


@blueprint.route('/<ref("mandate"):mandate_id>/amend', methods=["GET", "POST"])
@requires(Permission.MANDATE_MAKE)
def amend(mandate_id: int) -> str | Response | tuple[str, int]:
    """Agree new terms from a date on."""
    actor, now = current_actor(), utc_now()
    row = queries.get_mandate(db.session, actor, mandate_id)
    form = TermsForm(request.form, data=presenter.as_typed(row, local_date(now, actor.time_zone)))
    if request.method == "POST" and form.validate():
        try:
            with transaction(db.session):
                service.amend(db.session, actor, mandate_id, **form.values, now=now)
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("The new terms were added. Cases already placed keep theirs."), "success")
            return redirect(url_for(".show", mandate_id=mandate_id))
    return render_template("mandates/amend.html", form=form, row=row), form.refused_with if form.errors else 200


@blueprint.post('/<ref("mandate"):mandate_id>/end')
@requires(Permission.MANDATE_MAKE)
def end(mandate_id: int) -> Response:
    """End a mandate; what is placed goes on."""
    with transaction(db.session):
        service.end(db.session, current_actor(), mandate_id, now=utc_now())
    flash(_("The mandate has ended. Nothing more can be placed under it."), "success")
    return redirect(url_for(".show", mandate_id=mandate_id))
