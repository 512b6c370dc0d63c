"""Other systems look, by key: their own organisation, as far as the key's scopes go, and nothing else of anybody."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations import access, api_keys
from agencies.organisations.api_keys import SCOPES
from agencies.organisations.permissions import Role
from tests import keys, loop

WORD = {"Idempotency-Key": "one"}


@pytest.fixture
def director(world):
    return world.actor(Role.DIRECTOR)


@pytest.fixture
def manager(world):
    return world.actor(Role.MANAGER)


@pytest.fixture
def placed(world, director, manager):
    """Three cases of the creditor with the agency, not acknowledged."""
    loop.place_with(world.ports, director, manager, loop.some_cases(3))


@pytest.fixture
def system(app, world):
    def made(actor, *scopes, **options):
        return keys.system(app, world.ports, actor, *scopes, **options)

    return made


def routes_by_key(app):
    """Every route of the API once per method, with its scopes and an address of nothing that is there."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if rule.endpoint != "static" and view.access.is_by_key:
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                address = re.sub(r'<ref\("(\w+)"\):\w+>', r"{\1}", rule.rule)
                yield rule.endpoint, method, address, view.access.permissions


def test_a_key_is_told_whose_it_is_and_what_it_may_do(system, director):
    told = system(director, "case.view").get("/api/v1/me").json

    assert (told["organisation"]["kind"], told["organisation"]["name"]) == ("creditor", "Banco 0")
    assert told["key"]["scopes"] == ["case.view"]


@pytest.mark.parametrize("role", [Role.DIRECTOR, Role.MANAGER])
def test_each_scope_opens_its_routes_and_no_other(app, world, system, role):
    actor, walked = world.actor(role), set()
    codec = world.ports.references
    for scope in SCOPES[actor.side]:
        alone = system(actor, scope)
        for endpoint, method, address, wanted in routes_by_key(app):
            path = re.sub(r"{(\w+)}", lambda kind: codec.encode(kind[1], 999_999), address)
            answer = alone.open(path, method, headers=WORD)
            is_open = not wanted or scope in wanted
            assert (answer.status_code != 403) == is_open, (scope, method, path, answer.status_code)
            assert answer.status_code < 500, (scope, method, path)
            walked.add((endpoint, is_open))
    assert {endpoint for endpoint, _ in walked} == {endpoint for endpoint, *_ in routes_by_key(app)}
    assert len(walked) > 12


def test_no_key_opens_a_page_and_no_session_opens_the_api(app, sign_in, system, director):
    browser, robot = sign_in(Role.DIRECTOR), system(director)
    for _, method, address, _ in routes_by_key(app):
        path = re.sub(r"{\w+}", "a" * 26, address)
        if "a" * 26 not in path:
            answer = browser.client.open(path, method=method, headers={**WORD, "X-CSRF-Token": browser.token()})
            assert answer.status_code == 401, path
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    for path in ("/", "/cases/", "/users/", "/audit/", "/api-keys/"):
        assert robot.get(path).status_code == 303, path


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer encargo_" + "A" * 43},
        {"Authorization": "Basic ZW5jYXJnbzp4"},
        {"Cookie": "encargo=x"},
    ],
)
def test_without_a_good_key_nothing_is_told_but_that(client, told):
    answer = client.get("/api/v1/me", headers=told)

    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.json["status"] == 401
    assert "Set-Cookie" not in answer.headers


def test_a_revoked_an_expired_and_a_suspended_one_s_key_are_refused_alike(world, system, director, manager):
    now = utc_now()
    revoked, expired = system(director), system(director, now=now - timedelta(days=91))
    suspended = system(manager)
    assert revoked.get("/api/v1/me").status_code == 200
    with world.ports.session(director) as session, transaction(session):
        api_keys.revoke(session, director, revoked.key_id, now=now)
    with world.ports.session(world.operator) as session, transaction(session):
        access.suspend(session, world.operator, manager.tenant, now=now)
    answers = [one.get("/api/v1/me") for one in (revoked, expired, suspended)]

    assert [one.status_code for one in answers] == [401] * 3
    assert len({one.json["detail"] for one in answers}) == 1


def test_a_key_from_another_address_is_refused_and_a_forwarded_header_does_not_help(system, director):
    robot = system(director, addresses=("203.0.113.0/24",))
    here = {"environ_base": {"REMOTE_ADDR": "203.0.113.9"}}
    assert robot.get("/api/v1/me", **here).status_code == 200
    forged = robot.get("/api/v1/me", headers={"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"})

    assert (forged.status_code, forged.json["code"]) == (403, "address_not_allowed")


