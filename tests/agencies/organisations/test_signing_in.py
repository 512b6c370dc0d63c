"""The door: who gets in, for how long, and what happens to who guesses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import update

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations import access, queries, signing_in
from agencies.organisations.factors import Factor
from agencies.organisations.models import User
from agencies.organisations.permissions import Role
from tests.people import PASSWORD


@pytest.fixture
def director(world):
    return world.person(Role.DIRECTOR)


def attempt(ports, email, password, now):
    """Whether this e-mail and password open the door now."""
    with ports.session(DOOR) as session, transaction(session):
        return signing_in.authenticate(session, email=email, password=password, now=now)


def open_session(ports, person, now):
    with ports.session(DOOR) as session, transaction(session):
        user = signing_in.authenticate(session, email=person.email, password=PASSWORD, now=now)
        how = {"address": "192.0.2.1", "user_agent": "Test", "factor": Factor.CODE}
        return signing_in.open_session(session, user, **how, now=now)


def find(ports, token, now):
    with ports.session(DOOR) as session, transaction(session):
        return signing_in.find_session(session, token, now=now)


def test_the_right_password_opens_in_any_spelling_of_the_email(ports, director, now):
    assert attempt(ports, director.email, PASSWORD, now)
    assert attempt(ports, f" {director.email.upper()} ", PASSWORD, now)


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD + " ", PASSWORD.upper()])
def test_a_wrong_password_does_not(ports, director, now, password):
    assert attempt(ports, director.email, password, now) is None


def test_an_unknown_email_does_not(ports, world, now):
    assert attempt(ports, "nadie@banco.example", PASSWORD, now) is None


def test_five_failures_pause_the_account_and_the_pause_ends_by_itself(ports, director, now):
    for _ in range(5):
        assert attempt(ports, director.email, "wrong", now) is None
    assert attempt(ports, director.email, PASSWORD, now) is None
    assert attempt(ports, director.email, PASSWORD, now + timedelta(seconds=59)) is None
    assert attempt(ports, director.email, PASSWORD, now + timedelta(seconds=60))


def test_four_failures_do_not_and_success_forgets_them(ports, director, now):
    for _ in range(2):
        for _ in range(4):
            attempt(ports, director.email, "wrong", now)
        assert attempt(ports, director.email, PASSWORD, now)


def test_the_pause_grows_to_an_hour_and_no_further():
    minutes = [(signing_in.pause_after(n) or timedelta(0)).total_seconds() / 60 for n in range(15)]
    assert minutes == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert signing_in.pause_after(10**6) == timedelta(hours=1)


def test_guessing_during_a_pause_does_not_make_it_longer(ports, director, now):
    for _ in range(50):
        attempt(ports, director.email, "wrong", now)
    assert attempt(ports, director.email, PASSWORD, now + timedelta(seconds=60))


def test_a_password_hashed_with_old_parameters_is_hashed_again(ports, world, director, now):
    old = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash(PASSWORD)
    with ports.session(world.operator) as session, transaction(session):
        session.execute(update(User).where(User.email == director.email).values(password_hash=old))
    user = attempt(ports, director.email, PASSWORD, now)
    assert user.password_hash != old
    assert attempt(ports, director.email, PASSWORD, now)


def test_a_session_is_found_by_its_token_and_carries_the_actor(ports, director, now):
    found = find(ports, open_session(ports, director, now), now)
    assert found.actor == director.actor
    assert found.organisation_name == "Banco 0"


def test_a_made_up_token_finds_nobody(ports, director, now):
    open_session(ports, director, now)
    assert find(ports, "x" * 43, now) is None


def test_half_an_hour_without_use_ends_a_session(ports, director, now):
    token = open_session(ports, director, now)
    assert find(ports, token, now + timedelta(minutes=29))
    assert find(ports, token, now + timedelta(minutes=58))
    assert find(ports, token, now + timedelta(minutes=88, seconds=1)) is None


def test_twelve_hours_end_a_session_however_busy(ports, director, now):
    token = open_session(ports, director, now)
    for minutes in range(25, 12 * 60, 25):
        assert find(ports, token, now + timedelta(minutes=minutes))
    assert find(ports, token, now + timedelta(hours=12)) is None


def test_signing_out_ends_the_session_for_good(ports, director, now):
    token = open_session(ports, director, now)
    with ports.session(DOOR) as session, transaction(session):
        signing_in.end_session(session, find(ports, token, now).session_id, now=now)
    assert find(ports, token, now) is None


def test_a_disabled_person_is_out_at_once_and_stays_out(ports, world, director, now):
    analyst = world.person(Role.ANALYST)
    token = open_session(ports, analyst, now)
    with ports.session(director.actor) as session, transaction(session):
        access.disable(session, director.actor, analyst.actor.user_id, now=now)
    assert find(ports, token, now) is None
    assert attempt(ports, analyst.email, PASSWORD, now) is None


def test_the_people_of_a_suspended_organisation_are_out_until_it_is_approved_again(ports, world, director, now):
    token = open_session(ports, director, now)
    with ports.session(world.operator) as session, transaction(session):
        access.suspend(session, world.operator, director.actor.tenant, now=now)
    assert find(ports, token, now) is None
    assert attempt(ports, director.email, PASSWORD, now) is None
    with ports.session(world.operator) as session, transaction(session):
        access.approve(session, world.operator, director.actor.tenant, now=now)
    assert attempt(ports, director.email, PASSWORD, now)


def test_somebody_invited_has_no_password_yet(ports, world, director, now):
    from agencies.organisations import service

    with ports.session(director.actor) as session, transaction(session):
        service.invite(session, director.actor, email="i@banco.example", role=Role.ANALYST, now=now)
    assert attempt(ports, "i@banco.example", "", now) is None
    assert attempt(ports, "i@banco.example", PASSWORD, now) is None


def test_coming_going_and_failing_are_in_the_trail_of_the_organisation(ports, director, now):
    attempt(ports, director.email, "wrong", now)
    token = open_session(ports, director, now)
    with ports.session(DOOR) as session, transaction(session):
        signing_in.end_session(session, find(ports, token, now).session_id, now=now)
    with ports.session(director.actor) as session:
        events = queries.list_events(session, director.actor, nouns=("user",)).rows
    assert [event.action for event in events][:3] == [
        "user.signed_out",
        "user.signed_in",
        "user.sign_in_failed",
    ]
    assert all(event.subject == "Director 0" for event in events[:3])
