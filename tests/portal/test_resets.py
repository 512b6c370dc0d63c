"""A forgotten password: the same answer for everybody, one link for one person, once and for an hour."""

from __future__ import annotations

import re
import statistics
import time
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, event, select, text, update

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations import access
from agencies.organisations.links import MailedLink
from agencies.organisations.models import Organisation, User, WebSession
from agencies.organisations.permissions import Role
from portal.extensions import db, limiter
from tests import post
from tests.people import PASSWORD
from tests.tenants import add_colleague

NEW = "otras cuatro palabras distintas 8"
SUBJECT = "Elija una contraseña nueva para Encargo"


def ask(browser, email, **options):
    return browser.post("/forgotten", {"email": email}, **options)


def replace(browser, path, password=NEW, repeated=None):
    return browser.post(path, {"password": password, "repeated": repeated or password})


def sign_in_with(browser, email, password):
    return browser.post("/sign-in", {"email": email, "password": password}).status_code


@pytest.fixture
def director(world):
    return world.person(Role.DIRECTOR)


@pytest.fixture
def link(browser, director, app_ports):
    """The link that the director got by letter."""
    ask(browser, director.email)
    (letter,) = post.letters_to(app_ports, director.email, SUBJECT)
    return post.path_in(letter)


def same_for_everybody(page):
    return re.sub(r'(name="csrf_token"|X-CSRF-Token)[^>]*|nonce="[^"]*"', "", page)


def test_a_forgotten_password_is_replaced_by_the_link_of_a_letter(browser, director, link, app_ports):
    assert director.email in browser.get(link).text
    answer = replace(browser, link)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert sign_in_with(browser, director.email, PASSWORD) == 401
    assert sign_in_with(browser, director.email, NEW) == 303
    (told,) = post.letters_to(app_ports, director.email, "Su contraseña cambió")
    assert NEW not in told.as_string()


def test_known_unknown_invited_and_disabled_get_the_same_page(browser, world, director, app_ports):
    analyst, chief = world.person(Role.ANALYST), world.actor(Role.DIRECTOR)
    suspended = world.person(Role.MANAGER)
    with app_ports.session(chief) as session, transaction(session):
        access.disable(session, chief, analyst.actor.user_id, now=utc_now())
    with app_ports.session(world.operator) as session, transaction(session):
        access.suspend(session, world.operator, suspended.actor.tenant, now=utc_now())
    emails = [director.email, "nadie@nada.example", analyst.email, suspended.email, "no es un correo"]
    answers = [ask(browser, email) for email in emails]

    assert {one.status_code for one in answers} == {200}
    assert len({same_for_everybody(one.text) for one in answers}) == 1
    assert [str(one["To"]) for one in post.send(app_ports)] == [director.email]


def test_as_much_work_is_done_for_an_address_nobody_has(app, browser, director):
    """Time is noise on a busy machine; statements are not, and the medians must lie close together all the same."""
    limiter.enabled = False
    counted, spent = {}, {director.email: [], "nadie@nada.example": []}
    statements = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    try:
        token = browser.token()
        for _ in range(30):
            for email, taken in spent.items():
                statements.clear()
                began = time.perf_counter()
                assert browser.client.post("/forgotten", data={"csrf_token": token, "email": email}).status_code == 200
                taken.append(time.perf_counter() - began)
                counted[email] = len(statements)
    finally:
        limiter.enabled = True

    known, unknown = (statistics.median(taken) for taken in spent.values())
    assert abs(counted[director.email] - counted["nadie@nada.example"]) <= 1
    assert 0.8 < known / unknown < 1.25, (known, unknown)


def test_a_link_works_once(browser, link):
    assert replace(browser, link).status_code == 303
    for answer in (browser.get(link), replace(browser, link, "y aun otras palabras nuevas 9")):
        assert answer.status_code == 404


def test_a_link_works_for_an_hour(browser, link, app_ports):
    with app_ports.session(DOOR) as session:
        made = session.scalars(select(MailedLink)).one()
        assert made.expires_at - made.created_at == timedelta(hours=1)
    owner_expires(app_ports)
    assert browser.get(link).status_code == 404
    assert replace(browser, link).status_code == 404


def owner_expires(ports):
    """Let every link be over, as only the owner of the tables can."""
    engine = create_engine(ports.settings.database_owner_url)
    with engine.begin() as connection:
        connection.execute(text("alter table mailed_links no force row level security"))
        connection.execute(text("update mailed_links set expires_at = now() - interval '1 second'"))
        connection.execute(text("alter table mailed_links force row level security"))
    engine.dispose()


