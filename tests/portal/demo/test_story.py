"""The whole story on a small scale, through the real services and jobs."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from scipy.stats import spearmanr
from sqlalchemy import Connection, Engine, create_engine, make_url, text

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor, Side
from agencies.mandates.models import Clause
from agencies.organisations import service as organisations
from agencies.organisations import totp
from agencies.organisations.permissions import Role
from agencies.scorecards.metrics import activities_per_case, gross_recovery, payer_share, punctuality
from assignments import performance
from assignments.conduct.queries import conduct_of
from assignments.locates.queries import queue
from assignments.placements.admission import admission
from assignments.placements.models import PlacementState, WaveState
from assignments.placements.queries import list_consignments, list_waves
from assignments.reports.calendar import Standing
from assignments.reports.queries import list_reports
from assignments.sla.queries import compliance
from config import Settings
from portal import invariants
from portal.app import create_app
from portal.demo.agencies import AGENCIES, BAQUIANELA, MARIMONDE, OCARIMBA, PIRANDELA, TINTALUZ
from portal.demo.cast import BANK, TELCO, Member, agency_members, all_members
from portal.demo.chronology import Chronology
from portal.demo.handovers import handovers
from portal.demo.story import Telling, demo_accounts, load_demo, opens
from portal.demo.world import World
from portal.ports import Ports, open_ports
from tests import opened
from uploads.storage import LocalIncoming, LocalStorage

NOW = datetime(2026, 3, 11, 17, 0, tzinfo=UTC)
CASES = 2000
PASSWORD = "kfjw-mzqp-xrtd-vbnc"
TABLES = (
    "organisations", "users", "mandates", "mandate_versions", "uploads", "portfolios", "cases", "debtors",
    "placement_waves", "consignments", "placements", "reports", "payments", "activities", "entries", "postings",
    "attestations", "attestation_signatures", "recalls", "returns", "locate_batches", "locate_orders", "findings",
    "verifications", "lots", "bids", "opened_bids", "enquiries", "payment_reversals", "conduct_verdicts",
)  # fmt: skip


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
                "DATA_KEYS": "1:" + "d1" * 32,
                "INDEX_KEY": "1d" * 32,
                "MAIL_URL": (folder / f"{name}-mail").as_uri(),
                "MAIL_FROM": "Encargo <portal@encargo.example>",
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
        # Broken off again and again, so that every test looks at a story that had to be taken up where it stopped.
        for files in (1, 40, 200, 130):
            weak = replace(ports, storage=WeakStorage(ports.settings.storage_folder, files))
            with pytest.raises(Breakdown):
                load_demo(weak, now=NOW, password=PASSWORD, cases=CASES)
        assert load_demo(ports, now=NOW, password=PASSWORD, cases=CASES) is Telling.LOADED
        yield ports


@pytest.fixture(scope="module")
def world(told: Ports) -> World:
    return World.begin(told, Chronology(NOW), password=PASSWORD, cases=CASES)


@contextmanager
def inside(ports: Ports, server: Engine) -> Iterator[Connection]:
    """The instance's database as its superuser, who sees every organisation's rows."""
    engine = create_engine(server.url.set(database=make_url(ports.settings.database_url).database))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def counts(ports: Ports, server: Engine) -> dict[str, int]:
    """Rows per table, as the superuser sees them."""
    with inside(ports, server) as connection:
        return {table: connection.scalar(text(f"select count(*) from {table}")) for table in TABLES}


def look(world: World, member: Member, statement: str) -> list[tuple]:
    with world.acting(member) as (session, _actor):
        return [tuple(row) for row in session.execute(text(statement))]


def test_nobody_of_the_story_stands_readable_in_any_table(told: Ports, server: Engine):
    """Staged rows, faults, searches, notes, the trail and what waits to be sent: a thief of the database reads none."""
    with inside(told, server) as connection:
        words = opened.personal(opened.opened(connection, told.keyring))
        assert len(words) > CASES
        assert opened.readable(connection, words) == []


def test_everything_that_must_hold_holds(told):
    assert list(invariants.violations(told)) == []
    assert list(invariants.broken_links(told)) == []


def test_no_row_of_a_portfolio_is_lost(world):
    given = handovers(world.chronology, CASES)
    for creditor in (BANK, TELCO):
        files = look(world, creditor.members[0], "select * from (select filename, state, rows_read, rows_applied, "
                     "rows_rejected from uploads where kind = 'portfolio') files where state = 'applied'")  # fmt: skip
        planned = {one.filename: one.plan.debts for one in given.values() if one.creditor is creditor}
        assert len(files) == (3 if creditor is BANK else 2)
        for filename, _state, read, applied, rejected in files:
            assert read == planned[filename] == applied + rejected
            assert 0 < rejected <= 0.01 * read


def test_the_agencies_rank_by_their_strength(world):
    with world.acting(BANK.members[0]) as (session, actor):
        facts = {one.agency_name: one for one in performance.facts(session, actor, now=NOW)}
    strongest_first = [agency.name for agency in AGENCIES]
    shares = [payer_share(facts[name]).value for name in strongest_first]
    assert all(0.04 < share < 0.17 for share in shares)
    assert min(shares) == shares[-1]
    # Among so few cases a single large payment moves an agency a place or two: the order holds on the whole.
    assert spearmanr(shares, range(len(shares), 0, -1)).statistic > 0.6
    recovered = [gross_recovery(facts[name]).value for name in strongest_first]
    assert spearmanr(recovered, range(len(recovered), 0, -1)).statistic > 0.6
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


def test_the_gate_is_closed_for_one_agency_until_its_new_attestation_is_accepted(world):
    with world.acting(BANK.member(Role.DIRECTOR)) as (session, actor):
        [draft] = list_waves(session, actor, state=WaveState.DRAFT).rows
        closed = admission(session, actor, draft, now=NOW)
    assert {agency: [one.code for one in reasons] for agency, reasons in closed.items()} == {
        world.actor(agency_members(PIRANDELA)[0]).tenant: ["AT-01"]
    }
    waiting = look(world, BANK.member(Role.COMPLIANCE), "select code from attestations where state = 'submitted'")
    assert waiting == [("AT-01",)]


def test_something_waits_for_the_director_in_every_new_room(world):
    director = BANK.member(Role.DIRECTOR)
    lots = "select l.state, count(b.agency_id) from lots l left join opened_bids b on b.lot_id = l.id group by 1"
    assert dict(look(world, director, lots)) == {"awarded": 3, "closed": 3, "listed": 0}
    assert look(world, director, "select state from recalls order by requested_at") == [
        ("closed",), ("objected",), ("pending",)
    ]  # fmt: skip
    assert look(world, director, "select count(*) > 1 from findings where grade is null") == [(True,)]
    assert look(world, director, "select count(*) > 1 from findings where released_at is not null") == [(True,)]
    unsought = (
        "select count(*) > 2 from cases c where state = 'on_hold' and return_code = 'untraceable' and not exists "
        "(select from locate_orders o where o.case_id = c.id)"
    )
    assert look(world, director, unsought) == [(True,)]
    assert look(world, director, "select count(*) from enquiries where answered_at is null") == [(1,)]


def test_something_waits_for_the_agency_its_agent_and_the_investigator(world):
    manager, agent = agency_members(MARIMONDE)
    assert look(world, manager, "select state, answered_at from recalls") == [("pending", None)]
    assert look(world, manager, "select code from attestations where state = 'rejected'") == [("AT-13",)]
    open_lots = (
        "select name from lot_offers o where state = 'listed' "
        "and not exists (select from bids b where b.lot_id = o.lot_id)"
    )
    assert look(world, manager, open_lots) == [("Lote C · cartera reciente",)]
    assert look(world, agent, "select count(*) > 0 from activities where recorded_by is not null") == [(True,)]
    with world.acting(agency_members(BAQUIANELA)[1]) as (session, actor):
        assert len(queue(session, actor).rows) > 2


def test_a_report_was_corrected_and_a_fee_follows_each_grade(world):
    manager = agency_members(TINTALUZ)[0]
    assert look(world, manager, "select count(*) from reports where version = 2") == [(1,)]
    fees = "select count(*) from findings where fee_minor > 0", "select count(*) from entries where kind = 'locate_fee'"
    paid, booked = (look(world, BANK.member(Role.DIRECTOR), statement) for statement in fees)
    assert paid == booked != [(0,)]


def test_every_agency_keeps_some_service_levels_and_misses_some_and_few_contacts_break_the_rules(world):
    with world.acting(BANK.member(Role.DIRECTOR)) as (session, actor):
        kept = [one for one in compliance(session, actor, now=NOW) if one.clause is Clause.FIRST_ACTIVITY]
        conduct = conduct_of(session, actor)
    assert len(kept) == len(AGENCIES)
    assert all(one.met > one.missed for one in kept)
    assert any(one.missed for one in kept)
    assert all(one.compliant > 0 and one.violations < one.judged / 10 for one in conduct)
    shared = "select coalesce(sum(shared), 0) > 0 from conduct_cells where verdict = 'violation'"
    assert look(world, BANK.member(Role.DIRECTOR), shared) == [(True,)]


def test_refused_rows_of_a_report_are_kept_with_their_reason(world):
    refused = look(world, agency_members(OCARIMBA)[0], "select code, count(*) from upload_errors group by code")
    assert {code for code, _count in refused} <= {"not_your_case", "before_placement"}
    assert sum(count for _code, count in refused) == 4


def test_what_happened_carries_the_dates_of_the_story(world):
    first, last = look(world, BANK.members[0], "select min(at), max(at) from audit_events")[0]
    assert first.date() >= world.chronology.founding.date()
    assert last <= NOW
    sent = look(world, BANK.members[0], "select count(distinct date_trunc('month', sent_at)) from consignments")
    assert sent == [(4,)]


def test_everybody_can_sign_in_with_the_one_password(told):
    accounts = demo_accounts(told)
    assert len(accounts) == len(all_members()) == 22
    assert {account.role for account in accounts} == {
        "director", "analyst", "finance", "compliance", "manager", "agent", "investigator", "operator", "auditor",
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


def test_a_story_that_was_broken_off_has_nothing_twice(told, server):
    found = counts(told, server)
    assert (found["organisations"], found["users"], found["mandates"], found["mandate_versions"]) == (9, 22, 12, 15)
    assert (found["placement_waves"], found["lots"], found["bids"]) == (10, 3, 8)
    assert (found["recalls"], found["locate_batches"], found["enquiries"]) == (3, 2, 5)
    with inside(told, server) as connection:
        twice = connection.execute(
            text("select filename from uploads group by organisation_id, creditor_id, filename having count(*) > 1")
        ).all()
    assert twice == []


def test_the_commands_say_what_they_found(told):
    runner = create_app(told.settings).test_cli_runner()
    again = runner.invoke(args=["load-demo"], env={"DEMO_PASSWORD": PASSWORD})
    assert (again.exit_code, again.output) == (0, "The demo was loaded before; nothing was changed.\n")
    people = runner.invoke(args=["demo-accounts"], env={"DEMO_PASSWORD": PASSWORD}).output
    assert "ana.directora@banco-demo.example" in people
    assert people.endswith(f"Password of all of them: {PASSWORD}\n")
    seed = totp.new_seed()
    assert runner.invoke(args=["demo-code"], env={"DEMO_AUTHENTICATOR": seed}).exit_code == 1
    runner.invoke(args=["load-demo"], env={"DEMO_PASSWORD": PASSWORD, "DEMO_AUTHENTICATOR": seed})
    now = runner.invoke(args=["demo-code"], env={"DEMO_AUTHENTICATOR": seed}).output
    assert re.fullmatch(r"\d{6}  \(for \d+ s\)\n", now)
    assert now[:6] in {totp.code_of(seed, totp.step_of(told.now()) - late) for late in (0, 1)}
    assert runner.invoke(args=["demo-code"], env={"DEMO_AUTHENTICATOR": totp.new_seed()}).exit_code == 1
    assert seed in runner.invoke(args=["demo-accounts"], env={"DEMO_AUTHENTICATOR": seed}).output
    other = runner.invoke(args=["demo-accounts"], env={"DEMO_PASSWORD": "not-the-one-it-was"}).output
    assert "not-the-one-it-was" not in other
    without = runner.invoke(args=["load-demo"], env={"DEMO_PASSWORD": None})
    assert without.exit_code != 0
    assert "DEMO_PASSWORD" in without.output
