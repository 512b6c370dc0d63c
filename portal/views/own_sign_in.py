"""An organisation's own sign-in is set up: its provider, its domains; the operator approves and releases."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.errors import Conflict, Invalid
from agencies.kernel.session import transaction
from agencies.organisations import company_sign_in
from agencies.organisations.permissions import Permission
from portal.addresses import public_address
from portal.extensions import db
from portal.forms.refusals import refuse
from portal.forms.sign_in import DomainForm, ProviderForm
from portal.identity import current_actor
from portal.security import requires, steps_up

blueprint = Blueprint("own_sign_in", __name__, url_prefix="/own-sign-in")


@blueprint.get("/")
@requires(Permission.SIGN_IN_MANAGE)
def show() -> str:
    """How people of the organisation may come in."""
    return _page(_as_it_is(), DomainForm())


@blueprint.post("/")
@requires(Permission.SIGN_IN_MANAGE)
@steps_up
def configure() -> Response | tuple[str, int]:
    """Set the provider, or change it."""
    form = ProviderForm(request.form)
    try:
        if form.validate():
            with transaction(db.session):
                company_sign_in.configure(db.session, current_actor(), **form.values(), now=utc_now())
            flash(_("Your organisation’s sign-in is set up."), "success")
            return redirect(url_for(".show"), code=303)
    except (Conflict, Invalid) as refused:
        refuse(form, refused)
    return _page(form, DomainForm()), form.refused_with


@blueprint.post("/domains")
@requires(Permission.SIGN_IN_MANAGE)
@steps_up
def ask_domain() -> Response | tuple[str, int]:
    """Ask for a domain to be approved."""
    form = DomainForm(request.form)
    try:
        if form.validate():
            with transaction(db.session):
                company_sign_in.ask_domain(db.session, current_actor(), form.domain.data or "", now=utc_now())
            flash(_("The operator is asked to approve the domain."), "success")
            return redirect(url_for(".show"), code=303)
    except (Conflict, Invalid) as refused:
        refuse(form, refused)
    return _page(_as_it_is(), form), form.refused_with


@blueprint.post("/domains/drop")
@requires(Permission.SIGN_IN_MANAGE)
@steps_up
def drop_domain() -> Response:
    """Give a domain up."""
    with transaction(db.session):
        company_sign_in.drop_domain(db.session, current_actor(), request.form.get("domain", ""), now=utc_now())
    return redirect(url_for(".show"), code=303)


@blueprint.get("/all")
@requires(Permission.ORGANISATION_SUSPEND)
def waiting() -> str:
    """Every organisation's domains, and who lets people in by its own sign-in alone."""
    domains, required = company_sign_in.list_all(db.session, current_actor())
    return render_template("own_sign_in/all.html", domains=domains, required=required)


@blueprint.post('/<ref("organisation"):organisation_id>/approve')
@requires(Permission.ORGANISATION_SUSPEND)
@steps_up
def approve(organisation_id: int) -> Response:
    """The operator has made sure whose domain and whose provider it is."""
    domain, seen = request.form.get("domain", ""), request.form.get("seen", "")
    with transaction(db.session):
        company_sign_in.approve_domain(db.session, current_actor(), organisation_id, domain, seen=seen, now=utc_now())
    flash(_("The domain is approved."), "success")
    return redirect(url_for(".waiting"), code=303)


@blueprint.post('/<ref("organisation"):organisation_id>/release')
@requires(Permission.ORGANISATION_SUSPEND)
@steps_up
def release(organisation_id: int) -> Response:
    """Let people in by password again whose provider does not work."""
    with transaction(db.session):
        company_sign_in.release(db.session, current_actor(), organisation_id, now=utc_now())
    flash(_("People of this organisation may sign in by password again."), "success")
    return redirect(url_for(".waiting"), code=303)


def _as_it_is() -> ProviderForm:
    provider = company_sign_in.get_provider(db.session, current_actor())
    # The secret is not there to be read.
    names = ("issuer", "client_id", "is_required", "trusts_factor", "vouches_for_emails")
    return ProviderForm(data={name: getattr(provider, name) for name in names} if provider else None)


def _page(form: ProviderForm, domain_form: DomainForm) -> str:
    return render_template(
        "own_sign_in/show.html",
        form=form,
        domain_form=domain_form,
        domains=company_sign_in.list_domains(db.session, current_actor()),
        back_address=public_address("company.arrive"),
    )
