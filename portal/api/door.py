"""Who comes in with a key: found at the door, then the request runs as the key's organisation with its scopes.

A cookie is not looked at here, so no page of another site can make a browser call: there is nothing to forge.
"""

from __future__ import annotations

import structlog
from flask import g, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor, bind
from agencies.organisations import api_keys
from agencies.organisations.api_keys import KeyHolder
from portal import identity, security
from portal.extensions import db
from portal.security import Access

log = structlog.get_logger()
#: Everything below it answers as JSON and knows no cookies.
ROOT = "/api/"


def come_in(access: Access) -> None:
    """Let the request run as its key's organisation; 401 without a good key, `Forbidden` without the scope."""
    identity.as_door()
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    with transaction(db.session):
        is_told = scheme.lower() == "bearer" and secret.strip()
        found = _find(secret.strip()) if is_told else None
    if found is None:
        log.warning("key_refused")
        raise Unauthorized(www_authenticate=WWWAuthenticate("bearer", {"realm": "Encargo"}))
    bind(db.session, found.actor)
    g.key_holder = found
    structlog.contextvars.bind_contextvars(organisation=found.actor.organisation_id, key=found.key_id)
    security.check_permission(access, found.actor)


def key_holder() -> KeyHolder:
    """The key this request came in with."""
    holder: KeyHolder = g.key_holder
    return holder


def key_actor() -> Actor:
    """The actor of this request."""
    return key_holder().actor


def is_here() -> bool:
    """Whether the request is one of another system, known or not."""
    return request.path.startswith(ROOT)


def _find(secret: str) -> KeyHolder | None:
    return api_keys.find_holder(db.session, secret, address=request.remote_addr, now=utc_now())
