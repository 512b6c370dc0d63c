"""What every command needs: the instance it works on, somebody to act for, and a way to say no."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click
from flask import current_app, g
from flask_babel import force_locale

from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.acting import actor_by_email
from agencies.organisations.signing_in import SignedIn
from portal.i18n import LOCALES
from portal.ports import Ports

#: The command line acts for the platform; nobody has to have signed in before.
PLATFORM = Actor(side=Side.PLATFORM)


def instance() -> Ports:
    """The database, storage and references of the app the command runs in."""
    ports: Ports = current_app.extensions["encargo"]
    return ports


def refuse(message: str) -> NoReturn:
    """Say why not, and end with 1."""
    click.echo(message, err=True)
    raise SystemExit(1)


@contextmanager
def acting_as(ports: Ports, email: str) -> Iterator[Actor]:
    """Act as whoever signs in with this address, in that person's language; raises `NobodyActive`."""
    with ports.session(PLATFORM) as session:
        actor, user, organisation = actor_by_email(session, email)
        # What pages ask the visitor for (language, time zone) is asked of the same person here. No session is opened.
        g.visitor = SignedIn(actor, 0, user.name, user.email, organisation.name, organisation.kind)
    try:
        with force_locale(LOCALES[actor.language]):
            yield actor
    finally:
        g.pop("visitor", None)
