"""A thief who holds an account moves its address about; the owner's letter still brings it home, and for good."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations import emails, links
from agencies.organisations.email_changes import EmailChange
from agencies.organisations.links import Purpose
from agencies.organisations.models import User
from agencies.organisations.permissions import Role
from tests import post

FIRST, SECOND = "ladron@evil.example", "otra@evil.example"
CONFIRM, WARNING, CHANGED = (
    "Confirme su nuevo correo electrónico",
    "Se pidió cambiar su correo electrónico",
    "Su correo electrónico cambió",
)


@pytest.fixture
def owner(world):
    return world.person(Role.DIRECTOR)


@pytest.fixture
def ask(app_ports, owner):
    def asked(wanted):
        with app_ports.session(DOOR) as session, transaction(session):
            emails.ask(session, owner.actor, wanted, now=utc_now())

    return asked


@pytest.fixture
def link(app_ports):
    """The path in the newest letter of this subject to this address."""

    def found(address, subject):
        return post.path_in(post.letters_to(app_ports, address, subject)[-1])

    return found


@pytest.fixture
def stolen(browser, owner, ask, link):
    """The thief has moved the account to an address of their own; what the owner can undo it with."""
    ask(FIRST)
    browser.post(link(FIRST, CONFIRM))
    return link(owner.email, CHANGED)


def address(ports, person):
    with ports.session(DOOR) as session:
        return session.scalar(select(User.email).where(User.id == person.actor.user_id))


def test_a_thief_who_objects_to_a_further_wish_does_not_close_the_owners_objection(
    browser, owner, ask, link, stolen, app_ports
):
    ask(SECOND)
    confirmation = link(SECOND, CONFIRM)
    assert browser.post(link(FIRST, WARNING)).status_code == 303
    # What was objected to is over, and nothing else is.
    assert browser.post(confirmation).status_code == 404
    assert browser.get(stolen).status_code == 200

    assert browser.post(stolen).status_code == 303
    assert address(app_ports, owner) == owner.email


def test_a_thief_who_takes_a_change_of_their_own_back_does_not_close_the_owners_objection(
    browser, owner, ask, link, stolen, app_ports
):
    ask(SECOND)
    browser.post(link(SECOND, CONFIRM))
    assert browser.post(link(FIRST, CHANGED)).status_code == 303
    assert address(app_ports, owner) == FIRST

    assert browser.post(stolen).status_code == 303
    assert address(app_ports, owner) == owner.email


def test_a_letter_that_leaves_late_lets_the_thief_take_nothing_back_after_the_owner_did(
    browser, owner, ask, link, stolen, app_ports
):
    ask(SECOND)
    # Written to the thief's former address, and still in the queue when the owner objects.
    browser.post(link(SECOND, CONFIRM))
    assert browser.post(stolen).status_code == 303

    assert post.letters_to(app_ports, FIRST, CHANGED) == []
    assert address(app_ports, owner) == owner.email


def test_a_link_that_was_being_written_while_the_owner_objected_opens_nothing(
    browser, owner, ask, link, stolen, app_ports
):
    ask(SECOND)
    browser.post(link(SECOND, CONFIRM))
    assert browser.post(stolen).status_code == 303
    # The job looked before the owner objected and was done after it, so that no closing of links met this one.
    about = {"letter": "late", "lifetime": timedelta(days=7), "now": utc_now()}
    with app_ports.session(owner.actor) as session, transaction(session):
        latest = session.scalar(select(func.max(EmailChange.id)))
        whose = (owner.actor, owner.actor.user_id, Purpose.OBJECT_EMAIL)
        late = links.make(session, *whose, subject_id=latest, **about)

    path = f"/email/object/{late.token}"
    assert browser.get(path).status_code == browser.post(path).status_code == 404
    assert address(app_ports, owner) == owner.email
