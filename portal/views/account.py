"""My account: who I am here, how I prove it, and where I am signed in."""

from __future__ import annotations

from flask import Blueprint, render_template

from agencies.kernel.clock import utc_now
from agencies.organisations import enrolling, passkeys, recovery, sessions
from portal.extensions import db
from portal.identity import current_actor, entrant
from portal.presenters.sessions import session_lines
from portal.security import signed_in

blueprint = Blueprint("account", __name__, url_prefix="/account")


@blueprint.get("/")
@signed_in
def show() -> str:
    """Everything about one's own way in."""
    actor = current_actor()
    found = sessions.list_own(db.session, actor, now=utc_now())
    return render_template(
        "account/show.html",
        authenticator_since=enrolling.confirmed_at(db.session, actor),
        codes_left=recovery.left(db.session, actor),
        passkeys=passkeys.list_own(db.session, actor),
        sessions=session_lines(found, entrant().session_id),
    )
