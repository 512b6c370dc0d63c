"""The door of the portal: every way in, and every refusal, as a browser sees them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations import access, service
from agencies.organisations.models import Invitation, User, WebSession
from agencies.organisations.permissions import Role
from tests import entering
from tests.people import PASSWORD

FAILED = "E-mail and password do not fit"


def try_to_sign_in(browser, email, password, **options):
    return browser.post("/sign-in", {"email": email, "password": password}, **options)


def english(browser):
    browser.post("/language", {"language": "en", "next": "/sign-in"})
    return browser


def same_for_everybody(page):
    """A page without what differs between two requests for it."""
    return re.sub(r'(name="csrf_token"|name="email"|X-CSRF-Token)[^>]*', "", page)


@pytest.fixture
def invited(app_ports, world):
    """An analyst whom the director has invited."""
    director = world.actor(Role.DIRECTOR)
    with app_ports.session(director) as session, transaction(session):
        return service.invite(session, director, email="nueva@b.example", role=Role.ANALYST, now=utc_now())


def test_a_person_signs_in_and_sees_the_home_page(sign_in):
    page = sign_in(Role.DIRECTOR).get("/")
    assert page.status_code == 200
    assert "Banco 0" in page.text


def test_wrong_unknown_and_paused_get_the_same_answer(browser, world):
    english(browser)
    person = world.person(Role.DIRECTOR)
    wrong = try_to_sign_in(browser, person.email, "wrong")
    unknown = try_to_sign_in(browser, "nadie@nada.example", "wrong")
    for _ in range(5):
        try_to_sign_in(browser, person.email, "wrong")
    paused = try_to_sign_in(browser, person.email, PASSWORD)
    assert wrong.status_code == unknown.status_code == paused.status_code == 401
    assert FAILED in wrong.text
    assert same_for_everybody(wrong.text) == same_for_everybody(unknown.text) == same_for_everybody(paused.text)


def test_the_refusal_is_in_the_readers_language_and_keeps_the_email(browser, world):
    person = world.person(Role.DIRECTOR)
    page = try_to_sign_in(browser, person.email, "wrong", headers={"Accept-Language": "es-CO"}).text
    assert "no coinciden" in page
    assert f'value="{person.email}"' in page


def test_a_paused_account_opens_again_when_the_pause_is_over(browser, world, app_ports):
    person = world.person(Role.DIRECTOR)
    for _ in range(5):
        try_to_sign_in(browser, person.email, "wrong")
    assert try_to_sign_in(browser, person.email, PASSWORD).status_code == 401
    with app_ports.session(DOOR) as session, transaction(session):
        session.execute(update(User).values(locked_until=User.locked_until - timedelta(minutes=2)))
    assert try_to_sign_in(browser, person.email, PASSWORD).status_code == 303


def test_many_failures_from_one_address_are_slowed_down_whoever_they_name(browser, world):
    answers = [try_to_sign_in(browser, f"x{n}@y.example", "wrong").status_code for n in range(31)]
    assert answers == [401] * 30 + [429]
    refused = try_to_sign_in(browser, world.person(Role.DIRECTOR).email, PASSWORD)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0


def test_an_email_that_nobody_has_is_slowed_down_like_one_that_somebody_has(browser, world):
    for email in (world.person(Role.DIRECTOR).email, "nadie@nada.example"):
        answers = [
            try_to_sign_in(browser, email, "wrong", environ_base={"REMOTE_ADDR": f"192.0.2.{n}"}).status_code
            for n in range(61)
        ]
        assert answers == [401] * 60 + [429]


def test_without_redis_the_door_still_counts(settings, world):
    import dataclasses

    from portal.app import create_app
    from tests.portal.conftest import Browser

    app = create_app(dataclasses.replace(settings, redis_url="redis://127.0.0.1:1/0"))
    browser = Browser(app.test_client())
    answers = [try_to_sign_in(browser, f"x{n}@y.example", "wrong").status_code for n in range(32)]
    assert answers[0] == 401
    assert answers[-1] == 429
    assert (
        try_to_sign_in(
            Browser(create_app(settings).test_client()), world.person(Role.DIRECTOR).email, PASSWORD
        ).status_code
        == 303
    )


def test_whoever_is_inside_may_fail_at_the_door_and_stays_inside(sign_in, invited):
    browser = english(sign_in(Role.DIRECTOR))
    refused = try_to_sign_in(browser, "nadie@nada.example", "wrong")
    opened = browser.get(f"/invitations/{invited.token}")

    assert (refused.status_code, opened.status_code) == (401, 200)
    assert FAILED in refused.text
    assert browser.get("/").status_code == 200


def test_signing_in_gives_a_new_session_and_keeps_nothing_of_the_old_cookie(browser, world):
    with browser.client.session_transaction() as cookie:
        cookie["_user_id"] = "planted"
        cookie["planted"] = "yes"
    before = browser.token()
    try_to_sign_in(browser, world.person(Role.DIRECTOR).email, PASSWORD)
    browser.person = world.person(Role.DIRECTOR)
    with browser.client.session_transaction() as cookie:
        assert cookie["_user_id"] != "planted"
        assert "planted" not in cookie
        first = cookie["_user_id"]
    browser.person = None
    assert browser.post("/sign-out", {"csrf_token": before}).status_code == 400
    browser.post("/sign-out")
    try_to_sign_in(browser, world.person(Role.DIRECTOR).email, PASSWORD)
    with browser.client.session_transaction() as cookie:
        assert cookie["_user_id"] != first


def test_the_cookie_holds_only_token_csrf_seed_messages_and_language(sign_in):
    browser = sign_in(Role.DIRECTOR)
    with browser.client.session_transaction() as cookie:
        assert set(cookie) <= {"_user_id", "_fresh", "_id", "csrf", "language", "_flashes"}


def test_signing_out_makes_the_cookie_worthless(sign_in, app):
    browser = sign_in(Role.DIRECTOR)
    stolen = browser.client.get_cookie("encargo").value
    assert browser.post("/sign-out").status_code == 303
    thief = app.test_client()
    thief.set_cookie("encargo", stolen)
    assert thief.get("/").status_code == 303


def test_an_idle_session_is_asked_to_sign_in_again_and_comes_back_to_the_page(sign_in, app_ports):
    browser = sign_in(Role.DIRECTOR)
    with app_ports.session(DOOR) as session, transaction(session):
        session.execute(update(WebSession).values(last_seen_at=WebSession.last_seen_at - timedelta(minutes=31)))
    answer = browser.get("/users/?x=1")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/sign-in?next=/users/?x%3D1&ended=1"
    script = browser.get("/", headers={"HX-Request": "true"})
    assert (script.status_code, script.headers["HX-Redirect"]) == (401, "/sign-in")


@pytest.mark.parametrize("how", ["disable", "suspend"])
def test_whoever_is_put_out_is_out_at_the_next_click(sign_in, world, app_ports, how):
    browser = sign_in(Role.ANALYST)
    analyst, director = world.actor(Role.ANALYST), world.actor(Role.DIRECTOR)
    actor = director if how == "disable" else world.operator
    with app_ports.session(actor) as session, transaction(session):
        if how == "disable":
            access.disable(session, actor, analyst.user_id, now=utc_now())
        else:
            access.suspend(session, actor, analyst.tenant, now=utc_now())
    assert browser.get("/").status_code == 303
    browser.person = None
    assert try_to_sign_in(browser, world.person(Role.ANALYST).email, PASSWORD).status_code == 401


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "/x\r\nSet-Cookie: a=b",
        "///evil.example",
        " //evil.example",
        "evil.example",
    ],
)
def test_signing_in_leads_nowhere_else(browser, world, target):
    person = world.person(Role.DIRECTOR)
    answer = browser.post("/sign-in", {"email": person.email, "password": PASSWORD, "next": target})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_signing_in_leads_back_to_the_page_asked_for(browser, world):
    person = world.person(Role.DIRECTOR)
    asked = browser.get("/users/?page=2").headers["Location"]
    assert asked == "/sign-in?next=/users/?page%3D2"
    answer = browser.post("/sign-in", {"email": person.email, "password": PASSWORD, "next": "/users/?page=2"})
    assert answer.headers["Location"] == "/users/?page=2"


def test_an_invited_person_sets_a_password_and_signs_in(browser, invited):
    address = f"/invitations/{invited.token}"
    assert "nueva@b.example" in browser.get(address).text
    answer = browser.post(address, {"name": "Nadia", "password": PASSWORD, "repeated": PASSWORD})
    assert answer.headers["Location"] == "/sign-in"
    assert try_to_sign_in(browser, "nueva@b.example", PASSWORD).status_code == 303


def test_an_invitation_that_was_used_expired_or_made_up_is_refused_with_what_to_do(browser, invited, app_ports):
    english(browser)
    address = f"/invitations/{invited.token}"
    wanted = {"name": "Nadia", "password": PASSWORD, "repeated": PASSWORD}
    with app_ports.session(DOOR) as session, transaction(session):
        session.execute(update(Invitation).values(expires_at=utc_now()))
    for answer in (browser.get(address), browser.post(address, wanted), browser.get("/invitations/made-up")):
        assert answer.status_code == 404
        assert "a link works once and for seven days" in answer.text
    with app_ports.session(DOOR) as session, transaction(session):
        session.execute(update(Invitation).values(expires_at=utc_now() + timedelta(days=1)))
    assert browser.post(address, wanted).status_code == 303
    assert browser.get(address).status_code == 404


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"repeated": "something else entirely"}, "The two passwords differ."),
        ({"password": "short", "repeated": "short"}, "The password is too short"),
        ({"password": "contraseña123", "repeated": "contraseña123"}, "This password is easy to guess"),
        ({"name": " "}, "This field is required."),
    ],
)
def test_a_bad_password_is_explained_and_nothing_is_lost(browser, invited, given, said):
    english(browser)
    address = f"/invitations/{invited.token}"
    page = browser.post(address, {"name": "Nadia", "password": PASSWORD, "repeated": PASSWORD, **given})
    assert page.status_code == 400
    assert said in page.text
    assert PASSWORD not in page.text
    assert ('value="Nadia"' in page.text) == ("name" not in given)
    assert browser.get(address).status_code == 200


def test_the_link_does_not_reach_the_log_and_passwords_reach_nothing(capsys, browser, invited, app_ports):
    browser.get(f"/invitations/{invited.token}")
    try_to_sign_in(browser, "nueva@b.example", "a-sentinel-password")
    logged = capsys.readouterr().err
    assert '"event": "request"' in logged
    assert invited.token not in logged
    assert "a-sentinel-password" not in logged
    assert "nueva@b.example" not in logged
    with app_ports.session(DOOR) as session:
        stored = session.execute(text("select string_agg(u::text, '') from users u")).scalar_one()
    assert PASSWORD not in stored


def test_the_language_is_switched_before_and_after_signing_in(browser, world, app_ports):
    assert "Sign in" in english(browser).get("/sign-in").text
    person = world.person(Role.DIRECTOR, language="es")
    try_to_sign_in(browser, person.email, PASSWORD)
    assert '<html lang="es">' in browser.get("/second-factor/").text
    browser.person = person
    entering.hold(browser.client, entering.open_whole(app_ports, person))
    assert '<html lang="es">' in browser.get("/").text
    browser.post("/language", {"language": "en", "next": "/"})
    assert '<html lang="en">' in browser.get("/").text
    assert browser.post("/language", {"language": "xx"}).status_code == 400


def test_the_browsers_language_counts_where_nobody_chose(client):
    assert '<html lang="en">' in client.get("/sign-in", headers={"Accept-Language": "en-GB"}).text
    assert '<html lang="es">' in client.get("/sign-in", headers={"Accept-Language": "es-PE"}).text
    assert '<html lang="es">' in client.get("/sign-in", headers={"Accept-Language": "fr"}).text


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP", "True-Client-IP"])
def test_a_forged_forwarding_header_changes_neither_limit_nor_the_address_that_is_kept(
    browser, world, app_ports, header
):
    told = {n: f"for=198.51.100.{n}" if header == "Forwarded" else f"198.51.100.{n}" for n in range(32)}
    person = world.person(Role.DIRECTOR)
    try_to_sign_in(browser, person.email, PASSWORD, headers={header: told[1]})
    with app_ports.session(DOOR) as session:
        assert session.scalars(text("select address from web_sessions")).all() == ["127.0.0.1"]
    stranger = type(browser)(browser.client.application.test_client())
    answers = [
        try_to_sign_in(stranger, f"x{n}@y.example", "wrong", headers={header: told[n]}).status_code for n in range(31)
    ]
    assert answers == [401] * 30 + [429]


def test_a_page_that_only_answers_a_form_offers_no_switch_that_would_lead_nowhere(sign_in):
    director = sign_in(Role.DIRECTOR)
    assert 'name="language"' in director.get("/account/").text
    answer = director.post("/second-factor/recovery-codes")

    assert answer.status_code == 200
    assert 'name="language"' not in answer.text
    assert director.get("/second-factor/recovery-codes").status_code == 405
