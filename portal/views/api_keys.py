"""Keys of the organisation's own systems: made, shown once, revoked."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations import api_keys
from agencies.organisations.permissions import Permission
from portal.extensions import db
from portal.forms.api_keys import ApiKeyForm
from portal.forms.refusals import REFUSALS, refuse
from portal.identity import current_actor
from portal.presenters.api_keys import lines
from portal.security import requires, steps_up
from portal.views import choices

blueprint = Blueprint("api_keys", __name__, url_prefix="/api-keys")


@blueprint.get("/")
@requires(Permission.API_KEY_MANAGE)
def index() -> str:
    """The organisation's keys."""
    keys = api_keys.list_keys(db.session, current_actor())
    people = choices.people(db.session, (one.made_by for one in keys))
    return render_template("api_keys/index.html", keys=lines(keys, people, utc_now()))


@blueprint.get("/new")
@requires(Permission.API_KEY_MANAGE)
@steps_up
def new() -> str:
    """Ask what the key is for."""
    return render_template("api_keys/new.html", form=ApiKeyForm().offer(current_actor().side))


@blueprint.post("/new")
@requires(Permission.API_KEY_MANAGE)
@steps_up
def make() -> str | tuple[str, int]:
    """Make the key, and show it this once."""
    form, now = ApiKeyForm(request.form).offer(current_actor().side), utc_now()
    try:
        if form.validate():
            with transaction(db.session):
                made = api_keys.make(db.session, current_actor(), **form.values(now), now=now)
            return render_template("api_keys/made.html", made=made)
    except REFUSALS as refused:
        refuse(form, refused)
    return render_template("api_keys/new.html", form=form), form.refused_with


@blueprint.post('/<ref("api_key"):key_id>/revoke')
@requires(Permission.API_KEY_MANAGE)
def revoke(key_id: int) -> Response:
    """End a key from its next request on; whoever sees a leak needs no fresh proof for that."""
    with transaction(db.session):
        api_keys.revoke(db.session, current_actor(), key_id, now=utc_now())
    flash(_("The key is revoked. It opens nothing any more."), "success")
    return redirect(url_for(".index"), code=303)
