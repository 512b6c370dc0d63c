"""Passkeys: what an honest device may do, and what every dishonest answer gets."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations import access, enrolling, passkeys, queries, signing_in
from agencies.organisations.factors import Factor, Passkey, PasskeyChallenge
from agencies.organisations.models import User
from agencies.organisations.permissions import Role
from tests.softkey import SoftKey

PARTY = passkeys.relying_party("https://portal.example")
EVIL = "https://portal.example.evil.example"


def entered(ports, person, now, factor=Factor.CODE):
    """The person as the pages know them, in a session of their own."""
    with ports.session(DOOR) as session, transaction(session):
        user = session.get_one(User, person.actor.user_id)
        token = signing_in.open_session(session, user, address="", user_agent="", now=now, factor=factor)
        session.flush()
        return signing_in.find_session(session, token, now=now)


class Door:
    """The door as one person's browser uses it."""

    def __init__(self, ports, who, now):
        self.ports, self.who, self.now = ports, who, now

    def do(self, verb, *arguments, who="me", **options):
        person = () if who is Ellipsis else (self.who if who == "me" else who,)
        with self.ports.session(DOOR) as session, transaction(session):
            return verb(session, *person, PARTY, *arguments, now=options.pop("now", self.now), **options)

    def register(self, key, name="Laptop"):
        options = self.do(passkeys.offer_registration)
        return self.do(passkeys.register, key.make(options), name=name)

    def prove(self, key, **options):
        return self.do(passkeys.prove, key.sign(self.do(passkeys.offer_proof)), **options)

    def sign_in(self, key):
        options = self.do(passkeys.offer_proof, who=None)
        return self.do(passkeys.sign_in, key.sign(options), who=...)


@pytest.fixture
def door(ports, world, now):
    return Door(ports, entered(ports, world.person(Role.DIRECTOR), now), now)


@pytest.fixture
def key(door):
    made = SoftKey(PARTY.origin)
    assert door.register(made)
    return made


def test_a_passkey_proves_who_one_is_and_lets_in_alone(door, key):
    assert door.prove(key)
    assert door.sign_in(key).id == door.who.user_id


def test_a_passkey_of_a_platform_without_a_domain_name_is_not_offered():
    assert passkeys.relying_party("http://127.0.0.1:8080") is None
    assert passkeys.relying_party("http://[::1]:8080") is None
    assert passkeys.relying_party("http://localhost:8080").origin == "http://localhost:8080"


def test_an_answer_from_another_origin_is_refused(door, key):
    """Phishing: the person was led to a page that looks like ours."""
    key.origin = EVIL
    assert not door.prove(key)
    assert door.sign_in(key) is None
    assert not door.register(SoftKey(EVIL))


def test_an_answer_for_another_domain_is_refused(door, key):
    key.domain = "evil.example"
    assert not door.prove(key)


def test_an_answer_without_its_owner_verified_is_refused(door, key):
    """A key found lying about proves no second thing."""
    key.is_verified = False
    assert not door.prove(key)
    assert door.sign_in(key) is None
    stolen = SoftKey(PARTY.origin, is_verified=False)
    assert not door.register(stolen)


def test_an_answer_is_worth_something_once(door, key):
    answer = key.sign(door.do(passkeys.offer_proof))
    assert door.do(passkeys.prove, answer)
    assert not door.do(passkeys.prove, answer)


def test_an_answer_that_did_not_fit_has_used_its_number_up(door, key):
    options = door.do(passkeys.offer_proof)
    assert not door.do(passkeys.prove, replace(key, origin=EVIL).sign(options))
    assert not door.do(passkeys.prove, key.sign(options))


def test_an_answer_is_late_after_five_minutes(door, key, now):
    answer = key.sign(door.do(passkeys.offer_proof))
    assert not door.do(passkeys.prove, answer, now=now + timedelta(minutes=5))


def test_a_number_is_good_for_its_session_and_purpose_only(door, key, ports, world, now):
    elsewhere = Door(ports, entered(ports, world.person(Role.DIRECTOR), now), now)
    assert not elsewhere.do(passkeys.prove, key.sign(door.do(passkeys.offer_proof)))
    assert not door.do(passkeys.prove, key.sign(door.do(passkeys.offer_proof, who=None)))
    assert door.do(passkeys.sign_in, key.sign(door.do(passkeys.offer_proof)), who=...) is None


def test_a_number_nobody_gave_out_is_refused(door, key):
    options = json.loads(door.do(passkeys.offer_proof)) | {"challenge": "A" * 43}
    assert not door.do(passkeys.prove, key.sign(json.dumps(options)))


