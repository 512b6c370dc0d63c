"""The second factor: asked for after the password, set up the first time, changed later."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.organisations import enrolling, passkeys, proving, recovery, signing_in
from agencies.organisations.factors import Factor
from portal import identity, throttle
from portal.addresses import local_target
from portal.extensions import db, limiter
from portal.forms.factors import CodeForm
from portal.identity import at_the_door, entrant
from portal.presenters.factors import shared_key
from portal.security import Stage, before_factor, signed_in, steps_up

blueprint = Blueprint("factors", __name__, url_prefix="/second-factor")


@blueprint.get("/")
@signed_in
@before_factor(Stage.ASK)
def ask() -> str | Response:
    """Ask for the second factor; whoever has given it goes on."""
    if entrant().is_whole:
        return redirect(url_for("home.index"), code=303)
    return _ask_page(CodeForm(request.args))


@blueprint.post("/")
@signed_in
@before_factor(Stage.ASK)
@limiter.limit("30 per minute; 300 per hour", key_func=throttle.by_address, deduct_when=throttle.has_failed)
def prove() -> Response | tuple[str, int]:
    """Try a code; every failure gets the same answer."""
    form, token, factor = CodeForm(request.form), None, None
    if form.validate():
        with at_the_door() as person:
            factor = proving.prove_code(db.session, person, form.code.data or "", now=utc_now())
            if factor is not None:
                token = signing_in.make_whole(db.session, person, factor, now=utc_now())
    if token is None:
        return _ask_page(form, has_failed=True), 401
    identity.enter(token)
    if factor is Factor.RECOVERY_CODE:
        flash(_("You came in with a recovery code. It is used up; make new ones before the last is gone."), "warning")
    return redirect(local_target(form.next.data) or url_for("home.index"), code=303)


@blueprint.get("/set-up")
@signed_in
@before_factor(Stage.SET_UP)
@steps_up
def choose() -> str:
    """Offer the ways to prove more than a password."""
    return render_template("factors/choose.html", person=entrant(), target=local_target(request.args.get("next")))


@blueprint.post("/set-up/app")
@signed_in
@before_factor(Stage.SET_UP)
@steps_up
def begin() -> Response:
    """Draw a key for an authenticator app."""
    with at_the_door() as person:
        enrolling.begin(db.session, person, now=utc_now())
    return redirect(url_for(".app", next=local_target(request.form.get("next"))), code=303)


@blueprint.get("/set-up/app")
@signed_in
@before_factor(Stage.SET_UP)
@steps_up
def app() -> str | Response:
    """Show the key that waits, as a picture and in letters."""
    return _key_page(CodeForm(request.args), 200)


@blueprint.post("/set-up/app/confirm")
@signed_in
@before_factor(Stage.SET_UP)
@steps_up
def confirm() -> str | Response:
    """Take the key into use once its first code has come."""
    form = CodeForm(request.form)
    done = _confirm(form) if form.validate() else None
    if done is None:
        form.code.errors = [_("This code is not of this key, or its time is over. Type the one the app shows now.")]
        return _key_page(form, 400)
    return set_up(*done, form.next.data)


@blueprint.post("/recovery-codes")
@signed_in
@steps_up
def new_codes() -> str:
    """Make ten new codes and show them this once."""
    with at_the_door() as person:
        codes = recovery.make(db.session, person.actor, now=utc_now())
        proving.tell(db.session, person.actor, "user.recovery_codes_made", utc_now(), letter="recovery.renewed")
    return render_template("factors/codes.html", codes=codes, target=url_for("account.show"))


@blueprint.post("/app/remove")
@signed_in
@steps_up
def remove() -> Response:
    """Take the authenticator app away."""
    with at_the_door() as person:
        enrolling.remove(db.session, person, now=utc_now())
    flash(_("The authenticator app is no longer asked for."), "success")
    return redirect(url_for("account.show"), code=303)


def _confirm(form: CodeForm) -> tuple[str | None, list[str]] | None:
    with at_the_door() as person:
        if not enrolling.confirm(db.session, person, form.code.data or "", now=utc_now()):
            return None
        return complete(Factor.CODE)


def complete(factor: Factor) -> tuple[str | None, list[str]]:
    """What goes with a factor just set up: the whole session for who had half of one, and codes for who has none."""
    person, token = entrant(), None
    codes: list[str] = []
    if not recovery.left(db.session, person.actor):
        codes = recovery.make(db.session, person.actor, now=utc_now())
        proving.tell(db.session, person.actor, "user.recovery_codes_made", utc_now())
    if not person.is_whole:
        token = signing_in.make_whole(db.session, person, factor, now=utc_now())
    return token, codes


def set_up(token: str | None, codes: list[str], wanted: str | None) -> str | Response:
    """Go on after a factor was set up, by the page of the codes where there are new ones."""
    target = local_target(wanted) or url_for("home.index" if token else "account.show")
    if token is not None:
        identity.enter(token)
    flash(_("The second factor is set up."), "success")
    return render_template("factors/codes.html", codes=codes, target=target) if codes else redirect(target, code=303)


def _ask_page(form: CodeForm, *, has_failed: bool = False) -> str:
    has_passkey = passkeys.has_any(db.session, entrant())
    return render_template("factors/ask.html", form=form, has_failed=has_failed, has_passkey=has_passkey)


def _key_page(form: CodeForm, status: int) -> str | Response:
    with at_the_door() as person:
        seed = enrolling.waiting_seed(db.session, person, now=utc_now())
    if seed is None:
        flash(_("Begin again: the key that was shown has waited too long, or was replaced by another one."), "warning")
        return redirect(url_for(".choose", next=local_target(form.next.data)), code=303)
    key = shared_key(seed, person.email)
    return make_response(render_template("factors/app.html", form=form, key=key), status)