def test_the_newest_link_voids_the_ones_before(browser, director, link, app_ports):
    ask(browser, director.email)
    newer = [post.path_in(one) for one in post.letters_to(app_ports, director.email, SUBJECT)]
    newer.remove(link)

    assert browser.get(link).status_code == 404
    assert replace(browser, newer[0]).status_code == 303


def test_a_made_up_link_says_what_to_do(browser):
    browser.post("/language", {"language": "en", "next": "/sign-in"})
    for path in ("/reset/made-up", "/reset/" + "x" * 43):
        for answer in (browser.get(path), replace(browser, path)):
            assert answer.status_code == 404
            assert "works once and for one hour" in answer.text
            assert "Ask for another" in answer.text


def test_the_link_is_not_kept_anywhere_and_is_long_enough(browser, link, app_ports, director):
    token = link.rpartition("/")[2]
    assert len(token) * 6 >= 128
    with app_ports.session(DOOR) as session:
        kept = session.scalar(text("select string_agg(l::text, '') from mailed_links l"))
        assert token not in kept
        assert token.encode().hex() not in kept
    with app_ports.session(director.actor) as session:
        assert token not in session.scalar(text("select string_agg(w::text, '') from work w"))


def test_every_session_ends_also_that_of_a_thief(browser, sign_in, director, link, app_ports):
    thief = sign_in(Role.DIRECTOR)
    assert thief.get("/").status_code == 200
    replace(browser, link)

    assert thief.get("/").status_code == 303
    with app_ports.session(DOOR) as session:
        assert session.scalars(select(WebSession).where(WebSession.ended_at.is_(None))).all() == []


def test_the_link_signs_nobody_in(browser, link):
    replace(browser, link)
    assert browser.get("/").status_code == 303


def test_a_pause_after_wrong_passwords_ends_with_the_new_one(browser, director, link):
    for _ in range(6):
        sign_in_with(browser, director.email, "wrong")
    assert sign_in_with(browser, director.email, PASSWORD) == 401
    replace(browser, link)
    assert sign_in_with(browser, director.email, NEW) == 303


@pytest.mark.parametrize("how", ["disable", "suspend"])
def test_whoever_was_put_out_meanwhile_cannot_use_the_link(browser, director, link, world, app_ports, how):
    # The last who manages an organisation is not disabled.
    add_colleague(app_ports, director.actor, Role.DIRECTOR)
    with app_ports.session(world.operator) as session, transaction(session):
        if how == "disable":
            access.disable(session, world.operator, director.actor.user_id, now=utc_now())
        else:
            access.suspend(session, world.operator, director.actor.tenant, now=utc_now())
    assert browser.get(link).status_code == 404
    assert replace(browser, link).status_code == 404


@pytest.mark.parametrize(
    ("password", "repeated", "said"),
    [
        (NEW, "something else", "The two passwords differ."),
        ("corta 9", "corta 9", "The password is too short"),
        ("contraseña123", "contraseña123", "This password is easy to guess"),
    ],
)
def test_a_bad_password_is_explained_and_uses_nothing_up(browser, link, password, repeated, said):
    browser.post("/language", {"language": "en", "next": "/sign-in"})
    page = replace(browser, link, password, repeated)
    assert (page.status_code, said in page.text, password in page.text) == (400, True, False)
    assert replace(browser, link).status_code == 303


def test_one_address_is_not_written_to_without_end(browser, director, app_ports):
    answers = [ask(browser, director.email, environ_base={"REMOTE_ADDR": f"192.0.2.{n}"}).status_code for n in range(7)]
    assert answers == [200] * 5 + [429] * 2
    assert len(post.letters_to(app_ports, director.email)) == 5


def test_one_place_does_not_try_addresses_without_end(browser):
    answers = [ask(browser, f"x{n}@y.example").status_code for n in range(12)]
    assert answers == [200] * 10 + [429] * 2


def test_the_address_of_the_page_is_told_to_nobody(browser, link):
    for answer in (browser.get(link), replace(browser, link, "short"), browser.get("/reset/made-up")):
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
    assert browser.get("/sign-in").headers["Referrer-Policy"] == "same-origin"


def test_neither_link_nor_address_reaches_the_log(browser, director, link, capsys):
    browser.get(link)
    replace(browser, link)
    logged = capsys.readouterr().err
    assert '"event": "request"' in logged
    assert link.rpartition("/")[2] not in logged
    assert director.email not in logged


