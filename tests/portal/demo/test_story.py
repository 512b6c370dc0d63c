"""The whole story on a small scale, through the real services and jobs."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations import service as organisations
from agencies.scorecards.metrics import activities_per_case, gross_recovery, net_back, payer_share, punctuality
from assignments import performance
from assignments.placements.models import PlacementState
from assignments.placements.queries import list_consignments
from assignments.reports.calendar import Standing
from assignments.reports.queries import list_reports
from config import Settings
from portal import invariants
from portal.demo.agencies import AGENCIES, MARIMONDE, OCARIMBA, PIRANDELA, TINTALUZ
from portal.demo.cast import BANK, TELCO, Member, agency_members, all_members
from portal.demo.chronology import Chronology
from portal.demo.handovers import handovers
from portal.demo.story import Telling, demo_accounts, load_demo, opens
from portal.demo.world import World
from portal.ports import Ports, open_ports
from uploads.storage import LocalIncoming, LocalStorage

NOW = datetime(2026, 3, 11, 17, 0, tzinfo=UTC)
CASES = 2000
PASSWORD = "kfjw-mzqp-xrtd-vbnc"
TABLES = (
    "organisations", "users", "mandates", "mandate_versions", "uploads", "portfolios", "cases", "debtors",
    "placement_waves", "consignments", "placements", "reports", "payments", "activities", "entries", "postings",
)  # fmt: skip


@contextmanager
def platform(server: Engine, template: str, folder: Path) -> Iterator[Ports]:
    """An instance of its own with an empty database."""
    name = f"demo_{secrets.token_hex(6)}"
    with server.connect() as connection:
        connection.execute(text(f"create database {name} template {template}"))
    url = make_url(server.url).set(username="encargo_app", database=name)
    ports = open_ports(
        Settings.from_env(
            {
                "DATABASE_URL": url.render_as_string(hide_password=False),
                "REDIS_URL": "unix:///nowhere",
                "SECRET_KEY": "a-key-of-the-tests-0123456789-abcdefghijklm",
                "REFERENCE_KEY": "5e" * 32,
                "STORAGE_URL": (folder / name).as_uri(),
                "PUBLIC_URL": "http://127.0.0.1:8080",
            }
        )
    )
    yield ports
    ports.engine.dispose()
    with server.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))


@pytest.fixture(scope="module")
def told(server: Engine, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    """The story, told once for the tests that only look."""
    with platform(server, template, tmp_path_factory.mktemp("files")) as ports:
        assert load_demo(ports, now=NOW, password=PASSWORD, cases=CASES) is Telling.LOADED
        yield ports


@pytest.fixture(scope="module")
def world(told: Ports) -> World:
    return World.begin(told, Chronology(NOW), password=PASSWORD, cases=CASES)


def counts(ports: Ports, server: Engine) -> dict[str, int]:
    """Rows per table, as the superuser sees them."""
    database = make_url(ports.settings.database_url).database
    inside = create_engine(server.url.set(database=database))
    with inside.connect() as connection:
        found = {table: connection.scalar(text(f"select count(*) from {table}")) for table in TABLES}
    inside.dispose()
    return found


def look(world: World, member: Member, statement: str) -> list[tuple]:
    with world.acting(member) as (session, _actor):
        return [tuple(row) for row in session.execute(text(statement))]


def test_everything_that_must_hold_holds(told):
    assert list(invariants.violations(told)) == []
    assert list(invariants.broken_links(told)) == []


def test_no_row_of_a_portfolio_is_lost(world):
    given = handovers(world.chronology, CASES)
    for creditor in (BANK, TELCO):
        files = look(world, creditor.members[0], "select * from (select filename, state, rows_read, rows_applied, "
                     "rows_rejected from uploads where kind = 'portfolio') files where state = 'applied'")  # fmt: skip
        planned = {one.filename: one.plan.debts for one in given.values() if one.creditor is creditor}
        assert len(files) == 2
        for filename, _state, read, applied, rejected in files:
            assert read == planned[filename] == applied + rejected
            assert 0 < rejected <= 0.01 * read


def test_the_agencies_rank_by_their_strength(world):
    with world.acting(BANK.members[0]) as (session, actor):
        facts = {one.agency_name: one for one in performance.facts(session, actor, now=NOW)}
    ranked = [facts[agency.name] for agency in AGENCIES]
    for measure in (gross_recovery, net_back, payer_share):
        values = [measure(one).value for one in ranked]
        assert None not in values
        assert values == sorted(values, reverse=True), measure.__name__
    assert all(0.04 < payer_share(one).value < 0.17 for one in ranked)
    activity = {name: activities_per_case(one).value for name, one in facts.items()}
    assert max(activity, key=activity.get) == MARIMONDE.name
    assert min(activity, key=activity.get) == PIRANDELA.name


def test_one_agency_reports_late_one_missed_a_month_the_others_are_punctual(world):
    with world.acting(BANK.members[0]) as (session, actor):
        facts = {one.agency_name: punctuality(one).value for one in performance.facts(session, actor, now=NOW)}
    assert facts.pop(OCARIMBA.name) == 0
    assert 0 < facts.pop(PIRANDELA.name) < 1
    assert set(facts.values()) == {1}


def test_something_waits_for_everybody(world):
    analyst, other = BANK.members[1], TELCO.members[1]
    assert look(world, analyst, "select rows_rejected > 0 from uploads where state = 'checked'") == [(True,)]
    assert look(world, other, "select filename from uploads where state = 'received'") == [("reconexiones.csv",)]
    assert look(world, analyst, "select name from placement_waves where state = 'draft'") == [
        ("Mora temprana (en estudio)",)
    ]
    for member in (analyst, other):
        assert look(world, member, "select count(*) > 5 from cases where state = 'open'") == [(True,)]
    with world.acting(agency_members(MARIMONDE)[0]) as (session, actor):
        waiting = list_consignments(session, actor, state=PlacementState.SENT).rows
    assert [row.name for row in waiting] == ["Mora de uno a dos años"]
    with world.acting(analyst) as (session, actor):
        missing = list_reports(session, actor, standing_in={Standing.MISSING}, now=NOW).rows
    assert PIRANDELA.name in {row.agency_name for row in missing}
    with world.acting(other) as (session, actor):
        due = list_reports(session, actor, standing_in={Standing.DUE}, now=NOW).rows
    assert TINTALUZ.name in {row.agency_name for row in due}


def test_refused_rows_of_a_report_are_kept_with_their_reason(world):
    refused = look(world, agency_members(OCARIMBA)[0], "select code, count(*) from upload_errors group by code")
    assert refused == [("not_your_case", 4)]


def test_what_happened_carries_the_dates_of_the_story(world):
    first, last = look(world, BANK.members[0], "select min(at), max(at) from audit_events")[0]
    assert first.date() >= world.chronology.founding.date()
    assert last <= NOW
    sent = look(world, BANK.members[0], "select count(distinct date_trunc('month', sent_at)) from consignments")
    assert sent == [(3,)]


def test_everybody_can_sign_in_with_the_one_password(told):
    accounts = demo_accounts(told)
    assert len(accounts) == len(all_members()) == 19
    assert {account.role for account in accounts} == {
        "director", "analyst", "finance", "compliance", "manager", "agent", "operator",
    }  # fmt: skip
    assert all(account.email.endswith("-demo.example") for account in accounts)
    assert opens(told, PASSWORD)
    assert not opens(told, PASSWORD + "x")


def test_telling_it_again_changes_nothing(told, server):
    before = counts(told, server)
    assert load_demo(told, now=NOW, password="another-long-password", cases=CASES) is Telling.ALREADY_THERE
    assert counts(told, server) == before


def test_a_platform_in_use_is_left_alone(ports, server):
    with ports.session(Actor(side=Side.PLATFORM)) as session, transaction(session):
        organisations.create_operator(
            session, email="nadia@operacion.example", name="Nadia Real", password=PASSWORD, now=NOW
        )
    before = counts(ports, server)
    assert load_demo(ports, now=NOW, password=PASSWORD, cases=CASES) is Telling.NOT_EMPTY
    assert counts(ports, server) == before
    assert demo_accounts(ports) == []


class Breakdown(Exception):
    """The machine stopped."""


class WeakStorage(LocalStorage):
    """A store that breaks down after so many files."""

    def __init__(self, folder: Path, files: int) -> None:
        super().__init__(folder)
        self.left = files

    def incoming(self) -> LocalIncoming:
        self.left -= 1
        if self.left < 0:
            raise Breakdown
        return super().incoming()


@pytest.mark.slow
def test_an_interrupted_telling_goes_on_where_it_stopped(server, template, tmp_path):
    with platform(server, template, tmp_path) as ports, platform(server, template, tmp_path) as whole:
        for files in (1, 9, 60):
            weak = replace(ports, storage=WeakStorage(ports.settings.storage_folder, files))
            with pytest.raises(Breakdown):
                load_demo(weak, now=NOW, password=PASSWORD, cases=600)
        assert load_demo(ports, now=NOW, password=PASSWORD, cases=600) is Telling.LOADED
        assert load_demo(whole, now=NOW, password=PASSWORD, cases=600) is Telling.LOADED
        assert counts(ports, server) == counts(whole, server)
        assert list(invariants.violations(ports)) == []
