"""One's own password and address: known, fresh, told by letter, and every other session ends."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations.models import WebSession
from agencies.organisations.permissions import Role
from tests import post
from tests.people import PASSWORD

NEW = "otras cuatro palabras distintas 8"


def wanted(**given):
    return {"present": PASSWORD, "password": NEW, "repeated": NEW, **given}


def test_a_new_password_ends_the_other_sessions_and_a_letter_tells(sign_in, world, app_ports, browser):
    here, elsewhere = sign_in(Role.DIRECTOR), sign_in(Role.DIRECTOR)
    answer = here.post("/account/password", wanted())

    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/credentials")
    assert here.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 303
    person = world.person(Role.DIRECTOR)
    assert len(post.letters_to(app_ports, person.email, "Su contraseña cambió")) == 1
    assert browser.post("/sign-in", {"email": person.email, "password": PASSWORD}).status_code == 401
    assert browser.post("/sign-in", {"email": person.email, "password": NEW}).status_code == 303


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"present": "not this one at all"}, "Your present password is not right."),
        ({"repeated": "something else entirely"}, "The two passwords differ."),
        ({"password": "corta 9", "repeated": "corta 9"}, "The password is too short"),
        ({"password": "director@creditor0.example", "repeated": "director@creditor0.example"}, "easy to guess"),
    ],
)
def test_a_refused_password_is_explained_and_changes_nothing(sign_in, browser, world, given, said):
    here, elsewhere = sign_in(Role.DIRECTOR, language="en"), sign_in(Role.DIRECTOR, language="en")
    page = here.post("/account/password", wanted(**given))

    assert page.status_code == 400
    assert said in page.text
    assert NEW not in page.text
    assert elsewhere.get("/").status_code == 200
    person = world.person(Role.DIRECTOR)
    assert browser.post("/sign-in", {"email": person.email, "password": PASSWORD}).status_code == 303


def test_a_stolen_session_cannot_try_passwords_without_end(sign_in):
    here = sign_in(Role.DIRECTOR)
    answers = [here.post("/account/password", wanted(present="wrong")).status_code for _ in range(12)]
    assert answers == [400] * 10 + [429] * 2


def test_another_address_is_asked_for_and_the_present_one_is_warned(sign_in, world, app_ports):
    here = sign_in(Role.DIRECTOR, language="en")
    answer = here.post("/account/email", {"email": "nueva@b.example"})

    assert answer.status_code == 303
    assert "nueva@b.example" in here.get("/account/email").text
    assert len(post.letters_to(app_ports, "nueva@b.example", "Confirm your new e-mail address")) == 1
    old = world.person(Role.DIRECTOR).email
    assert len(post.letters_to(app_ports, old, "A change of your e-mail address was asked for")) == 1


@pytest.mark.parametrize("email", ["", "nada", "director@creditor0.example"])
def test_what_is_no_new_address_is_explained_and_kept(sign_in, app_ports, email):
    page = sign_in(Role.DIRECTOR, language="en").post("/account/email", {"email": email})

    assert page.status_code == 400
    assert f'value="{email}"' in page.text
    assert post.send(app_ports) == []


@pytest.mark.parametrize("path", ["/account/password", "/account/email"])
def test_both_ask_for_a_fresh_proof_of_identity(app, path):
    adapter = app.url_map.bind("127.0.0.1")
    for method in ("GET", "POST"):
        endpoint, _values = adapter.match(path, method=method)
        assert app.view_functions[endpoint].steps_up


def test_somebody_unknown_is_led_to_the_door(browser):
    for path in ("/account/password", "/account/email", "/account/credentials"):
        assert browser.get(path).headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize(
    ("path", "form"), [("/account/password", wanted()), ("/account/email", {"email": "x@b.example"})]
)
def test_an_old_proof_of_identity_changes_nothing(sign_in, browser, world, app_ports, path, form):
    here = sign_in(Role.DIRECTOR)
    with app_ports.session(DOOR) as session, transaction(session):
        session.execute(update(WebSession).values(stepped_up_at=WebSession.stepped_up_at - timedelta(minutes=11)))
    token = re.search(r'name="csrf_token" value="([^"]+)"', here.get("/").text)[1]
    answer = here.client.post(path, data={**form, "csrf_token": token})

    assert answer.status_code in {303, 403}
    assert answer.headers.get("Location", "") not in {"/account/credentials", path}
    assert post.send(app_ports) == []
    person = world.person(Role.DIRECTOR)
    assert browser.post("/sign-in", {"email": person.email, "password": PASSWORD}).status_code == 303
