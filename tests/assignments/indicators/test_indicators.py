"""Ageing and roll rates: a worked example by hand, and what each kind of fact does to a balance on a day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Role
from assignments.cases.models import Portfolio
from assignments.cases.queries import Selection, selected
from assignments.indicators import queries
from assignments.indicators.ageing import AGES, BANDS, OUTCOMES, Move, Place, ageings, came_in, is_worse, rolls
from assignments.placements.ages import age_on, with_portfolios
from assignments.reports import service as reports
from assignments.reports.queries import list_reports
from portal.ports import Ports
from tests import creditor_files
from tests.loop import (
    REPORTED_AT,
    NewCase,
    acknowledge_all,
    add_cases,
    end_placement,
    paid,
    place_with,
    report_activities,
    report_payments,
    worked,
)
from tests.people import World

#: Ten in the morning of 12 January in Bogotá, when the first portfolio came in.
HANDED_OVER = date(2026, 1, 12)
END = date(2026, 2, 11)


@pytest.fixture
def world(ports: Ports) -> World:
    return World(ports)


@pytest.fixture
def director(world: World) -> Actor:
    return world.actor(Role.DIRECTOR)


def bands(ports: Ports, actor: Actor, on: date, portfolio_id: int | None = None) -> dict[Place, tuple[int, int]]:
    """Band -> cases and balance, of the one currency; the bands that hold something."""
    with ports.session(actor) as session:
        found = queries.ageing(session, actor, on=on, portfolio_id=portfolio_id)
    if not found:
        return {}
    (one,) = found
    return {band.place: (band.cases, band.balance_minor) for band in one.bands if band.cases}


def moves(ports: Ports, actor: Actor, since: date = HANDED_OVER, until: date = END) -> list[Move]:
    with ports.session(actor) as session:
        return queries.moves(session, actor, since=since, until=until)


CASES = (
    NewCase("R-1", 10_000, days_past_due=20),
    NewCase("R-2", 30_000, days_past_due=25),
    NewCase("R-3", 60_000, days_past_due=10),
    NewCase("R-4", 50_000, days_past_due=70),
    NewCase("R-5", 7_000),
    NewCase("R-6", 9_000, delinquent_on=END + timedelta(days=60)),
)


def test_a_roll_rate_computed_by_hand(ports: Ports, world: World, director: Actor) -> None:
    """On 12 January 1-30 holds 10,000 + 30,000 + 60,000 = 100,000.

    Thirty days later R-1 (50 days) and R-3 (40 days) are in 31-60 and R-2 is paid: 70,000 of 100,000 rolled, 70 per
    cent; R-3 owes 55,000 by then, which changes nothing in the rate. R-4 (100 days) rolled to 91-120: 100 per cent.
    """
    agency = world.actor(Role.MANAGER)
    place_with(ports, director, agency, CASES)
    acknowledge_all(ports, agency)
    report_payments(ports, agency, director, [paid("R-2", 30_000), paid("R-3", 5_000)])
    add_cases(ports, director, [NewCase("R-7", 1_000, days_past_due=1)], at=datetime(2026, 2, 1, 15, tzinfo=UTC))
    found = moves(ports, director)
    by_place = {one.place: one for one in rolls(found, "COP")}
    young = by_place[Place.TO_30]
    assert (young.cases, young.balance_minor, young.worse_minor) == (3, 100_000, 70_000)
    assert (young.minor_by, young.done_minor, young.cured_minor) == (
        {Place.TO_60: 70_000, Place.PAID: 30_000},
        30_000,
        0,
    )
    assert by_place[Place.TO_90].worse_minor == by_place[Place.TO_90].balance_minor == 50_000
    assert by_place[Place.CURRENT].worse_minor == by_place[Place.UNKNOWN].worse_minor == 0
    assert [(one.after, one.cases, one.after_minor) for one in came_in(found, "COP")] == [(Place.TO_30, 1, 1_000)]
    assert bands(ports, director, END) == {
        Place.CURRENT: (1, 9_000),
        Place.TO_30: (1, 1_000),
        Place.TO_60: (2, 65_000),
        Place.TO_120: (1, 50_000),
        Place.UNKNOWN: (1, 7_000),
    }


def test_nothing_is_known_of_a_day_before_the_hand_over(ports: Ports, director: Actor) -> None:
    add_cases(ports, director, CASES)
    assert bands(ports, director, HANDED_OVER - timedelta(days=1)) == {}
    assert sum(cases for cases, _ in bands(ports, director, HANDED_OVER).values()) == len(CASES)


@pytest.mark.parametrize(
    ("days", "place"),
    [
        (0, Place.CURRENT),
        (1, Place.TO_30),
        (30, Place.TO_30),
        (31, Place.TO_60),
        (60, Place.TO_60),
        (61, Place.TO_90),
        (90, Place.TO_90),
        (91, Place.TO_120),
        (120, Place.TO_120),
        (121, Place.TO_180),
        (180, Place.TO_180),
        (181, Place.TO_360),
        (360, Place.TO_360),
        (361, Place.OLDER),
        (None, Place.UNKNOWN),
    ],
)
def test_a_band_ends_on_its_last_day(ports: Ports, director: Actor, days: int | None, place: Place) -> None:
    add_cases(ports, director, [NewCase("B-1", 5, days_past_due=days)])
    assert bands(ports, director, HANDED_OVER) == {place: (1, 5)}


def test_the_age_is_that_of_a_placement(ports: Ports, director: Actor) -> None:
    add_cases(ports, director, CASES)
    for day in (HANDED_OVER, END, date(2027, 3, 1)):
        with ports.session(director) as session:
            statement = with_portfolios(selected(director, Selection()))
            ages = session.scalars(statement.with_only_columns(age_on(director.tenant, day))).all()
        late = sum(cases for place, (cases, _) in bands(ports, director, day).items() if place in AGES[1:])
        assert late == sum(age > 0 for age in ages)


def test_a_reversed_payment_was_never_one(ports: Ports, world: World, director: Actor) -> None:
    agency = world.actor(Role.MANAGER)
    place_with(ports, director, agency, [NewCase("P-1", 10_000, days_past_due=5)])
    acknowledge_all(ports, agency)
    with ports.session(director) as session, transaction(session):
        reports.open_periods(session, director, now=REPORTED_AT)
    with ports.session(agency) as session:
        report_id = list_reports(session, agency, now=REPORTED_AT).rows[0].id
    report_payments(ports, agency, director, [paid("P-1", 4_000, payment_ref="X")], report_id=report_id)
    report_activities(ports, agency, director, [worked("P-1")], report_id=report_id)
    assert bands(ports, director, date(2026, 2, 2)) == {Place.TO_30: (1, 10_000)}
    assert bands(ports, director, date(2026, 2, 3)) == {Place.TO_30: (1, 6_000)}
    corrected = [paid("P-1", 1_000, payment_ref="X")]
    report_payments(ports, agency, director, corrected, report_id=report_id, now=REPORTED_AT + timedelta(days=1))
    assert bands(ports, director, date(2026, 2, 3)) == {Place.TO_30: (1, 9_000)}


def test_the_creditor_s_word_counts_from_its_day_with_what_was_paid_by_then(ports: Ports, director: Actor) -> None:
    add_cases(ports, director, [NewCase("W-1", 1_000_00, days_past_due=5)])
    creditor_files.pay(ports, director, "W-1,R1,2026-02-01,100,COP", "W-1,R2,2026-02-20,50,COP")
    word, _ = creditor_files.update(ports, director, "W-1,700,COP,2026-02-10")
    expected = {
        date(2026, 1, 31): 100_000,
        date(2026, 2, 1): 90_000,
        date(2026, 2, 10): 70_000,
        date(2026, 2, 20): 65_000,
    }
    for day, minor in expected.items():
        assert [balance for _, balance in bands(ports, director, day).values()] == [minor]
    assert creditor_files.owing(ports, director, "W-1") == [65_000]
    creditor_files.undo(ports, director, word)
    assert [balance for _, balance in bands(ports, director, date(2026, 2, 20)).values()] == [85_000]


def test_what_a_later_file_said_of_the_age_is_not_known_before(ports: Ports, director: Actor) -> None:
    """The cure: the creditor says that a debt is in arrears since a later day than it had said."""
    add_cases(ports, director, [NewCase("C-1", 5_000, delinquent_on=date(2025, 12, 1))])
    creditor_files.update(ports, director, "C-1,2026-06-01,2026-06-10", header="obligacion,fecha mora,fecha corte")
    told = creditor_files.case(ports, director, "C-1").delinquent_on
    assert told == date(2026, 6, 1)
    today = ports.now().date()
    assert bands(ports, director, HANDED_OVER) == {Place.TO_60: (1, 5_000)}
    (row,) = rolls(moves(ports, director, until=today + timedelta(days=1)), "COP")
    assert row.place is Place.TO_60
    assert row.minor_by == {_band((today - told).days + 1): 5_000}


def _band(days: int) -> Place:
    return next(place for place, last in zip(AGES, (0, 30, 60, 90, 120, 180, 360, 10**6), strict=True) if days <= last)


def test_what_was_closed_unpaid_leaves_the_bands_on_that_day(ports: Ports, world: World, director: Actor) -> None:
    place_with(ports, director, world.actor(Role.MANAGER), [NewCase("K-1", 5_000, days_past_due=5)])
    end_placement(ports, director, "K-1", datetime(2026, 2, 5, 15, tzinfo=UTC))
    with ports.session(director) as session, session.begin_nested():
        session.execute(text("update cases set state = 'closed'"))
        session.commit()
    assert bands(ports, director, date(2026, 2, 4)) == {Place.TO_30: (1, 5_000)}
    assert bands(ports, director, date(2026, 2, 5)) == {}
    (row,) = rolls(moves(ports, director), "COP")
    assert (row.minor_by, row.done_minor) == ({Place.CLOSED: 5_000}, 5_000)


def test_currencies_and_portfolios_stand_apart(ports: Ports, director: Actor) -> None:
    add_cases(ports, director, [NewCase("M-1", 5_000, days_past_due=5)])
    add_cases(ports, director, [NewCase("M-2", 90, days_past_due=5, currency="USD")])
    with ports.session(director) as session:
        first, second = session.scalars(select(Portfolio.id).order_by(Portfolio.id))
        found = queries.ageing(session, director, on=END)
    assert [(one.currency, one.overdue_minor, one.overdue_cases) for one in found] == [
        ("COP", 5_000, 1),
        ("USD", 90, 1),
    ]
    assert bands(ports, director, END, second) == {Place.TO_60: (1, 90)}
    assert bands(ports, director, END, first) == {Place.TO_60: (1, 5_000)}


def test_nobody_reads_another_s_portfolio(ports: Ports, world: World, director: Actor) -> None:
    add_cases(ports, director, CASES)
    other = world.actor(Role.DIRECTOR, organisation=1)
    with ports.session(director) as session:
        portfolio_id = session.scalars(select(Portfolio.id)).one()
    assert bands(ports, other, END) == {}
    with pytest.raises(NotFound):
        bands(ports, other, END, portfolio_id)
    assert bands(ports, world.actor(Role.FINANCE), END)
    for role in (Role.MANAGER, Role.AGENT):
        with pytest.raises(Forbidden):
            bands(ports, world.actor(role), END)


def test_the_first_day_is_the_earlier_one(ports: Ports, director: Actor) -> None:
    with pytest.raises(queries.NotInOrder):
        moves(ports, director, until=HANDED_OVER)


_places = st.sampled_from(OUTCOMES)


@given(st.dictionaries(st.tuples(st.sampled_from(BANDS), _places), st.tuples(st.integers(1, 9), st.integers(1, 10**9))))
def test_what_rolled_cured_stayed_and_was_paid_is_the_whole(found: dict) -> None:
    made = [Move("COP", before, after, cases, minor, 0) for (before, after), (cases, minor) in found.items()]
    for row in rolls(made, "COP"):
        unknown = sum(
            minor for after, minor in row.minor_by.items() if after in BANDS and {after, row.place} & {Place.UNKNOWN}
        )
        stayed = 0 if row.place is Place.UNKNOWN else row.minor_by.get(row.place, 0)
        assert row.worse_minor + row.cured_minor + row.done_minor + stayed + unknown == row.balance_minor
    assert sum(row.cases for row in rolls(made, "COP")) == sum(one.cases for one in made)
    assert rolls(made, "USD") == []


@given(st.sampled_from(BANDS), st.sampled_from(BANDS))
def test_of_two_ages_at_most_one_is_worse(one: Place, other: Place) -> None:
    assert not (is_worse(one, other) and is_worse(other, one))
    if Place.UNKNOWN in {one, other} or one is other:
        assert not is_worse(one, other)


def test_every_band_of_an_ageing_is_there() -> None:
    (found,) = ageings([("COP", Place.OLDER, 1, 5), ("COP", Place.PAID, 9, 0)])
    assert [one.place for one in found.bands] == list(BANDS)
    assert (found.cases, found.balance_minor) == (1, 5)
