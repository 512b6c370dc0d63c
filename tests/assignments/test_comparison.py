"""The agencies of a panel side by side: recovery as pandas has it, promises and attestations as counted by hand."""

from __future__ import annotations

import random
from dataclasses import astuple, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from agencies.attestations.templates import Act, templates
from agencies.kernel.errors import Forbidden
from agencies.mandates.models import Clause
from agencies.organisations.permissions import PERMISSIONS, Permission, Role
from agencies.scorecards.facts import Window
from agencies.scorecards.metrics import cost, gross_recovery, net_back, placed_share
from assignments import comparison, performance
from tests import locating, loop
from tests.assignments.sla.events import Between
from tests.attested import attest_all, attest_one
from tests.loop import NewCase, add_cases, add_mandate, draft, place, report_payments
from tests.tenants import add_person, add_tenants

NOW = datetime(2026, 9, 15, 17, tzinfo=UTC)
PARTS = (Window(first_month=date(2026, 1, 1)), Window(last_month=date(2026, 9, 1)), Window(stratum="1/1"))
WAVES = (datetime(2026, 1, 12, 15, tzinfo=UTC), datetime(2026, 2, 9, 15, tzinfo=UTC))


@pytest.fixture
def tenants(ports):
    return add_tenants(ports)


@pytest.fixture
def panel_of_five(ports, tenants):
    """Five agencies share two waves of two hundred cases; payments of any size, some in two parts."""
    agencies = [tenants.agency, tenants.other_agency, *(add_person(ports, Role.MANAGER, f"Casa {n}") for n in range(3))]
    chance = random.Random(11)
    mandates = [
        add_mandate(ports, tenants.creditor, one, commission_bp=1500 + 250 * at) for at, one in enumerate(agencies)
    ]
    for number, at in enumerate(WAVES):
        add_cases(
            ports, tenants.creditor, [NewCase(f"{number}-{n}", chance.randrange(10**5, 10**7)) for n in range(200)]
        )
        place(ports, tenants.creditor, draft(ports, tenants.creditor, mandates, seed=number, now=at), now=at)
    for agency in agencies:
        with ports.session(agency) as session:
            held = session.execute(text("select account_ref, placed_minor from placements order by id")).all()
        rows = [
            {
                "account_ref": account,
                "paid_on": date(2026, 2, 10) + timedelta(days=chance.randrange(180)),
                "amount": chance.randrange(1, placed // 2),
            }
            for account, placed in held
            for _ in range(chance.choice((0, 1, 2)))
        ]
        report_payments(ports, agency, tenants.creditor, rows, now=NOW)
    return agencies


def compared(ports, actor, **limits):
    with ports.session(actor) as session:
        return comparison.compare(session, actor, currency="COP", now=NOW, **limits)


def records(database, creditor) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Placements and payments as they stand in the tables, each payment with its commission."""
    engine = create_engine(database.superuser_url)
    with engine.connect() as connection:
        placed = pd.read_sql(
            text(
                "select l.id, l.agency_id, l.placed_minor as placed, l.stratum,"
                " extract(month from l.placed_at at time zone 'America/Bogota') as month"
                " from placements l where creditor_id = :creditor"
            ),
            connection,
            params={"creditor": creditor.tenant},
        )
        paid = pd.read_sql(
            text(
                "select p.placement_id as id, p.amount_minor as amount, e.total_minor - p.amount_minor as commission,"
                " extract(month from p.paid_on) as paid_in from payments p join entries e on e.payment_id = p.id"
                " where p.creditor_id = :creditor"
            ),
            connection,
            params={"creditor": creditor.tenant},
        )
    engine.dispose()
    return placed, paid


@pytest.mark.parametrize("months", [None, 3, 6])
def test_recovery_and_its_intervals_are_those_of_pandas_on_the_records(ports, tenants, database, panel_of_five, months):
    placed, paid = records(database, tenants.creditor)
    if months is not None:
        # In September both waves have completed six months: January eight, February seven.
        paid = paid.merge(placed[["id", "month"]], on="id")
        paid = paid[paid["paid_in"] - paid["month"] <= months]
    back = paid.groupby("id")[["amount", "commission"]].sum()
    cases = placed.set_index("id").join(back).fillna({"amount": 0, "commission": 0})
    cases["net"] = cases["amount"] - cases["commission"]
    found = {one.facts.agency_id: one.facts for one in compared(ports, tenants.creditor, months=months)}
    assert len(found) == 5
    for agency_id, mine in cases.groupby("agency_id"):
        for measure, column in ((gross_recovery, "amount"), (net_back, "net")):
            metric = measure(found[agency_id])
            rate = mine[column].sum() / mine["placed"].sum()
            spread = ((mine[column] - rate * mine["placed"]) ** 2).sum()
            reach = 1.959963984540054 * np.sqrt(len(mine) / (len(mine) - 1) * spread) / mine["placed"].sum()
            assert metric.value == pytest.approx(rate, abs=1e-9)
            assert metric.interval == pytest.approx((max(0, rate - reach), rate + reach), abs=1e-9)


def test_the_months_and_bands_of_a_window_add_up_to_the_whole(ports, tenants, panel_of_five):
    [whole] = compared(ports, tenants.creditor, window=Window(partner_id=panel_of_five[0].tenant))
    with ports.session(tenants.creditor) as session:
        offered = comparison.choices(session, tenants.creditor)
        months = performance.monthly(
            session, tenants.creditor, currency="COP", window=Window(partner_id=panel_of_five[0].tenant), now=NOW
        )
    assert (offered.currencies, offered.months) == (("COP",), (date(2026, 1, 1), date(2026, 2, 1)))
    assert [one.first_month for one in months] == list(offered.months)
    by_month = [
        compared(ports, tenants.creditor, window=Window(month, month, partner_id=panel_of_five[0].tenant))[0].facts
        for month in offered.months
    ]
    by_band = [
        compared(ports, tenants.creditor, window=Window(stratum=band, partner_id=panel_of_five[0].tenant))[0].facts
        for band in offered.strata
    ]
    for parts in (months, by_month, by_band):
        for name in ("cases", "placed_minor", "collected_minor", "commission_minor", "payers"):
            assert sum(getattr(one, name) for one in parts) == getattr(whole.facts, name), name
        assert sum((one.spread for one in parts[1:]), parts[0].spread) == whole.facts.spread


def test_shares_of_placements_add_up_to_one_and_an_agency_is_not_told(ports, tenants, panel_of_five):
    found = compared(ports, tenants.creditor)
    assert sum(placed_share(one.facts, one.all_placed_minor).value for one in found) == pytest.approx(1)
    [own] = compared(ports, panel_of_five[0])
    assert own.all_placed_minor is None


def test_locate_fees_are_part_of_the_cost_of_the_whole_and_of_no_part(ports, tenants, database):
    add_cases(ports, tenants.creditor, [NewCase("A-1", 100_000)])
    seeker = tenants.other_agency
    mandate = locating.locate_mandate(ports, tenants.creditor, seeker)
    [order] = locating.take_on(ports, seeker, locating.order(ports, tenants.creditor, mandate))
    [number] = locating.find(ports, seeker, order.id, [locating.phone()])
    locating.grade(ports, tenants.creditor, number)

    def fees(**limits: object) -> set[int | None]:
        return {one.fees_minor for one in compared(ports, tenants.creditor, **limits)}

    assert max(fees()) > 0
    assert max(fees(window=Window(partner_id=tenants.other_agency.tenant))) > 0
    for part in ({"months": 3}, *({"window": one} for one in PARTS)):
        assert fees(**part) == {None}


def test_an_agency_without_placements_changes_nobody_s_figures(ports, tenants, panel_of_five):
    before = {one.facts.agency_id: one for one in compared(ports, tenants.creditor)}
    newcomer = add_person(ports, Role.MANAGER, "Casa Nueva")
    add_mandate(ports, tenants.creditor, newcomer)
    after = {one.facts.agency_id: one for one in compared(ports, tenants.creditor)}
    joined = after.pop(newcomer.tenant)
    assert after == before
    assert (joined.facts.cases, gross_recovery(joined.facts).value, cost(joined.facts).value) == (0, None, None)
    assert joined.standing is not None


def test_promises_are_counted_as_by_hand(ports, tenants):
    """Of two consignments one was taken on, after a day; of its three cases two were worked within another one."""
    between = Between(ports, tenants.creditor, tenants.agency)
    between.place("A0", "A1", "A2", at="2026-03-02T10:00")
    between.acknowledge("2026-03-03T10:00")
    between.place("B0", at="2026-03-02T10:00")
    between.work("A0", "2026-03-03T15:00")
    between.work("A1", "2026-03-04T10:00")
    between.work("A2", "2026-03-04T10:01")
    [one] = compared(ports, tenants.creditor)
    counts = {each.clause: (each.met, each.due, each.not_due, each.paused) for each in one.compliance}
    assert counts == {Clause.ACKNOWLEDGE: (1, 2, 0, 0), Clause.FIRST_ACTIVITY: (2, 3, 0, 0)}


def test_attestations_are_shown_as_they_stand(ports, tenants):
    """All were given in January; AT-02 ran out in June, and what it blocks is blocked, and nothing else."""
    january = datetime(2026, 1, 20, 15, tzinfo=UTC)
    attest_all(ports, tenants.creditor, tenants.agency, now=january, but=("AT-02",))
    attest_one(ports, tenants.creditor, tenants.agency, "AT-02", now=january, until=date(2026, 6, 30))
    seen = {}
    for month in (6, 7):
        with ports.session(tenants.creditor) as session:
            at = datetime(2026, month, 15, 15, tzinfo=UTC)
            [one] = comparison.compare(session, tenants.creditor, currency="COP", now=at)
        seen[month] = one.standing
    codes = [one.code for one in templates("CO", date(2026, 6, 15)) if not one.is_per_recall]
    assert [one.code for one in seen[6].templates] == codes
    assert (seen[6].score_bp, seen[6].blocked_acts) == (10_000, frozenset())
    assert [one.code for one in seen[7].templates if not one.is_holding] == ["AT-02"]
    assert (seen[7].score_bp, seen[7].blocked_acts) == (0, frozenset({Act.DOWNLOAD}))
    assert [one.valid_until for one in seen[7].templates if one.code == "AT-02"] == [date(2026, 6, 30)]


def test_each_side_sees_its_own_and_nobody_else_anything(ports, tenants, panel_of_five):
    assert {one.facts.agency_id for one in compared(ports, tenants.creditor)} == {one.tenant for one in panel_of_five}
    assert compared(ports, tenants.other_creditor) == []
    for agency in panel_of_five:
        assert [one.facts.agency_id for one in compared(ports, agency)] == [agency.tenant]


@pytest.mark.parametrize("role", [Role.AGENT, Role.INVESTIGATOR])
def test_the_comparison_is_for_those_who_may_see_it(ports, role):
    somebody = add_person(ports, role, "Casa")
    with ports.session(somebody) as session:
        for call in (
            lambda: comparison.compare(session, somebody, currency="COP", now=NOW),
            lambda: comparison.choices(session, somebody),
            lambda: comparison.panel(session, somebody, 1, currency="COP", months=None, now=NOW),
            lambda: comparison.record_export(session, somebody, lines=1, currency="COP", kind="csv", now=NOW),
        ):
            with pytest.raises(Forbidden):
                call()


def test_who_may_not_see_an_axis_is_not_told_of_it(ports, tenants, panel_of_five):
    narrow = replace(tenants.creditor, permissions=PERMISSIONS[Role.FINANCE] - {Permission.SLA_VIEW})
    for one in compared(ports, narrow):
        assert (one.standing, one.conduct, one.compliance) == (None, None, ())
        assert gross_recovery(one.facts).value is not None


def positions(ports, agency, creditor, **limits):
    with ports.session(agency) as session:
        return comparison.panel(session, agency, creditor.tenant, currency="COP", now=NOW, **{"months": None, **limits})


def test_the_panel_holds_the_others_figures_and_nothing_that_names_them(ports, tenants, panel_of_five):
    facts = {one.facts.agency_id: one.facts for one in compared(ports, tenants.creditor)}
    for agency in panel_of_five:
        others = [one for number, one in facts.items() if number != agency.tenant]
        found = positions(ports, agency, tenants.creditor)
        assert sorted(one.gross for one in found) == sorted(round(gross_recovery(one).value, 4) for one in others)
        assert sorted(one.net_high for one in found) == sorted(round(net_back(one).interval[1], 4) for one in others)
        told = {value for one in found for value in astuple(one) if value is not None}
        assert all(0 <= value <= 2 and round(value, 4) == value for value in told)


def test_the_order_of_the_panel_is_stable_and_is_no_key(ports, tenants, panel_of_five):
    """The same page twice is the same; what two agencies see of the others cannot be laid side by side."""
    seen = [[one.gross for one in positions(ports, agency, tenants.creditor)] for agency in panel_of_five]
    again = [[one.gross for one in positions(ports, agency, tenants.creditor)] for agency in panel_of_five]
    assert seen == again
    common = [[gross for gross in seen[at] if gross in seen[1 - at]] for at in (0, 1)]
    by_age = [
        [one.gross for one in positions(ports, panel_of_five[0], tenants.creditor, months=m)] for m in (3, 4, 5, 6)
    ]
    ranks = {tuple(sorted(range(4), key=lambda at, one=one: one[at])) for one in by_age}
    assert sorted(common[0]) == sorted(common[1])
    assert common[0] != common[1] or len(ranks) > 1


def test_with_fewer_than_three_others_there_is_no_panel(ports, tenants):
    """With two others, each of them would know the third."""
    agencies = [tenants.agency, tenants.other_agency, add_person(ports, Role.MANAGER, "Casa Tres")]
    mandates = [add_mandate(ports, tenants.creditor, one) for one in agencies]
    add_cases(ports, tenants.creditor, [NewCase(f"A{n}", 10_000 + n) for n in range(60)])
    place(ports, tenants.creditor, draft(ports, tenants.creditor, mandates, now=WAVES[0]), now=WAVES[0])
    for agency in agencies:
        with ports.session(agency) as session:
            held = session.scalars(text("select account_ref from placements")).all()
        report_payments(ports, agency, tenants.creditor, [loop.paid(account, 100) for account in held], now=NOW)
    assert all(gross_recovery(one.facts).value for one in compared(ports, tenants.creditor))
    assert [positions(ports, one, tenants.creditor) for one in agencies] == [[], [], []]


def test_others_with_too_few_payers_do_not_count_as_three(ports, tenants, panel_of_five, database):
    engine = create_engine(database.superuser_url)
    with engine.begin() as connection:
        connection.execute(
            text("update recovery_cells set new_payers = 0 where agency_id in (:one, :two)"),
            {"one": panel_of_five[1].tenant, "two": panel_of_five[2].tenant},
        )
    engine.dispose()
    assert positions(ports, panel_of_five[0], tenants.creditor) == []
    assert len(positions(ports, panel_of_five[1], tenants.creditor)) == 3


def test_an_outsider_a_member_without_cases_and_a_creditor_get_no_panel(ports, tenants, panel_of_five):
    outsider, newcomer = add_person(ports, Role.MANAGER, "Casa Ajena"), add_person(ports, Role.MANAGER, "Casa Nueva")
    add_mandate(ports, tenants.creditor, newcomer)
    assert positions(ports, outsider, tenants.creditor) == []
    assert positions(ports, newcomer, tenants.creditor) == []
    assert positions(ports, panel_of_five[0], tenants.other_creditor) == []
    with ports.session(tenants.creditor) as session, pytest.raises(Forbidden):
        comparison.panel(session, tenants.creditor, tenants.creditor.tenant, currency="COP", months=None, now=NOW)
    with ports.session(tenants.creditor) as session, pytest.raises(DBAPIError):
        session.execute(text("select * from panel_positions(1, 'COP', null, current_date, now())"))
