"""My account: sessions seen and ended, factors changed after a fresh proof, a colleague's lost factor reset."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations import totp
from agencies.organisations.models import WebSession
from agencies.organisations.permissions import Role
from portal.presenters.sessions import browser_in_words
from tests import entering, post
from tests.people import PASSWORD

#: What wants a fresh proof of who one is, and where it stands.
STEPS = (
    ("get", "/second-factor/set-up"),
    ("post", "/second-factor/set-up/app"),
    ("get", "/second-factor/set-up/app"),
    ("post", "/second-factor/set-up/app/confirm"),
    ("post", "/second-factor/set-up/passkey"),
    ("post", "/second-factor/recovery-codes"),
    ("post", "/second-factor/app/remove"),
)


def let_proofs_grow_old(ports):
    with ports.session(DOOR) as session, transaction(session):
        session.execute(update(WebSession).values(stepped_up_at=WebSession.stepped_up_at - timedelta(minutes=10)))


def token_of(browser):
    with browser.client.session_transaction() as cookie:
        return cookie["_user_id"]


def session_ends(page: str) -> list[str]:
    return re.findall(r'action="(/account/sessions/[a-z2-7]{26}/end)"', page)


@pytest.mark.parametrize(("method", "path"), STEPS)
def test_what_changes_a_way_in_wants_a_fresh_proof(sign_in, app_ports, method, path):
    director = sign_in(Role.DIRECTOR, language="en")
    let_proofs_grow_old(app_ports)
    answer = getattr(director, method)(path)
    assert (answer.status_code, answer.headers["Location"][:9]) == (303, "/step-up/")
    script = getattr(director, method)(path, headers={"HX-Request": "true"})
    assert script.status_code == 403
    assert "we ask again who you are" in script.text
    told = getattr(director, method)(path, headers={"Accept": "application/json"})
    assert (told.status_code, "again who you are" in told.json["reason"]) == (403, True)


def test_after_the_proof_one_is_back_at_the_page(sign_in, app_ports, world):
    director = sign_in(Role.DIRECTOR, language="en")
    let_proofs_grow_old(app_ports)
    asked = director.get("/second-factor/set-up?next=/cases/").headers["Location"]
    assert asked == "/step-up/?next=/second-factor/set-up?next%3D/cases/"
    for given in ({"password": "wrong"}, {"code": "000000"}, {"password": ""}):
        assert director.post("/step-up/", {**given, "next": "/second-factor/set-up"}).status_code == 401
    before = token_of(director)
    answer = director.post("/step-up/", {"password": PASSWORD, "next": "/second-factor/set-up"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/second-factor/set-up")
    assert director.get("/second-factor/set-up").status_code == 200
    assert token_of(director) != before
    let_proofs_grow_old(app_ports)
    code = entering.next_code(app_ports, world.person(Role.DIRECTOR))
    assert director.post("/step-up/", {"code": code, "next": "//evil.example"}).headers["Location"] == "/account/"


def test_what_was_sent_without_a_fresh_proof_is_not_done_and_leads_back_to_its_form(sign_in, app_ports):
    director = sign_in(Role.DIRECTOR, language="en")
    let_proofs_grow_old(app_ports)
    answer = director.post("/second-factor/recovery-codes", headers={"Referer": "http://localhost/account/"})
    assert answer.headers["Location"] == "/step-up/?next=/account/"
    page = director.get(answer.headers["Location"]).text
    assert "Nothing was done yet" in page
    assert "No code is left" in director.get("/account/").text
    forged = director.post("/second-factor/recovery-codes", headers={"Referer": "http://evil.example/account/"})
    assert forged.headers["Location"] == "/step-up/"


def test_the_pages_that_were_open_still_send_after_the_proof(sign_in):
    director = sign_in(Role.DIRECTOR)
    token = director.token()
    director.post("/step-up/", {"password": PASSWORD})
    assert director.client.post("/language", data={"csrf_token": token, "language": "en"}).status_code == 303


def test_new_recovery_codes_are_shown_once_and_told_by_letter(sign_in, app_ports, world):
    director = sign_in(Role.DIRECTOR, language="en")
    codes = re.search(r"data-copy-source>([^<]+)<", director.post("/second-factor/recovery-codes").text)[1].split()
    assert len(codes) == 10
    page = director.get("/account/").text
    assert "10 codes are left" in page
    assert codes[0] not in page
    assert post.letters_to(app_ports, world.person(Role.DIRECTOR).email, "New recovery codes were made")


def test_the_only_factor_cannot_be_removed(sign_in):
    director = sign_in(Role.DIRECTOR, language="en")
    answer = director.post("/second-factor/app/remove")
    assert answer.status_code == 409
    assert "your only second factor" in answer.text


def test_one_sees_ones_sessions_and_ends_them(sign_in):
    here, there = sign_in(Role.DIRECTOR, language="en"), sign_in(Role.DIRECTOR, language="en")
    page = here.get("/account/").text
    assert "This one" in page
    [other] = session_ends(page)
    assert here.post(other).headers["Location"] == "/account/"
    assert there.get("/").headers["Location"].startswith("/sign-in")
    assert here.get("/").status_code == 200
    assert here.post(other).status_code == 404


def test_a_stolen_cookie_is_worthless_once_all_others_were_ended(sign_in, app):
    """The thief has a copy of the cookie; its owner signs in anew and ends everything else."""
    stolen, here = sign_in(Role.DIRECTOR), sign_in(Role.DIRECTOR)
    cookie = stolen.client.get_cookie("encargo").value
    here.post("/account/sessions/end-others")
    thief = app.test_client()
    thief.set_cookie("encargo", cookie)
    assert thief.get("/").headers["Location"].startswith("/sign-in")
    assert here.get("/").status_code == 200


def test_nobody_ends_a_strangers_or_a_colleagues_session(sign_in):
    mine = sign_in(Role.DIRECTOR)
    sign_in(Role.DIRECTOR)
    [address] = session_ends(mine.get("/account/").text)
    strangers, colleagues = ((Role.DIRECTOR, 1, 404), (Role.MANAGER, 0, 404)), (Role.ANALYST, Role.AUDITOR)
    for role, organisation, status in (*strangers, *((one, 0, 403) for one in colleagues)):
        assert sign_in(role, organisation=organisation).post(address).status_code == status
    assert len(session_ends(mine.get("/account/").text)) == 1


def access_page(browser, world, role, app_ports):
    return f"/users/{app_ports.references.encode('user', world.actor(role).user_id)}"


def test_a_director_sees_and_ends_a_colleagues_sessions(sign_in, world, app_ports):
    analyst, director = sign_in(Role.ANALYST), sign_in(Role.DIRECTOR, language="en")
    page = access_page(director, world, Role.ANALYST, app_ports)
    assert f"{page}/sessions" in director.get("/users/").text
    assert len(session_ends(director.get(f"{page}/sessions").text)) == 1
    director.post(f"{page}/sessions/end")
    assert analyst.get("/").status_code == 303
    assert sign_in(Role.ANALYST).get(f"{page}/sessions").status_code == 403
    assert sign_in(Role.DIRECTOR, organisation=1).get(f"{page}/sessions").status_code == 404


@pytest.mark.parametrize("who", [Role.DIRECTOR, Role.OPERATOR])
def test_a_lost_factor_is_reset_by_who_manages_the_person(sign_in, world, app_ports, app, who):
    analyst, chief = sign_in(Role.ANALYST), sign_in(who, language="en")
    person = world.person(Role.ANALYST, language="en")
    assert chief.post(f"{access_page(chief, world, Role.ANALYST, app_ports)}/reset-factor").status_code == 303
    assert analyst.get("/").headers["Location"].startswith("/sign-in")
    again = type(chief)(app.test_client())
    again.post("/sign-in", {"email": person.email, "password": person.password})
    assert again.get("/").headers["Location"] == "/second-factor/set-up"
    assert post.letters_to(app_ports, person.email, "Your second factor was reset")
    assert "reset the second factor of" in sign_in(Role.DIRECTOR, language="en").get("/audit/").text


def test_nobody_resets_their_own_factor_or_a_strangers(sign_in, world, app_ports):
    director = sign_in(Role.DIRECTOR, language="en")
    own = director.post(f"{access_page(director, world, Role.DIRECTOR, app_ports)}/reset-factor")
    assert own.status_code == 409
    assert "cannot reset your own" in own.text
    path = f"{access_page(director, world, Role.ANALYST, app_ports)}/reset-factor"
    assert sign_in(Role.DIRECTOR, organisation=1).post(path).status_code == 404
    assert sign_in(Role.ANALYST).post(path).status_code == 403


def test_a_reset_wants_a_fresh_proof(sign_in, world, app_ports):
    director = sign_in(Role.DIRECTOR)
    path = f"{access_page(director, world, Role.ANALYST, app_ports)}/reset-factor"
    let_proofs_grow_old(app_ports)
    assert director.post(path).headers["Location"].startswith("/step-up/")


@pytest.mark.parametrize(
    ("claimed", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0", "Edge"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605 Version/17.5 Safari/604", "iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox"),
        ("curl/8", ""),
    ],
)
def test_a_browser_is_named_in_words(app, claimed, words):
    with app.test_request_context():
        assert words in browser_in_words(claimed)
        assert browser_in_words(claimed)


def test_another_phone_takes_over_and_the_old_one_is_worth_nothing(sign_in, world, app_ports):
    director, person = sign_in(Role.DIRECTOR, language="en"), world.person(Role.DIRECTOR)
    director.post("/second-factor/set-up/app")
    page = director.get("/second-factor/set-up/app")
    assert page.status_code == 200
    seed = re.search(r'shared-key-text">([A-Z2-7 ]+)<', page.text)[1].replace(" ", "")
    step = totp.step_of(utc_now())
    assert director.post("/step-up/", {"code": totp.code_of(seed, step)}).status_code == 401
    director.post("/second-factor/set-up/app/confirm", {"code": totp.code_of(seed, step)})
    assert director.post("/step-up/", {"code": entering.next_code(app_ports, person)}).status_code == 401
    assert director.post("/step-up/", {"code": totp.code_of(seed, step + 1)}).status_code == 303
    assert post.letters_to(app_ports, person.email, "A second factor was added")
