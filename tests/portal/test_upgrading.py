"""A database that holds the first loop comes to the newest revision whole: what was reported then is not lost now."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest
from alembic import command
from sqlalchemy import Engine, create_engine, select, text

from agencies.kernel.sealing import Keyring
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.permissions import PERMISSIONS, Role
from agencies.scorecards.models import PlacementCell, RecoveryCell
from agencies.standing.panel import members
from assignments import performance
from assignments.contacts.models import DebtorContact
from assignments.ledger.statements import balances, verify
from assignments.placements.models import Placement
from assignments.reports.contents import list_files, list_report_payments, list_versions
from assignments.reports.models import Report
from portal import invariants
from portal.migrations import runner
from portal.stack.provision import plain_url, provision
from tests.conftest import Database, _as
from tests.loop import faults, paid, report_activities, report_payments, worked

ROWS = Path(__file__).parent / "first_loop.sql"
JANUARY, FEBRUARY, MARCH, APRIL = 91, 92, 93, 94
CREDITOR = Actor(side=Side.CREDITOR, organisation_id=1, permissions=PERMISSIONS[Role.DIRECTOR])
AGENCY = Actor(side=Side.AGENCY, organisation_id=2, permissions=PERMISSIONS[Role.MANAGER])
KEYRING = Keyring({1: b"\xd1" * 32}, b"\x1d" * 32)
NOW = datetime(2026, 4, 6, 15, tzinfo=UTC)


@pytest.fixture
def database(server: Engine) -> Iterator[Database]:
    """A database of the first loop with its rows, brought to the newest revision."""
    name = f"upgraded_{secrets.token_hex(4)}"
    provision(server.url.render_as_string(hide_password=False), name)
    app, owner, superuser = (_as(server, user, name) for user in ("encargo_app", "encargo_owner", "postgres"))
    engine = create_engine(owner)
    with engine.connect() as connection:
        command.upgrade(runner._config(connection), "0060")
        connection.commit()
    engine.dispose()
    with psycopg.connect(plain_url(superuser)) as connection:
        connection.execute(ROWS.read_bytes())
    runner.upgrade(owner, KEYRING)
    yield Database(name, app, owner, superuser)
    with server.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))


def told(ports, report_id: int) -> list[tuple]:
    """Part, file, version, new, known and when, the latest first; the same on both sides."""
    found = []
    for actor in (CREDITOR, AGENCY):
        with ports.session(actor) as session:
            files = list_files(session, actor, report_id)
            found.append([(f.part, f.upload_id, f.version, f.added, f.known, f.reported_at) for f in files])
    assert found[0] == found[1]
    return found[0]


def versions(ports, report_id: int) -> list[tuple]:
    with ports.session(CREDITOR) as session:
        rows = list_versions(session, CREDITOR, report_id)
        return [(one.version, one.payments, one.collected, one.activities, one.made_at) for one in rows]


def day(month: int, number: int) -> datetime:
    return datetime(2026, month, number, 15, tzinfo=UTC)


def test_ways_to_reach_a_debtor_move_to_it_and_are_seen_by_the_same_people(ports):
    both = [(41, "phone", "3000000001"), (43, "phone", "3000000003")]
    for actor, seen in ((CREDITOR, both), (AGENCY, both[:1])):
        with ports.session(actor) as session:
            points = session.scalars(select(DebtorContact).order_by(DebtorContact.debtor_id, DebtorContact.place)).all()
            assert [(one.debtor_id, one.kind, one.value) for one in points] == seen
            assert session.scalar(text("select count(*) from contact_points")) == 0


def test_every_invariant_holds_after_the_upgrade(ports):
    assert list(invariants.violations(ports)) == []
    assert list(invariants.broken_links(ports)) == []


def test_reports_handed_in_before_there_were_versions_are_version_one_with_their_files(ports):
    assert versions(ports, JANUARY) == [(1, 0, {}, 0, day(2, 4))]
    assert versions(ports, FEBRUARY) == [(1, 3, {"COP": 16_007}, 1, day(3, 3))]
    assert versions(ports, MARCH) == versions(ports, APRIL) == []
    assert told(ports, JANUARY) == [("activities", None, 1, 0, 0, day(2, 4)), ("payments", None, 1, 0, 0, day(2, 3))]
    assert told(ports, FEBRUARY) == [
        ("payments", 24, 1, 1, 2, day(3, 4)),
        ("activities", 23, 1, 1, 0, day(3, 3)),
        ("payments", 22, 1, 2, 0, day(3, 2)),
    ]
    assert told(ports, MARCH) == [("payments", 25, 1, 1, 0, day(4, 1))]
    assert told(ports, APRIL) == []
    with ports.session(AGENCY) as session:
        assert [one.id for one in list_report_payments(session, AGENCY, FEBRUARY).rows] == [103, 102, 101]
        kept = session.execute(select(Report.id, Report.version).order_by(Report.id)).all()
    assert [tuple(one) for one in kept] == [(JANUARY, 1), (FEBRUARY, 1), (MARCH, 0), (APRIL, 0)]


def test_a_correction_of_an_old_report_keeps_what_it_does_not_speak_of(ports):
    row = paid("A1", 12_000, date(2026, 2, 3), payment_ref="P1")
    report_payments(ports, AGENCY, CREDITOR, [row], report_id=FEBRUARY, now=NOW)
    assert versions(ports, FEBRUARY)[0] == (2, 3, {"COP": 18_007}, 1, NOW)
    with ports.session(CREDITOR) as session:
        assert verify(session) == []
        assert performance.differing(session, CREDITOR) == 0


def test_a_correction_takes_nothing_back_that_another_old_report_said(ports):
    row = paid("A1", 12_000, date(2026, 3, 20), payment_ref="P4")
    upload, loaded = report_payments(ports, AGENCY, CREDITOR, [row], report_id=FEBRUARY, now=NOW)
    assert loaded.rejected == 1
    assert faults(ports, AGENCY, upload) == {2: ("payment_ref", "reference_reused", "P4")}


def test_an_old_report_is_completed_by_its_second_half(ports):
    row = worked("A1", datetime(2026, 3, 20, 15, tzinfo=UTC))
    report_activities(ports, AGENCY, CREDITOR, [row], report_id=MARCH, now=NOW)
    assert versions(ports, MARCH) == [(1, 1, {"COP": 1_000}, 1, NOW)]


def test_the_books_stand_as_they_stood(ports):
    with ports.session(CREDITOR) as session:
        [old] = balances(session, CREDITOR)
    assert (old.collected_minor, old.commission_minor) == (18_007, 3_701)


def test_placements_go_on_at_the_rate_of_the_terms_they_were_made_under(ports):
    with ports.session(AGENCY) as session:
        found = session.execute(select(Placement.account_ref, Placement.commission_bp, Placement.tail_until))
        assert sorted(tuple(one) for one in found) == [("A1", 2_000, None), ("A2", 3_000, None)]


def test_whoever_had_a_mandate_is_on_the_panel_and_nobody_else(ports):
    with ports.session(CREDITOR) as session:
        assert [one.agency_id for one in members(session, CREDITOR)] == [2]


def test_the_squares_of_old_cells_are_those_of_cells_made_anew(ports):
    with ports.session(CREDITOR) as session:
        assert performance.differing(session, CREDITOR) == 0
        kept = [_cells(session, table) for table in (PlacementCell, RecoveryCell)]
        performance.rebuild(session, CREDITOR)
        assert [_cells(session, table) for table in (PlacementCell, RecoveryCell)] == kept
    placed = {row["stratum"]: row["placed_squares"] for row in kept[0]}
    assert placed == {"120": 100_000**2, "30": 50_000**2}
    squares = {(row["stratum"], row["month_on_book"]): row["collected_squares"] for row in kept[1]}
    assert squares == {("120", 1): 15_007**2, ("120", 2): 17_007**2 - 15_007**2, ("30", 0): 1_000**2}


def _cells(session, table) -> list[dict]:
    rows = session.execute(select(table.__table__)).mappings()
    return sorted((dict(row) for row in rows), key=lambda row: tuple(map(str, row.values())))
