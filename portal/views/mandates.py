"""Mandates: what the two sides agreed, made and amended by the creditor, read by both."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.money import Money, minor
from agencies.kernel.session import transaction
from agencies.mandates import queries, service
from agencies.organisations.permissions import Permission
from agencies.organisations.queries import home_currency
from portal.extensions import db
from portal.forms.mandates import MandateForm, TermsForm, TrialForm
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
    form = MandateForm(request.form, data=_proposed(presenter.as_proposed(local_date(now, actor.time_zone))))
    currency = home_currency(db.session, actor)
    form.agency.offer(agencies(db.session, actor))
    if request.method == "POST" and form.validate():
        try:
            with transaction(db.session):
                made = service.make(db.session, actor, **form.values(currency), now=now)
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("The mandate was made."), "success")
            return redirect(url_for(".show", mandate_id=made.id))
    return render_template("mandates/new.html", form=form, currency=currency), form.refused_with if form.errors else 200


@blueprint.get('/<ref("mandate"):mandate_id>')
@requires(Permission.MANDATE_VIEW)
def show(mandate_id: int) -> str:
    """One mandate, its terms and their history."""
    actor = current_actor()
    today = local_date(utc_now(), actor.time_zone)
    row = queries.get_mandate(db.session, actor, mandate_id, on=today)
    form = TrialForm(request.args)
    return render_template(
        "mandates/show.html", row=row, today=today, show=presenter, form=form, trial=_trial(row, form)
    )


@blueprint.route('/<ref("mandate"):mandate_id>/amend', methods=["GET", "POST"])
@requires(Permission.MANDATE_MAKE)
def amend(mandate_id: int) -> str | Response | tuple[str, int]:
    """Agree new terms from a date on."""
    actor, now = current_actor(), utc_now()
    row = queries.get_mandate(db.session, actor, mandate_id)
    form = TermsForm(request.form, data=_proposed(presenter.as_typed(row, local_date(now, actor.time_zone))))
    form.agreed_service = row.service
    if request.method == "POST" and form.validate():
        try:
            with transaction(db.session):
                service.amend(db.session, actor, mandate_id, **form.values(row.currency), now=now)
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


def _proposed(terms: dict[str, Any]) -> dict[str, Any] | None:
    """What a form begins with; one that was sent holds what was typed and nothing else."""
    return terms if request.method == "GET" else None


def _trial(row: queries.MandateRow, form: TrialForm) -> presenter.Trial | None:
    """The payment that was typed, tried on the terms; none when there is none to try."""
    if "payment" not in request.args or not form.validate() or form.payment.data is None:
        return None
    payment = Money(minor(form.payment.data, row.currency), row.currency)
    return presenter.trial(row, payment, form.age.data, form.gone.data)
