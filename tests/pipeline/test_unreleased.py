"""A collection agency sees released points only: on no page, in no export and in no manifest anything else."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, select, text

from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role
from assignments.cases.queries import Selection
from assignments.contacts.models import Authorisation, DebtorContact
from assignments.locates.people import People
from assignments.manifests.handing import manifest
from assignments.reads.models import Purpose
from portal.app import create_app, ports_of
from tests import locating, loop, people
from tests.pipeline.kinds import TABLES
from tests.pipeline.test_tenant_isolation import addresses, kinds, methods, rules, sign_in

#: As it is typed, in its normal form, and as it is covered on a screen that may know that there is something.
TYPED, NORMAL = "311 555 0101", "+573115550101"
#: What pages cover, by the names under which it is asked for in full: contacts by their places, a finding by any name.
COVERED = ("id_number", *(f"point{place}" for place in range(4)))
COLLECTORS = (Role.MANAGER, Role.AGENT, Role.INVESTIGATOR)


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
    """One agency seeks and found a phone; another collects from the same person."""
    world = people.World(ports_of(app))
    ports, creditor = world.ports, world.actor(Role.DIRECTOR)
    seeker, collector = world.actor(Role.MANAGER), world.actor(Role.MANAGER, organisation=1)
    loop.place_with(ports, creditor, collector, [loop.NewCase("A-1", 900_000, phones=("3001234567",), name="Ana")])
    loop.acknowledge_all(ports, collector)
    mandate = locating.locate_mandate(ports, creditor, seeker)
    batch = locating.order(ports, creditor, mandate, People(Selection()), due_on=locating.soon(), now=ports.now())
    [one] = locating.take_on(ports, seeker, batch)
    locating.find(ports, seeker, one.id, [locating.phone(TYPED)], now=ports.now())
    return world


def finding(superuser: Engine) -> int:
    with superuser.connect() as connection:
        return connection.scalar(text("select id from findings"))


def told(app: Flask, world: people.World, superuser: Engine, organisation: int) -> str:
    """Everything that every role of an agency can open or have shown in full, each address with every id there is."""
    with superuser.connect() as connection:
        found = {
            kind: list(connection.scalars(text(f"select id from {table} order by id limit 3"))) or [1]
            for kind, table in TABLES.items()
        }
    texts, opened = [], 0
    for role in COLLECTORS:
        browser = sign_in(app, world.person(role, organisation=organisation))
        asking = {"csrf_token": browser.token(), "purpose": Purpose.VERIFY_IDENTITY.value}
        for rule in rules(app):
            is_reveal = rule.endpoint.startswith("reveal.")
            if not (is_reveal or "GET" in methods(rule)) or not set(kinds(rule).values()) <= set(TABLES):
                continue
            for address, field in product(addresses(app, rule, found), COVERED if is_reveal else ("",)):
                if is_reveal:
                    answer = browser.client.post(address, data={**asking, "field": field})
                else:
                    answer = browser.get(address)
                assert answer.status_code < 500, address
                opened += answer.status_code == 200
                texts.append(read(answer.data))
    assert opened > 20
    return "\n".join(texts)


def read(content: bytes) -> str:
    """What stands in an answer; a workbook is unpacked."""
    if not content.startswith(b"PK"):
        return content.decode(errors="replace")
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return "".join(package.read(name).decode(errors="replace") for name in package.namelist())


def downloaded(world: people.World) -> str:
    """The manifest of everything the collector holds."""
    collector = world.actor(Role.MANAGER, organisation=1)
    with world.ports.session(collector) as session, transaction(session):
        [number] = session.scalars(text("select id from consignments"))
        pieces = manifest(session, collector, number, world.ports.references, now=loop.PLACED_AT)
        return b"".join(pieces).decode()


def shows_it(page: str) -> bool:
    return NORMAL in page or TYPED in page or "3115550101" in page


STEPS = {
    "handed in": lambda _ports, _creditor, _number: None,
    "graded": locating.grade,
    "graded and authorised": lambda ports, creditor, number: (
        locating.grade(ports, creditor, number),
        locating.allow(ports, creditor, number),
    ),
    "authorised and not graded": locating.allow,
    "released and revoked": lambda ports, creditor, number: (
        locating.grade(ports, creditor, number),
        locating.allow(ports, creditor, number),
        locating.release(ports, creditor, number),
        locating.allow(ports, creditor, number, Authorisation.REVOKED),
    ),
}


@pytest.mark.parametrize("step", STEPS)
def test_no_manifest_holds_a_point_that_is_not_released(world, superuser, step):
    STEPS[step](world.ports, world.actor(Role.DIRECTOR), finding(superuser))

    assert not shows_it(downloaded(world))
    assert "3001234567" in downloaded(world)


@pytest.mark.slow
def test_no_page_and_no_export_of_a_collector_shows_a_point_that_is_not_released(app, world, superuser):
    creditor, number = world.actor(Role.DIRECTOR), finding(superuser)
    assert not shows_it(told(app, world, superuser, 1))

    STEPS["graded and authorised"](world.ports, creditor, number)
    assert not shows_it(told(app, world, superuser, 1))
    locating.release(world.ports, creditor, number)
    assert shows_it(told(app, world, superuser, 1) + downloaded(world))
    locating.allow(world.ports, creditor, number, Authorisation.REVOKED)
    assert not shows_it(told(app, world, superuser, 1) + downloaded(world))


def test_the_walk_would_see_it_for_the_seeker_does(app, world, superuser):
    assert shows_it(told(app, world, superuser, 0))


def test_no_statement_of_the_collector_reads_findings_or_people_looked_for(world):
    collector = world.actor(Role.MANAGER, organisation=1)
    with world.ports.session(collector) as session:
        for table in ("findings", "verifications", "locate_orders", "locate_subjects", "locate_batches"):
            assert session.scalar(text(f"select count(*) from {table}")) == 0, table
        assert [one.value for one in session.scalars(select(DebtorContact))] == ["3001234567"]
