"""Who is asking: the visitor of a request, found from the cookie's token, and the actor the database runs as.

The cookie's token is looked up at the door (`DOOR`) in a transaction of its own; after it the request's session is
bound to the visitor's actor, and everything the request reads or writes is theirs.
"""

from __future__ import annotations

from flask import g, session
from flask_login import UserMixin, login_user, logout_user

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR, Actor, bind
from agencies.organisations import signing_in
from agencies.organisations.signing_in import SignedIn
from portal.extensions import db, login_manager

#: What outlives signing in and out in the signed cookie.
_KEPT = ("language",)


class Visitor(UserMixin):
    """Flask-Login's view of a signed-in person: known by the session's token, never by a user id."""

    def __init__(self, token: str, signed_in: SignedIn) -> None:
        self.token = token
        self.signed_in = signed_in

    def get_id(self) -> str:
        return self.token


@login_manager.user_loader
def load(token: str) -> Visitor | None:
    """The visitor who holds a token, with the request's session bound to their actor."""
    as_door()
    with transaction(db.session):
        found = signing_in.find_session(db.session, token, now=utc_now())
    if found is None:
        return None
    bind(db.session, found.actor)
    g.visitor = found
    return Visitor(token, found)


def as_door() -> None:
    """Let the request run as nobody in particular, whoever is signed in: sign-in and invitations only."""
    g.pop("visitor", None)
    bind(db.session, DOOR)


def find_visitor() -> SignedIn | None:
    """The person this request was found to come from, if it was looked up and there is one."""
    visitor: SignedIn | None = g.get("visitor")
    return visitor


def current_actor() -> Actor:
    """The actor of this request; somebody not signed in acts as `DOOR` and may do nothing."""
    visitor = find_visitor()
    return DOOR if visitor is None else visitor.actor


def enter(token: str) -> None:
    """Put a session that was just opened and committed into the browser, and nothing of the old cookie with it."""
    _renew_cookie()
    visitor = load(token)
    if visitor is not None:
        session["language"] = visitor.signed_in.actor.language
        login_user(visitor)


def leave() -> None:
    """Sign out: end the session in the database and empty the cookie."""
    visitor = find_visitor()
    as_door()
    if visitor is not None:
        with transaction(db.session):
            signing_in.end_session(db.session, visitor.session_id, now=utc_now())
    logout_user()
    _renew_cookie()


def _renew_cookie() -> None:
    kept = {name: session[name] for name in _KEPT if name in session}
    session.clear()
    session.update(kept)
