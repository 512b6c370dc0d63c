"""Cases that come back by the terms of their mandate: when, when not, and never twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from agencies.kernel.audit import AuditEvent
from agencies.kernel.errors import Forbidden
from agencies.kernel.notices import list_notices
from agencies.kernel.session import transaction
from agencies.mandates.terms import ReturnDaysOutOfRange, TermSheet, check_terms
from assignments.cases.models import Case
from assignments.placements import recalls, returns
from assignments.placements.coming_back import NOTICE_DAYS, recall_by_terms
from assignments.placements.models import ObjectionReason, Placement, PlacementState, Recall, RecallReason
from tests import loop
from tests.recalling import CASES, case_ids, do, states

S = PlacementState
#: The cases are taken on at ten in the morning in Bogotá on 12 January.
TAKEN_ON = date(2026, 1, 12)


def at(days: int, hour: int = 12) -> datetime:
    """So many days after the cases were taken on, in the creditor's day."""
    return datetime(2026, 1, 12, 5, tzinfo=UTC) + timedelta(days=days, hours=hour)


def settle(ports, tenants, **terms: int) -> None:
    """The three cases with the agency, taken on, under these terms."""
    loop.place_with(ports, tenants.creditor, tenants.agency, CASES, **terms)
    loop.acknowledge_all(ports, tenants.agency)


def run(ports, tenants, days: int, **others) -> dict[str, RecallReason]:
    """What the day brings back: account -> reason."""
    do(ports, tenants.creditor, recall_by_terms, now=at(days, **others))
    return recalled(ports, tenants)


def recalled(ports, tenants) -> dict[str, RecallReason]:
    with ports.session(tenants.creditor) as session:
        joined = select(Placement.account_ref, Recall.reason).join(Recall, Recall.id == Placement.recall_id)
        return dict(session.execute(joined).all())


def promise(ports, tenants, account: str, promised_on: date, made_on: date, state: str = "pending") -> None:
    """A promise as a file tells it."""
    with ports.session(tenants.agency) as session, transaction(session):
        session.execute(
            text("""
            insert into promises (creditor_id, agency_id, case_id, placement_id, natural_key, made_on, promised_on,
                                  currency, amount_minor, is_settlement, authority_bp, is_beyond, stated_state,
                                  stated_at, upload_id, line, reported_at)
            select creditor_id, agency_id, case_id, id, :account || :promised, :made, :promised, 'COP', 10, false, 0,
                   false, :state, now(), 1, 2, now()
            from placements where account_ref = :account
            """),
            {"account": account, "promised": promised_on, "made": made_on, "state": state},
        )


def test_nothing_comes_back_where_nothing_is_agreed(ports, tenants):
    settle(ports, tenants)
    assert run(ports, tenants, 3_000) == {}


def test_a_case_comes_back_when_its_time_is_over_and_not_a_day_earlier(ports, tenants):
    settle(ports, tenants, term_days=90)
    # The last minute of the day before, where the creditor is; in UTC it is the day itself.
    assert run(ports, tenants, 89, hour=23) == {}
    assert run(ports, tenants, 90, hour=0) == dict.fromkeys(["ONE", "TWO", "THREE"], RecallReason.EXPIRED)


def test_a_recall_by_terms_gives_notice_and_can_be_objected_to(ports, tenants):
    settle(ports, tenants, term_days=90)
    run(ports, tenants, 90)
    with ports.session(tenants.creditor) as session:
        [made] = session.scalars(select(Recall))
        assert (made.effective_on, made.cases) == (TAKEN_ON + timedelta(days=90 + NOTICE_DAYS), 3)
        assert made.requested_by == tenants.creditor.user_id
    do(ports, tenants.agency, recalls.object_to, made.id, reason=ObjectionReason.PROMISE, now=at(91))
    assert set(states(ports, tenants.creditor).values()) == {S.RECALL_OBJECTED}


def test_a_second_run_on_the_same_day_or_the_next_recalls_nothing_again(ports, tenants):
    settle(ports, tenants, term_days=90, no_work_days=30)
    for days in (90, 90, 91):
        run(ports, tenants, days)
    with ports.session(tenants.creditor) as session:
        assert len(session.scalars(select(Recall)).all()) == 1
        told = session.scalars(select(AuditEvent).where(AuditEvent.action == "recall.made_by_terms")).all()
        kinds = [one.kind for one in list_notices(session, tenants.creditor).rows]
        assert len(told) == kinds.count("recall.made_by_terms") == 1
    with ports.session(tenants.agency) as session:
        assert [one.kind for one in list_notices(session, tenants.agency).rows].count("recall.requested") == 1


