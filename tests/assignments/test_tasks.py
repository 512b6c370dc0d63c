"""What waits for one person: there from the act that makes it to the act that answers it, and for nobody else."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from agencies.kernel.clock import add_business_hours
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Side
from agencies.mandates.terms import CUSTOMARY_PROMISES
from agencies.organisations.permissions import Role
from assignments.manifests import handing
from assignments.placements import recalls, returns
from assignments.placements.models import ObjectionReason
from assignments.placements.models import ReturnCode as Code
from assignments.sla import enquiries
from assignments.subjects.models import RequestKind
from assignments.tasks import EACH, MOST, count_pressing, kinds, list_tasks
from assignments.things import is_of_things
from assignments.today import COUNTERS, list_waiting
from tests import incidents, locating, loop, market, recalling, subjects
from tests.recalling import LATER, NOW, do
from tests.tenants import add_colleague, add_person, add_tenants

#: Counted on the home page and listed nowhere: a heap to draw from, and what time alone takes away.
STOCK = {"unplaced", "held", "violations"}


@pytest.fixture
def tenants(ports):
    return add_tenants(ports)


def tasks(ports, actor, *, now=NOW, **narrowed):
    """The actor's tasks; whatever is shown is what the home page counts."""
    with ports.session(actor) as session:
        found = list_tasks(session, actor, now=now, **narrowed)
        counted = {one.kind: one.count for one in list_waiting(session, actor, now=now)}
    shown = Counter(one.kind for one in found.rows)
    for kind, count in counted.items():
        if kind not in STOCK and not narrowed:
            assert shown[kind] == min(count, EACH), kind
            assert (kind in found.more) == (count > EACH)
    return found.rows


def of(ports, actor, kind, *, now=NOW):
    return [one for one in tasks(ports, actor, now=now) if one.kind == kind]


@pytest.fixture
def strangers(ports, tenants):
    """Who must never see anything of what the first creditor and the first agency do."""
    yield tenants.other_creditor, tenants.other_agency
    for one in (tenants.other_creditor, tenants.other_agency):
        assert [task for task in tasks(ports, one) if not task.kind.startswith("attestations")] == []


def test_every_kind_yields_single_things_or_is_known_to_be_a_heap(tenants, ports):
    operator = add_person(ports, Role.OPERATOR, "Plataforma")
    for kind, counter in COUNTERS.items():
        actors = {Side.CREDITOR: tenants.creditor, Side.AGENCY: tenants.agency, Side.PLATFORM: operator}
        for side in counter.sides:
            assert is_of_things(counter.rows(actors[side], NOW)) == (kind not in STOCK), kind


@pytest.mark.parametrize("role", list(Role))
def test_no_role_is_told_of_what_it_may_not_do(ports, role):
    actor = add_person(ports, role, "Casa")
    offered = set(kinds(actor, now=NOW))
    for kind, counter in COUNTERS.items():
        may = actor.side in counter.sides and any(actor.may(one) for one in counter.permissions)
        assert (kind in offered) == (may and kind not in STOCK), kind
    assert tasks(ports, actor) == ()


def test_a_consignment_waits_for_the_agency_until_it_is_taken_on_and_then_for_its_file(ports, tenants, strangers):
    creditor, agency = tenants.creditor, tenants.agency
    loop.place_with(ports, creditor, agency, recalling.CASES, promises=CUSTOMARY_PROMISES)
    [task] = of(ports, agency, "to_acknowledge")
    [mirror] = of(ports, creditor, "not_acknowledged")
    assert task.due_at == mirror.due_at == add_business_hours(loop.PLACED_AT, 48, "CO", "America/Bogota")
    assert (task.is_theirs, mirror.is_theirs) == (False, True)
    assert (task.other_id, mirror.other_id) == (creditor.tenant, agency.tenant)
    loop.acknowledge_all(ports, agency)
    assert of(ports, agency, "to_acknowledge") == of(ports, creditor, "not_acknowledged") == []
    [to_download] = of(ports, agency, "to_download")
    with ports.session(agency) as session, transaction(session):
        list(handing.manifest(session, agency, to_download.number, ports.references, now=NOW))
    assert of(ports, agency, "to_download") == []


def test_without_a_promise_a_consignment_waits_without_a_date(ports, tenants):
    loop.place_with(ports, tenants.creditor, tenants.agency, recalling.CASES)
    [task] = of(ports, tenants.agency, "to_acknowledge")
    assert task.due_at is None


