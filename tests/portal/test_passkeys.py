"""Passkeys at the pages: alone, as the second factor, and set up at the first sign-in."""

from __future__ import annotations

import dataclasses
import re

import pytest
from sqlalchemy import func, select

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations import service
from agencies.organisations.factors import Passkey, PasskeyChallenge
from agencies.organisations.permissions import Role
from portal.app import create_app, ports_of
from tests import entering, post
from tests.people import PASSWORD
from tests.portal.conftest import Browser
from tests.softkey import SoftKey

ORIGIN = "http://localhost:8080"


@pytest.fixture
def app(settings):
    """The portal under a domain name, without which there are no passkeys."""
    made = create_app(dataclasses.replace(settings, public_url=ORIGIN))
    made.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)
    yield made
    with made.app_context():
        ports_of(made).engine.dispose()


def options(browser, path):
    answer = browser.client.post(path, headers={"X-CSRF-Token": browser.token(), "Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    return answer.text


def add(browser, key, name="Portátil"):
    answer = key.make(options(browser, "/second-factor/set-up/passkey/options"))
    return browser.post("/second-factor/set-up/passkey", {"response": answer, "name": name})


def come_in(browser, key):
    answer = key.sign(options(browser, "/sign-in/passkey/options"))
    return browser.post("/sign-in/passkey", {"response": answer, "next": "/users/"})


@pytest.fixture
def key(sign_in):
    made = SoftKey(ORIGIN)
    assert add(sign_in(Role.DIRECTOR), made).status_code in {200, 303}
    return made


def test_a_passkey_lets_in_alone_and_leads_to_the_page_asked_for(browser, key, world):
    assert "data-passkey" in browser.get("/sign-in").text
    answer = come_in(browser, key)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/users/")
    assert "Banco 0" in browser.get("/").text


def test_a_phished_a_repeated_and_a_copied_answer_lead_back_to_the_door(browser, key, app, world):
    copy, phished = key.copy(), dataclasses.replace(key, origin="https://localhost.evil.example")
    assert come_in(browser, phished).headers["Location"].startswith("/sign-in")
    answer = key.sign(options(browser, "/sign-in/passkey/options"))
    assert browser.post("/sign-in/passkey", {"response": answer}).headers["Location"] == "/"
    for other in (answer, None):
        stranger = Browser(app.test_client())
        given = other or copy.sign(options(stranger, "/sign-in/passkey/options"))
        back = stranger.post("/sign-in/passkey", {"response": given}).headers["Location"]
        assert back.startswith("/sign-in"), other
    letters = post.letters_to(ports_of(app), world.person(Role.DIRECTOR).email)
    assert [one for one in letters if "rechazó" in one["Subject"]]


def test_a_passkey_is_a_second_factor(browser, key, world):
    person = world.person(Role.DIRECTOR)
    browser.post("/sign-in", {"email": person.email, "password": PASSWORD})
    assert "data-passkey" in browser.get("/second-factor/").text
    answer = key.sign(options(browser, "/second-factor/passkey/options"))
    assert browser.post("/second-factor/passkey", {"response": answer}).headers["Location"] == "/"
    assert browser.get("/users/").status_code == 200


def test_a_passkey_is_a_fresh_proof(sign_in, key, app):
    director = sign_in(Role.DIRECTOR)
    assert "data-passkey" in director.get("/step-up/").text
    answer = key.sign(options(director, "/second-factor/passkey/options"))
    sent = director.post("/second-factor/passkey", {"response": answer, "next": "/account/"})
    assert sent.headers["Location"] == "/account/"
    wrong = director.post("/second-factor/passkey", {"response": answer})
    assert wrong.headers["Location"].startswith("/step-up/")


def test_a_newcomer_sets_up_a_passkey_and_needs_no_phone(browser, world, app_ports):
    director = world.actor(Role.DIRECTOR)
    with app_ports.session(director) as session, transaction(session):
        invited = service.invite(session, director, email="nueva@b.example", role=Role.ANALYST, now=utc_now())
    with app_ports.session(DOOR) as session, transaction(session):
        service.accept_invitation(session, invited.token, name="Nadia", password=PASSWORD, now=utc_now())
    browser.post("/sign-in", {"email": "nueva@b.example", "password": PASSWORD})
    page = add(browser, SoftKey(ORIGIN))
    assert page.status_code == 200
    assert len(re.search(r"data-copy-source>([^<]+)<", page.text)[1].split()) == 10
    assert browser.get("/cases/").status_code == 200


def test_passkeys_are_listed_by_name_and_removed(sign_in, key, app_ports):
    director = sign_in(Role.DIRECTOR, language="en")
    add(director, SoftKey(ORIGIN), "Llave <azul>")
    page = director.get("/account/").text
    assert "Llave &lt;azul&gt;" in page
    removals = re.findall(r'action="(/account/passkeys/[a-z2-7]{26}/remove)"', page)
    assert len(removals) == 2
    assert sign_in(Role.ANALYST).post(removals[0]).status_code == 404
    assert director.post(removals[0]).headers["Location"] == "/account/"
    with app_ports.session(DOOR) as session:
        assert session.scalar(select(func.count(Passkey.id))) == 1


def test_without_a_domain_name_passkeys_are_not_offered(settings, world):
    plain = create_app(settings)
    browser = Browser(entering.signed_in(plain, world.person(Role.DIRECTOR)))
    assert "data-passkey" not in browser.get("/second-factor/set-up").text
    assert browser.post("/second-factor/set-up/passkey/options").status_code == 404
    with plain.app_context():
        ports_of(plain).engine.dispose()


def test_asking_at_the_door_leaves_nothing_that_grows(browser, app_ports):
    for _ in range(30):
        answer = browser.post("/sign-in/passkey/options")
    assert answer.status_code == 200
    assert browser.post("/sign-in/passkey/options").status_code == 429
    with app_ports.session(DOOR) as session:
        assert session.scalar(select(func.count(PasskeyChallenge.digest))) == 30
