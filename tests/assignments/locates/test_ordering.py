"""Orders: who is looked for, at what price, and what the agency may know of them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from agencies.attestations.gates import GateClosed
from agencies.kernel.audit import AuditEvent
from agencies.kernel.errors import NotFound
from agencies.kernel.money import Money
from agencies.kernel.notices import list_notices
from agencies.kernel.session import transaction
from agencies.mandates.models import FeeClass
from agencies.mandates.terms import TermSheet
from assignments.cases.models import Case
from assignments.cases.queries import Selection
from assignments.locates import ordering, queries
from assignments.locates.lifecycle import FeesMissing, OrderMovedOn
from assignments.locates.models import LocateOrder, LocateSubject, OrderEnd, OrderState
from assignments.locates.ordering import DueDateOutOfRange, NobodyToLocate, NotCertified, SelectionMoved
from assignments.locates.people import HeldBack, NotALocateMandate, People, estimate
from tests import locating, loop
from tests.locating import DUE_ON, ORDERED_AT, order, orders, take_on

EVERYBODY = People(Selection())


def estimated(ports, creditor, mandate, people=EVERYBODY, fee_class=FeeClass.STANDARD):
    with ports.session(creditor) as session:
        return estimate(session, creditor, people, mandate_id=mandate.id, fee_class=fee_class, now=ORDERED_AT)


def subjects(ports, actor):
    with ports.session(actor) as session:
        return {one.name: one for one in session.scalars(select(LocateSubject))}


def test_the_cost_is_known_before_anybody_is_ordered(ports, tenants, mandate):
    seen = estimated(ports, tenants.creditor, mandate)

    assert seen.orders == 3
    assert dict(seen.held_back) == {HeldBack.SAME_PERSON: 1}
    assert seen.highest == Money(2_500_000, "COP")
    assert seen.most == Money(7_500_000, "COP")
    assert seen.expected is None
    assert orders(ports, tenants.creditor, type("Nothing", (), {"id": 0})) == []


def test_a_person_with_several_debts_is_looked_for_once_by_the_largest(ports, tenants, mandate):
    batch = order(ports, tenants.creditor, mandate, expected_orders=3)

    assert batch.orders == 3
    assert [one.account_ref for one in orders(ports, tenants.creditor, batch)] == ["A1", "A3", "A4"]


def test_the_agency_is_told_what_is_known_and_no_more(ports, tenants, mandate):
    order(ports, tenants.creditor, mandate)

    known = subjects(ports, tenants.agency)
    assert known["Ana Prueba"].known == [{"kind": "phone", "value": "3001234567"}]
    assert known["Sin Teléfono"].known == []
    with ports.session(tenants.agency) as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 0
    assert subjects(ports, tenants.other_agency) == {}


def test_whoever_is_looked_for_already_is_held_back(ports, tenants, mandate):
    order(ports, tenants.creditor, mandate, people=People(Selection(search="A3")))

    seen = estimated(ports, tenants.creditor, mandate)
    assert dict(seen.held_back) == {HeldBack.LOOKED_FOR: 2}
    assert seen.orders == 2


def test_an_order_pressed_twice_is_made_once(ports, tenants, mandate):
    order(ports, tenants.creditor, mandate, expected_orders=3)

    with pytest.raises(SelectionMoved):
        order(ports, tenants.creditor, mandate, expected_orders=3)
    with pytest.raises(NobodyToLocate):
        order(ports, tenants.creditor, mandate)


def test_nobody_looks_for_people_it_collects_from(ports, tenants, mandate):
    collect = loop.add_mandate(ports, tenants.creditor, tenants.agency)
    drawn = loop.draft(ports, tenants.creditor, [collect], selection=Selection(search="A1"))
    loop.place(ports, tenants.creditor, drawn)

    assert dict(estimated(ports, tenants.creditor, mandate).held_back)[HeldBack.COLLECTED_BY_IT] == 1


def test_one_case_can_be_ordered_by_itself(ports, tenants, mandate):
    with ports.session(tenants.creditor) as session:
        case_id = session.scalars(select(Case.id).where(Case.account_ref == "A2")).one()

    batch = order(ports, tenants.creditor, mandate, people=People(Selection(), case_id))
    assert [one.account_ref for one in orders(ports, tenants.creditor, batch)] == ["A2"]


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"is_certified": False}, NotCertified),
        ({"legal_basis": "  "}, NotCertified),
        ({"due_on": ORDERED_AT.date()}, DueDateOutOfRange),
        ({"due_on": date(2027, 2, 27)}, DueDateOutOfRange),
        ({"people": People(Selection(search="nobody"))}, NobodyToLocate),
    ],
)
def test_what_an_order_must_say(ports, tenants, mandate, changed, refusal):
    with pytest.raises(refusal):
        order(ports, tenants.creditor, mandate, **changed)


def test_the_creditor_s_own_date_decides_whether_it_is_due_in_time(ports, tenants, mandate):
    late_evening = ORDERED_AT.replace(hour=3) + timedelta(days=1)  # still the day before in Bogotá

    batch = order(ports, tenants.creditor, mandate, due_on=late_evening.date(), now=late_evening)
    assert batch.due_on == late_evening.date()


def test_a_mandate_to_collect_is_no_mandate_to_locate(ports, tenants):
    collect = loop.add_mandate(ports, tenants.creditor, tenants.agency)

    with pytest.raises(NotALocateMandate):
        order(ports, tenants.creditor, collect)


def test_a_class_without_fees_cannot_be_ordered(ports, tenants):
    free = locating.locate_mandate(ports, tenants.creditor, tenants.agency, terms=TermSheet())

    with pytest.raises(FeesMissing):
        order(ports, tenants.creditor, free)


def test_an_agency_that_has_not_attested_receives_nobody(ports, tenants):
    unattested = locating.locate_mandate(ports, tenants.creditor, tenants.agency, is_attested=False)

    with pytest.raises(GateClosed) as refused:
        order(ports, tenants.creditor, unattested)
    assert "AT-07" in {one.code for one in refused.value.obstacles[tenants.agency.tenant]}
    assert subjects(ports, tenants.agency) == {}


def test_a_batch_is_taken_on_once_and_both_sides_know(ports, tenants, mandate):
    batch = order(ports, tenants.creditor, mandate)

    assert {one.state for one in take_on(ports, tenants.agency, batch)} == {OrderState.ACKNOWLEDGED}
    take_on(ports, tenants.agency, batch)
    for side in (tenants.creditor, tenants.agency):
        with ports.session(side) as session:
            events = session.scalars(select(AuditEvent.action).where(AuditEvent.organisation_id == side.tenant)).all()
        assert events.count("locate.ordered") == 1
        assert events.count("locate.acknowledged") == 1
    with ports.session(tenants.agency) as session:
        assert "locate.ordered" in {one.kind for one in list_notices(session, tenants.agency).rows}


def test_another_agency_takes_nothing_on(ports, tenants, mandate):
    batch = order(ports, tenants.creditor, mandate)

    with ports.session(tenants.other_agency) as session, pytest.raises(NotFound):
        ordering.acknowledge(session, tenants.other_agency, batch.id, now=ORDERED_AT)


def test_what_is_taken_back_is_out_of_the_agency_s_sight_at_once(ports, tenants, mandate):
    batch = order(ports, tenants.creditor, mandate)
    first, *_ = take_on(ports, tenants.agency, batch)

    with ports.session(tenants.creditor) as session, transaction(session):
        assert ordering.withdraw(session, tenants.creditor, batch.id, order_id=first.id, now=ORDERED_AT) == 1
    assert "Ana Prueba" not in subjects(ports, tenants.agency)
    with ports.session(tenants.creditor) as session, transaction(session):
        assert ordering.withdraw(session, tenants.creditor, batch.id, now=ORDERED_AT) == 2
    assert subjects(ports, tenants.agency) == {}
    with ports.session(tenants.creditor) as session:
        assert set(session.scalars(select(LocateOrder.ended_as))) == {OrderEnd.WITHDRAWN}
    with ports.session(tenants.creditor) as session, pytest.raises(OrderMovedOn):
        ordering.withdraw(session, tenants.creditor, batch.id, now=ORDERED_AT)


def test_a_batch_of_more_orders_than_a_statement_takes_parameters_can_be_taken_back(ports, tenants, mandate):
    batch = order(ports, tenants.creditor, mandate)
    theirs = [one.id for one in orders(ports, tenants.creditor, batch)]

    with ports.session(tenants.creditor) as session, transaction(session):
        ordering.forget_subjects(session, batch.creditor_id, batch.agency_id, [*range(10**6, 10**6 + 70_000), *theirs])
    assert subjects(ports, tenants.agency) == {}


def listed(ports, agency, batch):
    """The names in the agency's list of a batch."""
    with ports.session(agency) as session:
        rows = queries.list_orders(session, agency, batch.id).rows
    return {one.account_ref: (one.name, one.city) for one in rows}


