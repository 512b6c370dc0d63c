"""The cells follow the records through every increment, and facts and curves say what the records say."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import create_engine, select, text

from agencies.kernel.errors import Forbidden
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role
from agencies.scorecards.metrics import gross_recovery, liquidation
from agencies.scorecards.models import PlacementCell, RecoveryCell
from assignments import performance
from tests.loop import (
    NewCase,
    add_cases,
    add_mandate,
    draft,
    place,
    place_with,
    report_activities,
    report_payments,
)
from tests.tenants import add_person, add_tenants

NOW = datetime(2026, 7, 15, 17, tzinfo=UTC)


@pytest.fixture
def tenants(ports):
    return add_tenants(ports)


def paid(account: str, amount: int, day: date) -> dict[str, object]:
    return {"account_ref": account, "paid_on": day, "amount": amount}


def cells(ports, actor) -> tuple[list[tuple], list[tuple]]:
    with ports.session(actor) as session:
        return tuple(
            sorted(tuple(row) for row in session.execute(select(*table.__table__.columns)))
            for table in (PlacementCell, RecoveryCell)
        )


@pytest.mark.parametrize("seed", range(4))
def test_cells_kept_by_increments_are_those_made_anew(ports, tenants, seed):
    """Waves in two months, reports in any order, second payments, earlier first payments, activities."""
    chance = random.Random(seed)
    mandates = [add_mandate(ports, tenants.creditor, one) for one in (tenants.agency, tenants.other_agency)]
    held: dict[int, list[str]] = {}
    for wave, at in enumerate((datetime(2026, 1, 31, 23, tzinfo=UTC), datetime(2026, 2, 1, 5, tzinfo=UTC))):
        add_cases(ports, tenants.creditor, [NewCase(f"W{wave}-{n}", chance.randrange(1, 10**6)) for n in range(25)])
        place(ports, tenants.creditor, draft(ports, tenants.creditor, mandates, seed=seed, now=at), now=at)
    for agency in (tenants.agency, tenants.other_agency):
        with ports.session(agency) as session:
            held[agency.tenant] = session.scalars(text("select account_ref from cases order by id")).all()
    for _ in range(6):
        agency = chance.choice((tenants.agency, tenants.other_agency))
        mine = held[agency.tenant]
        days = [date(2026, 2, 1) + timedelta(days=chance.randrange(120)) for _ in range(30)]
        payments = [paid(chance.choice(mine[:9]), chance.randrange(1, 500), day) for day in days]
        report_payments(ports, agency, tenants.creditor, payments, now=NOW)
        activities = [
            {
                "account_ref": chance.choice(mine),
                "happened_at": datetime(2026, 2, 2, 5, tzinfo=UTC) + timedelta(hours=chance.randrange(24 * 120)),
                "channel": "call",
                "result": "no_answer",
            }
            for _ in range(20)
        ]
        report_activities(ports, agency, tenants.creditor, activities, now=NOW)
        with ports.session(tenants.creditor) as session:
            assert performance.differing(session, tenants.creditor) == 0
    kept = cells(ports, tenants.creditor)
    with ports.session(tenants.creditor) as session, transaction(session):
        performance.rebuild(session, tenants.creditor)
    anew = cells(ports, tenants.creditor)
    nothing = (0,) * 9
    assert (kept[0], [row for row in kept[1] if row[6:] != nothing]) == anew
    assert {row[3] for row in anew[0]} == {date(2026, 1, 1), date(2026, 2, 1)}


def test_an_earlier_payment_moves_the_payer_to_the_earlier_month(ports, tenants):
    place_with(ports, tenants.creditor, tenants.agency, [NewCase("A1", 1_000)])
    report_payments(ports, tenants.agency, tenants.creditor, [paid("A1", 10, date(2026, 4, 2))], now=NOW)
    report_payments(ports, tenants.agency, tenants.creditor, [paid("A1", 20, date(2026, 2, 2))], now=NOW)
    with ports.session(tenants.creditor) as session:
        rows = session.execute(
            select(RecoveryCell.month_on_book, RecoveryCell.collected_minor, RecoveryCell.new_payers).order_by(
                RecoveryCell.month_on_book
            )
        ).all()
    assert [tuple(row) for row in rows] == [(1, 20, 1), (3, 10, 0)]


@pytest.mark.parametrize("table", ["placement_cells", "recovery_cells"])
def test_a_cell_that_lies_is_found(ports, tenants, database, table):
    place_with(ports, tenants.creditor, tenants.agency, [NewCase("A1", 1_000)])
    report_payments(ports, tenants.agency, tenants.creditor, [paid("A1", 10, date(2026, 4, 2))], now=NOW)
    column = "cases" if table == "placement_cells" else "payments"
    engine = create_engine(database.superuser_url)
    with engine.begin() as connection:
        connection.execute(text(f"update {table} set {column} = {column} + 1"))
    engine.dispose()
    with ports.session(tenants.creditor) as session:
        assert performance.differing(session, tenants.creditor) == 2


@pytest.fixture
def twelve(ports, tenants):
    """Twelve cases of 1,000 placed in January with one agency and three in May; each of the twelve pays twice."""
    place_with(
        ports, tenants.creditor, tenants.agency, [NewCase(f"J{n}", 1_000) for n in range(12)], commission_bp=2000
    )
    may = datetime(2026, 5, 20, 15, tzinfo=UTC)
    place_with(ports, tenants.creditor, tenants.agency, [NewCase(f"M{n}", 1_000) for n in range(3)], now=may)
    first = [paid(f"J{n}", 50, date(2026, 2, 10)) for n in range(12)]
    second = [paid(f"J{n}", 100, date(2026, 4, 10)) for n in range(12)]
    fresh = [paid("M0", 500, date(2026, 5, 25))]
    report_payments(ports, tenants.agency, tenants.creditor, first + second + fresh, now=NOW)
    return tenants


def test_facts_add_up_what_was_placed_and_what_came_back(ports, twelve):
    with ports.session(twelve.creditor) as session:
        [row] = performance.facts(session, twelve.creditor, now=NOW)
    assert (row.agency_name, row.currency, row.cases, row.placed_minor) == ("Cobros Uno", "COP", 15, 15_000)
    assert (row.payments, row.collected_minor, row.payers) == (25, 2_300, 13)
    assert row.commission_minor == 12 * 10 + 12 * 20 + 100
    assert (row.first_month, row.last_month) == (date(2026, 1, 1), date(2026, 5, 1))
    assert gross_recovery(row).value == pytest.approx(2_300 / 15_000, abs=1e-12)


def test_facts_at_an_age_count_only_what_has_completed_it(ports, twelve):
    with ports.session(twelve.creditor) as session:
        at = {
            months: performance.facts(session, twelve.creditor, months=months, now=NOW)[0] for months in (0, 1, 2, 5, 6)
        }
    # In July the May placements have completed month 1 (June), the January ones month 5 (June).
    assert [at[months].placed_minor for months in (0, 1, 2, 5, 6)] == [15_000, 15_000, 12_000, 12_000, 0]
    assert [at[months].collected_minor for months in (0, 1, 2, 5, 6)] == [500, 1_100, 600, 1_800, 0]
    assert gross_recovery(at[6]).value is None


def test_the_curve_at_an_age_is_the_fact_at_that_age(ports, twelve):
    with ports.session(twelve.creditor) as session:
        [curve] = performance.curves(session, twelve.creditor, now=NOW)
        assert [point.month_on_book for point in curve.points] == [0, 1, 2, 3, 4, 5]
        for point in curve.points:
            [row] = performance.facts(session, twelve.creditor, months=point.month_on_book, now=NOW)
            assert (point.placed_minor, point.collected_minor, point.payers) == (
                row.placed_minor,
                row.collected_minor,
                row.payers,
            )
    values = [liquidation(point).value for point in curve.points]
    assert values[0] is None
    assert values[1:] == pytest.approx([1_100 / 15_000, 0.05, 0.15, 0.15, 0.15])


def test_a_month_is_completed_when_the_next_begins_where_the_creditor_is(ports, twelve):
    midnight = datetime(2026, 7, 1, 5, tzinfo=UTC)
    with ports.session(twelve.creditor) as session:
        for now, placed in ((midnight - timedelta(seconds=1), 0), (midnight, 12_000)):
            [row] = performance.facts(session, twelve.creditor, months=5, now=now)
            assert row.placed_minor == placed


def test_currencies_are_never_summed(ports, twelve):
    place_with(ports, twelve.creditor, twelve.agency, [NewCase("USD1", 700, currency="USD")])
    with ports.session(twelve.creditor) as session:
        rows = performance.facts(session, twelve.creditor, now=NOW)
        assert {(row.currency, row.placed_minor) for row in rows} == {("COP", 15_000), ("USD", 700)}
        assert len(performance.facts(session, twelve.creditor, currency="USD", now=NOW)) == 1
        assert [curve.currency for curve in performance.curves(session, twelve.creditor, currency="USD", now=NOW)] == [
            "USD"
        ]


def test_an_agency_sees_itself_and_a_creditor_its_own_agencies(ports, twelve):
    place_with(ports, twelve.creditor, twelve.other_agency, [NewCase("X", 1_000)])
    place_with(ports, twelve.other_creditor, twelve.other_agency, [NewCase("Y", 1_000)])
    seen = {}
    for name in ("creditor", "other_creditor", "agency", "other_agency"):
        actor = getattr(twelve, name)
        with ports.session(actor) as session:
            facts = performance.facts(session, actor, now=NOW)
            curves = performance.curves(session, actor, now=NOW)
        seen[name] = {(row.creditor_id, row.agency_id) for row in facts}
        assert {(curve.creditor_id, curve.agency_id) for curve in curves} == seen[name]
    one, two = twelve.creditor.tenant, twelve.other_creditor.tenant
    first, second = twelve.agency.tenant, twelve.other_agency.tenant
    assert seen == {
        "creditor": {(one, first), (one, second)},
        "other_creditor": {(two, second)},
        "agency": {(one, first)},
        "other_agency": {(one, second), (two, second)},
    }


def test_the_comparison_is_not_for_agents(ports, tenants):
    agent = add_person(ports, Role.AGENT, "Cobros Tres")
    with ports.session(agent) as session:
        with pytest.raises(Forbidden):
            performance.facts(session, agent, now=NOW)
        with pytest.raises(Forbidden):
            performance.curves(session, agent, now=NOW)