def test_a_recall_is_to_be_answered_by_its_promise_or_its_date_whichever_is_sooner(ports, tenants, strangers):
    creditor, agency = recalling.settle(ports, tenants).creditor, tenants.agency
    recalling.recall(ports, creditor, "ONE", "TWO", on=LATER)
    [task] = of(ports, agency, "recalls_to_answer")
    # Access ends when the date begins where the creditor is, five hours behind UTC.
    assert task.due_at == datetime(LATER.year, LATER.month, LATER.day, 5, tzinfo=UTC)
    do(
        ports,
        agency,
        recalls.object_to,
        task.number,
        reason=ObjectionReason.PROMISE,
        note="Promesa para el 25",
        proposed_on=LATER + timedelta(days=9),
    )
    assert of(ports, agency, "recalls_to_answer") == []
    [objection] = of(ports, creditor, "objections")
    assert objection.due_at == task.due_at
    do(ports, creditor, recalls.decide, task.number)
    assert of(ports, creditor, "objections") == []
    do(ports, creditor, recalls.execute_due, now=NOW + timedelta(days=11))
    assert [one.number for one in of(ports, creditor, "recalls_to_close")] == [task.number]


def test_a_question_waits_for_the_creditor_and_is_only_looked_at_by_the_agency(ports, tenants, strangers):
    creditor, agency = recalling.settle(ports, tenants).creditor, tenants.agency
    number = loop.ask(ports, agency, "ONE", "¿Hay pagaré?", now=NOW)
    [own], [theirs] = of(ports, creditor, "enquiries_open"), of(ports, agency, "enquiries_open")
    assert (own.number, own.is_theirs, theirs.is_theirs) == (number, False, True)
    do(ports, creditor, enquiries.answer, number, text="Sí")
    assert of(ports, creditor, "enquiries_open") == of(ports, agency, "enquiries_open") == []


def test_a_returned_case_waits_until_it_is_released(ports, tenants, strangers):
    creditor, agency = recalling.settle(ports, tenants).creditor, tenants.agency
    [case_id] = recalling.case_ids(ports, creditor, "THREE")
    do(ports, agency, returns.give_back, case_ids=[case_id], code=Code.DISPUTED, note="Dice que pagó")
    [task] = of(ports, creditor, "on_hold")
    assert (task.about, task.since) == ("THREE", NOW)
    do(ports, creditor, returns.release, case_id)
    assert of(ports, creditor, "on_hold") == []


def test_a_draft_waits_for_whoever_plans_and_not_for_finance(ports, tenants, strangers):
    creditor, finance = tenants.creditor, add_colleague(ports, tenants.creditor, Role.FINANCE)
    loop.add_cases(ports, creditor, recalling.CASES)
    wave = loop.draft(ports, creditor, [loop.add_mandate(ports, creditor, tenants.agency)], now=NOW)
    assert [one.number for one in of(ports, creditor, "drafts")] == [wave.id]
    assert of(ports, finance, "drafts") == []
    loop.place(ports, creditor, wave, now=NOW)
    assert of(ports, creditor, "drafts") == []


def test_an_incident_is_due_when_the_law_next_wants_somebody_told(ports, tenants, strangers):
    creditor, agency = recalling.settle(ports, tenants).creditor, tenants.agency
    compliance = add_colleague(ports, creditor, Role.COMPLIANCE)
    [part, *_] = incidents.report(ports, agency)
    [task] = of(ports, compliance, "incidents_open", now=incidents.NOW)
    assert task.number == part.id
    assert task.due_at is not None
    assert task.due_at > incidents.FACTS.aware_at


def test_a_request_about_data_has_the_time_the_law_gives_it(ports, tenants, strangers):
    compliance = add_colleague(ports, tenants.creditor, Role.COMPLIANCE)
    request = subjects.ask(ports, compliance, RequestKind.ACCESS)
    assert of(ports, compliance, "requests_due", now=subjects.NOW) == []
    near = request.due_at - timedelta(hours=1)
    [task] = of(ports, compliance, "requests_due", now=near)
    assert (task.number, task.due_at, task.is_late(near)) == (request.id, request.due_at, False)
    late = request.due_at + timedelta(seconds=1)
    [task] = of(ports, compliance, "requests_late", now=late)
    assert task.is_late(late)