def test_nobody_is_named_to_an_agency_that_has_not_taken_the_orders_on(ports, tenants, mandate):
    batch = order(ports, tenants.creditor, mandate)

    assert set(listed(ports, tenants.agency, batch).values()) == {(None, None)}
    assert listed(ports, tenants.creditor, batch)["A1"][0] == "Ana Prueba"
    take_on(ports, tenants.agency, batch)
    assert listed(ports, tenants.agency, batch)["A1"][0] == "Ana Prueba"


def test_nobody_is_named_in_the_lists_of_an_agency_that_collects_from_them(ports, tenants, mandate):
    batch = order(ports, tenants.creditor, mandate)
    take_on(ports, tenants.agency, batch)
    collect = loop.add_mandate(ports, tenants.creditor, tenants.agency)
    loop.place(
        ports, tenants.creditor, loop.draft(ports, tenants.creditor, [collect], selection=Selection(search="A1"))
    )

    names = listed(ports, tenants.agency, batch)
    assert names["A1"] == (None, None)
    assert names["A4"][0] == "Sin Teléfono"
    with ports.session(tenants.agency) as session:
        assert {one.account_ref: one.name for one in queries.queue(session, tenants.agency).rows}["A1"] is None


def test_a_person_can_be_ordered_again_once_the_order_has_ended(ports, tenants, mandate):
    batch = order(ports, tenants.creditor, mandate)
    with ports.session(tenants.creditor) as session, transaction(session):
        ordering.withdraw(session, tenants.creditor, batch.id, now=ORDERED_AT)

    assert order(ports, tenants.creditor, mandate, due_on=DUE_ON).orders == 3


def test_the_other_creditor_s_mandates_and_batches_are_not_there(ports, tenants, mandate):
    batch = order(ports, tenants.creditor, mandate)

    with pytest.raises(NotFound):
        order(ports, tenants.other_creditor, mandate)
    with ports.session(tenants.other_creditor) as session, pytest.raises(NotFound):
        ordering.withdraw(session, tenants.other_creditor, batch.id, now=ORDERED_AT)
