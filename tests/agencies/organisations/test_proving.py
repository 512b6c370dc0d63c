"""Codes of an app and recovery codes: how far a clock may go wrong, once each, also for two at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from agencies.kernel.sealing import SealBroken, keyring_of
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations import enrolling, proving, recovery, signing_in, totp
from agencies.organisations.factors import Authenticator, Factor
from agencies.organisations.models import User
from agencies.organisations.permissions import Role

#: RFC 6238, appendix B, cut to the six digits apps show.
PUBLISHED = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}


@pytest.fixture
def person(ports, world, now):
    director = world.person(Role.DIRECTOR)
    with ports.session(DOOR) as session, transaction(session):
        user = session.get_one(User, director.actor.user_id)
        token = signing_in.open_session(session, user, address="", user_agent="", now=now)
        session.flush()
        return signing_in.find_session(session, token, now=now)


@pytest.fixture
def seed(world):
    return world.person(Role.DIRECTOR).seed


def prove(ports, person, code, now):
    with ports.session(DOOR) as session, transaction(session):
        return proving.prove_code(session, person, code, now=now)


@pytest.mark.parametrize(("seconds", "code"), PUBLISHED.items())
def test_codes_are_those_of_the_standard(seconds, code):
    at = datetime.fromtimestamp(seconds, UTC)
    assert totp.code_of("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", totp.step_of(at)) == code


@pytest.mark.parametrize(("late", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_wrong_by_one_step(ports, person, seed, now, late, is_taken):
    code = totp.code_of(seed, totp.step_of(now) + late)
    assert (prove(ports, person, code, now) is Factor.CODE) is is_taken


def test_a_code_works_once_and_no_older_one_after_it(ports, person, seed, now):
    step = totp.step_of(now)
    assert prove(ports, person, totp.code_of(seed, step), now)
    assert prove(ports, person, totp.code_of(seed, step), now) is None
    assert prove(ports, person, totp.code_of(seed, step - 1), now) is None
    assert prove(ports, person, totp.code_of(seed, step + 1), now)


def test_of_two_who_bring_one_code_at_the_same_time_one_gets_in(ports, person, seed, now):
    code = totp.code_of(seed, totp.step_of(now))
    with ThreadPoolExecutor(4) as pool:
        proved = list(pool.map(lambda _: prove(ports, person, code, now), range(4)))
    assert sorted(one is not None for one in proved) == [False, False, False, True]


def test_of_two_who_bring_one_recovery_code_at_the_same_time_one_gets_in(ports, person, now):
    with ports.session(DOOR) as session, transaction(session):
        code, *_ = recovery.make(session, person.actor, now=now)
    with ThreadPoolExecutor(4) as pool:
        proved = list(pool.map(lambda _: prove(ports, person, code, now), range(4)))
    assert sorted(one is not None for one in proved) == [False, False, False, True]


def test_a_new_set_makes_the_former_one_worthless(ports, person, now):
    with ports.session(DOOR) as session, transaction(session):
        old = recovery.make(session, person.actor, now=now)
        new = recovery.make(session, person.actor, now=now)
    assert prove(ports, person, old[0], now) is None
    assert prove(ports, person, new[0], now) is Factor.RECOVERY_CODE


def test_a_right_password_does_not_forget_wrong_codes(ports, world, person, seed, now):
    """Whoever has the password must not get five guesses for each time it is typed."""
    director = world.person(Role.DIRECTOR)
    for _ in range(5):
        prove(ports, person, "000000", now)
        with ports.session(DOOR) as session, transaction(session):
            assert signing_in.authenticate(session, email=director.email, password=director.password, now=now)
    assert prove(ports, person, totp.code_of(seed, totp.step_of(now)), now) is None
    later = now + timedelta(minutes=1)
    assert prove(ports, person, totp.code_of(seed, totp.step_of(later)), later)


def test_a_sealed_key_opens_in_its_own_row_only(ports, world, person, now):
    other = world.person(Role.ANALYST)
    with ports.session(DOOR) as session:
        mine = session.get_one(Authenticator, (person.actor.tenant, person.user_id)).seed
        with pytest.raises(SealBroken):
            keyring_of(session).open(mine, proving.seed_place(other.actor, "seed"))


def test_a_key_waits_half_an_hour_for_its_first_code(ports, world, person, now):
    with ports.session(DOOR) as session, transaction(session):
        fresh = signing_in.SignedIn(person.actor, person.session_id, "", "", "", person.organisation_kind, now, now)
        enrolling.begin(session, fresh, now=now)
        assert enrolling.waiting_seed(session, fresh, now=now + timedelta(minutes=29))
        assert enrolling.waiting_seed(session, fresh, now=now + timedelta(minutes=30)) is None
