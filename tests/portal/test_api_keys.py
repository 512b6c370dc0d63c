"""The pages of keys: made after a fresh proof, shown this once, revoked with one click."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations import api_keys
from agencies.organisations.models import WebSession
from agencies.organisations.permissions import Role
from tests.portal.conftest import Browser

FORM = {"name": "Core bancario", "scopes": ["placement.view"], "lifetime": "3", "addresses": ""}


def secret_on(page: str) -> str:
    return re.search(r'value="(encargo_[^"]+)"', page)[1]


def works(app_ports, secret: str) -> bool:
    with app_ports.session(DOOR) as session, transaction(session):
        return api_keys.find_holder(session, secret, address="198.51.100.9", now=utc_now()) is not None


def grow_old(app_ports, browser: Browser) -> None:
    """Whoever sits at this browser proved who they are too long ago."""
    with app_ports.session(DOOR) as session, transaction(session):
        for one in session.query(WebSession):
            one.stepped_up_at = utc_now() - timedelta(minutes=11)


@pytest.mark.parametrize(
    ("role", "language", "ready"),
    [(Role.DIRECTOR, "es", "La clave está lista"), (Role.MANAGER, "en", "The key is ready")],
)
def test_a_head_makes_a_key_sees_it_once_and_revokes_it(sign_in, app_ports, role, language, ready):
    browser = sign_in(role, language=language)
    assert "api-keys/new" in browser.get("/api-keys/").text
    made = browser.post("/api-keys/new", {**FORM, "addresses": "198.51.100.0/24\n203.0.113.7"})
    secret = secret_on(made.text)
    assert ready in made.text
    assert works(app_ports, secret)

    listed = browser.get("/api-keys/").text
    assert secret not in listed
    assert secret[:14] in listed
    assert "203.0.113.7/32" in listed
    address = re.search(r'action="(/api-keys/\w+/revoke)"', listed)[1]
    assert browser.post(address).status_code == 303
    assert not works(app_ports, secret)
    assert "/revoke" not in browser.get("/api-keys/").text
    assert browser.post(address).status_code == 409


def test_making_one_wants_a_fresh_proof_and_revoking_one_does_not(sign_in, app_ports):
    browser = sign_in(Role.DIRECTOR)
    secret = secret_on(browser.post("/api-keys/new", FORM).text)
    address = re.search(r'action="(/api-keys/\w+/revoke)"', browser.get("/api-keys/").text)[1]
    grow_old(app_ports, browser)
    refused = browser.post("/api-keys/new", FORM)

    assert (refused.status_code, "encargo_" in refused.text) == (303, False)
    assert refused.location.startswith("/confirm") or "step" in refused.location
    assert browser.post(address).status_code == 303
    assert not works(app_ports, secret)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"scopes": []}, "Tick at least one thing"),
        ({"scopes": ["placement.acknowledge"]}, "not a valid choice"),
        ({"name": ""}, "required"),
        ({"addresses": "bank.example"}, "is no address or network"),
        ({"lifetime": "24"}, "valid choice"),
    ],
)
def test_a_refused_form_says_why_and_keeps_what_was_typed(sign_in, wrong, told):
    browser = sign_in(Role.DIRECTOR, language="en")
    answer = browser.post("/api-keys/new", {**FORM, "name": "Nightly run", **wrong})

    assert answer.status_code == 400
    assert told in answer.text
    assert wrong.get("name", "Nightly run") in answer.text


def test_whoever_does_not_manage_the_organisation_gets_no_key(sign_in):
    for role in (Role.ANALYST, Role.AUDITOR, Role.AGENT, Role.OPERATOR):
        browser = sign_in(role)
        assert browser.get("/api-keys/").status_code == 403
        assert browser.post("/api-keys/new", FORM).status_code == 403


def test_the_trail_says_who_made_and_who_revoked_a_key(sign_in):
    browser = sign_in(Role.DIRECTOR, language="en")
    browser.post("/api-keys/new", FORM)
    browser.post(re.search(r'action="(/api-keys/\w+/revoke)"', browser.get("/api-keys/").text)[1])
    trail = browser.get("/audit/?topic=people").text

    assert "Director 0 made an API key" in trail
    assert "Director 0 revoked an API key" in trail


def test_a_secret_shown_once_is_not_lost_by_switching_the_language(sign_in):
    browser = sign_in(Role.DIRECTOR)
    assert 'name="language"' in browser.get("/api-keys/new").text
    made = browser.post("/api-keys/new", FORM).text

    assert secret_on(made)
    assert 'name="language"' not in made
