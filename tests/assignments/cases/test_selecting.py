"""Everything cases can be chosen by selects what it says, for the side that may ask it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Role
from assignments.cases.models import CaseState, ReturnCode
from assignments.cases.queries import Selection, list_cases, totals
from assignments.cases.selection import CREDITOR_S_OWN, Mark, Part, Reach
from portal.ports import Ports
from tests import creditor_files, loop
from tests.loop import NewCase, add_cases, add_mandate, draft, end_placement, paid, place, report_payments
from tests.people import World

TODAY = local_date(utc_now(), "America/Bogota")
CASES = (
    NewCase("ONE", 1_000, debtor_ref="D1", phones=("3001234567",), delinquent_on=TODAY - timedelta(days=45)),
    NewCase("TWO", 2_000, debtor_ref="D1", days_past_due=10),
    NewCase("THREE", 4_000, phones=("3001234568",), delinquent_on=TODAY + timedelta(days=9)),
    NewCase("F-4", 8_000),
)
KNOWN = """
    update cases set stage = 'Prejurídico', city = 'Medellín', last_payment_on = :paid where account_ref = 'ONE';
    update cases set stage = 'castigada', held_since = now(), hold_reason = 'x' where account_ref = 'TWO';
    update cases set claim_since = now() where account_ref = 'THREE';
    update debtors set person_type = 'company', phone_index = null, email_index = '\\x01'
    where id = (select debtor_id from cases where account_ref = 'THREE');
    update debtors set document_index = '\\x02', person_type = 'person'
    where id = (select debtor_id from cases where account_ref = 'ONE')
