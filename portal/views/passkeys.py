"""Passkeys at the pages: offered, answered, kept under a name, removed."""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations import passkeys, signing_in
from agencies.organisations.factors import Factor
from agencies.organisations.passkeys import RelyingParty
from portal import identity, throttle
from portal.addresses import local_target
from portal.extensions import db, limiter
from portal.forms.factors import PasskeyForm
from portal.identity import at_the_door
from portal.ports import Ports
from portal.security import Stage, before_factor, public, signed_in, steps_up
from portal.views.factors import complete, set_up

blueprint = Blueprint("passkeys", __name__)


@blueprint.post("/sign-in/passkey/options")
@public
@limiter.limit("30 per minute; 300 per hour", key_func=throttle.by_address)
def offer_at_door() -> Response:
    """Ask the browser for any passkey of this portal."""
    identity.as_door()
    with transaction(db.session):
        return _json(passkeys.offer_proof(db.session, None, _party(), now=utc_now()))


@blueprint.post("/sign-in/passkey")
@public
@limiter.limit("30 per minute; 300 per hour", key_func=throttle.by_address, deduct_when=throttle.has_failed)
def enter() -> AnyResponse:
    """Come in by a passkey alone: its owner was verified by the device, so it is both factors."""
    form, token = PasskeyForm(request.form), None
    identity.as_door()
    with transaction(db.session):
        user = passkeys.sign_in(db.session, _party(), form.response.data or "", now=utc_now())
        if user is not None:
            token = signing_in.open_session(
                db.session,
                user,
                address=request.remote_addr or "",
                user_agent=request.user_agent.string,
                factor=Factor.PASSKEY,
                now=utc_now(),
            )
    if token is None:
        flash(_("This passkey is not known here, or may not be used. Sign in with e-mail and password."), "error")
        return redirect(url_for("auth.sign_in", next=local_target(form.next.data)), code=303)
    identity.enter(token)
    return redirect(local_target(form.next.data) or url_for("home.index"), code=303)


@blueprint.post("/second-factor/passkey/options")
@signed_in
@before_factor(Stage.ASK)
def offer_proof() -> Response:
    """Ask the browser for a passkey of this person."""
    with at_the_door() as person:
        return _json(passkeys.offer_proof(db.session, person, _party(), now=utc_now()))


@blueprint.post("/second-factor/passkey")
@signed_in
@before_factor(Stage.ASK)
@limiter.limit("30 per minute; 300 per hour", key_func=throttle.by_address, deduct_when=throttle.has_failed)
def prove() -> AnyResponse:
    """Take a passkey as the second factor, or as a proof once more."""
    form, token = PasskeyForm(request.form), None
    with at_the_door() as person:
        verb = "step_up.ask" if person.is_whole else "factors.ask"
        if passkeys.prove(db.session, person, _party(), form.response.data or "", now=utc_now()):
            token = signing_in.prove_again(db.session, person, Factor.PASSKEY, now=utc_now())
    if token is None:
        flash(_("This passkey does not fit. Try again, or use another way."), "error")
        return redirect(url_for(verb, next=local_target(form.next.data)), code=303)
    identity.enter(token, goes_on=person.is_whole)
    otherwise = "account.show" if person.is_whole else "home.index"
    return redirect(local_target(form.next.data) or url_for(otherwise), code=303)


@blueprint.post("/second-factor/set-up/passkey/options")
@signed_in
@before_factor(Stage.SET_UP)
@steps_up
def offer_new() -> Response:
    """Ask the browser to make a passkey."""
    with at_the_door() as person:
        return _json(passkeys.offer_registration(db.session, person, _party(), now=utc_now()))


@blueprint.post("/second-factor/set-up/passkey")
@signed_in
@before_factor(Stage.SET_UP)
@steps_up
def register() -> str | AnyResponse:
    """Keep the passkey a browser has made."""
    form, done = PasskeyForm(request.form), None
    with at_the_door() as person:
        name, response = form.name.data or "", form.response.data or ""
        if passkeys.register(db.session, person, _party(), response, name=name, now=utc_now()):
            done = complete(Factor.PASSKEY)
    if done is None:
        flash(_("The passkey could not be kept: it does not fit, or is in use already. Try again."), "error")
        return redirect(url_for("factors.choose", next=local_target(form.next.data)), code=303)
    return set_up(*done, form.next.data)


@blueprint.post('/account/passkeys/<ref("passkey"):passkey_id>/remove')
@signed_in
@steps_up
def remove(passkey_id: int) -> AnyResponse:
    """Forget a passkey."""
    with at_the_door() as person:
        passkeys.remove(db.session, person, passkey_id, now=utc_now())
    flash(_("The passkey was removed. Delete it on the device too."), "success")
    return redirect(url_for("account.show"), code=303)


def _party() -> RelyingParty:
    ports: Ports = current_app.extensions["encargo"]
    party = passkeys.relying_party(ports.settings.public_url)
    return abort(404) if party is None else party


def _json(options: str) -> Response:
    return Response(options, mimetype="application/json")
