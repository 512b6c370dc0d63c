"""Cases nobody works: which count, by when, and who sees them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.permissions import Permission
from assignments.cases.models import Case
from assignments.placements.history import explain
from assignments.placements.holding import follow_holds
from assignments.sla import enquiries
from assignments.sla.idle import DAYS, idle_case_ids, idle_cases, idle_watch
from tests import loop
from tests.recalling import case_ids, do, recall
from tests.tenants import add_tenants

TAKEN = loop.PLACED_AT


@pytest.fixture
def tenants(ports):
    return add_tenants(ports)


@pytest.fixture
def begun(ports, tenants):
    """Ten cases of which one is worked on the second day, one on the fifth, and one on the tenth."""
    loop.place_with(ports, tenants.creditor, tenants.agency, loop.some_cases(10))
    loop.acknowledge_all(ports, tenants.agency)
    rows = [
        loop.worked(account, at=TAKEN + timedelta(days=day, hours=-1))
        for account, day in (("A00001", 2), ("A00002", 5), ("A00003", 10))
    ]
    loop.report_activities(ports, tenants.agency, tenants.creditor, rows)
    return tenants


def watch(ports, actor, days: float) -> list[tuple[int, int, int]]:
    """Of the one consignment: old enough, untouched by the day, and still untouched, for each of the days."""
    with ports.session(actor) as session:
        [row] = idle_watch(session, actor, now=TAKEN + timedelta(days=days))
    assert tuple(one.days for one in row.marks) == DAYS
    return [(one.cases, one.untouched, one.still) for one in row.marks]


@pytest.mark.parametrize("side", ["creditor", "agency"])
def test_the_curve_of_what_nobody_touched_falls_from_day_to_day(ports, begun, side):
    assert watch(ports, getattr(begun, side), 15) == [(10, 9, 7), (10, 8, 7), (10, 7, 7)]


def test_what_is_not_old_enough_is_not_counted(ports, begun):
    assert watch(ports, begun.creditor, 2.9) == [(0, 0, 0)] * 3
    assert watch(ports, begun.creditor, 7) == [(10, 9, 7), (10, 8, 7), (0, 0, 0)]


def test_what_its_creditor_holds_or_owes_an_answer_on_is_not_idle(ports, begun):
    ids = case_ids(ports, begun.creditor, "A00004")
    with ports.session(begun.creditor) as session, transaction(session):
        explain(session, begun.creditor, "case.updated", now=TAKEN)
        session.execute(update(Case).where(Case.id == ids[0]).values(held_since=TAKEN))
        follow_holds(session, begun.creditor.tenant, ids)
    asked = loop.ask(ports, begun.agency, "A00005", "¿Hay pagaré?", now=TAKEN)
    assert watch(ports, begun.creditor, 15)[1] == (8, 6, 5)
    do(ports, begun.creditor, enquiries.answer, asked, text="Sí.", now=TAKEN)
    assert watch(ports, begun.creditor, 15)[1] == (9, 7, 6)


def test_what_was_taken_back_in_time_could_not_be_touched(ports, begun):
    recall(ports, begun.creditor, "A00004", on=TAKEN.date() + timedelta(days=5), now=TAKEN + timedelta(days=5))
    assert watch(ports, begun.creditor, 15) == [(10, 9, 6), (9, 7, 6), (9, 6, 6)]


def test_what_somebody_paid_on_is_not_idle(ports, begun):
    loop.report_payments(ports, begun.agency, begun.creditor, [loop.paid("A00004", 10)])
    assert [still for _, _, still in watch(ports, begun.creditor, 15)] == [6, 6, 6]


def test_the_list_holds_what_the_figure_says_in_pages(ports, begun):
    now = TAKEN + timedelta(days=15)
    with ports.session(begun.creditor) as session:
        [row] = idle_watch(session, begun.creditor, now=now)
        first = idle_cases(session, begun.creditor, row.consignment_id, days=7, limit=4, now=now)
        after = first.next_cursor
        rest = idle_cases(session, begun.creditor, row.consignment_id, days=7, after=after, now=now)
        listed = [one.account_ref for one in (*first.rows, *rest.rows)]
        assert len(idle_case_ids(session, begun.creditor, row.consignment_id, days=7, now=now)) == 7
        assert row.still_minor == sum(1_000 * number for number in range(4, 11))
    assert sorted(listed) == [f"A{number:05}" for number in range(4, 11)]


def test_nobody_else_sees_the_idle_cases_of_others(ports, begun):
    now = TAKEN + timedelta(days=15)
    with ports.session(begun.creditor) as session:
        number = idle_watch(session, begun.creditor, now=now)[0].consignment_id
        with pytest.raises(NotFound):
            idle_cases(session, begun.creditor, number, days=5, now=now)
    for stranger in (begun.other_creditor, begun.other_agency):
        with ports.session(stranger) as session:
            assert idle_watch(session, stranger, now=now) == []
            assert idle_cases(session, stranger, number, days=7, now=now).rows == ()
    nobody = Actor(side=Side.PLATFORM, organisation_id=1, permissions=frozenset({Permission.SLA_VIEW}))
    with ports.session(begun.creditor) as session, pytest.raises(Forbidden):
        idle_watch(session, nobody, now=datetime(2026, 2, 1, tzinfo=UTC))