def test_a_colleague_may_start_a_reset_and_sees_no_link(sign_in, world, app_ports):
    analyst = world.person(Role.ANALYST)
    browser = sign_in(Role.DIRECTOR)
    reference = ref_of(browser, analyst)
    answer = browser.post(f"/users/{reference}/reset", follow_redirects=True)
    (letter,) = post.letters_to(app_ports, analyst.email)

    assert answer.status_code == 200
    assert "/reset/" not in answer.text.replace(f"/users/{reference}/reset", "")
    assert "Quien administra Encargo en Banco 0" in letter.get_body(("plain",)).get_content()
    # Until the person uses the link the password stays as it was.
    assert sign_in_with(browser, analyst.email, PASSWORD) == 303


def ref_of(browser, person):
    with browser.client.application.app_context():
        references = browser.client.application.extensions["encargo"].references
    return references.encode("user", person.actor.user_id)


@pytest.mark.parametrize("role", [Role.ANALYST, Role.COMPLIANCE, Role.AGENT])
def test_who_may_not_manage_people_starts_no_reset(sign_in, world, role):
    browser = sign_in(role)
    assert browser.post(f"/users/{ref_of(browser, world.person(Role.FINANCE))}/reset").status_code == 403


def test_nobody_starts_a_reset_in_another_organisation(sign_in, world, app_ports):
    stranger = world.person(Role.DIRECTOR, organisation=1)
    browser = sign_in(Role.DIRECTOR)
    assert browser.post(f"/users/{ref_of(browser, stranger)}/reset").status_code == 404
    assert post.send(app_ports) == []


def test_no_form_about_a_person_takes_a_password_a_role_or_an_address(sign_in, world, app_ports):
    """Mass assignment: whatever a colleague adds to a form about somebody, nothing of that person changes by it."""
    analyst = world.person(Role.ANALYST)
    browser = sign_in(Role.DIRECTOR)
    reference = ref_of(browser, analyst)
    planted = {
        "password": "la contraseña del jefe 9",
        "password_hash": "$argon2id$planted",
        "email": "jefe@evil.example",
        "role": "director",
        "organisation_id": "1",
        "state": "active",
        "failed_sign_ins": "0",
        "locked_until": "",
        "language": "en",
        "name": "Otra Persona",
    }

    def facts():
        with app_ports.session(DOOR) as session:
            user = session.get_one(User, analyst.actor.user_id)
            return user.password_hash, user.email, user.role, user.organisation_id, user.name, user.language

    before = facts()
    for action in ("reset", "disable", "enable", "reset"):
        assert browser.post(f"/users/{reference}/{action}", planted).status_code == 303, action
        assert facts() == before, action
    assert browser.post(f"/users/{reference}/invite-again", planted).status_code == 409
    assert facts() == before


@pytest.mark.parametrize(
    "header",
    [{"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}, {"Forwarded": "host=evil.example;proto=http"}],
)
def test_a_forged_host_is_in_no_letter(browser, director, app_ports, header):
    ask(browser, director.email, headers=header)
    letters = post.letters_to(app_ports, director.email)

    assert all("evil.example" not in one.as_string() for one in letters)
    assert len(letters) == (0 if "Host" in header else 1) or post.path_in(letters[0]).startswith("/reset/")


def test_a_forged_forwarding_address_buys_no_more_attempts(browser):
    answers = [
        ask(browser, f"x{n}@y.example", headers={"X-Forwarded-For": f"198.51.100.{n}", "X-Real-IP": f"198.51.100.{n}"})
        for n in range(12)
    ]
    assert [one.status_code for one in answers] == [200] * 10 + [429] * 2


def test_resetting_is_written_down(browser, link, app_ports, director):
    replace(browser, link)
    with app_ports.session(director.actor) as session:
        actions = session.scalars(text("select action from audit_events order by seq")).all()
    assert actions[-2:] == ["user.reset_sent", "user.password_reset"]


def test_the_organisations_own_name_is_too_easy(browser, link, app_ports, director):
    with app_ports.session(DOOR) as session:
        home = session.get_one(Organisation, director.actor.tenant)
    assert replace(browser, link, f"{home.name} {home.name}!!").status_code == 400
    with app_ports.session(DOOR) as session, transaction(session):
        session.execute(update(User).where(User.id == director.actor.user_id).values(failed_sign_ins=0))