def test_who_pays_keeps_the_case_with_its_agency(ports, tenants):
    settle(ports, tenants, term_days=90)
    rows = [loop.paid("ONE", 10, TAKEN_ON + timedelta(days=61)), loop.paid("TWO", 10, TAKEN_ON + timedelta(days=60))]
    loop.report_payments(ports, tenants.agency, tenants.creditor, rows, now=at(80))
    assert set(run(ports, tenants, 90)) == {"TWO", "THREE"}
    assert "ONE" in run(ports, tenants, 91)


@pytest.mark.parametrize(("to_come", "made", "state", "stays"), [
    (90, 10, "pending", True),
    (89, 10, "pending", False),
    (62, 61, "kept", True),
    (62, 61, "broken", False),
    (95, 61, "cancelled", False),
])  # fmt: skip
def test_a_promise_that_is_still_to_come_or_is_fresh_keeps_the_case(ports, tenants, to_come, made, state, stays):
    settle(ports, tenants, term_days=90)
    day = lambda days: TAKEN_ON + timedelta(days=days)  # noqa: E731  said three times
    promise(ports, tenants, "ONE", day(to_come), day(made), state)
    assert ("ONE" not in run(ports, tenants, 90)) is stays


def test_what_nobody_works_comes_back(ports, tenants):
    settle(ports, tenants, no_work_days=20)
    worked = loop.worked("ONE", at=at(5))
    loop.report_activities(ports, tenants.agency, tenants.creditor, [worked], now=at(10))
    assert run(ports, tenants, 19) == {}
    assert run(ports, tenants, 20) == dict.fromkeys(["TWO", "THREE"], RecallReason.NO_ACTIVITY)
    assert "ONE" not in run(ports, tenants, 24)
    assert run(ports, tenants, 25)["ONE"] is RecallReason.NO_ACTIVITY


def test_what_is_worked_in_vain_comes_back_for_want_of_a_payment(ports, tenants):
    settle(ports, tenants, no_payment_days=60, no_work_days=40)
    reported = [loop.worked(account, at=at(50)) for account in ("ONE", "TWO", "THREE")]
    loop.report_activities(ports, tenants.agency, tenants.creditor, reported, now=at(50))
    paid = [loop.paid("ONE", 10, TAKEN_ON + timedelta(days=30))]
    loop.report_payments(ports, tenants.agency, tenants.creditor, paid, now=at(50))
    assert run(ports, tenants, 60) == dict.fromkeys(["TWO", "THREE"], RecallReason.PERFORMANCE)


def test_what_has_not_been_taken_on_has_no_days_to_count(ports, tenants):
    loop.place_with(ports, tenants.creditor, tenants.agency, CASES, term_days=7, no_work_days=7)
    assert run(ports, tenants, 100) == {}


def test_days_on_hold_do_not_count_against_the_agency(ports, tenants):
    settle(ports, tenants, no_work_days=20)
    hold = update(Case).where(Case.account_ref == "ONE").values(held_since=at(1))
    with ports.session(tenants.creditor) as session, transaction(session):
        session.execute(hold)
        session.execute(update(Placement).where(Placement.account_ref == "ONE").values(state=S.ON_HOLD))
    assert set(run(ports, tenants, 30)) == {"TWO", "THREE"}
    do(ports, tenants.creditor, returns.release, *case_ids(ports, tenants.creditor, "ONE"), now=at(40))
    assert "ONE" not in run(ports, tenants, 59)
    assert "ONE" in run(ports, tenants, 60)


def test_who_withdraws_such_a_recall_is_not_asked_again_the_next_morning(ports, tenants):
    settle(ports, tenants, term_days=90, no_work_days=20)
    run(ports, tenants, 90)
    with ports.session(tenants.creditor) as session:
        number = session.scalars(select(Recall.id)).one()
    do(ports, tenants.creditor, recalls.withdraw, number, now=at(91))
    assert run(ports, tenants, 92) == {}
    assert set(run(ports, tenants, 111).values()) == {RecallReason.NO_ACTIVITY}


def test_only_the_creditor_s_own_cases_come_back(ports, tenants):
    settle(ports, tenants, term_days=90)
    do(ports, tenants.other_creditor, recall_by_terms, now=at(500))
    assert recalled(ports, tenants) == {}
    with pytest.raises(Forbidden):
        do(ports, tenants.agency, recall_by_terms, now=at(500))


@pytest.mark.parametrize("days", [-1, 1, 6, 1_826])
def test_days_that_nobody_could_work_in_are_no_terms(days):
    for name in ("term_days", "no_work_days", "no_payment_days"):
        with pytest.raises(ReturnDaysOutOfRange):
            check_terms(TermSheet(**{name: days}))
        check_terms(TermSheet(**{name: 7}))
