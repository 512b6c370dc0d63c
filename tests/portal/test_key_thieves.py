"""A thief who had an account made keys with it: none of them outlives the owner's coming back."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from agencies.kernel.audit import AuditEvent
from agencies.kernel.clock import utc_now
from agencies.kernel.errors import Conflict
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations import api_keys, emails
from agencies.organisations.permissions import Permission, Role
from tests import post
from tests.tenants import add_colleague

EVIL = "ladron@evil.example"
CONFIRM, CHANGED = "Confirme su nuevo correo electrónico", "Su correo electrónico cambió"


@pytest.fixture
def owner(world):
    return world.person(Role.DIRECTOR)


@pytest.fixture
def make(app_ports):
    def made(actor, at=None):
        scopes, now = [Permission.CASE_VIEW, Permission.PORTFOLIO_UPLOAD], at or utc_now()
        until = now + timedelta(days=365)
        with app_ports.session(actor) as session, transaction(session):
            return api_keys.make(
                session, actor, name="Nocturno", scopes=scopes, expires_at=until, addresses=[], now=now
            )

    return made


@pytest.fixture
def steal(browser, owner, app_ports):
    """Move the account to the thief's address; what the owner can undo that with."""

    def stolen():
        with app_ports.session(DOOR) as session, transaction(session):
            emails.ask(session, owner.actor, EVIL, now=utc_now())
        browser.post(post.path_in(post.letters_to(app_ports, EVIL, CONFIRM)[-1]))
        return post.path_in(post.letters_to(app_ports, owner.email, CHANGED)[-1])

    return stolen


def opens(ports, made):
    with ports.session(DOOR) as session, transaction(session):
        return api_keys.find_holder(session, made.secret, address="198.51.100.9", now=utc_now()) is not None


def entries(ports, actor):
    with ports.session(actor) as session:
        told = select(AuditEvent).where(AuditEvent.action == "key.given_up").order_by(AuditEvent.seq)
        return [json.loads(one.body)["details"]["key_id"] for one in session.scalars(told)]


def test_a_key_a_thief_made_with_the_account_opens_nothing_once_the_change_is_taken_back(
    browser, owner, make, steal, app_ports
):
    objection = steal()
    key = make(owner.actor)
    assert opens(app_ports, key)
    assert "claves de API" in browser.get(objection).text
    browser.post(objection)

    assert not opens(app_ports, key)
    assert entries(app_ports, owner.actor) == [key.key.id]
    (restored,) = post.letters_to(app_ports, owner.email, "Su correo anterior está de vuelta")
    plain = " ".join(restored.get_body(("plain",)).get_content().split())
    assert "dejaron de servir las claves de API creadas con su acceso" in plain


def test_a_key_that_was_being_made_while_the_owner_came_back_is_never_good(browser, owner, make, steal, app_ports):
    objection = steal()
    begun = utc_now()
    browser.post(objection)
    # The thief's request was let in before, and written down after.
    assert not opens(app_ports, make(owner.actor, at=begun))


def test_keys_from_before_the_theft_and_of_colleagues_go_on(browser, owner, make, steal, app_ports):
    colleague = add_colleague(app_ports, owner.actor, Role.DIRECTOR)
    before = make(owner.actor)
    objection = steal()
    beside = make(colleague)
    browser.post(objection)

    assert opens(app_ports, before)
    assert opens(app_ports, beside)
    assert entries(app_ports, owner.actor) == []
    # And the owner's own next key is a key like any other.
    assert opens(app_ports, make(owner.actor))


def test_a_wish_that_was_only_stopped_ends_no_key(browser, owner, make, app_ports):
    with app_ports.session(DOOR) as session, transaction(session):
        emails.ask(session, owner.actor, EVIL, now=utc_now())
    key = make(owner.actor)
    warning = post.letters_to(app_ports, owner.email, "Se pidió cambiar su correo electrónico")[-1]
    browser.post(post.path_in(warning))

    assert opens(app_ports, key)


def test_the_list_shows_the_thiefs_key_as_revoked_and_it_takes_no_room(browser, sign_in, owner, make, steal, app_ports):
    colleague = add_colleague(app_ports, owner.actor, Role.DIRECTOR)
    objection = steal()
    key = make(owner.actor)
    browser.post(objection)

    with app_ports.session(colleague) as session:
        (listed,) = api_keys.list_keys(session, colleague)
        assert listed.is_given_up
        assert not listed.works(utc_now())
    with app_ports.session(colleague) as session, transaction(session), pytest.raises(Conflict):
        api_keys.revoke(session, colleague, key.key.id, now=utc_now())
    page = sign_in(Role.DIRECTOR).get("/api-keys/").text
    assert "Revocada" in page
    assert "/revoke" not in page
