"""Mandates: what the two sides agreed, proposed by one, signed by the other, read by both."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.session import transaction
from agencies.mandates import queries, service
from agencies.mandates.models import MandateVersion
from agencies.mandates.taxes import Payee
from agencies.organisations.permissions import Permission
from agencies.organisations.queries import home_currency
from portal import contracts
from portal.extensions import db
from portal.forms.mandates import AcceptForm, DeclineForm, MandateForm, ProposalForm, TrialForm, WithdrawForm
from portal.forms.refusals import REFUSALS, refuse
from portal.identity import current_actor
from portal.presenters import mandates as presenter
from portal.presenters import priced
from portal.security import requires, steps_up
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
@steps_up
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
            flash(_("The mandate was made and signed for you. It holds once the agency has signed it."), "success")
            return redirect(url_for(".show", mandate_id=made.id))
    return render_template("mandates/new.html", form=form, currency=currency), form.refused_with if form.errors else 200


@blueprint.get('/<ref("mandate"):mandate_id>')
@requires(Permission.MANDATE_VIEW)
def show(mandate_id: int) -> str:
    """One mandate: a version of its terms, who signed it, a payment tried on it, and the other versions."""
    actor = current_actor()
    today = local_date(utc_now(), actor.time_zone)
    row = queries.get_mandate(db.session, actor, mandate_id, on=today)
    version = presenter.version_shown(row, request.args.get("version", type=int))
    form = TrialForm(request.args)
    trial = _trial(row, version, form, today)
    return render_template(
        "mandates/show.html", row=row, version=version, today=today, show=presenter, form=form, trial=trial
    )


@blueprint.get('/<ref("mandate"):mandate_id>/contract.pdf')
@requires(Permission.MANDATE_VIEW)
def contract(mandate_id: int) -> Response:
    """A version as a document to sign, in both languages."""
    actor = current_actor()
    row = queries.get_mandate(db.session, actor, mandate_id, on=local_date(utc_now(), actor.time_zone))
    version = presenter.version_shown(row, request.args.get("version", type=int))
    file, name = BytesIO(contracts.contract(row, version)), f"mandate-{version.version}.pdf"
    return send_file(file, mimetype="application/pdf", as_attachment=True, download_name=name)


@blueprint.route('/<ref("mandate"):mandate_id>/amend', methods=["GET", "POST"])
@requires(Permission.MANDATE_SIGN)
@steps_up
def amend(mandate_id: int) -> str | Response | tuple[str, int]:
    """Propose new terms from a date on, signed."""
    actor, now = current_actor(), utc_now()
    row = queries.get_mandate(db.session, actor, mandate_id)
    form = ProposalForm(request.form, data=_proposed(presenter.as_typed(row, local_date(now, actor.time_zone))))
    form.agreed_service = row.service
    if request.method == "POST" and form.validate():
        try:
            with transaction(db.session):
                service.amend(db.session, actor, mandate_id, **form.values(row.currency), now=now)
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("Your proposal was sent. The terms hold once the other side has signed them."), "success")
            return redirect(url_for(".show", mandate_id=mandate_id))
    return render_template("mandates/amend.html", form=form, row=row), form.refused_with if form.errors else 200


@blueprint.route('/<ref("mandate"):mandate_id>/accept', methods=["GET", "POST"])
@requires(Permission.MANDATE_SIGN)
@steps_up
def accept(mandate_id: int) -> str | Response | tuple[str, int]:
    """Sign what the other side proposed."""
    actor = current_actor()
    form, row = AcceptForm(request.form), queries.get_mandate(db.session, actor, mandate_id)
    if request.method == "POST" and form.validate():
        try:
            with transaction(db.session):
                read, signer = form.digest_read, form.signer
                service.accept(db.session, actor, mandate_id, digest=read, signer=signer, now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("The terms are signed by both sides."), "success")
            return redirect(url_for(".show", mandate_id=mandate_id))
    return _answer("mandates/accept.html", row, form)


@blueprint.route('/<ref("mandate"):mandate_id>/decline', methods=["GET", "POST"])
@requires(Permission.MANDATE_SIGN)
def decline(mandate_id: int) -> str | Response | tuple[str, int]:
    """Say no to what the other side proposed, and why."""
    actor = current_actor()
    form, row = DeclineForm(request.form), queries.get_mandate(db.session, actor, mandate_id)
    if request.method == "POST" and form.validate():
        try:
            with transaction(db.session):
                read, reason = form.digest_read, form.reason.data or ""
                service.decline(db.session, actor, mandate_id, digest=read, reason=reason, now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("The proposal was declined. The other side sees your reason."), "success")
            return redirect(url_for(".show", mandate_id=mandate_id))
    return _answer("mandates/decline.html", row, form)


@blueprint.post('/<ref("mandate"):mandate_id>/withdraw')
@requires(Permission.MANDATE_SIGN)
def withdraw(mandate_id: int) -> Response:
    """Take an own proposal back."""
    form = WithdrawForm(request.form)
    with transaction(db.session):
        service.withdraw(db.session, current_actor(), mandate_id, digest=form.digest_read, now=utc_now())
    flash(_("The proposal was withdrawn."), "success")
    return redirect(url_for(".show", mandate_id=mandate_id))


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


def _answer(template: str, row: queries.MandateRow, form: AcceptForm | DeclineForm) -> tuple[str, int]:
    """The page on which a proposal is answered, with the digest of the terms it shows."""
    version = row.proposal or row.versions[0]
    if request.method == "GET":
        form.digest.data = row.digest(version).hex()
    page = render_template(template, row=row, version=version, form=form, show=presenter)
    return page, form.refused_with if form.errors else 200


def _trial(row: queries.MandateRow, version: MandateVersion, form: TrialForm, today: date) -> priced.Trial | None:
    """The payment that was typed, tried on the terms; none when there is none to try."""
    if "payment" not in request.args or not form.validate() or form.payment.data is None:
        return None
    return priced.trial(
        row.sheets[version.id],
        form.facts(version.currency),
        version.currency,
        country=row.country,
        payee=Payee(form.payee.data),
        on=form.day.data or today,
    )
