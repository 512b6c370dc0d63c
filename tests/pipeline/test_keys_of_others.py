"""Keys with every scope there is, of organisations that have nothing to do with it, call every route of the API."""

from __future__ import annotations

import io
from itertools import product

import pytest
from flask import Flask
from werkzeug.routing import Rule

from agencies.organisations.permissions import Role
from tests import keys
from tests.pipeline.neighbours import SENTINEL, Neighbours
from tests.pipeline.test_tenant_isolation import NOBODY, addresses, kinds, methods, same

RULES = 9


def rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if keys.only_open(app, rule)]


def call(robot: keys.System, method: str, address: str, creditor: str):
    """What the route takes, about somebody else's creditor where it can be named."""
    if method == "GET":
        return robot.get(address)
    if address.endswith("/files"):
        fields = {"kind": "payments", "creditor": creditor, "file": (io.BytesIO(b"a,b\n1,2\n"), "x.csv")}
        return robot.post(address, data=fields)
    return robot.post(address, {} if address.endswith("/apply") else None)


@pytest.mark.parametrize("role", [Role.DIRECTOR, Role.MANAGER])
def test_no_key_of_another_organisation_reads_or_changes_anything(app: Flask, neighbours: Neighbours, role: Role):
    codec, wanted = neighbours.ports.references, {kind for rule in rules(app) for kind in kinds(rule).values()}
    found = {kind: neighbours.ids(kind) for kind in wanted}
    creditor = codec.encode("organisation", neighbours.creditor.tenant)
    stranger = keys.system(app, neighbours.ports, neighbours.world.actor(role, organisation=1))
    before, calls = neighbours.digest(), 0
    for rule in rules(app):
        for method, address in product(methods(rule), addresses(app, rule, found)):
            answer = call(stranger, method, address, creditor)
            calls += 1
            assert answer.status_code < 500, address
            assert SENTINEL not in answer.text, address
            if kinds(rule):
                assert answer.status_code in {403, 404}, f"{method} {address}: {answer.status_code}"
                (other,) = addresses(app, rule, {kind: [NOBODY] for kind in wanted})
                unknown = call(stranger, method, other, creditor)
                assert unknown.status_code == answer.status_code, address
                assert same(unknown.text) == same(answer.text), address
    assert neighbours.digest() == before
    assert calls >= RULES


def test_the_walk_would_see_it_for_the_organisation_s_own_key_sees_each_list(app: Flask, neighbours: Neighbours):
    told = ""
    for actor in (neighbours.creditor, neighbours.agency):
        robot = keys.system(app, neighbours.ports, actor)
        for rule in rules(app):
            found = {kind: neighbours.ids(kind) for kind in kinds(rule).values()}
            for address in addresses(app, rule, found) if "GET" in methods(rule) else []:
                told += robot.get(address).text
    assert SENTINEL in told
