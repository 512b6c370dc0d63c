"""Who is asking: the visitor of a request, found from the cookie's token, and the actor the database runs as.

The cookie's token is looked up at the door (`DOOR`) in a transaction of its own; after it the request's session is
bound to the visitor's actor, and everything the request reads or writes is theirs. Somebody who has given the password
and not yet the second factor is an entrant and no visitor: the request goes on as the door, which can read no business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from flask import g, session
from flask_login import UserMixin, login_user, logout_user

from agencies.kernel.clock import utc_now
from agencies.kernel.errors import NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR, Actor, bind
from agencies.organisations import signing_in, supporting
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
        support = supporting.find_elevation(db.session, found.session_id, now=utc_now()) if found else None
    if found is None:
        return None
    if support is not None and found.is_whole:
        found = replace(found, actor=support.actor, organisation_name=support.organisation_name, support=support)
    g.entrant = found
    if found.is_whole:
        bind(db.session, found.actor)
        g.visitor = found
    return Visitor(token, found)


def note_look(endpoint: str, things: Mapping[str, Any]) -> None:
    """Write down, where the tenant sees it, that its supporter opens a page; before the page is made."""
    visitor = find_visitor()
    if visitor is None or visitor.support is None:
        return
    with written_down():
        supporting.note_look(db.session, visitor.support, endpoint, things, now=utc_now())


@contextmanager
def written_down() -> Iterator[None]:
    """A transaction that writes down what somebody looks at, who may be allowed to change nothing else."""
    actor = current_actor()
    if actor.is_read_only:
        bind(db.session, replace(actor, is_read_only=False))
    try:
        with transaction(db.session):
            yield
    finally:
        if actor.is_read_only:
            bind(db.session, actor)


def as_operator() -> Actor:
    """Let the request run as the operator again, who looks at a tenant's pages."""
    visitor = find_visitor()
    if visitor is None or visitor.support is None:
        raise NotFound
    bind(db.session, visitor.support.operator)
    return visitor.support.operator


def as_door() -> None:
    """Let the request run as nobody in particular, whoever is signed in: sign-in and invitations only."""
    g.pop("visitor", None)
    g.pop("entrant", None)
    bind(db.session, DOOR)


@contextmanager
def at_the_door() -> Iterator[SignedIn]:
    """A transaction at the door about whoever is asking, who stays who they are; proofs of identity live there."""
    person = entrant()
    bind(db.session, DOOR)
    try:
        with transaction(db.session):
            yield person
    finally:
        if person.is_whole:
            bind(db.session, person.actor)


def entrant() -> SignedIn:
    """Whoever has given the password, with or without the second factor; only for views nobody else may call."""
    person: SignedIn = g.entrant
    return person


def find_visitor() -> SignedIn | None:
    """The person this request was found to come from, second factor and all, if it was looked up and there is one."""
    visitor: SignedIn | None = g.get("visitor")
    return visitor


def current_actor() -> Actor:
    """The actor of this request; somebody not signed in acts as `DOOR` and may do nothing."""
    visitor = find_visitor()
    return DOOR if visitor is None else visitor.actor


def enter(token: str, *, goes_on: bool = False) -> None:
    """Put a session that was just opened and committed into the browser, and nothing of the old cookie with it.

    A session that goes on under a new token keeps what the forms of its open pages were made with.
    """
    _renew_cookie(*(("csrf",) if goes_on else ()))
    visitor = load(token)
    if visitor is not None:
        session["language"] = visitor.signed_in.actor.language
        login_user(visitor)


def leave() -> None:
    """Sign out: end the session in the database and empty the cookie."""
    person = entrant()
    as_door()
    with transaction(db.session):
        signing_in.end_session(db.session, person.session_id, now=utc_now())
    logout_user()
    _renew_cookie()


def _renew_cookie(*kept_too: str) -> None:
    kept = {name: session[name] for name in (*_KEPT, *kept_too) if name in session}
    session.clear()
    session.update(kept)
