"""Coming in by one's company's own sign-in: sent away to its provider, and back.

What a browser carries while it is away (state, nonce, verifier) lies in its signed cookie for ten minutes and is taken
out before anything is looked at, so that it comes back once.
"""

from __future__ import annotations

from typing import Any

import structlog
from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from agencies.kernel.clock import utc_now
from agencies.kernel.errors import Conflict, msg
from agencies.kernel.sealing import keyring_of
from agencies.kernel.session import transaction
from agencies.organisations import company_sign_in, signing_in
from agencies.organisations.company_links import CompanySignInRefused
from agencies.organisations.factors import Factor
from agencies.organisations.providers import SignInProvider, provider_for, secret_place
from portal import identity, openid, throttle
from portal.addresses import allows_loopback, local_target, public_address
from portal.extensions import db, limiter
from portal.forms.auth import CompanyForm, SignInForm
from portal.openid import Trip, WordUnacceptable
from portal.outbound import Unreachable
from portal.security import opens_by_secret, public

blueprint = Blueprint("company", __name__, url_prefix="/company-sign-in")
log = structlog.get_logger()

_KEPT, _SECONDS = "company", 600


class CompanyAway(Conflict):
    """The provider does not answer, or not as a provider does."""

    text = msg(
        "Your organisation’s sign-in does not answer as it should. Try again in some minutes; if it stays so, tell "
        "your own IT support."
    )


class TripUnknown(Conflict):
    """Forged, used already, too old, or begun in another browser."""

    text = msg("This sign-in was not begun here, or its time is over. Go to the sign-in page and begin again.")


@blueprint.post("/")
@public
@limiter.limit("30 per minute; 300 per hour", key_func=throttle.by_address)
def depart() -> str | tuple[str, int]:
    """Show the way to the provider of an address's domain; whether anybody has the address is not looked at."""
    form = CompanyForm(request.form)
    identity.as_door()
    provider = provider_for(db.session, form.email.data or "") if form.validate() else None
    if provider is None:
        return render_template("auth/sign_in.html", form=SignInForm(request.form), lacks_company=True), 400
    try:
        address, trip = openid.depart(_client(provider), email=form.email.data or "")
    except (Unreachable, WordUnacceptable) as away:
        log.warning("provider_away", organisation=provider.organisation_id, reason=str(away))
        raise CompanyAway from away
    kept = {"organisation": provider.organisation_id, "at": int(utc_now().timestamp()), **vars(trip)}
    session[_KEPT] = {**kept, "next": local_target(form.next.data)}
    return render_template("auth/company.html", address=address)


@blueprint.get("/back")
@public
@opens_by_secret
@limiter.limit("30 per minute; 300 per hour", key_func=throttle.by_address, deduct_when=throttle.has_failed)
def arrive() -> Response:
    """Take the provider's word, and open the session it is good for."""
    kept = _take_trip()
    identity.as_door()
    provider = db.session.get(SignInProvider, kept["organisation"])
    if provider is None:
        raise TripUnknown
    with transaction(db.session):
        token = _come_in(provider, Trip(kept["state"], kept["nonce"], kept["verifier"]))
    identity.enter(token)
    return redirect(local_target(kept["next"]) or url_for("home.index"), code=303)


def _take_trip() -> dict[str, Any]:
    kept: dict[str, Any] | None = session.pop(_KEPT, None)
    if kept is None or kept["at"] < utc_now().timestamp() - _SECONDS or "state" not in request.args:
        raise TripUnknown
    if "code" not in request.args:
        # The provider said no, or the person did.
        raise CompanySignInRefused
    return kept


def _come_in(provider: SignInProvider, trip: Trip) -> str:
    code, state, now = request.args["code"], request.args["state"], utc_now()
    try:
        word = openid.arrive(_client(provider), trip, code=code, state=state, issuer=request.args.get("iss"), now=now)
        arrival = company_sign_in.come_in(db.session, provider.organisation_id, word.claims, now=now)
    except WordUnacceptable as wrong:
        log.warning("provider_word_refused", organisation=provider.organisation_id, reason=str(wrong))
        raise TripUnknown from wrong
    except Unreachable as away:
        log.warning("provider_away", organisation=provider.organisation_id, reason=str(away))
        raise CompanyAway from away
    except CompanySignInRefused:
        log.warning("company_sign_in_refused", organisation=provider.organisation_id)
        raise
    # Without a second factor that counts here it is half a session, and ours is asked for next.
    # Before the person has proved their own once, the provider's counts for nothing.
    is_enough = word.has_factor and provider.trusts_factor and arrival.waits is None
    how = {"address": request.remote_addr or "", "user_agent": request.user_agent.string}
    factor = Factor.COMPANY if is_enough else None
    return signing_in.open_session(db.session, arrival.user, **how, factor=factor, ties=arrival.waits, now=now)


def _client(provider: SignInProvider) -> openid.Client:
    home = provider.organisation_id
    return openid.Client(
        issuer=provider.issuer,
        client_id=provider.client_id,
        client_secret=keyring_of(db.session).open(provider.client_secret, secret_place(home)),
        redirect_uri=public_address("company.arrive"),
        may_loopback=allows_loopback(),
    )
