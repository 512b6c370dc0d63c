"""Proving once more who one is, before a step that matters most, and back to it."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.organisations import passkeys, proving, signing_in
from portal import identity, throttle
from portal.addresses import local_target
from portal.extensions import db, limiter
from portal.forms.factors import CodeForm, PasswordForm
from portal.identity import at_the_door, entrant
from portal.security import signed_in

blueprint = Blueprint("step_up", __name__, url_prefix="/step-up")


@blueprint.get("/")
@signed_in
def ask() -> str:
    """Ask for the password, a code or a passkey."""
    return _page(CodeForm(request.args), PasswordForm(request.args))


@blueprint.post("/")
@signed_in
@limiter.limit("30 per minute; 300 per hour", key_func=throttle.by_address, deduct_when=throttle.has_failed)
def prove() -> Response | tuple[str, int]:
    """Try what was given; every failure gets the same answer."""
    is_code = "code" in request.form
    form = CodeForm(request.form) if is_code else PasswordForm(request.form)
    token = _try(form) if form.validate() else None
    if token is None:
        return _page(CodeForm(request.form), PasswordForm(request.form), has_failed=True), 401
    identity.enter(token, goes_on=True)
    return redirect(local_target(form.next.data) or url_for("account.show"), code=303)


def _try(form: CodeForm | PasswordForm) -> str | None:
    with at_the_door() as person:
        if isinstance(form, CodeForm):
            fits = proving.prove_code(db.session, person, form.code.data or "", now=utc_now()) is not None
        else:
            fits = proving.prove_password(db.session, person, form.password.data or "", now=utc_now())
        return signing_in.step_up(db.session, person, now=utc_now()) if fits else None


def _page(code: CodeForm, password: PasswordForm, *, has_failed: bool = False) -> str:
    has_passkey = passkeys.has_any(db.session, entrant())
    given = {"code": code, "password": password, "has_failed": has_failed, "has_passkey": has_passkey}
    return render_template("factors/step_up.html", **given)
