"""A new e-mail address counts once its letter was answered, and whoever reads the former one may object for a week."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, func, select, text

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations import emails, recovery, service
from agencies.organisations.factors import Authenticator, Passkey, RecoveryCode, has_factor
from agencies.organisations.models import User, UserState, WebSession
from agencies.organisations.permissions import Role
from agencies.organisations.providers import SignInLink
from tests import post
from tests.people import MADE_AT, PASSWORD

NEW = "nueva.direccion@b.example"
CONFIRM, WARNING, CHANGED = (
    "Confirme su nuevo correo electrónico",
    "Se pidió cambiar su correo electrónico",
    "Su correo electrónico cambió",
)


@pytest.fixture
def director(world):
    return world.person(Role.DIRECTOR)


@pytest.fixture
def change(app_ports, director):
    """Ask for another address, and return the paths in the letters: to confirm, and to object."""

    def ask(wanted=NEW):
        with app_ports.session(DOOR) as session, transaction(session):
            emails.ask(session, director.actor, wanted, now=utc_now())
        (confirm,) = post.letters_to(app_ports, wanted, CONFIRM)
        return post.path_in(confirm), [
            post.path_in(one) for one in post.letters_to(app_ports, director.email, WARNING)
        ][-1]

    return ask


def email_of(ports, person):
    with ports.session(DOOR) as session:
        return session.get_one(User, person.actor.user_id).email


def sign_in_with(browser, email, password=PASSWORD):
    return browser.post("/sign-in", {"email": email, "password": password}).status_code


def open_sessions(ports):
    with ports.session(DOOR) as session:
        return len(session.scalars(select(WebSession).where(WebSession.ended_at.is_(None))).all())


def test_an_address_counts_when_its_letter_is_answered_and_not_before(browser, director, change, app_ports):
    confirm, _object = change()
    page = browser.get(confirm).text
    assert NEW in page
    # Whoever has the new postbox need not learn the former address.
    assert director.email not in page
    assert "d•••@c•••" in page
    assert email_of(app_ports, director) == director.email
    assert browser.post(confirm).headers["Location"] == "/sign-in"

    assert email_of(app_ports, director) == NEW
    assert sign_in_with(browser, director.email) == 401
    assert sign_in_with(browser, NEW) == 303


def test_every_session_ends_and_the_old_address_is_told(browser, sign_in, director, change, app_ports):
    sign_in(Role.DIRECTOR)
    assert open_sessions(app_ports) == 1
    browser.post(change()[0])

    assert open_sessions(app_ports) == 0
    (told,) = post.letters_to(app_ports, director.email, CHANGED)
    assert post.path_in(told).startswith("/email/object/")
    # Where somebody else reads along, the new address is nobody's business.
    assert NEW not in told.as_string()


def test_the_old_address_stops_a_change_before_it_counts(browser, director, change, app_ports):
    confirm, objection = change()
    assert director.email in browser.get(objection).text
    assert browser.post(objection).headers["Location"] == "/forgotten"

    assert browser.get(confirm).status_code == browser.post(confirm).status_code == 404
    assert email_of(app_ports, director) == director.email
    assert sign_in_with(browser, director.email) == 303


def test_the_old_address_takes_a_change_back_after_it_counts(browser, director, change, app_ports):
    browser.post(change()[0])
    (told,) = post.letters_to(app_ports, director.email, CHANGED)
    browser.post(post.path_in(told))

    assert email_of(app_ports, director) == director.email
    assert open_sessions(app_ports) == 0
    # Whoever changed the address knew the password.
    assert sign_in_with(browser, director.email) == sign_in_with(browser, NEW) == 401
    assert len(post.letters_to(app_ports, director.email, "Su correo anterior está de vuelta")) == 1


def test_a_thief_with_a_factor_of_their_own_is_out_when_the_change_is_taken_back(browser, director, change, app_ports):
    whose = {"organisation_id": director.actor.tenant, "user_id": director.actor.user_id}
    with app_ports.session(DOOR) as session, transaction(session):
        # Added before the change was asked for, and codes copied from the page.
        session.add(Passkey(**whose, name="thief", credential_id=b"t", public_key=b"t", uses=0, added_at=MADE_AT))
        session.add(SignInLink(**whose, issuer="https://login.evil.example", subject="thief", linked_at=MADE_AT))
        codes = recovery.make(session, director.actor, now=MADE_AT)
    browser.post(change()[0])
    (told,) = post.letters_to(app_ports, director.email, CHANGED)
    objection = post.path_in(told)
    assert "llaves de acceso" in browser.get(objection).text
    browser.post(objection)

    assert codes
    with app_ports.session(DOOR) as session:
        assert not has_factor(session, **whose)
        for kind in (Authenticator, Passkey, RecoveryCode, SignInLink):
            assert session.scalar(select(func.count()).where(kind.user_id == director.actor.user_id)) == 0
    (restored,) = post.letters_to(app_ports, director.email, "Su correo anterior está de vuelta")
    plain = " ".join(restored.get_body(("plain",)).get_content().split())
    assert "llaves de acceso y códigos de recuperación" in plain
    # The person chooses a password by letter to the former address, and sets up a new factor before anything is open.
    browser.post("/forgotten", {"email": director.email})
    (reset,) = post.letters_to(app_ports, director.email, "Elija una contraseña nueva para Encargo")
    fresh = "otras cuatro palabras sin relación 8"
    assert browser.post(post.path_in(reset), {"password": fresh, "repeated": fresh}).status_code == 303
    assert sign_in_with(browser, director.email, fresh) == 303
    assert browser.get("/users/").headers["Location"].startswith("/second-factor/set-up")


def test_a_thief_who_changes_the_address_twice_can_still_be_objected_to(browser, director, change, app_ports):
    browser.post(change()[0])
    (told,) = post.letters_to(app_ports, director.email, CHANGED)
    with app_ports.session(DOOR) as session, transaction(session):
        emails.ask(session, director.actor, "otra.mas@evil.example", now=utc_now())
    (confirm,) = post.letters_to(app_ports, "otra.mas@evil.example", CONFIRM)
    browser.post(post.path_in(confirm))
    assert email_of(app_ports, director) == "otra.mas@evil.example"

    browser.post(post.path_in(told))
    assert email_of(app_ports, director) == director.email


def test_an_old_address_that_somebody_else_took_lets_nobody_in(browser, world, director, change, app_ports):
    browser.post(change()[0])
    (told,) = post.letters_to(app_ports, director.email, CHANGED)
    manager = world.actor(Role.MANAGER, organisation=1)
    with app_ports.session(manager) as session, transaction(session):
        service.invite(session, manager, email=director.email, role=Role.AGENT, now=utc_now())
    assert browser.post(post.path_in(told)).status_code == 303

    with app_ports.session(DOOR) as session:
        assert session.get_one(User, director.actor.user_id).state is UserState.DISABLED


def test_whose_address_it_is_already_is_told_to_its_reader_alone(browser, world, director, app_ports):
    other = world.person(Role.MANAGER)
    with app_ports.session(DOOR) as session, transaction(session):
        emails.ask(session, director.actor, other.email, now=utc_now())
    (confirm,) = post.letters_to(app_ports, other.email, CONFIRM)
    refused = browser.post(post.path_in(confirm))

    assert refused.status_code == 409
    assert email_of(app_ports, director) == director.email
    assert email_of(app_ports, other) == other.email


@pytest.mark.parametrize("link", [0, 1], ids=["confirm", "object"])
def test_links_work_once_and_not_for_ever_and_say_what_to_do(browser, change, app_ports, link):
    browser.post("/language", {"language": "en", "next": "/sign-in"})
    path = change()[link]
    engine = create_engine(app_ports.settings.database_owner_url)
    with engine.begin() as connection:
        connection.execute(text("alter table mailed_links no force row level security"))
        connection.execute(text("update mailed_links set expires_at = now() - interval '1 second'"))
        connection.execute(text("alter table mailed_links force row level security"))
    for answer in (browser.get(path), browser.post(path), browser.post(path[:-43] + "x" * 43)):
        assert answer.status_code == 404
        assert "This link is no longer valid: it works once" in answer.text
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    with engine.begin() as connection:
        connection.execute(text("alter table mailed_links no force row level security"))
        connection.execute(text("update mailed_links set expires_at = now() + interval '1 hour'"))
        connection.execute(text("alter table mailed_links force row level security"))
    engine.dispose()
    assert browser.post(path).status_code == 303
    assert browser.post(path).status_code == 404


def test_a_link_is_good_for_its_purpose_alone(browser, change):
    confirm, objection = (path.rpartition("/")[2] for path in change())
    for path in (f"/email/object/{confirm}", f"/email/confirm/{objection}", f"/reset/{confirm}", f"/reset/{objection}"):
        assert browser.get(path).status_code == 404


def test_a_newer_wish_replaces_the_one_before(browser, director, change, app_ports):
    former, _object = change()
    latter, _object = change("tercera@b.example")
    assert browser.post(former).status_code == 404
    assert browser.post(latter).status_code == 303
    assert email_of(app_ports, director) == "tercera@b.example"


@pytest.mark.parametrize("wanted", ["nada", "a@b", "x@y.example\r\nBcc: z@evil.example", "director@CREDITOR0.example"])
def test_what_is_no_new_address_is_refused(app_ports, director, wanted):
    with app_ports.session(DOOR) as session, pytest.raises((emails.EmailUnusable, emails.EmailUnchanged)):
        emails.ask(session, director.actor, wanted, now=utc_now())


def test_the_change_is_written_down_without_the_addresses(browser, change, app_ports, director):
    browser.post(change()[0])
    with app_ports.session(director.actor) as session:
        rows = session.execute(text("select action, body from audit_events order by seq desc limit 2")).all()
    assert [row.action for row in rows] == ["user.email_changed", "user.email_change_asked"]
    assert all(NEW not in row.body and director.email not in row.body for row in rows)
