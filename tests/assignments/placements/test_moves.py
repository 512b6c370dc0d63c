"""A placement's moves: one table in the code and in the database, each one written down, and what makes them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import create_engine, select, text, update
from sqlalchemy.exc import DBAPIError

from agencies.kernel.session import transaction
from assignments.cases.models import Case
from assignments.placements import recalls, returns
from assignments.placements.history import PlacementMove, moves_of_case
from assignments.placements.lifecycle import AGENCY_MOVES, MOVES, OVER
from assignments.placements.models import ObjectionReason, Placement, PlacementState, RecallReason
from assignments.reports.recording import record
from assignments.sla import service as sla
from tests import loop
from tests.recalling import CASES, LATER, NOW, case_ids, do, recall, settle, states

S = PlacementState
WORKED_AT = datetime(2026, 2, 3, 15, tzinfo=UTC)


@pytest.fixture
def placed(ports, tenants):
    """Three cases of two debtors."""
    return settle(ports, tenants)


def told(ports, actor, account: str) -> list[tuple[str, str, str]]:
    """The moves of a case's placements that somebody may read: from, to, why."""
    with ports.session(actor) as session:
        case_id = session.scalars(select(Placement.case_id).where(Placement.account_ref == account).limit(1)).one()
        return [(one.from_state, one.to_state, one.why) for one in moves_of_case(session, actor, case_id)]


@pytest.mark.parametrize("side", ["creditor", "agency"])
def test_the_database_refuses_what_the_table_of_moves_does_not_have(ports, placed, database, side):
    actor, allowed = getattr(placed, side), MOVES if side == "creditor" else AGENCY_MOVES
    engine = create_engine(database.superuser_url)
    stands, moved = text("update placements set state = :state"), set()
    for former, latter in product(PlacementState, PlacementState):
        with engine.begin() as connection:
            connection.execute(text("set local session_replication_role = replica"))
            connection.execute(stands, {"state": former})
        with ports.session(actor) as session, suppress(DBAPIError):
            session.execute(stands, {"state": latter})
            moved.add((former, latter))
    engine.dispose()
    assert moved == {(one, to) for one in allowed for to in allowed[one]} | {(one, one) for one in PlacementState}
    assert {S.ENDED, S.REJECTED} == OVER


def test_every_move_is_written_down_with_who_and_why_even_if_nobody_says_so(ports, placed):
    with ports.session(placed.creditor) as session, transaction(session):
        session.execute(update(Placement).values(state=S.RECALL_PENDING))
    with ports.session(placed.creditor) as session:
        moves = session.scalars(select(PlacementMove).where(PlacementMove.to_state == S.RECALL_PENDING)).all()
        assert len(moves) == 3
        assert {one.organisation_id for one in moves} == {placed.creditor.tenant}
        assert {one.why for one in moves} == {None}


def test_the_history_names_the_act_and_its_instant(ports, placed):
    recall(ports, placed.creditor, "ONE", on=LATER)
    with ports.session(placed.creditor) as session:
        [first, second] = moves_of_case(session, placed.creditor, case_ids(ports, placed.creditor, "ONE")[0])
    assert (first.from_state, first.to_state, first.why) == (S.SENT, S.ACKNOWLEDGED, "consignment.acknowledged")
    assert (first.moved_at, first.organisation_id) == (loop.PLACED_AT, placed.agency.tenant)
    # One's own people have names.
    assert first.person is None
    assert second.person is not None
    assert (second.to_state, second.why, second.moved_at) == (S.RECALL_PENDING, "recall.requested", NOW)


def test_nobody_writes_or_changes_the_history(ports, placed):
    for statement in (
        "update placement_moves set why = 'x'",
        "delete from placement_moves",
        """insert into placement_moves (creditor_id, agency_id, placement_id, from_state, to_state, moved_at)
        select creditor_id, agency_id, id, 'sent', 'ended', now() from placements""",
    ):
        for actor in (placed.creditor, placed.agency):
            with ports.session(actor) as session, pytest.raises(DBAPIError, match="permission denied"):
                session.execute(text(statement))


def test_the_next_agency_sees_nothing_of_the_moves_before_it(ports, placed):
    recall(ports, placed.creditor, "ONE", "TWO", "THREE")
    mandate = loop.add_mandate(ports, placed.creditor, placed.other_agency)
    loop.place(ports, placed.creditor, loop.draft(ports, placed.creditor, [mandate], now=NOW), now=NOW)
    loop.acknowledge_all(ports, placed.other_agency, now=NOW)
    assert len(told(ports, placed.creditor, "ONE")) == 4
    assert told(ports, placed.other_agency, "ONE") == [(S.SENT, S.ACKNOWLEDGED, "consignment.acknowledged")]
    with ports.session(placed.other_creditor) as session:
        assert session.scalars(select(PlacementMove)).all() == []


