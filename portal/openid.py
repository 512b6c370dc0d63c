"""OpenID Connect as a client: authorization code with PKCE, state and nonce; the provider's word is checked in full.

Nothing a browser brings back is believed but the code, and that only with the state this browser was sent away with.
"""

from __future__ import annotations

import hmac
import secrets
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from authlib.integrations.base_client import OAuthError
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from agencies.organisations.company_links import Claims
from portal import outbound
from portal.outbound import Unreachable

with warnings.catch_warnings():
    # Each command would otherwise begin with a remark on what its authors plan.
    from authlib.deprecate import AuthlibDeprecationWarning

    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.httpx_client import OAuth2Client

SCOPE = "openid email profile"
#: Signatures with the provider's private key; a shared secret signs nothing here.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"]
#: How far the clocks may differ, and how old a word may be.
LEEWAY, OLDEST = 60, 600
#: What a provider says when it asked for more than a password (RFC 8176).
_FACTORS = {"mfa", "otp", "hwk", "swk"}
_FACTOR_LEVELS = {
    "http://schemas.openid.net/pape/policies/2007/06/multi-factor",
    "https://refeds.org/profile/mfa",
    "phr",
    "phrh",
}


class WordUnacceptable(RuntimeError):
    """What the provider said is not signed by it, not for us, not for now, or not an answer to our question."""


@dataclass(frozen=True)
class Client:
    """Who we are to a provider."""

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str
    may_loopback: bool


@dataclass(frozen=True)
class Trip:
    """What we keep while a browser is away at the provider; it comes back once."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Word:
    """What a provider said, checked; and whether it says that it asked for a second factor."""

    claims: Claims
    has_factor: bool


def depart(client: Client, *, email: str) -> tuple[str, Trip]:
    """Where to send a browser, and what to keep until it is back; raises `Unreachable` or `WordUnacceptable`."""
    trip = Trip(*(secrets.token_urlsafe(32) for _ in range(3)))
    with outbound.client(may_loopback=client.may_loopback) as web:
        known = _discover(web, client)
    with _session(client) as session:
        address, _state = session.create_authorization_url(
            known["authorization_endpoint"],
            state=trip.state,
            nonce=trip.nonce,
            code_verifier=trip.verifier,
            login_hint=email,
        )
    return address, trip


def arrive(client: Client, trip: Trip, *, code: str, state: str, issuer: str | None, now: datetime) -> Word:
    """Exchange the code a browser brought back for the provider's word; raises `Unreachable` or `WordUnacceptable`."""
    if not hmac.compare_digest(trip.state.encode(), state.encode()):
        raise WordUnacceptable("state")
    if issuer not in (None, client.issuer):
        # Another provider's answer, mixed into this trip (RFC 9207).
        raise WordUnacceptable("iss")
    with outbound.client(may_loopback=client.may_loopback) as web:
        known = _discover(web, client)
        told = _exchange(client, known["token_endpoint"], code, trip)
        claims = _check(
            client, trip, str(told.get("id_token", "")), _json(web, known["jwks_uri"]), int(now.timestamp())
        )
        if not claims.get("email") and known.get("userinfo_endpoint"):
            claims = _ask_for_email(web, known["userinfo_endpoint"], told, claims)
    return Word(
        Claims(
            issuer=client.issuer,
            subject=str(claims["sub"]),
            email=str(claims.get("email") or ""),
            email_verified=_as_bool(claims.get("email_verified")),
            name=str(claims.get("name") or ""),
        ),
        has_factor=bool(_FACTORS & set(claims.get("amr") or ())) or claims.get("acr") in _FACTOR_LEVELS,
    )


def _discover(web: httpx.Client, client: Client) -> Mapping[str, Any]:
    known = _json(web, client.issuer.rstrip("/") + "/.well-known/openid-configuration")
    if known.get("issuer") != client.issuer:
        raise WordUnacceptable("the provider calls itself otherwise")
    transport = outbound.Outbound(client.may_loopback)
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        try:
            transport.check(httpx.URL(str(known.get(name, ""))))
        except httpx.InvalidURL as unreadable:
            raise Unreachable(name) from unreadable
    return known


def _json(web: httpx.Client, address: str, *, token: str | None = None) -> dict[str, Any]:
    headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    try:
        answer = web.get(address, headers=headers)
        found = answer.json() if answer.status_code == httpx.codes.OK else None
    except (ValueError, httpx.InvalidURL) as unreadable:
        raise Unreachable("no JSON") from unreadable
    if not isinstance(found, dict):
        raise Unreachable("no answer")
    return found


def _exchange(client: Client, endpoint: str, code: str, trip: Trip) -> Mapping[str, Any]:
    with _session(client) as session:
        try:
            told: Mapping[str, Any] = session.fetch_token(
                endpoint, code=code, code_verifier=trip.verifier, grant_type="authorization_code"
            )
        except (OAuthError, httpx.HTTPError, ValueError) as refused:
            raise WordUnacceptable("the provider did not take the code") from refused
    return told


def _check(client: Client, trip: Trip, token: str, keys: dict[str, Any], now: int) -> dict[str, Any]:
    try:
        claims = jwt.decode(token, KeySet.import_key_set(keys), algorithms=ALGORITHMS).claims  # type: ignore[arg-type]
        jwt.JWTClaimsRegistry(
            now=now,
            leeway=LEEWAY,
            iss={"essential": True, "value": client.issuer},
            aud={"essential": True, "value": client.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": trip.nonce},
        ).validate(claims)
    except (JoseError, ValueError, TypeError, KeyError) as wrong:
        raise WordUnacceptable(getattr(wrong, "claim", "") or type(wrong).__name__) from wrong
    is_shared = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (is_shared or "azp" in claims) and claims.get("azp") != client.client_id:
        raise WordUnacceptable("azp")
    if claims["iat"] < now - OLDEST:
        raise WordUnacceptable("iat")
    return dict(claims)


def _ask_for_email(web: httpx.Client, endpoint: str, told: Mapping[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
    more = _json(web, endpoint, token=str(told.get("access_token", "")))
    if more.get("sub") != claims["sub"]:
        raise WordUnacceptable("userinfo")
    return {**claims, **{name: more[name] for name in ("email", "email_verified", "name") if name in more}}


def _session(client: Client) -> OAuth2Client:
    return OAuth2Client(
        client.client_id,
        client.client_secret,
        scope=SCOPE,
        redirect_uri=client.redirect_uri,
        code_challenge_method="S256",
        transport=outbound.Outbound(client.may_loopback),
        follow_redirects=False,
        trust_env=False,
    )


def _as_bool(value: Any) -> bool | None:
    if value is None:
        return None
    return value is True or value == "true"