def test_a_lot_is_to_be_bid_on_until_there_is_a_bid_and_then_to_be_decided(ports, tenants, strangers):
    creditor, agency = tenants.creditor, tenants.agency
    market.attest(ports, creditor, [agency])
    market.add_portfolio(ports, creditor, 12)
    lot = market.draft_lot(ports, creditor)
    assert [one.number for one in of(ports, creditor, "lot_drafts", now=market.LISTED_AT)] == [lot.id]
    lot = market.offer(ports, creditor)
    [task] = of(ports, agency, "lots_to_bid", now=market.LISTED_AT)
    assert (task.number, task.due_at) == (lot.id, lot.bids_until)
    market.bid(ports, agency, lot)
    assert of(ports, agency, "lots_to_bid", now=market.LISTED_AT + timedelta(hours=2)) == []
    market.close(ports, creditor, lot)
    [decision] = of(ports, creditor, "lots_to_decide", now=market.AFTER)
    assert decision.due_at == lot.decision_until
    market.award(ports, creditor, lot, {agency.tenant: 10_000})
    assert of(ports, creditor, "lots_to_decide", now=market.AFTER) == []


def test_people_to_be_found_are_due_at_the_end_of_their_day(ports, tenants, strangers):
    creditor, agency = tenants.creditor, tenants.agency
    investigator = add_colleague(ports, agency, Role.INVESTIGATOR)
    loop.add_cases(ports, creditor, recalling.CASES)
    batch = locating.order(ports, creditor, locating.locate_mandate(ports, creditor, agency))
    now = locating.ORDERED_AT
    [sent] = of(ports, agency, "locates_to_acknowledge", now=now)
    ends = locating.DUE_ON + timedelta(days=1)
    assert sent.due_at == datetime(ends.year, ends.month, ends.day, 5, tzinfo=UTC)
    orders = locating.take_on(ports, agency, batch)
    assert of(ports, agency, "locates_to_acknowledge", now=now) == []
    found = of(ports, investigator, "people_to_find", now=now)
    assert {one.number for one in found} == {one.id for one in orders}
    assert {one.due_at for one in found} == {sent.due_at}
    locating.find(ports, investigator, orders[0].id, [locating.phone()])
    assert orders[0].id not in {one.number for one in of(ports, investigator, "people_to_find", now=now)}
    analyst = add_colleague(ports, creditor, Role.ANALYST)
    assert len(of(ports, analyst, "findings_to_verify", now=now)) == 1


def test_the_soonest_stands_first_and_what_has_no_time_last(ports, tenants):
    creditor, agency = recalling.settle(ports, tenants).creditor, tenants.agency
    loop.ask(ports, agency, "THREE", "¿Hay pagaré?", now=NOW - timedelta(days=3))
    recalling.recall(ports, creditor, "ONE", on=LATER)
    rows = [one for one in tasks(ports, agency) if one.kind in {"enquiries_open", "recalls_to_answer", "to_download"}]
    assert rows[0].kind == "recalls_to_answer"
    assert all(one.due_at is None for one in rows[1:])


def test_of_each_kind_only_so_many_are_shown_and_more_of_one_alone(ports, tenants):
    creditor, agency = tenants.creditor, tenants.agency
    loop.place_with(ports, creditor, agency, loop.some_cases(EACH + 5))
    loop.acknowledge_all(ports, agency)
    for case in loop.some_cases(EACH + 5):
        loop.ask(ports, agency, case.account_ref, "¿Hay pagaré?", now=NOW)
    assert len(of(ports, creditor, "enquiries_open")) == EACH
    assert len(tasks(ports, creditor, kind="enquiries_open", limit=100)) == EACH + 5


def test_what_is_late_or_due_today_is_counted_by_the_organisations_clock_and_never_the_others_part(ports, tenants):
    creditor, agency = recalling.settle(ports, tenants).creditor, tenants.agency
    recalling.recall(ports, creditor, "ONE", on=LATER)
    due = datetime(LATER.year, LATER.month, LATER.day, 5, tzinfo=UTC)

    def pressing(actor, now):
        with ports.session(actor) as session:
            return count_pressing(session, actor, now=now)

    assert pressing(agency, due - timedelta(days=1, seconds=1)) == 0
    assert pressing(agency, due - timedelta(seconds=1)) == 1
    assert pressing(agency, due + timedelta(days=3)) == 1
    assert pressing(creditor, due + timedelta(days=3)) == 0
    assert MOST == 99
