"""Commission by age: which rate a case is placed at, that it was previewed, and that it stays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from agencies.mandates.models import DebtorType
from agencies.mandates.schedule import AgeBand, CaseFacts, RateLine, by_age
from agencies.mandates.terms import TermSheet, rate_for, rate_for_age
from assignments.ledger.statements import list_entries, verify
from assignments.placements.models import Placement
from assignments.placements.preview import preview_of
from assignments.placements.pricing import UNKNOWN_AGE, Facts, rates_for
from assignments.placements.service import SelectionMoved
from tests import agreed
from tests.attested import attest_all
from tests.loop import PLACED_AT, NewCase, add_cases, add_mandate, draft, paid, place, place_with, report_payments
from tests.recalling import recall
from tests.tenants import add_tenants

BANDS = by_age([AgeBand(181, 2_500), AgeBand(91, 2_000), AgeBand(361, 3_500)])
#: The date of the placements where the creditor is.
PLACED_ON = date(2026, 1, 12)

RATES = st.integers(0, 10_000)


@pytest.fixture
def tenants(ports):
    return add_tenants(ports)


def ranges(most):
    """A range with both ends, one of them, or none."""
    ends = st.none() | st.integers(0, most)
    return st.tuples(ends, ends).filter(lambda one: None in one or one[0] <= one[1])


LINES = st.builds(
    lambda rate, tier, ages, balances, product, who: RateLine(rate, tier, *ages, *balances, product, who),
    RATES,
    st.none() | st.integers(1, 3),
    ranges(400),
    ranges(1_000),
    st.none() | st.sampled_from(["tarjeta", "libranza"]),
    st.none() | st.sampled_from(DebtorType),
)
CASES = st.builds(
    CaseFacts,
    age_days=st.none() | st.integers(0, 500),
    balance_minor=st.integers(1, 1_200),
    currency=st.just("COP"),
    tier=st.integers(1, 4),
    product=st.none() | st.sampled_from(["tarjeta", "libranza", "hipoteca"]),
    debtor_type=st.none() | st.sampled_from(["person", "company"]),
)


def columns(cases: list[CaseFacts], currency: str | None = "COP") -> Facts:
    return Facts(
        np.array([UNKNOWN_AGE if one.age_days is None else one.age_days for one in cases], dtype=np.int64),
        np.array([one.balance_minor for one in cases], dtype=np.int64),
        np.array([one.tier for one in cases], dtype=np.int64),
        np.array([one.product for one in cases], dtype=object),
        np.array([one.debtor_type for one in cases], dtype=object),
        currency,
    )


@given(RATES, st.lists(LINES, max_size=6), st.lists(CASES, max_size=30), st.sampled_from([None, "COP", "USD"]))
def test_the_rates_of_columns_are_the_rate_of_each_case(base, lines, cases, currency):
    sheet = TermSheet(commission_bp=base, lines=tuple(lines), currency=currency)
    assert rates_for(sheet, columns(cases)).tolist() == [rate_for(sheet, case) for case in cases]


@given(
    RATES,
    st.lists(st.tuples(st.integers(1, 2_000), RATES), unique_by=lambda band: band[0], max_size=8),
    st.none() | st.integers(0, 3_000),
)
def test_an_age_band_holds_from_its_day_until_the_next_one_begins(base, bands, age):
    terms = TermSheet(commission_bp=base, lines=by_age(AgeBand(*one) for one in bands))
    reached = [band for band in bands if age is not None and band[0] <= age]
    assert rate_for_age(terms, age) == (max(reached)[1] if reached else base)


def ago(days: int) -> date:
    return PLACED_ON - timedelta(days=days)


@pytest.mark.parametrize(
    ("case", "age", "rate"),
    [
        (NewCase("A", 1_000, delinquent_on=ago(90)), 90, 1_500),
        (NewCase("A", 1_000, delinquent_on=ago(91)), 91, 2_000),
        (NewCase("A", 1_000, delinquent_on=ago(180)), 180, 2_000),
        (NewCase("A", 1_000, delinquent_on=ago(181)), 181, 2_500),
        (NewCase("A", 1_000, delinquent_on=ago(5_000)), 5_000, 3_500),
        # The date says more than a count made when the file was.
        (NewCase("A", 1_000, delinquent_on=ago(400), days_past_due=30), 400, 3_500),
        (NewCase("A", 1_000, days_past_due=361), 361, 3_500),
        (NewCase("A", 1_000, days_past_due=0), 0, 1_500),
        # Due only tomorrow: not past due at all.
        (NewCase("A", 1_000, delinquent_on=ago(-1)), 0, 1_500),
        (NewCase("A", 1_000), None, 1_500),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else "",
)
def test_a_placement_keeps_the_age_and_the_commission_of_its_day(ports, tenants, case, age, rate):
    place_with(ports, tenants.creditor, tenants.agency, [case], commission_bp=1_500, lines=BANDS)
    with ports.session(tenants.agency) as session:
        placement = session.scalars(select(Placement)).one()
    assert (placement.age_days, placement.commission_bp) == (age, rate)


#: Eleven in the evening of the day on which cases are placed below, in Bogotá; it is the next day in UTC.
LATE = datetime(2026, 1, 13, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "placed_at", "age", "rate"),
    [
        (60, LATE, 60, 1_500),
        (60, LATE + timedelta(hours=1), 61, 1_500),
        (60, LATE + timedelta(days=30), 90, 1_500),
        (60, LATE + timedelta(days=31), 91, 2_000),
        (0, LATE + timedelta(days=400), 400, 3_500),
        (None, LATE + timedelta(days=400), None, 1_500),
    ],
)
def test_days_counted_by_the_file_go_on_after_its_upload(ports, tenants, days, placed_at, age, rate):
    add_cases(ports, tenants.creditor, [NewCase("A", 1_000, days_past_due=days)], at=LATE)
    mandate = add_mandate(ports, tenants.creditor, tenants.agency, commission_bp=1_500, lines=BANDS)
    place(ports, tenants.creditor, draft(ports, tenants.creditor, [mandate], now=placed_at), now=placed_at)
    with ports.session(tenants.creditor) as session:
        placement = session.scalars(select(Placement)).one()
    assert (placement.age_days, placement.commission_bp) == (age, rate)


def test_a_second_placement_a_year_later_is_paid_as_a_year_older(ports, tenants):
    mandate = place_with(
        ports,
        tenants.creditor,
        tenants.agency,
        [NewCase("COUNTED", 1_000, days_past_due=10), NewCase("DATED", 1_000, delinquent_on=ago(10))],
        commission_bp=1_500,
        lines=BANDS,
    )
    recall(ports, tenants.creditor, "COUNTED", "DATED")
    year_later = PLACED_AT + timedelta(days=365)
    attest_all(ports, tenants.creditor, tenants.agency, now=year_later)
    place(ports, tenants.creditor, draft(ports, tenants.creditor, [mandate], now=year_later), now=year_later)
    with ports.session(tenants.creditor) as session:
        chosen = select(Placement.account_ref, Placement.age_days, Placement.commission_bp).order_by(Placement.id)
        placed = [tuple(row) for row in session.execute(chosen)]
    assert sorted(placed[:2]) == [("COUNTED", 10, 1_500), ("DATED", 10, 1_500)]
    assert sorted(placed[2:]) == [("COUNTED", 375, 3_500), ("DATED", 375, 3_500)]


def test_the_preview_says_how_much_is_placed_at_which_commission(ports, tenants):
    cases = [NewCase(f"A{days}", 1_000 + days, delinquent_on=ago(days)) for days in (10, 20, 100, 400)]
    add_cases(ports, tenants.creditor, cases)
    mandate = add_mandate(ports, tenants.creditor, tenants.agency, commission_bp=1_500, lines=BANDS)
    [totals] = preview_of(draft(ports, tenants.creditor, [mandate])).agencies
    assert [(one.commission_bp, one.cases, one.value_minor) for one in totals.rates] == [
        (1_500, 2, 2_030),
        (2_000, 1, 1_100),
        (3_500, 1, 1_400),
    ]
    assert totals.commission_bp == 1_500


def test_a_case_that_comes_into_an_older_band_must_be_looked_at_again(ports, tenants):
    add_cases(ports, tenants.creditor, [NewCase("A", 1_000, delinquent_on=ago(90))])
    mandate = add_mandate(ports, tenants.creditor, tenants.agency, commission_bp=1_500, lines=BANDS)
    wave = draft(ports, tenants.creditor, [mandate])
    with pytest.raises(SelectionMoved):
        place(ports, tenants.creditor, wave, now=PLACED_AT + timedelta(days=1))


def test_a_day_that_changes_no_commission_changes_nothing(ports, tenants):
    add_cases(ports, tenants.creditor, [NewCase("A", 1_000, delinquent_on=ago(10))])
    mandate = add_mandate(ports, tenants.creditor, tenants.agency, commission_bp=1_500, lines=BANDS)
    place(ports, tenants.creditor, draft(ports, tenants.creditor, [mandate]), now=PLACED_AT + timedelta(days=1))
    with ports.session(tenants.creditor) as session:
        assert session.scalars(select(Placement.age_days)).one() == 11


def test_the_books_take_the_placements_rate_whatever_the_mandate_says_later(ports, tenants):
    mandate = place_with(
        ports,
        tenants.creditor,
        tenants.agency,
        [NewCase("YOUNG", 100_000, delinquent_on=ago(5)), NewCase("OLD", 100_000, delinquent_on=ago(200))],
        commission_bp=1_500,
        lines=BANDS,
    )
    dearer = {"terms": TermSheet(commission_bp=9_000), "valid_from": date(2026, 1, 1)}
    agreed.amend(ports, tenants.creditor, tenants.agency, mandate.id, **dearer, now=PLACED_AT)
    report_payments(ports, tenants.agency, tenants.creditor, [paid("YOUNG", 10_001), paid("OLD", 10_001)])
    with ports.session(tenants.creditor) as session:
        entries = {one.account_ref: one for one in list_entries(session, tenants.creditor).rows}
        assert verify(session) == []
    assert (entries["YOUNG"].commission_bp, entries["YOUNG"].commission_minor) == (1_500, 1_500)
    assert (entries["OLD"].commission_bp, entries["OLD"].commission_minor) == (2_500, 2_500)


def test_a_line_sets_the_rate_by_product_debtor_balance_and_placement(ports, tenants):
    cases = [NewCase("SMALL", 1_000), NewCase("LARGE", 900_000)]
    lines = (RateLine(4_000, tier=2), RateLine(1_000, balance_from=500_000))
    mandate = place_with(ports, tenants.creditor, tenants.agency, cases, commission_bp=1_500, lines=lines)
    recall(ports, tenants.creditor, "SMALL", "LARGE")
    later = PLACED_AT + timedelta(days=1)
    place(ports, tenants.creditor, draft(ports, tenants.creditor, [mandate], now=later), now=later)
    with ports.session(tenants.creditor) as session:
        chosen = select(Placement.account_ref, Placement.commission_bp).order_by(Placement.id)
        placed = [tuple(row) for row in session.execute(chosen)]
        assert verify(session) == []
    assert sorted(placed[:2]) == [("LARGE", 1_000), ("SMALL", 1_500)]
    assert sorted(placed[2:]) == [("LARGE", 4_000), ("SMALL", 4_000)]
