"""A forgotten password: ask for a link, and choose a new one with it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.errors import Invalid
from agencies.kernel.session import transaction
from agencies.organisations import resets
from portal import identity, throttle
from portal.extensions import db, limiter
from portal.forms.auth import ForgottenForm, NewPasswordForm
from portal.i18n import refusal
from portal.security import opens_by_secret, public

blueprint = Blueprint("passwords", __name__)


@blueprint.get("/forgotten")
@public
def forgotten() -> str:
    """Ask for the address."""
    return render_template("auth/forgotten.html", form=ForgottenForm(request.args))


@blueprint.post("/forgotten")
@public
@limiter.limit("5 per hour", key_func=throttle.by_email)
@limiter.limit("10 per minute; 60 per hour", key_func=throttle.by_address)
def ask() -> str | tuple[str, int]:
    """Have a link sent where there is somebody to send it to; the answer is the same for every address."""
    form = ForgottenForm(request.form)
    if not form.validate():
        return render_template("auth/forgotten.html", form=form), 400
    identity.as_door()
    with transaction(db.session):
        resets.ask(db.session, form.email.data or "", now=utc_now())
    return render_template("auth/forgotten.html", is_sent=True)


@blueprint.get("/reset/<token>")
@public
@opens_by_secret
def choose(token: str) -> str:
    """Ask for the new password; looking uses nothing up."""
    identity.as_door()
    user, _home = resets.find(db.session, token, now=utc_now())
    return render_template("auth/reset.html", form=NewPasswordForm(), email=user.email, token=token)


@blueprint.post("/reset/<token>")
@public
@opens_by_secret
@limiter.limit("30 per minute", key_func=throttle.by_address)
def replace(token: str) -> tuple[str, int] | Response:
    """Set the new password and go to the door, where the second factor is asked for as ever."""
    identity.as_door()
    form = NewPasswordForm(request.form)
    user, _home = resets.find(db.session, token, now=utc_now())
    if form.validate():
        try:
            with transaction(db.session):
                resets.complete(db.session, token, password=form.password.data or "", now=utc_now())
            flash(
                _("Your password is changed, and you are signed out everywhere. Sign in with the new one."), "success"
            )
            return redirect(url_for("auth.sign_in"), code=303)
        except Invalid as refused:
            form.password.errors = [refusal(refused)]
    return render_template("auth/reset.html", form=form, email=user.email, token=token), 400
