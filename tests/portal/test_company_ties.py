"""Whoever sets an organisation's provider does not become its people: the operator approves, and each proves a tie."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations import company_sign_in, signing_in
from agencies.organisations.company_sign_in import ProviderChanged
from agencies.organisations.permissions import Role
from agencies.organisations.providers import SignInDomain, SignInLink
from tests import entering, impostor, people
from tests.companies import DOMAIN, approve_again, depart, is_inside, lie, set_up
from tests.portal.conftest import Browser

MFA = {"amr": ["pwd", "mfa"]}


@pytest.fixture
def liar():
    with impostor.running() as running:
        yield running


@pytest.fixture
def other_liar():
    with impostor.running() as running:
        yield running


@pytest.fixture
def director(world):
    return world.person(Role.DIRECTOR)


def configure(ports, person, issuer, **given):
    wanted = {"required": False, "trusts_factor": False, "vouches_for_emails": True, "client_secret": "s", **given}
    with ports.session(person.actor) as session, transaction(session):
        company_sign_in.configure(session, person.actor, issuer=issuer, client_id="encargo", now=utc_now(), **wanted)


def prove(ports, person, browser):
    return browser.post("/second-factor/", {"code": entering.next_code(ports, person)})


def is_whole(browser):
    return browser.get("/account/").status_code == 200


def ties(ports):
    with ports.session(DOOR) as session:
        return session.scalars(select(SignInLink.issuer).order_by(SignInLink.linked_at)).all()


def leads_away(browser):
    return browser.post("/company-sign-in/", {"email": f"director@{DOMAIN}"}).status_code == 200


def test_a_director_who_points_the_sign_in_elsewhere_lets_nobody_in_until_the_operator_says_so(
    liar, other_liar, app_ports, world, director, app
):
    set_up(app_ports, world, liar.address, secret="s", vouches_for_emails=False)
    browser = Browser(app.test_client())
    for issuer, given in (
        (other_liar.address, {"vouches_for_emails": False}),
        (other_liar.address, {"vouches_for_emails": False, "trusts_factor": True}),
        (other_liar.address, {"trusts_factor": True}),
    ):
        assert leads_away(browser)
        configure(app_ports, director, issuer, **given)
        assert not leads_away(browser)
        approve_again(app_ports, world, director.actor.tenant)
    # Less trust, or another secret, is the organisation's own business.
    configure(app_ports, director, other_liar.address, vouches_for_emails=False)
    assert leads_away(browser)


def test_a_word_on_its_way_while_the_provider_was_changed_opens_nothing(
    liar, other_liar, app_ports, world, director, browser
):
    set_up(app_ports, world, liar.address, secret="s")
    address = depart(browser, director.email)
    configure(app_ports, director, other_liar.address)
    asked = dict(one.split("=") for one in address.partition("?")[2].split("&"))
    other_liar.nonce = liar.nonce = asked["nonce"]
    refused = browser.get("/company-sign-in/back", query_string={"code": "a-code", "state": asked["state"]})
    assert refused.status_code == 403
    assert not is_inside(browser)


def test_where_it_was_required_passwords_work_while_it_waits(liar, other_liar, app_ports, world, director, browser):
    set_up(app_ports, world, liar.address, secret="s")
    assert lie(browser, liar).status_code == 303
    assert prove(app_ports, director, browser).status_code == 303
    configure(app_ports, director, liar.address, required=True)
    with app_ports.session(DOOR) as session:
        assert not signing_in.may_come_in(session, session.get_one(signing_in.User, director.actor.user_id))
    configure(app_ports, director, other_liar.address, required=True)
    with app_ports.session(DOOR) as session:
        assert signing_in.may_come_in(session, session.get_one(signing_in.User, director.actor.user_id))


def test_the_operator_approves_what_was_on_the_screen_and_not_what_it_became(
    liar, other_liar, app_ports, world, director
):
    set_up(app_ports, world, liar.address, secret="s")
    configure(app_ports, director, other_liar.address)
    key = (director.actor.tenant, DOMAIN)
    with app_ports.session(world.operator) as session:
        seen = session.get_one(SignInDomain, key).asked_at.isoformat()
    configure(app_ports, director, liar.address)
    with app_ports.session(world.operator) as session, pytest.raises(ProviderChanged), transaction(session):
        company_sign_in.approve_domain(session, world.operator, *key, seen=seen, now=utc_now())


def test_no_side_approves_its_own_sign_in_by_hand(liar, app_ports, world, director):
    set_up(app_ports, world, liar.address, secret="s")
    with app_ports.session(director.actor) as session, pytest.raises(Exception, match="permission denied"):
        session.execute(text("update sign_in_domains set approved_at = now()"))


@pytest.mark.parametrize("claims", [MFA, {}])
def test_a_provider_that_says_somebody_is_a_person_here_ties_nothing_without_that_persons_own_factor(
    liar, app_ports, world, director, app, claims
):
    set_up(app_ports, world, liar.address, secret="s", trusts_factor=True)
    liar.claims = {**claims, "sub": "the thief"}
    for _ in range(2):
        thief = Browser(app.test_client())
        assert lie(thief, liar).status_code == 303
        assert not is_whole(thief)
    assert ties(app_ports) == []
    # The person's own coming in, by whatever way, ties the thief's subject no more than before.
    entering.open_whole(app_ports, director)
    assert ties(app_ports) == []

    liar.claims = {**MFA, "sub": "the director"}
    browser = Browser(app.test_client())
    assert lie(browser, liar).status_code == 303
    assert prove(app_ports, director, browser).status_code == 303
    assert ties(app_ports) == [liar.address]
    again = Browser(app.test_client())
    assert lie(again, liar).status_code == 303
    assert is_whole(again)
    # Whoever began earlier with another subject comes too late.
    assert prove(app_ports, people.Person(director.email, "", director.actor, director.seed), thief).status_code == 403
    assert ties(app_ports) == [liar.address]


def test_another_issuer_is_tied_anew_by_the_persons_own_factor(liar, other_liar, app_ports, world, director, app):
    set_up(app_ports, world, liar.address, secret="s", trusts_factor=True)
    first = Browser(app.test_client())
    assert lie(first, liar).status_code == 303
    assert prove(app_ports, director, first).status_code == 303
    configure(app_ports, director, other_liar.address, trusts_factor=True)
    approve_again(app_ports, world, director.actor.tenant)
    other_liar.claims = MFA
    second = Browser(app.test_client())
    assert lie(second, other_liar).status_code == 303
    assert not is_whole(second)
    assert ties(app_ports) == [liar.address]
