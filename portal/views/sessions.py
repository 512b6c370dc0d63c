"""Where one is signed in, and where a colleague is: an end to it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations import factor_resets, sessions
from agencies.organisations.permissions import Permission
from portal.addresses import local_target
from portal.extensions import db
from portal.identity import current_actor, entrant
from portal.presenters.sessions import session_lines
from portal.security import requires, signed_in, steps_up

blueprint = Blueprint("sessions", __name__)


@blueprint.post('/account/sessions/<ref("session"):session_id>/end')
@signed_in
def end(session_id: int) -> Response:
    """End one session, of one's own or of a colleague."""
    with transaction(db.session):
        sessions.end(db.session, current_actor(), session_id, now=utc_now())
    flash(_("The session was ended: that browser is signed out."), "success")
    return redirect(local_target(request.form.get("next")) or url_for("account.show"), code=303)


@blueprint.post("/account/sessions/end-others")
@signed_in
def end_others() -> Response:
    """End all of one's sessions but this one."""
    with transaction(db.session):
        ended = sessions.end_others(db.session, entrant(), now=utc_now())
    flash(ngettext("%(num)s other session was ended.", "%(num)s other sessions were ended.", ended), "success")
    return redirect(url_for("account.show"), code=303)


@blueprint.get('/users/<ref("user"):user_id>/sessions')
@requires(Permission.USER_INVITE)
def of(user_id: int) -> str:
    """Where a colleague is signed in."""
    user, found = sessions.list_of(db.session, current_actor(), user_id, now=utc_now())
    return render_template("users/sessions.html", user=user, sessions=session_lines(found))


@blueprint.post('/users/<ref("user"):user_id>/sessions/end')
@requires(Permission.USER_INVITE)
def end_all(user_id: int) -> Response:
    """Sign a colleague out everywhere."""
    with transaction(db.session):
        ended = sessions.end_all(db.session, current_actor(), user_id, now=utc_now())
    flash(ngettext("%(num)s session was ended.", "%(num)s sessions were ended.", ended), "success")
    return redirect(url_for(".of", user_id=user_id), code=303)


@blueprint.post('/users/<ref("user"):user_id>/reset-factor')
@requires(Permission.USER_INVITE)
@steps_up
def reset_factor(user_id: int) -> Response:
    """Take a colleague's lost second factor away."""
    with transaction(db.session):
        factor_resets.reset(db.session, current_actor(), user_id, now=utc_now())
    flash(_("The second factor was reset. The person was signed out and sets up a new one at the next sign-in."))
    return redirect(url_for(".of", user_id=user_id), code=303)
