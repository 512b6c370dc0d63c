"""The commands of data protection: a stolen user's people per creditor, and tombstones kept elsewhere."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import create_engine, select, text

from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role
from assignments.cases.models import Case, Debtor
from assignments.reads import service as reads
from assignments.reads.models import CaseRead, Purpose, ReadKind
from assignments.subjects import erasing
from assignments.subjects.models import RequestKind
from tests import loop
from tests.subjects import ask, do, identified, matched


@pytest.fixture
def owed(world):
    """A case with the agency, and a paid one with nobody."""
    creditor, manager = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    loop.place_with(world.ports, creditor, manager, [loop.NewCase("A-1", 100_000, name="Rosa Uno")])
    loop.add_cases(world.ports, creditor, [loop.NewCase("P-1", 0, name="Pía Pagada")])
    return creditor


def test_a_stolen_user_s_people_are_written_per_creditor(app, world, owed, tmp_path):
    agent = world.person(Role.AGENT)
    with world.ports.session(owed) as session:
        case_id = session.scalars(select(Case.id).where(Case.account_ref == "A-1")).one()
    with world.ports.session(agent.actor) as session, transaction(session):
        reads.note(session, agent.actor, ReadKind.PAGE, [(owed.tenant, case_id)], now=world.ports.now())
    command = ["breach-export", "--user", agent.email, "--from", "2026-01-01", "--folder", str(tmp_path)]
    answer = app.test_cli_runner().invoke(args=command)
    assert answer.exit_code == 0, answer.output
    [line] = map(json.loads, answer.output.splitlines())
    assert (line["creditor_id"], line["subjects"], line["kinds"]) == (owed.tenant, 1, ["page"])
    assert "Rosa Uno" in (tmp_path / line["file"]).read_text()
    assert "Rosa" not in answer.output
    assert [one.name for one in tmp_path.glob("*.csv")] == [line["file"]]
    with world.ports.session(owed) as session:
        [row] = session.scalars(select(CaseRead).where(CaseRead.kind == ReadKind.FULL_EXPORT)).all()
    assert (row.case_ids, row.purpose, row.user_id) == ([case_id], Purpose.LEGAL, None)


def test_nobody_of_that_address_is_said_so(app, world, tmp_path):
    command = ["breach-export", "--user", "nadie@x.example", "--from", "2026-01-01", "--folder", str(tmp_path)]
    assert app.test_cli_runner().invoke(args=command).exit_code == 1


def test_tombstones_kept_elsewhere_erase_again_after_a_restore(app, world, owed, database, tmp_path):
    request = identified(
        world.ports, owed, matched(world.ports, owed, ask(world.ports, owed, RequestKind.ERASURE), "P-1")
    )
    with world.ports.session(owed) as session:
        before = session.scalars(select(Debtor.identity).where(Debtor.name == "Pía Pagada")).one()
    do(world.ports, owed, erasing.erase, request.id)
    kept = tmp_path / "erasures.jsonl"
    kept.write_text(app.test_cli_runner().invoke(args=["erasures"]).output)
    assert "Pía" not in kept.read_text()
    engine = create_engine(database.superuser_url)
    with engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("delete from erasures"))
        connection.execute(
            text("update debtors set identity = :before, name = 'Pía Pagada' where identity like 'erased:%'::bytea"),
            {"before": before},
        )
    engine.dispose()
    for expected in ("erased=1 held=0", "erased=0 held=0"):
        answer = app.test_cli_runner().invoke(args=["reapply-erasures", str(kept)])
        assert answer.exit_code == 0, answer.output
        assert expected in answer.output