def test_a_count_that_goes_back_tells_of_a_copy_and_is_refused(door, key, ports):
    copy = key.copy()
    assert door.prove(key)
    assert door.prove(key)
    assert not door.prove(copy)
    with ports.session(door.who.actor) as session:
        actions = [event.action for event in queries.list_events(session, door.who.actor, nouns=("user",)).rows]
    assert actions[0] == "user.passkey_copied"
    assert door.prove(key)


def test_a_device_that_keeps_no_count_is_taken(door):
    key = SoftKey(PARTY.origin, uses=-1)
    key.uses = 0
    assert door.register(key)
    for _ in range(2):
        key.uses = -1
        assert door.prove(key)


def test_another_persons_passkey_proves_nothing_about_me(door, key, ports, world, now):
    other = Door(ports, entered(ports, world.person(Role.ANALYST), now), now)
    assert not other.prove(key)
    assert other.sign_in(key).id == door.who.user_id


def test_a_passkey_belongs_to_one_person(door, key, ports, world, now):
    other = Door(ports, entered(ports, world.person(Role.MANAGER), now), now)
    assert not other.register(key)


@pytest.mark.parametrize("how", ["disabled", "suspended"])
def test_who_is_not_let_in_is_not_let_in_by_a_passkey_either(ports, world, now, how):
    analyst, director = world.person(Role.ANALYST), world.actor(Role.DIRECTOR)
    door, key = Door(ports, entered(ports, analyst, now), now), SoftKey(PARTY.origin)
    assert door.register(key)
    actor = director if how == "disabled" else world.operator
    with ports.session(actor) as session, transaction(session):
        if how == "disabled":
            access.disable(session, actor, analyst.actor.user_id, now=now)
        else:
            access.suspend(session, actor, director.tenant, now=now)
    assert door.sign_in(key) is None


def test_who_has_a_factor_registers_nothing_with_the_password_alone(ports, world, now):
    half = Door(ports, entered(ports, world.person(Role.DIRECTOR), now, factor=None), now)
    with pytest.raises(Forbidden):
        half.do(passkeys.offer_registration)


def test_the_last_factor_stays(door, key, ports):
    number = ids(ports)[0]
    with ports.session(DOOR) as session, transaction(session):
        enrolling.remove(session, door.who, now=door.now)
    with pytest.raises(enrolling.LastFactor), ports.session(DOOR) as session, transaction(session):
        passkeys.remove(session, door.who, number, now=door.now)


def test_a_passkey_that_was_removed_proves_nothing(door, key, ports, world, now):
    stranger = entered(ports, world.person(Role.ANALYST), now)
    with pytest.raises(NotFound), ports.session(DOOR) as session, transaction(session):
        passkeys.remove(session, stranger, ids(ports)[0], now=now)
    with ports.session(DOOR) as session, transaction(session):
        passkeys.remove(session, door.who, ids(ports)[0], now=now)
    assert not door.prove(key)
    assert door.sign_in(key) is None


@pytest.mark.parametrize(
    "answer",
    ["", "[]", "{}", "null", '{"id": 1}', '{"response": {}}', '{"response": {"clientDataJSON": "e30"}}', "[" * 5000],
)
def test_an_unreadable_answer_is_refused(door, key, answer):
    assert not door.do(passkeys.prove, answer)
    assert door.do(passkeys.sign_in, answer, who=...) is None
    assert not door.do(passkeys.register, answer, name="x")


def test_mangled_answers_are_refused_and_break_nothing(door, key):
    for field in ("authenticatorData", "signature", "clientDataJSON", "userHandle"):
        for bad in ("", "AAAA", "%%%", 5, None, ["x"]):
            answer = json.loads(key.sign(door.do(passkeys.offer_proof)))
            answer["response"][field] = bad
            if field == "userHandle" and not isinstance(bad, str):
                continue
            proved = door.do(passkeys.prove, json.dumps(answer))
            assert not proved or (field == "userHandle" and bad == ""), (field, bad)


def test_numbers_whose_time_is_over_are_cleared_away(door, ports, now):
    door.do(passkeys.offer_proof)
    door.do(passkeys.offer_proof, now=now + timedelta(minutes=6))
    with ports.session(DOOR) as session:
        assert len(session.scalars(select(PasskeyChallenge.digest)).all()) == 1


def ids(ports) -> list[int]:
    with ports.session(DOOR) as session:
        return list(session.scalars(select(Passkey.id).order_by(Passkey.id)))
