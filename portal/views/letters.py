"""What the links of letters about an e-mail address open: confirm the new one, object from the former one.

Whoever holds the link reads the letters of that address; nobody need be signed in. Looking changes nothing, because
mail servers look at links too.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations import emails
from agencies.organisations.email_changes import ChangeState
from portal import identity, throttle
from portal.extensions import db, limiter
from portal.security import opens_by_secret, public

blueprint = Blueprint("letters", __name__, url_prefix="/email")


@blueprint.get("/confirm/<token>")
@public
@opens_by_secret
def confirmation(token: str) -> str:
    """Ask whether the address shall count from now on."""
    identity.as_door()
    change = emails.find_confirmation(db.session, token, now=utc_now())
    return render_template("auth/confirm_email.html", change=change, token=token)


@blueprint.post("/confirm/<token>")
@public
@opens_by_secret
@limiter.limit("30 per minute", key_func=throttle.by_address)
def confirm(token: str) -> Response:
    """Let the address count; whoever is signed in signs in anew."""
    identity.as_door()
    with transaction(db.session):
        emails.confirm(db.session, token, now=utc_now())
    flash(_("Your new e-mail address counts from now on. Sign in with it."), "success")
    return redirect(url_for("auth.sign_in"), code=303)


@blueprint.get("/object/<token>")
@public
@opens_by_secret
def objection(token: str) -> str:
    """Say what objecting does, and ask."""
    identity.as_door()
    change = emails.find_objection(db.session, token, now=utc_now())
    is_done = change.state is ChangeState.CONFIRMED
    return render_template("auth/object_email.html", change=change, is_done=is_done, token=token)


@blueprint.post("/object/<token>")
@public
@opens_by_secret
@limiter.limit("30 per minute", key_func=throttle.by_address)
def object_to(token: str) -> Response:
    """Stop the change or take it back, and show the way to a new password."""
    identity.as_door()
    with transaction(db.session):
        state = emails.object_to(db.session, token, now=utc_now())
    if state is ChangeState.STOPPED:
        flash(_("The change is stopped. Now choose a new password: somebody has used your access."), "warning")
    else:
        flash(_("The change is taken back; no session, password or second factor works. Choose a password."), "warning")
    return redirect(url_for("passwords.forgotten"), code=303)