"""


@pytest.fixture
def world(ports: Ports) -> World:
    return World(ports)


@pytest.fixture
def creditor(ports: Ports, world: World) -> Actor:
    """Four cases of three debtors, handed over ten days ago; of the fourth nothing is known."""
    director = world.actor(Role.DIRECTOR)
    add_cases(ports, director, CASES, at=utc_now() - timedelta(days=10))
    with ports.session(director) as session, transaction(session):
        for statement in KNOWN.split(";"):
            session.execute(text(statement), {"paid": TODAY - timedelta(days=30)} if ":paid" in statement else {})
    return director


def accounts(ports: Ports, actor: Actor, **chosen: Any) -> list[str]:
    selection = Selection(**chosen)
    with ports.session(actor) as session:
        found = [row.account_ref for row in list_cases(session, actor, selection).rows]
        assert totals(session, actor, selection).cases == len(found)
    return found


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"currency": "COP"}, ["ONE", "TWO", "THREE", "F-4"]),
        ({"currency": "MXN"}, []),
        ({"stage": "PREJURÍDICO"}, ["ONE"]),
        ({"city": "medellín"}, ["ONE"]),
        ({"city": "medell"}, []),
        ({"person_type": "company"}, ["THREE"]),
        ({"has_document": True}, ["ONE", "TWO"]),
        ({"has_document": False}, ["THREE", "F-4"]),
        ({"reach": Reach.PHONE}, ["ONE", "TWO"]),
        ({"reach": Reach.EMAIL}, ["THREE"]),
        ({"reach": Reach.ADDRESS}, []),
        ({"reach": Reach.ANY}, ["ONE", "TWO", "THREE"]),
        ({"reach": Reach.NONE}, ["F-4"]),
        ({"mark": Mark.HELD}, ["TWO"]),
        ({"mark": Mark.CLAIM}, ["THREE"]),
        ({"mark": Mark.FREE}, ["ONE", "F-4"]),
        ({"min_age": 20, "max_age": 20}, ["TWO"]),
        ({"min_age": 45, "max_age": 45}, ["ONE"]),
        ({"max_age": 0}, ["THREE"]),
        ({"min_age": 0}, ["ONE", "TWO", "THREE"]),
        ({"min_unpaid": 30, "max_unpaid": 30}, ["ONE"]),
        ({"max_unpaid": 29}, []),
        ({"min_debts": 2}, ["ONE", "TWO"]),
        ({"max_debts": 1}, ["THREE", "F-4"]),
        ({"min_debtor_minor": 3_000, "max_debtor_minor": 4_000}, ["ONE", "TWO", "THREE"]),
        ({"min_placed": 1}, []),
        ({"max_placed": 0}, ["ONE", "TWO", "THREE", "F-4"]),
        ({"reach": Reach.PHONE, "min_age": 21}, ["ONE"]),
    ],
)
def test_a_condition_selects_what_it_says(
    ports: Ports, creditor: Actor, chosen: dict[str, Any], expected: list[str]
) -> None:
    assert accounts(ports, creditor, **chosen) == expected


def test_a_way_that_was_added_later_counts_as_one(ports: Ports, creditor: Actor) -> None:
    add_cases(ports, creditor, [NewCase("FIVE", 1, debtor_ref="D1", phones=("3009999999",))])
    with ports.session(creditor) as session, transaction(session):
        session.execute(text("update debtors set phone_index = null, phone_2_index = null"))
    assert accounts(ports, creditor, reach=Reach.PHONE) == ["ONE", "TWO", "FIVE"]
    assert "ONE" not in accounts(ports, creditor, reach=Reach.NONE)


def test_a_closed_debt_is_none_the_debtor_still_has(ports: Ports, creditor: Actor) -> None:
    with ports.session(creditor) as session, transaction(session):
        session.execute(text("update cases set state = 'closed' where account_ref = 'TWO'"))
    assert accounts(ports, creditor, min_debts=2) == []
    assert accounts(ports, creditor, max_debtor_minor=1_000) == ["ONE", "TWO"]


def test_debts_of_two_currencies_are_not_added_up(ports: Ports, creditor: Actor) -> None:
    add_cases(ports, creditor, [NewCase("USD", 9_000, debtor_ref="D1", currency="USD")])
    assert accounts(ports, creditor, min_debtor_minor=9_000) == ["USD"]
    assert accounts(ports, creditor, min_debts=3) == ["ONE", "TWO", "USD"]


def test_what_was_paid_since_is_the_last_payment_unless_it_was_reversed_or_taken_back(
    ports: Ports, world: World, creditor: Actor
) -> None:
    agency = world.actor(Role.MANAGER)
    mandate = add_mandate(ports, creditor, agency)
    place(ports, creditor, draft(ports, creditor, [mandate], selection=Selection(search="F-4")))
    loop.acknowledge_all(ports, agency)
    report_payments(ports, agency, creditor, [paid("F-4", 100)])
    days = (TODAY - date(2026, 2, 3)).days
    assert accounts(ports, creditor, min_unpaid=days, max_unpaid=days) == ["F-4"]
    told = creditor_files.pay(ports, creditor, f"F-4,R1,{TODAY - timedelta(days=3)},1,COP")[0]
    assert accounts(ports, creditor, max_unpaid=3) == ["F-4"]
    creditor_files.undo(ports, creditor, told)
    assert accounts(ports, creditor, max_unpaid=3) == []
    assert accounts(ports, creditor, min_unpaid=days, max_unpaid=days) == ["F-4"]


@pytest.fixture
def placed(ports: Ports, world: World, creditor: Actor) -> tuple[Actor, Actor]:
    """F-4 was with both agencies and came back; THREE is with the second now."""
    agencies = world.actor(Role.MANAGER), world.actor(Role.MANAGER, organisation=1)
    for turn, agency in enumerate(agencies):
        mandate = add_mandate(ports, creditor, agency)
        place(ports, creditor, draft(ports, creditor, [mandate], selection=Selection(search="F-4")))
        end_placement(ports, creditor, "F-4", datetime(2026, 2, 1 + turn, tzinfo=UTC))
    place(ports, creditor, draft(ports, creditor, [mandate], selection=Selection(search="THREE")))
    return agencies


def test_only_what_came_back_was_placed_before(ports: Ports, creditor: Actor, placed: tuple[Actor, Actor]) -> None:
    first, second = placed
    assert accounts(ports, creditor, min_placed=1) == ["F-4"]
    assert accounts(ports, creditor, min_placed=2, max_placed=2) == ["F-4"]
    assert accounts(ports, creditor, min_placed=3) == []
    assert accounts(ports, creditor, max_placed=1) == ["ONE", "TWO", "THREE"]
    assert accounts(ports, creditor, max_placed=0) == ["ONE", "TWO", "THREE"]
    assert accounts(ports, creditor, placed_with=first.tenant) == ["F-4"]
    assert accounts(ports, creditor, placed_with=second.tenant, state=CaseState.PLACED) == []


@pytest.mark.parametrize("name", sorted(CREDITOR_S_OWN))
def test_an_agency_learns_nothing_by_asking_what_is_the_creditor_s(
    ports: Ports, placed: tuple[Actor, Actor], name: str
) -> None:
    """Nor does a value that lets everything through tell it anything."""
    values = {"part": Part(1, "x", Selection(), Selection()), "agency_id": placed[1].tenant}
    assert accounts(ports, placed[1], mark=Mark.CLAIM) == ["THREE"]
    assert accounts(ports, placed[1], **{name: values.get(name, 0)}) == []


def test_an_agency_counts_the_debts_it_holds(ports: Ports, world: World, creditor: Actor) -> None:
    agency = world.actor(Role.MANAGER)
    mandate = add_mandate(ports, creditor, agency)
    place(ports, creditor, draft(ports, creditor, [mandate], selection=Selection(search="ONE")))
    assert accounts(ports, creditor, min_debts=2) == ["ONE", "TWO"]
    assert accounts(ports, agency, min_debts=2) == []
    assert accounts(ports, agency, max_debts=1, reach=Reach.PHONE) == ["ONE"]


def test_a_part_takes_what_no_earlier_rule_took_also_where_that_rule_knows_nothing(
    ports: Ports, creditor: Actor
) -> None:
    rules = (Selection(min_age=40), Selection(min_minor=4_000), Selection())
    found = [
        accounts(ports, creditor, part=Part(1, "x", Selection(), rule, rules[:place]))
        for place, rule in enumerate(rules)
    ]
    assert found == [["ONE"], ["THREE", "F-4"], ["TWO"]]
    within = Part(1, "x", Selection(mark=Mark.FREE), rules[1], rules[:1])
    assert accounts(ports, creditor, part=within) == ["F-4"]


def test_a_stored_selection_comes_back_as_it_was() -> None:
    part = Part(7, "Grandes", Selection(product="Tarjeta"), Selection(reach=Reach.NONE), (Selection(min_age=1),))
    chosen = Selection(part=part, mark=Mark.HELD, return_code=ReturnCode.DECEASED, has_document=False, min_placed=0)
    assert Selection.from_dict(chosen.to_dict()) == chosen
    assert set(chosen.to_dict()) == {"part", "mark", "return_code", "has_document", "min_placed"}