def test_the_first_thing_reported_makes_a_case_active_and_only_that_case(ports, placed):
    loop.report_activities(ports, placed.agency, placed.creditor, [loop.worked("ONE")])
    loop.report_payments(ports, placed.agency, placed.creditor, [loop.paid("TWO", 100)])
    assert states(ports, placed.creditor) == {"ONE": S.ACTIVE, "TWO": S.ACTIVE, "THREE": S.ACKNOWLEDGED}
    assert told(ports, placed.agency, "TWO")[-1] == (S.ACKNOWLEDGED, S.ACTIVE, "payments.reported")
    again = len(told(ports, placed.agency, "ONE"))
    loop.report_activities(ports, placed.agency, placed.creditor, [loop.worked("ONE", at=WORKED_AT)])
    assert len(told(ports, placed.agency, "ONE")) == again


def test_what_is_recorded_on_a_page_makes_a_case_active_too(ports, placed):
    [case_id] = case_ids(ports, placed.creditor, "THREE")
    do(
        ports,
        placed.agency,
        record,
        case_id,
        key="00000000-0000-0000-0000-000000000001",
        happened_at=WORKED_AT,
        channel="call",
        result="no_answer",
    )
    assert told(ports, placed.agency, "THREE")[-1] == (S.ACKNOWLEDGED, S.ACTIVE, "activity.recorded")


def test_an_objection_stands_on_its_cases_until_it_is_decided(ports, placed):
    [made] = recall(ports, placed.creditor, "ONE", on=LATER)
    do(ports, placed.agency, recalls.object_to, made.id, reason=ObjectionReason.PROMISE)
    assert states(ports, placed.creditor)["ONE"] is S.RECALL_OBJECTED
    do(ports, placed.creditor, recalls.decide, made.id)
    assert states(ports, placed.creditor)["ONE"] is S.RECALL_PENDING


def test_an_objected_case_stays_in_its_recall_unless_another_takes_effect_at_once(ports, placed):
    [made] = recall(ports, placed.creditor, "ONE", on=LATER)
    do(ports, placed.agency, recalls.object_to, made.id, reason=ObjectionReason.PROMISE)
    with pytest.raises(recalls.NothingToRecall):
        recall(ports, placed.creditor, "ONE", on=LATER + timedelta(days=1))
    recall(ports, placed.creditor, "ONE", reason=RecallReason.COMPLIANCE)
    assert [to for _, to, _ in told(ports, placed.creditor, "ONE")][-2:] == [S.RECALL_PENDING, S.ENDED]


@pytest.mark.parametrize("is_worked", [False, True])
def test_a_recall_that_is_withdrawn_leaves_a_case_where_it_would_stand_without_it(ports, placed, is_worked):
    [made] = recall(ports, placed.creditor, "ONE", on=LATER)
    if is_worked:
        loop.report_activities(ports, placed.agency, placed.creditor, [loop.worked("ONE")])
        assert states(ports, placed.creditor)["ONE"] is S.RECALL_PENDING
    do(ports, placed.creditor, recalls.withdraw, made.id)
    assert states(ports, placed.creditor)["ONE"] is (S.ACTIVE if is_worked else S.ACKNOWLEDGED)


def test_what_its_creditor_held_is_on_hold_once_it_is_taken_on_and_goes_on_when_it_is_released(ports, tenants):
    loop.place_with(ports, tenants.creditor, tenants.agency, CASES)
    with ports.session(tenants.creditor) as session, transaction(session):
        session.execute(update(Case).where(Case.account_ref == "ONE").values(held_since=NOW))
    loop.acknowledge_all(ports, tenants.agency)
    assert states(ports, tenants.creditor) == {"ONE": S.ON_HOLD, "TWO": S.ACKNOWLEDGED, "THREE": S.ACKNOWLEDGED}
    do(ports, tenants.creditor, returns.release, *case_ids(ports, tenants.creditor, "ONE"))
    assert states(ports, tenants.creditor)["ONE"] is S.ACKNOWLEDGED
    assert [to for _, to, _ in told(ports, tenants.agency, "ONE")] == [S.ACKNOWLEDGED, S.ON_HOLD, S.ACKNOWLEDGED]


def test_taking_a_consignment_on_twice_writes_one_history(ports, tenants):
    loop.place_with(ports, tenants.creditor, tenants.agency, CASES)
    [first] = loop.acknowledge_all(ports, tenants.agency)
    with ports.session(tenants.agency) as session, transaction(session):
        sla.acknowledge(session, tenants.agency, first.id, now=NOW)
    assert len(told(ports, tenants.agency, "ONE")) == 1
