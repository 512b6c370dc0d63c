"""Rejections: what an agency may reject and until when, what becomes of the case, and who learns of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from threading import Barrier

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from agencies.kernel.audit import AuditEvent
from agencies.kernel.errors import Conflict, Forbidden, NotFound
from agencies.kernel.notices import list_notices
from agencies.kernel.session import transaction
from agencies.mandates.models import Clause
from agencies.mandates.terms import Promise
from agencies.organisations.permissions import PERMISSIONS, Role
from assignments.cases.models import Case, CaseState, ReturnCode
from assignments.placements import rejecting, returns
from assignments.placements.codes import REJECTED, Disposition
from assignments.placements.history import moves_of_case
from assignments.placements.models import Consignment, Placement, PlacementState
from assignments.placements.rejecting import AlreadyTakenOn, NothingToReject, NotInConsignment
from assignments.placements.rejections import Rejection, RejectReason
from assignments.sla import queries as sla_queries
from assignments.sla import service as sla
from tests import loop
from tests.recalling import CASES, LATER, NOW, case_ids, do, recall, seen_by, states

S = PlacementState
NO_ROOM = RejectReason.NO_CAPACITY


@pytest.fixture
def sent(ports, tenants):
    """Three cases of two debtors that the agency has not answered yet."""
    promises = (Promise(Clause.ACKNOWLEDGE, 48),)
    loop.place_with(ports, tenants.creditor, tenants.agency, CASES, tail_days=30, promises=promises)
    return tenants


def consignment(ports, actor) -> Consignment:
    with ports.session(actor) as session:
        return session.scalars(select(Consignment)).one()


def reject(ports, tenants, *accounts: str, reason=NO_ROOM, **others) -> int:
    named = {"case_ids": case_ids(ports, tenants.creditor, *accounts)} if accounts else {}
    number = consignment(ports, tenants.creditor).id
    return do(ports, tenants.agency, rejecting.reject, number, reason=reason, **named, **others)


def cases(ports, tenants) -> dict[str, Case]:
    with ports.session(tenants.creditor) as session:
        return {one.account_ref: one for one in session.scalars(select(Case))}


def test_a_whole_consignment_is_rejected_and_its_cases_are_free_at_once(ports, sent):
    assert reject(ports, sent, note="Sin gente en la costa") == 3
    assert seen_by(ports, sent.agency) == {"cases": [], "debtors": [], "points": [], "listed": []}
    assert set(states(ports, sent.creditor).values()) == {S.REJECTED}
    assert {(one.state, one.agency_id) for one in cases(ports, sent).values()} == {(CaseState.OPEN, None)}
    assert consignment(ports, sent.creditor).state is S.REJECTED
    with ports.session(sent.creditor) as session:
        ended = session.execute(select(Placement.end_code, Placement.ended_at, Placement.tail_until)).all()
        # Whoever does not take a case on earns nothing by it.
        assert set(ended) == {("no_capacity", NOW, None)}
        assert set(session.scalars(select(Rejection.note))) == {"Sin gente en la costa"}


def test_some_cases_are_rejected_and_the_rest_is_taken_on(ports, sent):
    assert reject(ports, sent, "ONE", reason=RejectReason.BELOW_MINIMUM) == 1
    # A debtor with another case in the consignment stays visible.
    assert seen_by(ports, sent.agency)["cases"] == ["THREE", "TWO"]
    assert "3000000001" in seen_by(ports, sent.agency)["points"]
    loop.acknowledge_all(ports, sent.agency)
    assert states(ports, sent.creditor) == {"ONE": S.REJECTED, "TWO": S.ACKNOWLEDGED, "THREE": S.ACKNOWLEDGED}
    with ports.session(sent.creditor) as session:
        [line] = rejecting.rejected_of(session, sent.creditor, consignment(ports, sent.creditor).id)
        assert (line.reason, line.cases, line.placed_minor, line.currency) == ("below_minimum", 1, 1_000, "COP")
        [told] = session.scalars(select(AuditEvent).where(AuditEvent.action == "consignment.acknowledged"))
        assert '"taken":2' in told.body.replace(" ", "")
        assert '"rejected":1' in told.body.replace(" ", "")


def test_an_agency_rejects_only_what_is_not_acknowledged(ports, sent):
    loop.acknowledge_all(ports, sent.agency)
    for accounts in ((), ("ONE",)):
        with pytest.raises(AlreadyTakenOn):
            reject(ports, sent, *accounts)
    assert set(states(ports, sent.creditor).values()) == {S.ACKNOWLEDGED}


def test_a_second_time_rejects_nothing_more_and_tells_nobody_again(ports, sent):
    assert reject(ports, sent) == 3
    assert reject(ports, sent) == 0
    with pytest.raises(AlreadyTakenOn):
        reject(ports, sent, "ONE")
    with ports.session(sent.creditor) as session:
        told = session.scalars(select(AuditEvent).where(AuditEvent.action == "consignment.rejected")).all()
        notices = [one for one in list_notices(session, sent.creditor).rows if one.kind == "consignment.rejected"]
    assert len(told) == len(notices) == 1


def test_both_trails_tell_of_a_rejection(ports, sent):
    reject(ports, sent, "ONE", reason=RejectReason.INFORMATION_MISSING)
    for actor in (sent.creditor, sent.agency):
        with ports.session(actor) as session:
            [told] = session.scalars(select(AuditEvent).where(AuditEvent.action == "consignment.rejected"))
            assert "information_missing" in told.body
            [move] = moves_of_case(session, actor, case_ids(ports, sent.creditor, "ONE")[0])
            assert (move.from_state, move.to_state, move.why) == (S.SENT, S.REJECTED, "consignment.rejected")


@pytest.mark.parametrize("reason", list(RejectReason))
def test_each_reason_says_what_becomes_of_the_case(ports, sent, reason):
    reject(ports, sent, "ONE", reason=reason)
    case, follows = cases(ports, sent)["ONE"], REJECTED[reason]
    assert case.return_code == follows.code
    if follows.disposition is Disposition.PLACE_AGAIN:
        assert (case.state, case.held_since) == (CaseState.OPEN, None)
    else:
        assert case.state is CaseState.ON_HOLD
        # Whatever the reason, the creditor can settle it and place the case again.
        [case_id] = case_ids(ports, sent.creditor, "ONE")
        assert do(ports, sent.creditor, returns.release, case_id).state is CaseState.OPEN


def test_there_are_twelve_reasons_and_each_has_its_consequence():
    assert len(RejectReason) == 12
    assert set(REJECTED) == set(RejectReason)
    assert REJECTED[RejectReason.UNTRACEABLE].code is ReturnCode.UNTRACEABLE


def test_a_rejected_case_goes_to_the_next_agency(ports, sent):
    reject(ports, sent)
    mandate = loop.add_mandate(ports, sent.creditor, sent.other_agency)
    loop.place(ports, sent.creditor, loop.draft(ports, sent.creditor, [mandate], now=NOW), now=NOW)
    assert set(loop.holders(ports, sent.creditor).values()) == {sent.other_agency.tenant}


def test_what_is_being_recalled_is_not_rejected_besides(ports, sent):
    recall(ports, sent.creditor, "ONE", on=LATER)
    assert reject(ports, sent) == 2
    assert states(ports, sent.creditor) == {"ONE": S.RECALL_PENDING, "TWO": S.REJECTED, "THREE": S.REJECTED}
    # It is not rejected as a whole as long as something of it waits.
    assert consignment(ports, sent.creditor).state is S.SENT


def test_accounts_that_do_not_wait_are_named(ports, sent):
    number = consignment(ports, sent.agency).id
    with ports.session(sent.agency) as session:
        assert len(rejecting.find_waiting(session, sent.agency, number, ["ONE", "ONE", "TWO"])) == 2
        with pytest.raises(NotInConsignment) as refusal:
            rejecting.find_waiting(session, sent.agency, number, ["ONE", "FOUR"])
        assert refusal.value.params["accounts"] == "FOUR"
        with pytest.raises(NothingToReject):
            rejecting.find_waiting(session, sent.agency, number, [])


def test_nobody_rejects_anothers_consignment(ports, sent):
    number = consignment(ports, sent.agency).id
    with pytest.raises(NotFound):
        do(ports, sent.other_agency, rejecting.reject, number, reason=NO_ROOM)
    with pytest.raises(Forbidden):
        do(ports, sent.creditor, rejecting.reject, number, reason=NO_ROOM)
    with ports.session(sent.other_creditor) as session:
        assert session.scalars(select(Rejection)).all() == []
        assert rejecting.rejected_of(session, sent.other_creditor, number) == []
    assert set(states(ports, sent.creditor).values()) == {S.SENT}


@pytest.mark.parametrize("role", [role for role in Role if "placement.acknowledge" not in PERMISSIONS[role]])
def test_who_may_not_reject(ports, sent, role):
    person = replace(sent.agency, role=role.value, permissions=PERMISSIONS[role])
    with pytest.raises(Forbidden):
        do(ports, person, rejecting.reject, 1, reason=NO_ROOM)


def test_neither_side_gets_round_the_owner_s_function(ports, sent):
    end = """select end_placements(creditor_id, agency_id, array[id], 'x', 'open', null, now(), current_date,
             'rejected', false) from placements"""
    with ports.session(sent.creditor) as session, pytest.raises(DBAPIError, match="not taken on"):
        session.execute(text(end))
    loop.acknowledge_all(ports, sent.agency)
    with ports.session(sent.agency) as session, pytest.raises(DBAPIError, match="not taken on"):
        session.execute(text(end))
    with ports.session(sent.agency) as session, pytest.raises(DBAPIError, match="does not move like this"):
        session.execute(text("update placements set state = 'ended'"))


def test_a_consignment_is_taken_on_or_rejected_never_both(ports, sent):
    number, start = consignment(ports, sent.agency).id, Barrier(2)

    def answer(verb, **how):
        start.wait(10)
        with suppress(Conflict):
            do(ports, sent.agency, verb, number, **how)
            return verb.__name__
        return None

    with ThreadPoolExecutor(2) as pool:
        made = {
            one.result()
            for one in (pool.submit(answer, sla.acknowledge), pool.submit(answer, rejecting.reject, reason=NO_ROOM))
        }
    stood = set(states(ports, sent.creditor).values())
    assert (made, stood) in [({"acknowledge", None}, {S.ACKNOWLEDGED}), ({"reject", None}, {S.REJECTED})]


def test_a_rejection_in_time_is_an_answer_in_time(ports, sent):
    reject(ports, sent, now=loop.PLACED_AT)
    with ports.session(sent.creditor) as session:
        [clause] = sla_queries.compliance(session, sent.creditor, now=NOW)
    assert (clause.clause, clause.due, clause.met) == (Clause.ACKNOWLEDGE, 1, 1)


def test_a_rejection_too_late_is_no_answer_in_time(ports, sent):
    reject(ports, sent, now=NOW)
    with ports.session(sent.creditor) as session:
        [clause] = sla_queries.compliance(session, sent.creditor, now=NOW)
    assert (clause.due, clause.missed) == (1, 1)


def test_a_file_given_back_half_way_leaves_nothing(ports, sent):
    number = consignment(ports, sent.agency).id
    with ports.session(sent.agency) as session, suppress(ZeroDivisionError), transaction(session):
        rejecting.reject(session, sent.agency, number, reason=NO_ROOM, now=NOW)
        raise ZeroDivisionError
    assert set(states(ports, sent.creditor).values()) == {S.SENT}
