"""Recalls: whose they are, what closing asks for, and two people at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from agencies.attestations.gates import GateClosed
from agencies.kernel.audit import AuditEvent
from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.notices import list_notices
from agencies.kernel.session import transaction
from agencies.organisations.permissions import PERMISSIONS, Role
from assignments.cases.models import Case, CaseState, ReturnCode
from assignments.placements import recalls, returns
from assignments.placements.models import (
    ObjectionReason,
    Placement,
    PlacementState,
    RecallReason,
    RecallState,
)
from assignments.placements.recall_queries import get_recall, list_recalls
from assignments.placements.recall_rules import (
    NothingToRecall,
    RecallOver,
)
from assignments.placements.recall_scope import Scope
from assignments.placements.returns import CaseNotHeld
from tests.attested import attest_one
from tests.recalling import LATER, NOW, TODAY, case_ids, do, recall, seen_by, settle, states


@pytest.fixture
def placed(ports, tenants):
    """Three cases of two debtors."""
    return settle(ports, tenants)


def test_closing_waits_for_the_word_on_the_data(ports, placed):
    [made] = recall(ports, placed.creditor, "ONE")
    with pytest.raises(GateClosed) as refusal:
        do(ports, placed.creditor, recalls.close, made.id)
    assert [one.code for one in refusal.value.obstacles[placed.agency.tenant]] == ["AT-08"]
    attest_one(ports, placed.creditor, placed.agency, "AT-08", now=NOW, recall_id=made.id)
    assert do(ports, placed.creditor, recalls.close, made.id).state is RecallState.CLOSED
    assert do(ports, placed.creditor, recalls.close, made.id, now=NOW + timedelta(days=1)).closed_at == NOW


def test_the_word_on_one_recall_closes_no_other(ports, placed):
    [first] = recall(ports, placed.creditor, "ONE")
    [second] = recall(ports, placed.creditor, "TWO")
    attest_one(ports, placed.creditor, placed.agency, "AT-08", now=NOW, recall_id=first.id)
    with pytest.raises(GateClosed):
        do(ports, placed.creditor, recalls.close, second.id)


def test_a_recall_that_waits_cannot_be_closed(ports, placed):
    [made] = recall(ports, placed.creditor, "ONE", on=LATER)
    with pytest.raises(RecallOver):
        do(ports, placed.creditor, recalls.close, made.id)


@pytest.mark.parametrize("role", [role for role in Role if "recall.make" not in PERMISSIONS[role]])
def test_who_may_not_recall(ports, placed, role):
    person = replace(placed.creditor, role=role.value, permissions=PERMISSIONS[role])
    with pytest.raises(Forbidden):
        do(ports, person, recalls.request, Scope(), reason=RecallReason.STRATEGY, effective_on=TODAY)


def test_neither_side_reaches_anothers_recall(ports, placed):
    [made] = recall(ports, placed.creditor, "ONE", on=LATER)
    for actor, verb in [
        (placed.other_agency, recalls.accept),
        (placed.other_creditor, recalls.withdraw),
        (placed.other_creditor, recalls.decide),
        (placed.other_creditor, recalls.close),
    ]:
        with pytest.raises(NotFound):
            do(ports, actor, verb, made.id)
    with ports.session(placed.other_agency) as session:
        assert list(list_recalls(session, placed.other_agency).rows) == []
        with pytest.raises(NotFound):
            get_recall(session, placed.other_agency, made.id)
    with pytest.raises(NothingToRecall):
        do(
            ports,
            placed.other_creditor,
            recalls.request,
            Scope(case_ids=case_ids(ports, placed.creditor, "ONE")),
            reason=RecallReason.STRATEGY,
            effective_on=TODAY,
        )


def test_no_side_ends_anothers_placements_even_by_hand(ports, placed):
    with ports.session(placed.agency) as session:
        ending = list(session.scalars(select(Placement.id)))
    call = text(
        "select end_placements(:creditor, :agency, cast(:ending as bigint[]), 'x', 'open', null, now(), current_date, "
        "'ended', false)"
    )
    keys = {"creditor": placed.creditor.tenant, "agency": placed.agency.tenant, "ending": ending}
    for actor in (placed.other_agency, placed.other_creditor):
        with ports.session(actor) as session, pytest.raises(DBAPIError, match="own placements"):
            session.execute(call, keys)
    with ports.session(placed.other_agency) as session, transaction(session):
        mine = session.execute(call, {**keys, "agency": placed.other_agency.tenant}).scalar_one()
    assert mine == 0
    assert set(states(ports, placed.creditor).values()) == {PlacementState.ACKNOWLEDGED}


@pytest.mark.parametrize(
    ("side", "change"),
    [
        ("agency", "state = 'ended'"),
        ("agency", "state = 'withdrawn'"),
        ("agency", "answer = null, objection_note = 'x'"),
        ("agency", "answer = 'objected'"),
        ("agency", "effective_on = '2199-01-01'"),
        ("creditor", "state = 'ended'"),
        ("creditor", "answer = 'accepted'"),
        ("creditor", "state = 'withdrawn', answer = 'accepted'"),
        ("creditor", "effective_on = '2199-01-01'"),
    ],
)
@pytest.mark.parametrize("is_over", [False, True], ids=["waiting", "ended"])
def test_the_database_holds_each_side_to_its_moves(ports, placed, side, change, is_over):
    [made] = recall(ports, placed.creditor, "ONE", on=TODAY if is_over else LATER)
    if is_over:
        do(ports, placed.agency, recalls.accept, made.id)
    actor = getattr(placed, side)

    with ports.session(actor) as session, transaction(session), pytest.raises(DBAPIError) as refusal:
        session.execute(text(f"update recalls set {change} where id = :id"), {"id": made.id})

    assert refusal.value.orig.sqlstate == "42501"


def test_what_waits_is_not_closed_even_by_hand(ports, placed):
    [made] = recall(ports, placed.creditor, "ONE", on=LATER)
    with ports.session(placed.creditor) as session, transaction(session), pytest.raises(DBAPIError, match="asked"):
        session.execute(text("update recalls set state = 'closed' where id = :id"), {"id": made.id})


def test_a_recall_begins_unanswered_even_by_hand(ports, placed):
    recall(ports, placed.creditor, "ONE", on=LATER)
    copied = "creditor_id, agency_id, mandate_version_id, reason, cases, effective_on, requested_at"
    for state, answer in (("ended", None), ("pending", "accepted"), ("closed", None)):
        with ports.session(placed.creditor) as session, transaction(session), pytest.raises(DBAPIError, match="asked"):
            session.execute(
                text(f"insert into recalls ({copied}, state, answer) select {copied}, :state, :answer from recalls"),
                {"state": state, "answer": answer},
            )


def test_both_sides_have_it_in_their_trail_and_the_other_side_is_told(ports, placed):
    [made] = recall(ports, placed.creditor, "ONE", on=LATER)
    do(ports, placed.agency, recalls.object_to, made.id, reason=ObjectionReason.PROMISE)
    do(ports, placed.creditor, recalls.decide, made.id)
    do(ports, placed.agency, recalls.accept, made.id)
    expected = ["recall.requested", "recall.objected", "recall.decided", "recall.accepted"]
    for actor, told in ((placed.agency, expected[::2]), (placed.creditor, expected[1::2])):
        with ports.session(actor) as session:
            trail = session.scalars(select(AuditEvent.action).order_by(AuditEvent.seq)).all()
            notices = [one.kind for one in list_notices(session, actor).rows if one.kind.startswith("recall.")]
        assert [one for one in trail if one.startswith("recall.")] == expected
        assert notices[::-1] == told


def test_two_recalls_at_once_of_one_debtors_cases_leave_nothing_behind(ports, placed):
    accounts = ("ONE", "TWO")
    ids = {account: case_ids(ports, placed.creditor, account) for account in accounts}
    start = Barrier(2)

    def take(account: str) -> None:
        with ports.session(placed.creditor) as session, transaction(session):
            start.wait(timeout=30)
            scope = Scope(case_ids=ids[account])
            reason = RecallReason.STRATEGY
            recalls.request(session, placed.creditor, scope, reason=reason, effective_on=TODAY, now=NOW)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(take, accounts))
    assert seen_by(ports, placed.agency)["points"] == ["3000000003"]


def test_a_recall_and_a_return_of_one_case_at_once_end_it_once(ports, placed):
    [number] = case_ids(ports, placed.creditor, "THREE")
    start = Barrier(2)

    def take() -> str:
        with ports.session(placed.creditor) as session, transaction(session):
            start.wait(timeout=30)
            scope = Scope(case_ids=(number,))
            reason = RecallReason.STRATEGY
            try:
                recalls.request(session, placed.creditor, scope, reason=reason, effective_on=TODAY, now=NOW)
            except NothingToRecall:
                return "late"
            return "recalled"

    def give() -> str:
        with ports.session(placed.agency) as session, transaction(session):
            start.wait(timeout=30)
            try:
                code = ReturnCode.DISPUTED
                returns.give_back(session, placed.agency, case_ids=[number], code=code, now=NOW)
            except CaseNotHeld:
                return "late"
            return "disputed"

    with ThreadPoolExecutor(2) as pool:
        outcomes = {one.result() for one in [pool.submit(take), pool.submit(give)]}
    [done] = outcomes - {"late"}
    with ports.session(placed.creditor) as session:
        case = session.scalars(select(Case).where(Case.account_ref == "THREE")).one()
        code = session.scalars(select(Placement.end_code).where(Placement.account_ref == "THREE")).one()
    assert code == done
    assert case.state is (CaseState.OPEN if done == "recalled" else CaseState.ON_HOLD)
