"""The walk along the audit chains: an edit, a removal and a cut tail are found, told and shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import create_engine, select, text

from agencies.kernel import audit
from agencies.kernel.chains import ChainCheck
from agencies.kernel.notices import Notice
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role
from portal import anchors
from portal.jobs import schedules, tasks
from portal.ports import Ports
from tests import people


@pytest.fixture
def ports(app_ports, tmp_path) -> Ports:
    """The instance with a second place for anchors."""
    folder = tmp_path / "anchors"
    folder.mkdir()
    return replace(app_ports, settings=replace(app_ports.settings, anchor_folder=folder))


@pytest.fixture
def bank(world):
    """A creditor with ten entries in its chain."""
    actor = world.actor(Role.DIRECTOR)
    with world.ports.session(actor) as session, transaction(session):
        for number in range(10):
            audit.record(session, actor, "demo.told", now=people.MADE_AT, number=number)
    return actor


@pytest.fixture
def tamper(database):
    """Runs statements as a superuser who has switched the guards off."""
    engine = create_engine(database.superuser_url)

    def run(statement: str, bank: int) -> None:
        with engine.begin() as connection:
            connection.execute(text("set local session_replication_role = replica"))
            assert connection.exec_driver_sql(statement.format(mine=f"organisation_id = {bank}")).rowcount > 0

    yield run
    engine.dispose()


def walk(ports: Ports, day: date) -> None:
    """What the calendar asks for on a day, done."""
    at = people.MADE_AT.replace(year=day.year, month=day.month, day=day.day)
    timed = replace(ports, now=lambda: at)
    for run in schedules.due_runs(timed, at):
        if run.kind == "verify_chains":
            assert schedules.begin(timed, run, at)
    tasks.perform_due(timed)


def found(world, actor) -> ChainCheck:
    with world.ports.session(actor) as session:
        own = select(ChainCheck).where(ChainCheck.organisation_id == actor.tenant)
        return session.scalars(own.order_by(ChainCheck.id.desc())).first()


def told(world, actor) -> list[str]:
    with world.ports.session(actor) as session:
        return list(session.scalars(select(Notice.kind).where(Notice.kind.like("audit.%"))))


MONDAY = date(2026, 2, 2)


def test_a_day_s_walk_goes_on_from_the_last_one_and_sunday_s_from_the_first_entry(ports, world, bank):
    for at in range(7):
        walk(ports, MONDAY + timedelta(days=at))
        if at == 1:
            check = found(world, bank)
            assert (check.is_whole, check.from_seq, check.anchored_on) == (False, check.to_seq, MONDAY)
    check = found(world, bank)

    assert (check.is_whole, check.from_seq, check.broken) == (True, 0, [])
    assert told(world, bank) == []


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("update audit_events set body = replace(body, '\"number\":3', '\"number\":9') where {mine}", "edited"),
        ("delete from audit_events where {mine} and strpos(body, '\"number\":3') > 0", "missing"),
    ],
    ids=["edited", "removed"],
)
def test_what_was_touched_is_found_told_and_shown(ports, world, bank, tamper, sign_in, statement, reason):
    walk(ports, MONDAY)
    tamper(statement, bank.tenant)
    walk(ports, MONDAY + timedelta(days=6))

    assert reason in {why for _seq, why in found(world, bank).broken}
    assert told(world, bank) == ["audit.chain_broken"]
    assert told(world, world.operator) == ["audit.chain_of_house_broken"]
    for role in (Role.COMPLIANCE, Role.OPERATOR):
        assert "Broken" in sign_in(role, language="en").get("/audit/chains").text
    assert "Broken" not in sign_in(Role.MANAGER, language="en").get("/audit/chains").text


CUT = (
    "delete from audit_events where {mine} and seq > 5",
    "update audit_heads set seq = 5, hash = (select hash from audit_events where {mine} and seq = 5) where {mine}",
)


def test_a_cut_tail_is_seen_against_the_anchor_and_against_nothing_else(ports, world, bank, tamper):
    walk(ports, MONDAY)
    for statement in CUT:
        tamper(statement, bank.tenant)

    with world.ports.session(bank) as session:
        assert list(audit.verify_chain(session, bank.tenant)) == []
    walk(ports, MONDAY + timedelta(days=1))
    assert [why for _seq, why in found(world, bank).broken] == ["cut"]


def test_history_written_anew_is_seen_against_the_anchor(ports, world, bank, tamper):
    walk(ports, MONDAY)
    for statement in CUT:
        tamper(statement, bank.tenant)
    with world.ports.session(bank) as session, transaction(session):
        for number in range(20):
            audit.record(session, bank, "demo.told", now=people.MADE_AT, number=-number)
    walk(ports, MONDAY + timedelta(days=6))

    assert "rewritten" in {why for _seq, why in found(world, bank).broken}


def test_a_day_is_anchored_once_in_both_places_and_each_day_names_the_former(ports, bank):
    for at in range(3):
        walk(ports, MONDAY + timedelta(days=at))
    first, second = anchors.newest(ports, before=MONDAY + timedelta(days=1)), anchors.newest(ports)

    assert (first.day, first.former) == (MONDAY, None)
    assert second.day == MONDAY + timedelta(days=2)
    assert second.former == anchors.newest(ports, before=second.day).digest
    assert bank.tenant in second.heads
    assert anchors.keep(ports, [], MONDAY) is False
    assert anchors.faults(ports) == []


def test_an_anchor_that_was_written_anew_or_taken_away_is_seen(ports, bank):
    for at in range(3):
        walk(ports, MONDAY + timedelta(days=at))
    folder = ports.settings.anchor_folder
    changed = folder / f"anchors-{MONDAY + timedelta(days=1)}.json"
    changed.write_bytes(changed.read_bytes().replace(b'"heads":[[', b'"heads":[[9,1,"00"],['))
    (folder / f"anchors-{MONDAY}.json").unlink()

    assert anchors.faults(ports) == [
        (MONDAY, "missing"),
        (MONDAY + timedelta(days=1), "copies_differ"),
        (MONDAY + timedelta(days=2), "unlinked"),
    ]


@pytest.mark.parametrize("role", [Role.ANALYST, Role.FINANCE, Role.AGENT, Role.INVESTIGATOR])
def test_who_may_not_see_the_trail_does_not_see_whether_it_holds(sign_in, role):
    assert sign_in(role).get("/audit/chains").status_code == 403