@pytest.mark.usefixtures("placed")
def test_both_sides_see_what_was_placed_and_a_stranger_nothing(world, system, director, manager):
    listed = system(director).get("/api/v1/consignments").json["data"]
    assert listed == system(manager).get("/api/v1/consignments").json["data"]
    [one] = listed
    assert (one["cases"], one["state"], one["creditor"]["name"]) == (3, "sent", "Banco 0")
    for path in (f"/api/v1/consignments/{one['id']}", f"/api/v1/consignments/{one['id']}/placements"):
        assert system(manager).get(path).status_code == 200
        for stranger in (Role.DIRECTOR, Role.MANAGER):
            assert system(world.actor(stranger, organisation=1)).get(path).status_code == 404
    placements = system(manager).get(f"/api/v1/consignments/{one['id']}/placements").json
    assert (len(placements["data"]), placements["next"]) == (3, None)
    assert system(world.actor(Role.MANAGER, organisation=1)).get("/api/v1/consignments").json["data"] == []


def test_nothing_of_a_person_is_told(world, system, director, manager):
    person = {"debtor_ref": "CLIENTE-77", "phones": ("+573005550177",), "name": "Centinela Pérez"}
    loop.place_with(world.ports, director, manager, [loop.NewCase("A-1", 100_000, **person)])
    for robot in (system(director), system(manager)):
        [one] = robot.get("/api/v1/consignments").json["data"]
        told = robot.get(f"/api/v1/consignments/{one['id']}/placements").text
        told += robot.get("/api/v1/consignments").text
        assert "A-1" in told
        assert not re.search(r"Centinela|P\\?u?\w*rez|5550177|CLIENTE-77|identity|phone|debtor", told)


def test_lists_come_in_pages_without_a_gap(world, system, director, manager):
    mandate = loop.add_mandate(world.ports, director, manager)
    loop.add_cases(world.ports, director, loop.some_cases(53))
    loop.place(world.ports, director, loop.draft(world.ports, director, [mandate]))
    robot = system(manager)
    [one] = robot.get("/api/v1/consignments").json["data"]
    path = f"/api/v1/consignments/{one['id']}/placements"
    first = robot.get(path).json
    rest = robot.get(path, query_string={"after": first["next"]}).json

    assert (len(first["data"]), len(rest["data"]), rest["next"]) == (50, 3, None)
    assert len({row["account_ref"] for row in first["data"] + rest["data"]}) == 53


def test_portfolios_are_told_with_their_totals(world, system, director):
    loop.add_cases(world.ports, director, loop.some_cases(2))
    [one] = system(director, "case.view").get("/api/v1/portfolios").json["data"]

    assert (one["cases"], one["currency"]) == (2, "COP")


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("/api/v1/me?x=1", "?x"),
        ("/api/v1/consignments?state=sent&state=ended", "?state"),
        ("/api/v1/consignments?state=lost", "?state"),
        ("/api/v1/consignments?after=1", "?after"),
        ("/api/v1/portfolios?creditor_id=7", "?creditor_id"),
    ],
)
def test_what_an_address_does_not_know_or_is_told_twice_is_refused(system, director, path, pointer):
    answer = system(director).get(path)

    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert [one["pointer"] for one in answer.json["errors"]] == [pointer]


def test_other_methods_are_refused_with_those_there_are(app, system, director):
    robot, checked = system(director), 0
    for _, method, address, _ in routes_by_key(app):
        path = re.sub(r"{(\w+)}", lambda kind: app.extensions["encargo"].references.encode(kind[1], 1), address)
        for other in {"GET", "POST", "PUT", "PATCH", "DELETE"} - {method}:
            answer = robot.open(path, other)
            assert (answer.status_code, answer.mimetype) == (405, "application/problem+json"), (other, path)
            assert method in answer.headers["Allow"]
            checked += 1
    assert checked > 30


def test_an_address_that_is_not_there_is_a_problem_in_json_too(system, director):
    answer = system(director).get("/api/v1/nothing")

    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]


def test_a_refusal_is_told_in_the_language_that_is_asked_for(system, director):
    robot = system(director)
    english, spanish = (
        robot.get("/api/v1/me?x=1", headers={"Accept-Language": one}).json["detail"] for one in ("en", "es")
    )
    assert english != spanish
