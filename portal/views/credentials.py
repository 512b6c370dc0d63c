"""One's own password and e-mail address, changed after a fresh proof of identity."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.errors import Conflict, Invalid
from agencies.organisations import emails, resets
from portal import throttle
from portal.extensions import db, limiter
from portal.forms.auth import OwnEmailForm, OwnPasswordForm
from portal.i18n import refusal
from portal.identity import at_the_door, current_actor
from portal.security import signed_in, steps_up

blueprint = Blueprint("credentials", __name__, url_prefix="/account")


@blueprint.get("/credentials")
@signed_in
def index() -> str:
    """What one signs in with."""
    return render_template("account/credentials.html")


@blueprint.get("/password")
@signed_in
@steps_up
def password() -> str:
    """Ask for the present password and a new one."""
    return render_template("account/password.html", form=OwnPasswordForm())


@blueprint.post("/password")
@signed_in
@steps_up
@limiter.limit("10 per hour", key_func=throttle.by_person, deduct_when=throttle.has_failed)
def change_password() -> tuple[str, int] | Response:
    """Change it, and end every session but this."""
    form = OwnPasswordForm(request.form)
    if form.validate():
        try:
            with at_the_door() as person:
                resets.change(
                    db.session,
                    person.actor,
                    present=form.present.data or "",
                    password=form.password.data or "",
                    but_session=person.session_id,
                    now=utc_now(),
                )
            flash(_("Your password is changed. You are signed out everywhere else."), "success")
            return redirect(url_for(".index"), code=303)
        except Invalid as refused:
            field = form.present if isinstance(refused, resets.PasswordWrong) else form.password
            field.errors = [refusal(refused)]
    return render_template("account/password.html", form=form), 400


@blueprint.get("/email")
@signed_in
@steps_up
def email() -> str:
    """Ask for the new address."""
    wanted = emails.waiting(db.session, current_actor(), now=utc_now())
    return render_template("account/email.html", form=OwnEmailForm(), wanted=wanted)


@blueprint.post("/email")
@signed_in
@steps_up
@limiter.limit("10 per hour", key_func=throttle.by_person)
def change_email() -> tuple[str, int] | Response:
    """Write to the new address for confirmation, and to the present one in warning."""
    form = OwnEmailForm(request.form)
    if form.validate():
        try:
            with at_the_door() as person:
                emails.ask(db.session, person.actor, form.email.data or "", now=utc_now())
            flash(_("A letter is on its way to the new address. It counts once you open the link in it."), "success")
            return redirect(url_for(".index"), code=303)
        except (Conflict, Invalid) as refused:
            form.email.errors = [refusal(refused)]
    return render_template("account/email.html", form=form, wanted=None), 400
