"""Recalls: who may take what back, when access ends, what an answer does, and what stays as it was."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from agencies.kernel.session import transaction
from assignments.cases.models import Case, CaseState
from assignments.cases.queries import Selection
from assignments.manifests.handing import ConsignmentOver, manifest
from assignments.placements import recalls
from assignments.placements.models import (
    Consignment,
    ObjectionReason,
    Placement,
    PlacementState,
    RecallAnswer,
    RecallReason,
    RecallState,
)
from assignments.placements.recall_queries import get_recall, last_day_of_tail, list_recalls
from assignments.placements.recall_rules import (
    AlreadyAnswered,
    NoObjection,
    NothingToRecall,
    ProposalTooEarly,
    RecallDateOutOfRange,
    RecallMoved,
    RecallOver,
    RecallTakesEffectAtOnce,
)
from assignments.placements.recall_scope import Scope, preview
from tests.loop import NewCase, holders, place_with
from tests.recalling import CASES, LATER, NOW, TODAY, do, recall, seen_by, settle, states
from tests.sealing import identity_of


@pytest.fixture
def placed(ports, tenants):
    """Three cases of two debtors."""
    return settle(ports, tenants)


def test_a_recall_for_today_ends_the_agencys_access_at_once(ports, placed):
    [made] = recall(ports, placed.creditor, "ONE", "TWO", "THREE")
    assert seen_by(ports, placed.agency) == {"cases": [], "debtors": [], "points": [], "listed": []}
    assert set(holders(ports, placed.creditor).values()) == {None}
    with ports.session(placed.creditor) as session:
        row = get_recall(session, placed.creditor, made.id).recall
        assert (row.state, row.ended_at, row.cases) == (RecallState.ENDED, NOW, 3)
        assert {one.state for one in session.scalars(select(Case))} == {CaseState.OPEN}
        assert set(session.scalars(select(Placement.end_code))) == {"recalled"}
        assert set(session.scalars(select(Placement.tail_until))) == {TODAY + timedelta(days=30)}
        assert last_day_of_tail(session, placed.creditor, made.id) == TODAY + timedelta(days=30)


def test_nothing_of_a_recalled_case_is_in_the_agencys_file(ports, placed):
    with ports.session(placed.agency) as session:
        consignment_id = session.scalars(select(Consignment.id)).one()
    recall(ports, placed.creditor, "THREE")
    with ports.session(placed.agency) as session, transaction(session):
        data = b"".join(manifest(session, placed.agency, consignment_id, ports.references, now=NOW))
    assert b"ONE" in data
    assert b"THREE" not in data
    assert b"3000000003" not in data
    recall(ports, placed.creditor, "ONE", "TWO")
    with ports.session(placed.agency) as session, pytest.raises(ConsignmentOver):
        manifest(session, placed.agency, consignment_id, ports.references, now=NOW)


def test_a_debtor_stays_visible_while_one_of_its_cases_stays(ports, placed):
    recall(ports, placed.creditor, "ONE")
    assert seen_by(ports, placed.agency) == {
        "cases": ["THREE", "TWO"],
        "debtors": sorted(
            identity_of(ports.keyring, placed.creditor.tenant, one) for one in ("account:THREE", "ref:D1")
        ),
        "points": ["3000000001", "3000000003"],
        "listed": ["THREE", "TWO"],
    }
    recall(ports, placed.creditor, "TWO")
    assert seen_by(ports, placed.agency)["points"] == ["3000000003"]


def test_a_recall_for_later_lets_the_agency_work_until_that_day(ports, placed):
    [made] = recall(ports, placed.creditor, "ONE", on=LATER)
    assert states(ports, placed.creditor)["ONE"] is PlacementState.RECALL_PENDING
    assert "ONE" in seen_by(ports, placed.agency)["cases"]
    # Nine in the evening of the day before, in Bogotá; it is the day itself in UTC.
    eve = datetime(2026, 2, 20, 2, tzinfo=UTC)
    assert do(ports, placed.creditor, recalls.execute_due, now=eve) == 0
    assert do(ports, placed.creditor, recalls.execute_due, now=eve + timedelta(hours=3)) == 1
    assert "ONE" not in seen_by(ports, placed.agency)["cases"]
    assert do(ports, placed.creditor, recalls.execute_due, now=eve + timedelta(hours=4)) == 0
    with ports.session(placed.creditor) as session:
        assert session.scalars(select(Placement.tail_until).where(Placement.recall_id == made.id)).one() == date(
            2026, 3, 22
        )


def test_accepting_ends_the_access_before_the_date_and_twice_is_once(ports, placed):
    [made] = recall(ports, placed.creditor, "ONE", on=LATER)
    first = do(ports, placed.agency, recalls.accept, made.id)
    again = do(ports, placed.agency, recalls.accept, made.id, now=NOW + timedelta(hours=1))
    assert (first.state, first.answer, again.answered_at) == (RecallState.ENDED, RecallAnswer.ACCEPTED, NOW)
    assert "ONE" not in seen_by(ports, placed.agency)["cases"]


def test_a_recall_at_once_still_asks_for_the_word_that_work_has_stopped(ports, placed):
    [made] = recall(ports, placed.creditor, "ONE", reason=RecallReason.COMPLIANCE)
    answered = do(ports, placed.agency, recalls.accept, made.id)
    assert (answered.state, answered.answer, answered.answered_at) == (RecallState.ENDED, RecallAnswer.ACCEPTED, NOW)


def test_an_objection_waits_for_the_creditor_and_not_for_ever(ports, placed):
    [made] = recall(ports, placed.creditor, "ONE", on=LATER)
    objection = {"reason": ObjectionReason.PAYMENT_PLAN, "proposed_on": LATER + timedelta(days=30)}
    for _ in range(2):
        objected = do(ports, placed.agency, recalls.object_to, made.id, **objection)
    assert (objected.state, objected.answered_at) == (RecallState.OBJECTED, NOW)
    due = datetime(2026, 2, 20, 12, tzinfo=UTC)
    assert do(ports, placed.creditor, recalls.execute_due, now=due) == 1
    assert states(ports, placed.creditor)["ONE"] is PlacementState.ENDED


def test_the_creditor_moves_the_date_or_keeps_it_and_nobody_objects_twice(ports, placed):
    [made] = recall(ports, placed.creditor, "ONE", on=LATER)
    do(ports, placed.agency, recalls.object_to, made.id, reason=ObjectionReason.PROMISE)
    moved = do(ports, placed.creditor, recalls.decide, made.id, effective_on=LATER + timedelta(days=5))
    assert (moved.state, moved.effective_on) == (RecallState.PENDING, LATER + timedelta(days=5))
    with pytest.raises(AlreadyAnswered):
        do(ports, placed.agency, recalls.object_to, made.id, reason=ObjectionReason.OTHER)
    with pytest.raises(RecallOver):
        do(ports, placed.creditor, recalls.decide, made.id)
    assert do(ports, placed.agency, recalls.accept, made.id).state is RecallState.ENDED


def test_a_date_moved_to_today_ends_the_access_at_once(ports, placed):
    [made] = recall(ports, placed.creditor, "ONE", on=LATER)
    do(ports, placed.agency, recalls.object_to, made.id, reason=ObjectionReason.OTHER, note="acuerdo firmado")
    assert do(ports, placed.creditor, recalls.decide, made.id, effective_on=TODAY).state is RecallState.ENDED


@pytest.mark.parametrize("reason", [RecallReason.COMPLAINT, RecallReason.DATA_PROTECTION, RecallReason.COMPLIANCE])
def test_some_reasons_bear_neither_waiting_nor_objection(ports, placed, reason):
    with pytest.raises(RecallTakesEffectAtOnce):
        recall(ports, placed.creditor, "ONE", on=LATER, reason=reason)
    [made] = recall(ports, placed.creditor, "ONE", reason=reason)
    with pytest.raises((NoObjection, RecallOver)):
        do(ports, placed.agency, recalls.object_to, made.id, reason=ObjectionReason.OTHER)


@pytest.mark.parametrize("proposed_on", [TODAY, LATER, LATER + timedelta(days=400)])
def test_an_objection_proposes_a_later_date_within_a_year(ports, placed, proposed_on):
    [made] = recall(ports, placed.creditor, "ONE", on=LATER)
    with pytest.raises(ProposalTooEarly):
        do(ports, placed.agency, recalls.object_to, made.id, reason=ObjectionReason.OTHER, proposed_on=proposed_on)


def test_a_recall_takes_effect_within_a_year(ports, placed):
    with pytest.raises(RecallDateOutOfRange):
        recall(ports, placed.creditor, "ONE", on=TODAY + timedelta(days=366))


def test_a_past_date_is_today(ports, placed):
    [made] = recall(ports, placed.creditor, "ONE", on=date(2020, 1, 1))
    assert (made.state, made.effective_on) == (RecallState.ENDED, TODAY)


def test_a_withdrawn_recall_leaves_everything_as_it_was(ports, placed):
    [made] = recall(ports, placed.creditor, "ONE", on=LATER)
    assert do(ports, placed.creditor, recalls.withdraw, made.id).state is RecallState.WITHDRAWN
    assert set(states(ports, placed.creditor).values()) == {PlacementState.ACKNOWLEDGED}
    assert do(ports, placed.creditor, recalls.execute_due, now=NOW + timedelta(days=60)) == 0
    with pytest.raises(RecallOver):
        do(ports, placed.agency, recalls.accept, made.id)
    with pytest.raises(RecallOver):
        do(ports, placed.creditor, recalls.withdraw, made.id)


def test_a_withdrawn_recall_of_what_was_not_acknowledged_leaves_it_to_acknowledge(ports, tenants):
    place_with(ports, tenants.creditor, tenants.agency, CASES)
    [made] = recall(ports, tenants.creditor, "ONE", on=LATER)
    do(ports, tenants.creditor, recalls.withdraw, made.id)
    assert states(ports, tenants.creditor)["ONE"] is PlacementState.SENT


def test_a_case_waits_in_one_recall_only(ports, placed):
    [first] = recall(ports, placed.creditor, "ONE", on=LATER)
    scope = Scope(selection=Selection())
    with ports.session(placed.creditor) as session:
        shown = preview(session, placed.creditor, scope, effective_on=LATER, now=NOW)
    assert (shown.cases, shown.pending) == (2, 1)
    [second] = recall(ports, placed.creditor, "ONE", "TWO", on=LATER)
    assert (first.cases, second.cases) == (1, 1)
    with pytest.raises(NothingToRecall):
        recall(ports, placed.creditor, "ONE", "TWO", on=LATER)


def test_a_recall_at_once_takes_over_from_one_that_waits(ports, placed):
    [first] = recall(ports, placed.creditor, "ONE", "TWO", on=LATER)
    [second] = recall(ports, placed.creditor, "ONE", reason=RecallReason.DATA_PROTECTION)
    with ports.session(placed.creditor) as session:
        by_id = {row.recall.id: row.recall.state for row in list_recalls(session, placed.creditor).rows}
    assert by_id == {first.id: RecallState.PENDING, second.id: RecallState.ENDED}
    recall(ports, placed.creditor, "TWO")
    with ports.session(placed.creditor) as session:
        assert get_recall(session, placed.creditor, first.id).recall.state is RecallState.ENDED


def test_what_is_recalled_is_what_was_shown(ports, placed):
    scope = Scope(selection=Selection())
    with ports.session(placed.creditor) as session:
        shown = preview(session, placed.creditor, scope, effective_on=TODAY, now=NOW)
    assert [(one.agency_id, one.cases, one.balance_minor) for one in shown.parts] == [(placed.agency.tenant, 3, 6_000)]
    recall(ports, placed.creditor, "THREE")
    with pytest.raises(RecallMoved):
        do(
            ports,
            placed.creditor,
            recalls.request,
            scope,
            reason=RecallReason.STRATEGY,
            effective_on=TODAY,
            expected=shown.digest,
        )


def test_each_agency_has_a_recall_of_its_own(ports, placed):
    place_with(ports, placed.creditor, placed.other_agency, [NewCase("FOUR", 4_000)])
    with ports.session(placed.creditor) as session, transaction(session):
        made = recalls.request(
            session,
            placed.creditor,
            Scope(selection=Selection()),
            reason=RecallReason.STRATEGY,
            effective_on=LATER,
            now=NOW,
        )
    assert {(one.agency_id, one.cases) for one in made} == {(placed.agency.tenant, 3), (placed.other_agency.tenant, 1)}
    with ports.session(placed.agency) as session:
        assert [row.recall.cases for row in list_recalls(session, placed.agency).rows] == [3]


def test_a_recalled_case_can_be_placed_again(ports, placed):
    recall(ports, placed.creditor, "THREE")
    place_with(ports, placed.creditor, placed.other_agency, [NewCase("FOUR", 4_000)], now=NOW)
    assert holders(ports, placed.creditor)["THREE"] == placed.other_agency.tenant
    assert seen_by(ports, placed.other_agency)["points"] == ["3000000003"]
