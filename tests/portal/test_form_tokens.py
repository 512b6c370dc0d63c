"""A request that changes anything comes from one of our own pages, or nothing comes of it."""

from __future__ import annotations

from functools import wraps

from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import PERMISSIONS, SIDE_OF, Role
from portal.security import access_of
from tests.entering import stay_fresh
from tests.pipeline.kinds import SECRETS
from tests.pipeline.test_tenant_isolation import NOBODY


def unsafe(app):
    """Every view that is no mere look, at something nobody has; where a key opens there is no cookie to misuse."""
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods - {"GET", "HEAD", "OPTIONS"}):
            if not access_of(app, rule.endpoint).is_by_key:
                secrets = {name for endpoint, name in SECRETS if endpoint == rule.endpoint}
                words = {name: "x" * 43 if name in secrets else NOBODY for name in rule.arguments}
                with app.test_request_context():
                    yield rule.endpoint, method, app.url_map.bind("127.0.0.1").build(rule.endpoint, words, method)


def admitted(app, endpoint):
    """A role the view admits."""
    actors = {role: Actor(SIDE_OF[role], 1, 1, role.value, PERMISSIONS[role]) for role in Role}
    return next(role for role in Role if access_of(app, endpoint).admits(actors[role]))


def test_an_unsafe_request_without_the_token_is_refused_everywhere(app, app_ports, sign_in):
    ran, people, theirs = [], {}, sign_in(Role.ANALYST).token()
    walked = list(unsafe(app))
    for endpoint in {endpoint for endpoint, _method, _address in walked}:
        # Whether it would have run is all that is asked of the view.
        def noted(*, here=endpoint, **_ids):
            ran.append(here)
            return ""

        app.view_functions[endpoint] = wraps(app.view_functions[endpoint])(noted)
    for endpoint, method, address in walked:
        role = admitted(app, endpoint)
        if role not in people:
            browser = sign_in(role)
            stay_fresh(app_ports, browser.person)
            people[role] = browser, browser.token()
        browser, own = people[role]
        for token in ({}, *({"csrf_token": one} for one in ("x", "20990101000000##" + "0" * 40, theirs))):
            answer = browser.client.open(address, method=method, data=token)
            assert (answer.status_code, ran) == (400, []), (endpoint, address, role)
        # With the token the same person gets through, so it was for its want alone.
        answer = browser.client.open(address, method=method, data={"csrf_token": own})
        assert (answer.status_code, ran) == (200, [endpoint]), (endpoint, address, role)
        ran.clear()
    assert len(walked) > 180


def test_the_token_of_another_browser_is_refused(app, sign_in):
    mine, theirs = sign_in(Role.DIRECTOR), sign_in(Role.ANALYST)
    assert mine.client.post("/sign-out", data={"csrf_token": theirs.token()}).status_code == 400
    assert mine.get("/").status_code == 200


def test_a_script_of_our_pages_sends_the_token_in_a_header(sign_in):
    browser = sign_in(Role.DIRECTOR)
    answer = browser.client.post("/language", data={"language": "en"}, headers={"X-CSRF-Token": browser.token()})
    assert answer.status_code == 303
