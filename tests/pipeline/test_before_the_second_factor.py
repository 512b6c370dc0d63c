"""A password alone opens nothing: every route is called with half a session of every role."""

from __future__ import annotations

from itertools import product

import pytest
from flask import Flask

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations import signing_in
from agencies.organisations.models import User
from agencies.organisations.permissions import Role
from portal.app import ports_of
from portal.security import Stage
from tests import entering, people
from tests.pipeline.kinds import TABLES
from tests.pipeline.test_tenant_isolation import NOBODY, addresses, call, methods, rules, token_of
from tests.portal.conftest import Browser

#: Everything that may be called with the password alone; whoever adds to this says why.
BEFORE = {
    "auth.sign_out": Stage.ANY,
    "factors.ask": Stage.ASK,
    "factors.prove": Stage.ASK,
    "passkeys.offer_proof": Stage.ASK,
    "passkeys.prove": Stage.ASK,
    "passkeys.offer_new": Stage.SET_UP,
    "passkeys.register": Stage.SET_UP,
    "factors.choose": Stage.SET_UP,
    "factors.begin": Stage.SET_UP,
    "factors.app": Stage.SET_UP,
    "factors.confirm": Stage.SET_UP,
}


def half_session(app: Flask, person: people.Person) -> Browser:
    """A browser whose session has the password behind it and nothing more."""
    ports = ports_of(app)
    with ports.session(DOOR) as session, transaction(session):
        user = session.get_one(User, person.actor.user_id)
        token = signing_in.open_session(session, user, address="192.0.2.9", user_agent="Half", now=ports.now())
    browser = Browser(app.test_client(), person)
    entering.hold(browser.client, token)
    return browser


def test_what_may_be_called_with_the_password_alone_is_this_and_nothing_else(app: Flask):
    found = {name: view.stage for name, view in app.view_functions.items() if hasattr(view, "stage")}

    assert found == BEFORE


@pytest.mark.parametrize("role", list(Role))
def test_with_the_password_alone_every_route_leads_to_the_second_factor(app: Flask, role: Role):
    browser = half_session(app, people.World(ports_of(app)).person(role))
    nobody, calls = {kind: [NOBODY] for kind in TABLES}, 0
    for rule in rules(app):
        is_public = app.view_functions[rule.endpoint].access.is_public
        if is_public or BEFORE.get(rule.endpoint) in {Stage.ANY, Stage.ASK}:
            continue
        for method, address in product(methods(rule), addresses(app, rule, nobody)):
            calls += 1
            page = call(browser, method, address, {})
            assert page.status_code == 303, f"{method} {address}: {page.status_code}"
            assert page.location.startswith("/second-factor/"), f"{method} {address}: {page.location}"
            told = browser.client.open(
                address, method=method, headers={"Accept": "application/json", "X-CSRF-Token": token_of(browser)}
            )
            assert told.status_code == 403, f"{method} {address}: {told.status_code}"
    assert calls > 150
