"""Returns: what a code does to the case, whose cases may be given back, and the tail of the commission."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from agencies.kernel.audit import AuditEvent
from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.notices import list_notices
from agencies.kernel.session import transaction
from agencies.organisations.permissions import PERMISSIONS, Role
from assignments.cases.models import Case, CaseState, ReturnCode
from assignments.cases.queries import Selection, list_cases
from assignments.contacts.models import DebtorContact
from assignments.ledger.statements import list_entries, verify
from assignments.performance import differing
from assignments.placements import recalls, returns
from assignments.placements.codes import CONSEQUENCES, Disposition
from assignments.placements.models import Placement, RecallReason, RecallState
from assignments.placements.preview import HeldBack, preview_of
from assignments.placements.recall_queries import get_recall, list_returns
from assignments.placements.recall_scope import Scope
from assignments.placements.returns import AccountsNotHeld, CaseNotHeld, NothingToReturn, NotReleasable
from tests.loop import (
    NewCase,
    acknowledge_all,
    add_mandate,
    draft,
    faults,
    paid,
    place,
    place_with,
    report_activities,
    report_payments,
    some_cases,
    worked,
)
from tests.tenants import Tenants, add_person, add_tenants

TODAY = date(2026, 2, 10)
NOW = datetime(2026, 2, 10, 17, tzinfo=UTC)
REPORTED = datetime(2026, 6, 1, 12, tzinfo=UTC)
TAIL = 30


@pytest.fixture
def placed(ports, tenants):
    """Three cases, two of one debtor, with a tail of thirty days."""
    cases = [
        NewCase("ONE", 10_000, debtor_ref="D1", phones=("3000000001",)),
        NewCase("TWO", 20_000, debtor_ref="D1"),
        NewCase("THREE", 30_000),
    ]
    place_with(ports, tenants.creditor, tenants.agency, cases, tail_days=TAIL)
    acknowledge_all(ports, tenants.agency)
    return tenants


def case_id(ports, creditor, account: str) -> int:
    with ports.session(creditor) as session:
        return session.scalars(select(Case.id).where(Case.account_ref == account)).one()


def give_back(ports, tenants, *accounts: str, code=ReturnCode.EXHAUSTED, agency=None, now=NOW, note=None) -> int:
    ids = [case_id(ports, tenants.creditor, account) for account in accounts]
    actor = agency or tenants.agency
    with ports.session(actor) as session, transaction(session):
        return returns.give_back(session, actor, case_ids=ids, code=code, note=note, now=now)


def release(ports, creditor, account: str) -> CaseState:
    number = case_id(ports, creditor, account)
    with ports.session(creditor) as session, transaction(session):
        return returns.release(session, creditor, number, now=NOW).state


def state(ports, creditor, account: str) -> tuple[CaseState, ReturnCode | None, int | None]:
    with ports.session(creditor) as session:
        case = session.scalars(select(Case).where(Case.account_ref == account)).one()
        return case.state, case.return_code, case.agency_id


def test_every_code_says_what_follows():
    assert set(CONSEQUENCES) == set(ReturnCode)
    for code in (ReturnCode.DECEASED, ReturnCode.VULNERABLE, ReturnCode.HARDSHIP, ReturnCode.SELF_HARM_RISK):
        assert CONSEQUENCES[code].disposition is Disposition.HOLD
        assert not CONSEQUENCES[code].may_be_placed_again


@pytest.mark.parametrize("code", ReturnCode)
def test_a_code_closes_holds_or_frees_the_case_and_only_what_may_be_is_released(ports, placed, code):
    assert give_back(ports, placed, "THREE", code=code) == 1
    consequence = CONSEQUENCES[code]
    expected = {
        Disposition.CLOSE: CaseState.CLOSED,
        Disposition.HOLD: CaseState.ON_HOLD,
        Disposition.PLACE_AGAIN: CaseState.OPEN,
    }[consequence.disposition]
    assert state(ports, placed.creditor, "THREE") == (expected, code, None)
    if consequence.may_be_placed_again:
        assert release(ports, placed.creditor, "THREE") is CaseState.OPEN
    else:
        with pytest.raises(NotReleasable):
            release(ports, placed.creditor, "THREE")


def test_a_held_case_is_held_back_from_placing_until_it_is_released(ports, placed):
    give_back(ports, placed, "THREE", code=ReturnCode.DISPUTED)
    mandate = add_mandate(ports, placed.creditor, placed.other_agency)
    preview = preview_of(draft(ports, placed.creditor, [mandate], now=NOW))
    assert {one.reason: one.cases for one in preview.held_back}[HeldBack.ON_HOLD] == 1
    release(ports, placed.creditor, "THREE")
    place(ports, placed.creditor, draft(ports, placed.creditor, [mandate], now=NOW), now=NOW)
    assert state(ports, placed.creditor, "THREE") == (CaseState.PLACED, None, placed.other_agency.tenant)


def test_access_ends_at_once_and_a_debtor_stays_with_its_other_case(ports, placed):
    give_back(ports, placed, "ONE")
    with ports.session(placed.agency) as session:
        assert {row.account_ref for row in list_cases(session, placed.agency, Selection()).rows} == {"TWO", "THREE"}
        assert [one.value for one in session.scalars(select(DebtorContact))] == ["3000000001"]
    give_back(ports, placed, "TWO")
    with ports.session(placed.agency) as session:
        assert session.scalars(select(DebtorContact.place)).all() == []


def test_giving_back_twice_is_refused_and_changes_nothing(ports, placed):
    give_back(ports, placed, "ONE")
    with pytest.raises(CaseNotHeld):
        give_back(ports, placed, "ONE", "TWO", code=ReturnCode.DECEASED)
    assert state(ports, placed.creditor, "ONE") == (CaseState.OPEN, ReturnCode.EXHAUSTED, None)
    assert state(ports, placed.creditor, "TWO")[0] is CaseState.PLACED


def test_nobody_gives_back_what_another_holds(ports, placed):
    with pytest.raises(CaseNotHeld):
        give_back(ports, placed, "ONE", agency=placed.other_agency)
    with pytest.raises(Forbidden):
        give_back(ports, placed, "ONE", agency=placed.creditor)
    with ports.session(placed.other_creditor) as session, pytest.raises(NotFound):
        returns.release(session, placed.other_creditor, case_id(ports, placed.creditor, "ONE"), now=NOW)


@pytest.mark.parametrize("role", [role for role in Role if "case.return" not in PERMISSIONS[role]])
def test_who_may_not_give_back(ports, placed, role):
    person = replace(placed.agency, role=role.value, permissions=PERMISSIONS[role])
    with pytest.raises(Forbidden):
        give_back(ports, placed, "ONE", agency=person)


def test_nothing_and_too_much_are_refused(ports, placed):
    with ports.session(placed.agency) as session:
        for numbers in ([], range(1, returns.MOST_CASES + 2)):
            with pytest.raises(NothingToReturn):
                returns.give_back(session, placed.agency, case_ids=numbers, code=ReturnCode.EXHAUSTED, now=NOW)


def test_accounts_are_found_among_what_is_held_for_that_creditor(ports, placed):
    place_with(ports, placed.other_creditor, placed.agency, [NewCase("ONE", 5_000)])
    with ports.session(placed.agency) as session:
        [ours] = returns.find_held(session, placed.agency, placed.creditor.tenant, ["ONE", "ONE"])
        [theirs] = returns.find_held(session, placed.agency, placed.other_creditor.tenant, ["ONE"])
        assert ours == case_id(ports, placed.creditor, "ONE") != theirs
        with pytest.raises(AccountsNotHeld, match="NINE") as refusal:
            returns.find_held(session, placed.agency, placed.creditor.tenant, ["ONE", "NINE", "TEN"])
        assert "TEN" in str(refusal.value)


def test_cases_of_two_creditors_go_back_together_and_each_learns_of_its_own(ports, placed):
    place_with(ports, placed.other_creditor, placed.agency, [NewCase("FOUR", 5_000)])
    ids = [case_id(ports, placed.creditor, "ONE"), case_id(ports, placed.other_creditor, "FOUR")]
    with ports.session(placed.agency) as session, transaction(session):
        assert returns.give_back(session, placed.agency, case_ids=ids, code=ReturnCode.FRAUD, now=NOW) == 2
    for creditor, account in ((placed.creditor, "ONE"), (placed.other_creditor, "FOUR")):
        with ports.session(creditor) as session:
            assert [row.account_ref for row in list_returns(session, creditor).rows] == [account]
            assert "case.returned" in [one.kind for one in list_notices(session, creditor).rows]
            actions = session.scalars(select(AuditEvent.action).where(AuditEvent.action == "case.returned")).all()
            assert actions == ["case.returned"]


def test_the_list_tells_both_sides_and_the_agency_not_what_became_of_the_case(ports, placed):
    give_back(ports, placed, "ONE", code=ReturnCode.UNTRACEABLE, note="sin contacto")
    with ports.session(placed.creditor) as session:
        [row] = list_returns(session, placed.creditor, code=ReturnCode.UNTRACEABLE).rows
        assert (row.case_state, row.note, row.agency_id) == (CaseState.ON_HOLD, "sin contacto", placed.agency.tenant)
        assert not list_returns(session, placed.creditor, code=ReturnCode.FRAUD).rows
        assert [one.account_ref for one in list_cases(session, placed.creditor, UNTRACEABLE).rows] == ["ONE"]
    with ports.session(placed.agency) as session:
        [row] = list_returns(session, placed.agency).rows
        assert (row.case_state, row.tail_until) == (None, TODAY + timedelta(days=TAIL))
    with ports.session(placed.other_agency) as session:
        assert not list_returns(session, placed.other_agency).rows


UNTRACEABLE = Selection(return_code=ReturnCode.UNTRACEABLE)


def test_a_selection_remembers_the_code():
    assert Selection.from_dict(UNTRACEABLE.to_dict()) == UNTRACEABLE


def test_a_recall_whose_cases_all_came_back_is_over(ports, placed):
    scope = Scope(case_ids=(case_id(ports, placed.creditor, "ONE"), case_id(ports, placed.creditor, "TWO")))
    with ports.session(placed.creditor) as session, transaction(session):
        [made] = recalls.request(
            session,
            placed.creditor,
            scope,
            reason=RecallReason.STRATEGY,
            effective_on=TODAY + timedelta(days=9),
            now=NOW,
        )
    give_back(ports, placed, "ONE")
    with ports.session(placed.creditor) as session:
        assert get_recall(session, placed.creditor, made.id).recall.state is RecallState.PENDING
    give_back(ports, placed, "TWO", code=ReturnCode.PAID_FULL)
    with ports.session(placed.creditor) as session:
        assert get_recall(session, placed.creditor, made.id).recall.state is RecallState.ENDED


def pay(ports, tenants, day: date, *, agency=None, account="ONE", amount=1_000) -> str | None:
    """Report a payment; the code of its refusal, if it was refused."""
    actor = agency or tenants.agency
    upload, _loaded = report_payments(ports, actor, tenants.creditor, [paid(account, amount, day)], now=REPORTED)
    return next((code for _field, code, _value in faults(ports, actor, upload).values()), None)


@pytest.mark.parametrize(
    ("days", "refusal"),
    [(-1, None), (0, None), (1, None), (TAIL, None), (TAIL + 1, "not_your_case")],
)
def test_a_payment_counts_to_the_last_day_of_the_tail(ports, placed, days, refusal):
    give_back(ports, placed, "ONE")
    assert pay(ports, placed, TODAY + timedelta(days=days)) == refusal
    with ports.session(placed.creditor) as session:
        entries = list_entries(session, placed.creditor).rows
        assert [(one.amount_minor, one.commission_minor) for one in entries] == ([] if refusal else [(1_000, 200)])
        assert verify(session) == []
        assert differing(session, placed.creditor) == 0


def test_the_tail_is_of_payments_and_not_of_work(ports, placed):
    give_back(ports, placed, "ONE")
    rows = [worked("ONE", NOW), worked("ONE", NOW + timedelta(days=1))]
    upload, loaded = report_activities(ports, placed.agency, placed.creditor, rows, now=REPORTED)
    assert loaded.applied == 1
    assert faults(ports, placed.agency, upload)[3][1] == "not_your_case"


def test_the_last_day_is_the_creditors(ports):
    tenants = add_tenants(ports)
    place_with(ports, tenants.creditor, tenants.agency, some_cases(1), tail_days=0)
    # Half past eight in the evening in Bogotá is the next day in UTC.
    give_back(ports, tenants, "A00001", now=datetime(2026, 2, 11, 1, 30, tzinfo=UTC))
    with ports.session(tenants.creditor) as session:
        assert session.scalars(select(Placement.tail_until)).one() == TODAY
    assert pay(ports, tenants, TODAY, account="A00001", amount=10) is None
    assert pay(ports, tenants, TODAY + timedelta(days=1), account="A00001", amount=11) == "not_your_case"


def test_in_the_tail_two_agencies_are_paid_each_for_its_own(ports, placed):
    give_back(ports, placed, "THREE")
    place_with(ports, placed.creditor, placed.other_agency, [NewCase("FOUR", 1_000)], now=NOW, commission_bp=3_000)
    assert pay(ports, placed, TODAY + timedelta(days=5), account="THREE") is None
    day = TODAY + timedelta(days=6)
    assert pay(ports, placed, day, account="THREE", agency=placed.other_agency, amount=2_000) is None
    with ports.session(placed.creditor) as session:
        entries = {one.agency_id: one.commission_minor for one in list_entries(session, placed.creditor).rows}
        case = session.scalars(select(Case).where(Case.account_ref == "THREE")).one()
    assert entries == {placed.agency.tenant: 200, placed.other_agency.tenant: 600}
    assert case.balance_minor == 27_000


def test_whoever_has_it_again_is_paid_by_the_new_placement(ports, placed):
    give_back(ports, placed, "THREE")
    place_with(ports, placed.creditor, placed.agency, [NewCase("FOUR", 1_000)], now=NOW, commission_bp=4_000)
    assert pay(ports, placed, TODAY + timedelta(days=1), account="THREE") is None
    with ports.session(placed.creditor) as session:
        assert [one.commission_bp for one in list_entries(session, placed.creditor).rows] == [4_000]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tail=st.integers(0, 365), ended=st.integers(0, 40), paid_after=st.integers(0, 420))
def test_a_payment_is_taken_exactly_while_it_is_the_agencys(ports, tail, ended, paid_after):
    tenants = _fresh(ports)
    [case] = some_cases(1)
    place_with(ports, tenants.creditor, tenants.agency, [replace(case, balance_minor=10**9)], tail_days=tail)
    end = NOW + timedelta(days=ended)
    give_back(ports, tenants, case.account_ref, now=end)
    day = date(2026, 1, 12) + timedelta(days=paid_after)
    upload, loaded = report_payments(
        ports,
        tenants.agency,
        tenants.creditor,
        [paid(case.account_ref, 777, day)],
        now=datetime(2027, 12, 1, tzinfo=UTC),
    )
    is_taken = day <= TODAY + timedelta(days=ended + tail)
    assert loaded.applied == int(is_taken)
    assert bool(faults(ports, tenants.agency, upload)) is not is_taken


_made = iter(range(1, 10_000))


def _fresh(ports):
    number = next(_made)
    creditor = add_person(ports, Role.DIRECTOR, f"Banco {number}")
    agency = add_person(ports, Role.MANAGER, f"Cobros {number}")
    return Tenants(creditor, creditor, agency, agency)
