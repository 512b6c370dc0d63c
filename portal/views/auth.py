"""Sign in, sign out, accept an invitation."""

from __future__ import annotations

import structlog
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.errors import Invalid
from agencies.kernel.session import transaction
from agencies.organisations import service, signing_in
from portal import identity, throttle
from portal.addresses import local_target
from portal.extensions import db, limiter
from portal.forms.auth import AcceptForm, SignInForm
from portal.i18n import refusal
from portal.security import before_factor, opens_by_secret, public, signed_in

blueprint = Blueprint("auth", __name__)
log = structlog.get_logger()


@blueprint.get("/sign-in")
@public
def sign_in() -> str | Response:
    """Show the door, or go on if the visitor is inside already."""
    if current_user.is_authenticated:
        return redirect(url_for("home.index"), code=303)
    return render_template("auth/sign_in.html", form=SignInForm(request.args))


@blueprint.post("/sign-in")
@public
@limiter.limit("60 per hour", key_func=throttle.by_email, deduct_when=throttle.has_failed)
@limiter.limit("30 per minute; 300 per hour", key_func=throttle.by_address, deduct_when=throttle.has_failed)
def enter() -> tuple[str, int] | Response:
    """Try e-mail and password; every failure gets the same answer."""
    form = SignInForm(request.form)
    identity.as_door()
    token = None
    if form.validate():
        with transaction(db.session):
            token = _try(form.email.data or "", form.password.data or "")
    if token is None:
        log.warning("sign_in_failed", email_hash=throttle.email_hash()[:12])
        return render_template("auth/sign_in.html", form=form, has_failed=True), 401
    identity.enter(token)
    return redirect(local_target(form.next.data) or url_for("home.index"), code=303)


@blueprint.post("/sign-out")
@signed_in
@before_factor()
def sign_out() -> Response:
    """End the session here and in the database."""
    identity.leave()
    flash(_("You have signed out."), "success")
    return redirect(url_for("auth.sign_in"), code=303)


@blueprint.get("/invitations/<token>")
@public
@opens_by_secret
def invitation(token: str) -> str:
    """Who is invited where; raises when the link is no longer good."""
    identity.as_door()
    user, organisation = service.find_invited(db.session, token, now=utc_now())
    form = AcceptForm(name=user.name)
    return render_template("auth/invitation.html", form=form, user=user, organisation=organisation, token=token)


@blueprint.post("/invitations/<token>")
@public
@opens_by_secret
@limiter.limit("30 per minute", key_func=throttle.by_address)
def accept(token: str) -> tuple[str, int] | Response:
    """Set name and password and go to the door."""
    identity.as_door()
    form = AcceptForm(request.form)
    user, organisation = service.find_invited(db.session, token, now=utc_now())
    if form.validate():
        try:
            with transaction(db.session):
                service.accept_invitation(
                    db.session, token, name=form.name.data or "", password=form.password.data or "", now=utc_now()
                )
            flash(_("Your access is ready. Sign in with your e-mail and the password you chose."), "success")
            return redirect(url_for("auth.sign_in"), code=303)
        except Invalid as refused:
            form.password.errors = [refusal(refused)]
    return render_template("auth/invitation.html", form=form, user=user, organisation=organisation, token=token), 400


def _try(email: str, password: str) -> str | None:
    user = signing_in.authenticate(db.session, email=email, password=password, now=utc_now())
    if user is None:
        return None
    return signing_in.open_session(
        db.session,
        user,
        address=request.remote_addr or "",
        user_agent=request.user_agent.string,
        now=utc_now(),
    )
