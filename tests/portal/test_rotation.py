"""A new key comes into use while the product runs: all is sealed anew, killed midway it goes on, nothing is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import create_engine, select, text, update
from sqlalchemy.exc import DBAPIError

from agencies.approvals import service as approvals
from agencies.kernel import work
from agencies.kernel.sealing import Keyring, SealBroken
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.models import Organisation, OrganisationState
from agencies.organisations.permissions import Role
from agencies.standing import accounts, changes
from assignments.cases.models import Debtor
from assignments.cases.queries import Selection, list_cases
from assignments.contacts.models import DebtorContact
from portal import rotation
from portal.commands.keys import rotate_keys
from portal.jobs import tasks
from portal.ports import Ports
from tests import files, standings, subjects
from tests.people import World
from uploads.options import Options
from uploads.queries import find_staged_row, get_upload, list_errors

HEADER = "obligacion;tipo documento;cedula;nombre;saldo total;celular;correo\n"
ROWS = "".join(
    f"A{n};CC;{52_000_000 + n // 2};Ana {n // 2};{n + 1};300123{n:04};ana{n}@correo.example\n" for n in range(9)
)
OLD, NEW, INDEX = bytes.fromhex("d1" * 32), b"n" * 32, bytes.fromhex("1d" * 32)


@pytest.fixture
def world(ports: Ports) -> World:
    return World(ports)


@pytest.fixture
def analyst(world: World) -> Actor:
    return world.actor(Role.ANALYST)


@pytest.fixture
def both(ports: Ports) -> Ports:
    """The same instance, given a newer key beside the one everything is sealed with."""
    return replace(ports, keyring=Keyring({1: OLD, 2: NEW}, INDEX))


@pytest.fixture
def newest(ports: Ports) -> Ports:
    """The same instance once the older key was taken away."""
    return replace(ports, keyring=Keyring({2: NEW}, INDEX))


@pytest.fixture
def upload_id(ports: Ports, analyst: Actor, monkeypatch: pytest.MonkeyPatch) -> int:
    """A portfolio with debtors, later points and a bad row, and batches of two."""
    monkeypatch.setattr(rotation, "BATCH", 2)
    rows = HEADER + ROWS + "B1;CC;52999999;Eva;x;3001239999;eva@correo.example\n"
    upload = files.checked(ports, analyst, rows.encode(), options=Options(decimal=","))
    files.apply(ports, analyst, upload.id)
    return upload.id


def seen(ports: Ports, actor: Actor, upload_id: int) -> list[object]:
    """All that opens, as whoever may read it sees it."""
    with ports.session(actor) as session:
        return [
            sorted((one.name, one.id_number) for one in session.scalars(select(Debtor))),
            sorted((one.kind.value, one.value) for one in session.scalars(select(DebtorContact))),
            [(row.account_ref, row.id_number) for row in list_cases(session, actor, Selection()).rows],
            [one.value for one in list_errors(session, actor, upload_id).rows],
            find_staged_row(session, actor, get_upload(session, actor, upload_id), 3),
            get_upload(session, actor, upload_id).sample,
        ]


def older(ports: Ports, actor: Actor) -> dict[str, int]:
    with ports.session(actor) as session:
        return rotation.count_older(session, actor)


def ask(ports: Ports, actor: Actor) -> None:
    owner = Actor(side=Side.WORKER, organisation_id=actor.tenant)
    with ports.session(owner) as session, transaction(session):
        work.request(session, owner, rotation.ROTATE, "2", {}, now=ports.now())


def test_everything_is_sealed_anew_and_the_older_key_can_go(both, newest, analyst, upload_id):
    before = seen(both, analyst, upload_id)
    counted = older(both, analyst)
    assert {"debtors", "contact_points", "staged_portfolio", "upload_errors", "uploads"} <= set(counted)

    ask(both, analyst)
    assert tasks.perform_due(both) >= 1

    assert older(both, analyst) == {}
    assert seen(both, analyst, upload_id) == seen(newest, analyst, upload_id) == before


def test_killed_midway_both_keys_open_what_there_is_and_the_rest_is_done_later(both, newest, analyst, upload_id):
    before, all_rows = seen(both, analyst, upload_id), sum(older(both, analyst).values())
    with both.session(analyst) as session:
        batches = rotation.turn(session, analyst)
        with transaction(session):
            assert next(batches) == 2
        with pytest.raises(KeyError), transaction(session):
            assert next(batches) == 2
            raise KeyError
    assert sum(older(both, analyst).values()) == all_rows - 2
    assert seen(both, analyst, upload_id) == before
    with pytest.raises(SealBroken):
        seen(newest, analyst, upload_id)

    ask(both, analyst)
    tasks.perform_due(both)

    assert older(both, analyst) == {}
    assert seen(newest, analyst, upload_id) == before


def test_done_again_it_changes_nothing(both, analyst, upload_id):
    ask(both, analyst)
    tasks.perform_due(both)
    with both.session(analyst) as session:
        before = session.execute(text("select id, sealed from debtors order by id")).all()
        assert list(rotation.turn(session, analyst)) == []
        assert session.execute(text("select id, sealed from debtors order by id")).all() == before


def test_people_are_found_by_the_same_index_before_and_after(both, newest, world, analyst, upload_id):
    ask(both, analyst)
    tasks.perform_due(both)
    found = subjects.sought(newest, world.actor(Role.COMPLIANCE), id_number="52.000.003")
    assert [one.name for one in found] == ["Ana 3"]


def test_one_organisation_s_rows_are_turned_and_no_other_s(both, world, analyst, upload_id, ports):
    other = world.actor(Role.ANALYST, organisation=1)
    upload = files.checked(ports, other, (HEADER + ROWS).encode(), options=Options(decimal=","))
    files.apply(ports, other, upload.id)
    untouched = older(both, other)
    ask(both, analyst)
    tasks.perform_due(both)
    assert older(both, other) == untouched != {}


@pytest.mark.parametrize("table", ["upload_errors", "staged_portfolio"])
def test_a_value_is_replaced_by_one_of_a_newer_key_only(ports, analyst, upload_id, table):
    """Whoever may seal anew may not write another person's value over what a file said."""
    with ports.session(analyst) as session, pytest.raises(DBAPIError, match="newer key only"):
        session.execute(text(f"update {table} set sealed = sealed || 'x'::bytea"))


