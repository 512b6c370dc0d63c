"""My account: who I am here, how I prove it, and where I am signed in."""

from __future__ import annotations

from flask import Blueprint, render_template

from agencies.organisations import enrolling, recovery
from portal.extensions import db
from portal.identity import current_actor
from portal.security import signed_in

blueprint = Blueprint("account", __name__, url_prefix="/account")


@blueprint.get("/")
@signed_in
def show() -> str:
    """Everything about one's own way in."""
    actor = current_actor()
    return render_template(
        "account/show.html",
        authenticator_since=enrolling.confirmed_at(db.session, actor),
        codes_left=recovery.left(db.session, actor),
    )
