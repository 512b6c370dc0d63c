"""The second factor at the pages: asked for after the password, set up the first time, and nothing goes around it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text, update

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations import service, totp
from agencies.organisations.models import User, WebSession
from agencies.organisations.permissions import Role
from tests import entering
from tests.people import PASSWORD


def with_password(browser, person):
    """Half a session: the password was right, and no more was said."""
    answer = browser.post("/sign-in", {"email": person.email, "password": person.password})
    assert answer.status_code == 303
    browser.post("/language", {"language": "en"})
    return browser


def token_of(browser):
    with browser.client.session_transaction() as cookie:
        return cookie.get("_user_id")


@pytest.fixture
def director(world):
    return world.person(Role.DIRECTOR)


@pytest.fixture
def half(browser, director):
    return with_password(browser, director)


@pytest.fixture
def newcomer(browser, app_ports, world):
    """Somebody who has just accepted an invitation and given the password."""
    director = world.actor(Role.DIRECTOR)
    with app_ports.session(director) as session, transaction(session):
        invited = service.invite(session, director, email="nueva@b.example", role=Role.ANALYST, now=utc_now())
    with app_ports.session(DOOR) as session, transaction(session):
        service.accept_invitation(session, invited.token, name="Nadia", password=PASSWORD, now=utc_now())
    browser.post("/sign-in", {"email": "nueva@b.example", "password": PASSWORD})
    browser.post("/language", {"language": "en"})
    return browser


def key_on(page: str) -> str:
    return re.search(r'shared-key-text">([A-Z2-7 ]+)<', page)[1].replace(" ", "")


def set_up(browser) -> tuple[str, list[str]]:
    """Set an app up through the pages; its key and the recovery codes that were shown."""
    assert browser.post("/second-factor/set-up/app").headers["Location"] == "/second-factor/set-up/app"
    seed = key_on(browser.get("/second-factor/set-up/app").text)
    code = totp.code_of(seed, totp.step_of(utc_now()))
    page = browser.post("/second-factor/set-up/app/confirm", {"code": code})
    assert page.status_code == 200, page.text
    return seed, re.search(r"data-copy-source>([^<]+)<", page.text)[1].split()


def test_after_the_password_the_code_is_asked_for_and_then_the_page_that_was_wanted(half, director, app_ports):
    asked = half.get("/users/?page=2")
    assert (asked.status_code, asked.headers["Location"]) == (303, "/second-factor/?next=/users/?page%3D2")
    form = {"code": entering.next_code(app_ports, director), "next": "/users/?page=2"}
    answer = half.post("/second-factor/", form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/users/?page=2")
    assert half.get("/").status_code == 200


def test_a_session_with_the_password_alone_shows_nothing_of_the_organisation(half, app_ports):
    page = half.get("/second-factor/").text
    assert "Banco 0" not in page
    assert 'id="menu"' not in page
    script = half.get("/", headers={"HX-Request": "true"})
    assert (script.status_code, script.headers["HX-Redirect"]) == (401, "/second-factor/")
    assert half.get("/", headers={"Accept": "application/json"}).status_code == 403


def test_a_code_works_once(half, director, app_ports, app):
    code = entering.next_code(app_ports, director)
    assert half.post("/second-factor/", {"code": code}).status_code == 303
    other = with_password(type(half)(app.test_client()), director)
    again = other.post("/second-factor/", {"code": code})
    assert again.status_code == 401
    assert "was used before" in again.text
    assert other.get("/").status_code == 303


def test_a_wrong_code_leads_nowhere_and_says_what_to_do(half):
    answer = half.post("/second-factor/", {"code": "000000", "next": "/users/"})
    assert answer.status_code == 401
    assert "Wait for the next code" in answer.text
    assert 'name="next" type="hidden" value="/users/"' in answer.text
    assert half.get("/").status_code == 303


def test_fifty_wrong_codes_pause_the_second_factor_and_the_right_one_works_after_the_pause(half, director, app_ports):
    answers = {
        half.post("/second-factor/", {"code": f"{n:06}"}, environ_base={"REMOTE_ADDR": f"192.0.2.{n}"}).status_code
        for n in range(50)
    }
    assert answers == {401}
    assert half.post("/second-factor/", {"code": entering.next_code(app_ports, director)}).status_code == 401
    with app_ports.session(DOOR) as session, transaction(session):
        session.execute(update(User).values(factor_paused_until=User.factor_paused_until - timedelta(hours=1)))
    assert half.post("/second-factor/", {"code": entering.next_code(app_ports, director)}).status_code == 303


def test_proving_the_second_factor_gives_a_new_token_and_the_old_one_is_worthless(half, director, app_ports, app):
    """Session fixation: who planted the token of the half session does not come in with the person."""
    fixed = token_of(half)
    half.post("/second-factor/", {"code": entering.next_code(app_ports, director)})
    assert token_of(half) != fixed
    thief = app.test_client()
    entering.hold(thief, fixed)
    assert thief.get("/").headers["Location"].startswith("/sign-in")


def test_half_a_session_ends_after_an_hour_however_busy(half, app_ports):
    with app_ports.session(DOOR) as session, transaction(session):
        session.execute(update(WebSession).values(created_at=WebSession.created_at - timedelta(minutes=61)))
    assert half.get("/second-factor/").headers["Location"].startswith("/sign-in")


def test_who_has_a_second_factor_cannot_set_up_another_one_with_the_password_alone(half):
    """A thief with the password must not enrol a phone of his own."""
    for method, path in (
        ("get", "/second-factor/set-up"),
        ("post", "/second-factor/set-up/app"),
        ("get", "/second-factor/set-up/app"),
        ("post", "/second-factor/set-up/app/confirm"),
        ("post", "/second-factor/recovery-codes"),
        ("post", "/second-factor/app/remove"),
    ):
        answer = getattr(half, method)(path)
        assert (answer.status_code, answer.headers["Location"][:15]) == (303, "/second-factor/"), path


def test_the_first_sign_in_leads_straight_to_setting_up_a_second_factor(newcomer):
    asked = newcomer.get("/cases/")
    assert (asked.status_code, asked.headers["Location"]) == (303, "/second-factor/set-up?next=/cases/")
    assert "Authenticator app" in newcomer.get("/second-factor/set-up").text
    _, codes = set_up(newcomer)
    assert len(codes) == len(set(codes)) == 10
    assert newcomer.get("/cases/").status_code == 200


def test_the_key_is_shown_as_a_picture_within_the_page_and_in_letters(newcomer):
    newcomer.post("/second-factor/set-up/app")
    answer = newcomer.get("/second-factor/set-up/app")
    assert answer.mimetype == "text/html"
    assert 'src="data:image/svg+xml' in answer.text
    assert len(key_on(answer.text)) == 32
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_wrong_first_code_is_explained_and_the_key_stays(newcomer):
    newcomer.post("/second-factor/set-up/app")
    seed = key_on(newcomer.get("/second-factor/set-up/app").text)
    refused = newcomer.post("/second-factor/set-up/app/confirm", {"code": "000000"})
    assert refused.status_code == 400
    assert "This code is not of this key" in refused.text
    assert key_on(refused.text) == seed
    assert newcomer.get("/").status_code == 303


def test_a_recovery_code_lets_in_once(newcomer, app):
    _, codes = set_up(newcomer)
    newcomer.post("/sign-out")
    for spelling, expected in ((codes[0].upper().replace("-", " "), 303), (codes[0], 401), (codes[1], 303)):
        newcomer.post("/sign-in", {"email": "nueva@b.example", "password": PASSWORD})
        assert newcomer.post("/second-factor/", {"code": spelling}).status_code == expected
        newcomer.client.delete_cookie("encargo")


def test_neither_keys_nor_codes_can_be_read_from_the_database(newcomer, database):
    seed, codes = set_up(newcomer)
    engine = create_engine(database.superuser_url)
    with engine.connect() as connection:
        tables = connection.scalars(text("select tablename from pg_tables where schemaname = 'public'")).all()
        dump = "".join(
            connection.scalar(text(f"select coalesce(string_agg(t::text, ''), '') from {table} t")) for table in tables
        )
    engine.dispose()
    for secret in (seed, *codes, *(code.replace("-", "") for code in codes)):
        assert secret not in dump
        assert secret.encode().hex() not in dump


def test_the_trail_tells_every_step(newcomer, sign_in):
    set_up(newcomer)
    page = sign_in(Role.DIRECTOR, language="en").get("/audit/").text
    for sentence in (
        "Nadia gave the right password",
        "Nadia set up an authenticator app",
        "Nadia got new recovery codes",
        "Nadia signed in",
    ):
        assert sentence in page


def test_keys_and_codes_do_not_reach_the_log(newcomer, capsys):
    seed, codes = set_up(newcomer)
    logged = capsys.readouterr().err
    assert '"event": "request"' in logged
    assert not [secret for secret in (seed, *codes) if secret in logged]
