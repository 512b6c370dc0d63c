"""The operator's directory: register creditors and agencies, suspend them, see who is in them."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.errors import Conflict, Invalid
from agencies.kernel.session import transaction
from agencies.organisations import access, invitations, queries, service
from agencies.organisations.models import Organisation, OrganisationKind
from agencies.organisations.permissions import Permission
from agencies.organisations.queries import organisation_names
from agencies.standing.accounts import shared_accounts
from portal.extensions import db
from portal.forms.organisations import FIRST_ROLE, InvitationForm, OrganisationForm
from portal.forms.refusals import refuse
from portal.identity import current_actor
from portal.presenters.organisations import DirectoryFilter, directory, profile
from portal.presenters.people import is_headed_by_its_own, people
from portal.security import requires, steps_up
from portal.views.users import say_sent, try_to_invite

blueprint = Blueprint("organisations", __name__, url_prefix="/organisations")


@blueprint.get("/")
@requires(Permission.ORGANISATION_REGISTER)
def index() -> str:
    """The directory, filtered by what the address says."""
    wanted = DirectoryFilter.from_arguments(request.args)
    rows = queries.list_organisations(db.session, current_actor(), kind=wanted.kind, state=wanted.state)
    return render_template("organisations/index.html", rows=directory(rows), wanted=wanted)


@blueprint.get("/register")
@requires(Permission.ORGANISATION_REGISTER)
@steps_up
def register() -> str:
    """Ask what to register."""
    return render_template("organisations/register.html", form=OrganisationForm().offer())


@blueprint.post("/register")
@requires(Permission.ORGANISATION_REGISTER)
@steps_up
def create() -> Response | tuple[str, int]:
    """Register it and invite its first user by letter, both or neither."""
    form = OrganisationForm(request.form).offer()
    if form.validate():
        try:
            with transaction(db.session):
                made, invited = _register(form)
            return say_sent(invited, url_for("organisations.show", organisation_id=made))
        except (Conflict, Invalid) as refused:
            refuse(form, refused)
    return render_template("organisations/register.html", form=form), form.refused_with


@blueprint.get('/<ref("organisation"):organisation_id>')
@requires(Permission.ORGANISATION_REGISTER)
def show(organisation_id: int) -> str:
    """One organisation and its people."""
    organisation = queries.get_organisation(db.session, current_actor(), organisation_id)
    return _shown(organisation, InvitationForm().offer([FIRST_ROLE[organisation.kind]]))


@blueprint.post('/<ref("organisation"):organisation_id>/invite')
@requires(Permission.ORGANISATION_REGISTER)
@steps_up
def invite(organisation_id: int) -> Response | tuple[str, int]:
    """Invite whoever is to manage this organisation."""
    organisation = queries.get_organisation(db.session, current_actor(), organisation_id)
    form = InvitationForm(request.form).offer([FIRST_ROLE[organisation.kind]])
    invited = try_to_invite(form, organisation_id)
    if invited is not None:
        return say_sent(invited, url_for("organisations.show", organisation_id=organisation_id))
    return _shown(organisation, form), form.refused_with


@blueprint.post('/<ref("organisation"):organisation_id>/suspend')
@requires(Permission.ORGANISATION_SUSPEND)
def suspend(organisation_id: int) -> Response:
    """Keep its people out."""
    with transaction(db.session):
        access.suspend(db.session, current_actor(), organisation_id, now=utc_now())
    flash(_("The organisation is suspended; its people are out from their next click on."), "success")
    return redirect(url_for("organisations.show", organisation_id=organisation_id), code=303)


@blueprint.post('/<ref("organisation"):organisation_id>/approve')
@requires(Permission.ORGANISATION_SUSPEND)
def approve(organisation_id: int) -> Response:
    """Let its people in again."""
    with transaction(db.session):
        access.approve(db.session, current_actor(), organisation_id, now=utc_now())
    flash(_("The organisation's people can sign in again."), "success")
    return redirect(url_for("organisations.show", organisation_id=organisation_id), code=303)


def _shown(organisation: Organisation, form: InvitationForm) -> str:
    actor = current_actor()
    users = queries.list_users(db.session, actor, organisation_id=organisation.id)
    alike = organisation_names(db.session, shared_accounts(db.session, actor, organisation.id)).values()
    return render_template(
        "organisations/show.html",
        organisation=profile(organisation),
        people=people(users, actor),
        is_headed=is_headed_by_its_own(users, actor),
        form=form,
        alike=alike,
    )


def _register(form: OrganisationForm) -> tuple[int, service.Invited]:
    actor = current_actor()
    kind = OrganisationKind(form.kind.data)
    organisation = service.register(
        db.session,
        actor,
        kind=kind,
        name=form.name.data or "",
        legal_name=form.legal_name.data or "",
        tax_id=form.tax_id.data or "",
        country=form.country.data,
        language=form.language.data,
        now=utc_now(),
    )
    invited = service.invite(
        db.session,
        actor,
        email=form.email.data or "",
        role=FIRST_ROLE[kind],
        organisation_id=organisation.id,
        now=utc_now(),
    )
    invitations.post(db.session, actor, invited, now=utc_now())
    return organisation.id, invited
