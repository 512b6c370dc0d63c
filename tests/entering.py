"""Ways into the portal for tests: straight through the service, or through the pages with password and code."""

from __future__ import annotations

import time
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations import signing_in, totp
from agencies.organisations.factors import Authenticator, Factor
from agencies.organisations.models import User, WebSession
from portal.app import ports_of
from portal.ports import Ports
from tests import people

#: A slow browser may take so long to give a code: what goes stale sooner is not handed out.
LASTING = timedelta(seconds=15)


def open_whole(ports: Ports, person: people.Person, now=None) -> str:
    """The token of a session in which the person has proved the second factor too."""
    with ports.session(DOOR) as session, transaction(session):
        user = session.get_one(User, person.actor.user_id)
        return signing_in.open_session(
            session, user, address="127.0.0.1", user_agent="Test", now=now or utc_now(), factor=Factor.CODE
        )


def signed_in(app: Flask, person: people.Person) -> FlaskClient:
    """A client with a whole session of the person, opened by the service that the sign-in page calls at its end."""
    client = app.test_client()
    hold(client, open_whole(ports_of(app), person))
    return client


def stay_fresh(ports: Ports, person: people.Person) -> None:
    """Let the person's proofs of identity hold for as long as a slow walk through every page takes."""
    with ports.session(DOOR) as session, transaction(session):
        mine = update(WebSession).where(WebSession.user_id == person.actor.user_id)
        session.execute(mine.values(stepped_up_at=utc_now() + signing_in.ABSOLUTE))


def go_stale(ports: Ports, person: people.Person) -> None:
    """Let the person's proofs of identity be older than a step that matters asks for."""
    with ports.session(DOOR) as session, transaction(session):
        mine = update(WebSession).where(WebSession.user_id == person.actor.user_id)
        session.execute(mine.values(stepped_up_at=utc_now() - signing_in.FRESH))


def hold(client: FlaskClient, token: str) -> None:
    """Put a session's token into the client's cookie."""
    with client.session_transaction() as cookie:
        cookie.update({"_user_id": token, "_fresh": True})


def next_code(ports: Ports, person: people.Person, *, patience: float = 35) -> str:
    """A code that stays good a while: of the first time step whose code was not taken yet, waited for if need be."""
    with ports.session(DOOR) as session:
        last = session.scalar(select(Authenticator.last_step).where(Authenticator.user_id == person.actor.user_id))
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        now = utc_now()
        step = max(totp.step_of(now - LASTING), (last or 0) + 1)
        if step <= totp.step_of(now) + 1:
            return totp.code_of(person.seed, step)
        time.sleep(0.2)
    raise AssertionError("no code was free in time")
