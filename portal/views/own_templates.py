"""What a creditor asks its agencies to attest besides the common templates."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.attestations import authoring
from agencies.attestations.catalogue import preview
from agencies.attestations.models import CreditorTemplate
from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Permission
from agencies.organisations.queries import get_organisation
from portal.extensions import db
from portal.forms.base import PortalForm
from portal.forms.own_templates import PublishForm, RetireForm, TemplateForm, template_form
from portal.forms.refusals import REFUSALS, refuse
from portal.identity import current_actor
from portal.presenters import attestations as words
from portal.presenters import own_templates as presenter
from portal.security import requires

blueprint = Blueprint("own_templates", __name__, url_prefix="/attestations/templates")
_REVIEW = Permission.ATTESTATION_REVIEW


@blueprint.get("/")
@requires(_REVIEW)
def index() -> str:
    """Every template of the creditor's own, with its versions."""
    actor = current_actor()
    rows = authoring.list_templates(db.session, actor)
    lines = presenter.version_lines(rows, local_date(utc_now(), actor.time_zone))
    return render_template("own_templates/index.html", lines=lines)


@blueprint.route("/new", methods=["GET", "POST"])
@requires(_REVIEW)
def new() -> str | Response | tuple[str, int]:
    """Write a template."""
    return _written(template_form(request.form), None)


@blueprint.route('/<ref("own_template"):template_id>/edit', methods=["GET", "POST"])
@requires(_REVIEW)
def edit(template_id: int) -> str | Response | tuple[str, int]:
    """Go on with a draft, or begin the next version with what this one says."""
    row = authoring.get_template_version(db.session, current_actor(), template_id)
    return _written(template_form(request.form, row), row)


@blueprint.get('/<ref("own_template"):template_id>')
@requires(_REVIEW)
def show(template_id: int) -> str:
    """One version as agencies read it, in both languages."""
    return _shown(template_id)


@blueprint.post('/<ref("own_template"):template_id>/publish')
@requires(_REVIEW)
def publish(template_id: int) -> Response | tuple[str, int]:
    """Ask the agencies of the panel for it from a day on."""
    form = PublishForm(request.form)
    if form.validate():
        try:
            with transaction(db.session):
                day = form.day
                authoring.publish_template(db.session, current_actor(), template_id, valid_from=day, now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("Published. Your agencies have been told."), "success")
            return redirect(url_for(".show", template_id=template_id), code=303)
    return _shown(template_id, publish=form), form.refused_with


@blueprint.post('/<ref("own_template"):template_id>/retire')
@requires(_REVIEW)
def retire(template_id: int) -> Response | tuple[str, int]:
    """Ask for it no more from a day on."""
    form = RetireForm(request.form)
    if form.validate():
        try:
            with transaction(db.session):
                day = form.day
                authoring.retire_template(db.session, current_actor(), template_id, retired_on=day, now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("Withdrawn from that day on. Your agencies have been told."), "success")
            return redirect(url_for(".show", template_id=template_id), code=303)
    return _shown(template_id, retire=form), form.refused_with


@blueprint.post('/<ref("own_template"):template_id>/drop')
@requires(_REVIEW)
def drop(template_id: int) -> Response:
    """Throw a draft away."""
    with transaction(db.session):
        authoring.drop_draft(db.session, current_actor(), template_id)
    flash(_("The draft was thrown away."), "success")
    return redirect(url_for(".index"), code=303)


def _written(form: TemplateForm, row: CreditorTemplate | None) -> str | Response | tuple[str, int]:
    if request.method == "POST" and form.validate():
        try:
            with transaction(db.session):
                code = row.code if row else None
                made = authoring.draft_template(db.session, current_actor(), form.wording, code=code, now=utc_now())
        except REFUSALS as error:
            refuse(form, error)
        else:
            flash(_("The draft was kept. Read it in both languages and publish it."), "success")
            return redirect(url_for(".show", template_id=made.id), code=303)
    status = form.refused_with if form.errors else 200
    return render_template("own_templates/edit.html", form=form, row=row), status


def _shown(template_id: int, *, publish: PortalForm | None = None, retire: PortalForm | None = None) -> str:
    actor = current_actor()
    rows = authoring.list_templates(db.session, actor)
    row = authoring.get_template_version(db.session, actor, template_id)
    [line] = [one for one in presenter.version_lines(rows, local_date(utc_now(), actor.time_zone)) if one.id == row.id]
    country = get_organisation(db.session, actor, actor.tenant).country
    return render_template(
        "own_templates/show.html",
        line=line,
        template=preview(row, country),
        publish=publish or PublishForm(),
        retire=retire or RetireForm(),
        words=words,
    )