def test_what_a_file_said_is_not_taken_away_either(ports, analyst, upload_id):
    with ports.session(analyst) as session, pytest.raises(DBAPIError, match="newer key only"):
        session.execute(text("update upload_errors set sealed = null"))


def test_history_turns_with_the_keys_and_stays_what_it_is(ports, world, database):
    """The number of an account in force is sealed anew by its agency; nobody puts another account in its place."""
    manager = world.actor(Role.MANAGER)
    with ports.session(manager) as session, transaction(session):
        accounts.put_in_force(session, manager.tenant, standings.ACCOUNT, now=ports.now())
    with ports.session(manager) as session, pytest.raises(DBAPIError, match="newer key only"):
        session.execute(text("update bank_accounts set number = holder_tax_id"))
    engine = create_engine(database.superuser_url)
    for statement in ("update bank_accounts set last_four = '0000'", "delete from bank_accounts"):
        with engine.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
            connection.execute(text(statement))
    engine.dispose()


def test_an_account_that_waits_for_a_second_person_needs_its_key_until_it_is_decided(ports, both, world):
    manager, now = world.actor(Role.MANAGER), ports.now()
    with ports.session(manager) as session, transaction(session):
        asked = changes.ask_for_account(session, manager, standings.ACCOUNT, now=now)
    assert rotation.left(both, manager)["approvals"] == 1
    ask(both, manager)
    tasks.perform_due(both)
    assert rotation.left(both, manager) == {"approvals": 1}
    with both.session(manager) as session, transaction(session):
        approvals.withdraw(session, manager, asked.id, now=now)
    assert rotation.left(both, manager) == {}


def test_the_command_asks_for_every_organisation_and_does_those_that_are_not_active(
    app, both, world, analyst, upload_id, monkeypatch
):
    other = world.actor(Role.ANALYST, organisation=1)
    upload = files.checked(world.ports, other, (HEADER + ROWS).encode(), options=Options(decimal=","))
    files.apply(world.ports, other, upload.id)
    with world.ports.session(Actor(side=Side.PLATFORM)) as session, transaction(session):
        session.execute(
            update(Organisation).where(Organisation.id == other.tenant).values(state=OrganisationState.SUSPENDED)
        )
    monkeypatch.setitem(app.extensions, "encargo", both)
    run = app.test_cli_runner()

    assert run.invoke(rotate_keys, ["--check"]).exit_code == 1
    assert run.invoke(rotate_keys, []).exit_code == 0
    assert older(both, other) == {}
    assert older(both, analyst) != {}
    tasks.perform_due(both)
    checked = run.invoke(rotate_keys, ["--check"])
    assert (checked.exit_code, older(both, analyst)) == (0, {}), checked.output
