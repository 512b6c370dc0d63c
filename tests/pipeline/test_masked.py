"""No page, list or file shows a debtor's number in full, but those that are there to hand it out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, text

from agencies.kernel.tenancy import Side
from agencies.organisations.permissions import PERMISSIONS, SIDE_OF, Permission, Role
from assignments.reads.models import ReadKind
from assignments.reads.queries import ReadFilter, list_reads
from portal.app import create_app, ports_of
from tests import people
from tests.pipeline import masked
from tests.pipeline.kinds import TABLES
from tests.pipeline.test_tenant_isolation import addresses, kinds, methods, rules, sign_in


@pytest.fixture
def app(settings) -> Iterator[Flask]:
    app = create_app(settings)
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)
    yield app
    with app.app_context():
        ports_of(app).engine.dispose()


@pytest.fixture
def superuser(database) -> Iterator[Engine]:
    engine = create_engine(database.superuser_url)
    yield engine
    engine.dispose()


@pytest.fixture
def world(app: Flask) -> people.World:
    """One creditor, one agency, and people whose every number is known."""
    world = people.World(ports_of(app))
    masked.plant(world.ports, world.actor(Role.DIRECTOR), world.actor(Role.MANAGER))
    return world


def ids(superuser: Engine, kind: str) -> list[int]:
    with superuser.connect() as connection:
        return list(connection.scalars(text(f"select id from {TABLES[kind]} order by id limit 8")))


@pytest.mark.slow
def test_no_role_of_the_house_sees_a_number_in_full_where_it_is_not_asked_for(app, world, superuser, capfd):
    found = {kind: ids(superuser, kind) for kind in TABLES}
    opened, in_full = set(), set()
    for role in Role:
        browser = sign_in(app, world.person(role))
        for rule in rules(app):
            # An address with a secret in it is nobody's who does not have the letter it stands in.
            if "GET" not in methods(rule) or not all(found.get(kind) for kind in kinds(rule).values()):
                continue
            for address in addresses(app, rule, found):
                answer = browser.get(address)
                body = answer.get_data()
                assert masked.leaks(rule.endpoint, body) == [], f"{role} {address} ({rule.rule})"
                if SIDE_OF[role] is Side.AGENCY:
                    assert f"{masked.OFFERED}-LOT".encode() not in body, f"{role} {address} before the award"
                assert not any(one in address for one in masked.SECRETS)
                if answer.status_code == 200:
                    opened.add(rule.endpoint)
                    if masked.shows(body):
                        in_full.add((rule.endpoint, SIDE_OF[role].value))
    out, err = capfd.readouterr()

    assert {
        "cases.show",
        "cases.index",
        "cases.export",
        "locates.batch",
        "investigation.order",
        "findings.show",
    } <= opened
    assert {
        "uploads.show",
        "uploads.errors",
        "activities.worklist",
        "findings.show",
        "audit.seen",
        "bids.bid",
    } <= opened
    # The walk looks at what could be seen: these hand it out, and to that side only.
    assert ("placements.download", "agency") in in_full
    assert ("uploads.original", "creditor") in in_full
    assert {endpoint for endpoint, _ in in_full} <= masked.IN_FULL
    for secret in masked.SECRETS:
        assert secret not in out + err


def test_whoever_opened_a_page_that_names_somebody_stands_in_the_log(app, world, superuser):
    encode = world.ports.references.encode
    agent, director = world.actor(Role.AGENT), world.actor(Role.DIRECTOR)
    browser = sign_in(app, world.person(Role.AGENT))
    first = ids(superuser, "case")[0]
    for address in ("/cases/", f"/cases/{encode('case', first)}", "/worklist/", "/cases/listing.csv"):
        assert browser.get(address).status_code == 200, address

    with world.ports.session(director) as session:
        rows = list_reads(session, director, ReadFilter(user_id=agent.user_id)).rows
    assert {row.kind for row in rows} == {ReadKind.LIST, ReadKind.PAGE, ReadKind.WORK_LIST, ReadKind.EXPORT}
    assert all(first in row.case_ids for row in rows)
    assert all(row.request_id for row in rows)


def test_who_may_see_a_field_in_full_is_who_works_with_people():
    assert {role for role in Role if Permission.CONTACT_REVEAL in PERMISSIONS[role]} == {
        Role.ANALYST,
        Role.COMPLIANCE,
        Role.MANAGER,
        Role.AGENT,
        Role.INVESTIGATOR,
    }
