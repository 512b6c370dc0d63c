"""What a payment earns: the line that prices it, its parts, the least and the most, and when it is too late."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.kernel.money import Money, share
from agencies.mandates.pricing import PaymentFacts, StepCode, price
from agencies.mandates.schedule import (
    AgeBand,
    BandsOutOfOrder,
    CaseFacts,
    CommissionOutOfRange,
    Condition,
    LineNeverReached,
    LineOutOfRange,
    RateLine,
    by_age,
    check_lines,
    in_bands,
)
from agencies.mandates.terms import (
    FactorOutOfRange,
    FloorAboveCap,
    Limits,
    PlanTailOutOfRange,
    RecallFreeOutOfRange,
    TermSheet,
    check_terms,
)

RATES = st.integers(0, 10_000)
AMOUNTS = st.integers(1, 10**13)
LIMITS = st.builds(
    lambda low, more, direct, discovery, free: Limits(
        low, None if low is None or more is None else low + more, direct, discovery, free
    ),
    st.none() | st.integers(0, 10**9),
    st.none() | st.integers(0, 10**9),
    RATES,
    RATES,
    st.integers(0, 180),
)
LINES = st.lists(
    st.builds(
        lambda rate, start, tier: RateLine(rate, tier, age_from=start),
        RATES,
        st.none() | st.integers(0, 900),
        st.none() | st.integers(1, 3),
    ),
    max_size=5,
).map(tuple)
SHEETS = st.builds(
    lambda base, lines, limits, tail, more: TermSheet(
        commission_bp=base, lines=lines, limits=limits, currency="COP", tail_days=tail, plan_tail_days=tail + more
    ),
    RATES,
    LINES,
    LIMITS,
    st.integers(0, 365),
    st.integers(0, 365),
)
FACTS = st.builds(
    PaymentFacts,
    AMOUNTS,
    st.builds(CaseFacts, st.none() | st.integers(0, 1_000), st.integers(0, 10**9), st.none(), st.integers(1, 4)),
    st.just("COP"),
    st.booleans(),
    st.integers(-30, 1_000),
    st.none() | st.integers(0, 800),
    st.booleans(),
    st.booleans(),
)


def codes(sheet: TermSheet, facts: PaymentFacts) -> list[StepCode]:
    return [step.code for step in price(sheet, facts).steps]


@given(SHEETS, FACTS)
def test_a_commission_is_never_above_the_most_nor_what_earns_below_the_least(sheet, facts):
    priced = price(sheet, facts)
    limits = sheet.limits
    assert 0 <= priced.commission_minor <= facts.amount_minor
    if limits.cap_minor is not None:
        assert priced.commission_minor <= limits.cap_minor
    if limits.floor_minor is not None and priced.commission_minor:
        assert priced.commission_minor >= min(limits.floor_minor, facts.amount_minor)


@given(SHEETS, FACTS, AMOUNTS)
def test_a_larger_payment_never_earns_less(sheet, facts, more):
    larger = replace(facts, amount_minor=facts.amount_minor + more)
    assert price(sheet, larger).commission_minor >= price(sheet, facts).commission_minor


@given(SHEETS, FACTS)
def test_without_limits_and_parts_it_is_the_share_that_money_knows(sheet, facts):
    plain = replace(sheet, limits=Limits())
    priced = price(plain, replace(facts, is_direct=False, days_since_placed=5, days_since_gone=None))
    assert priced.commission_minor == share(Money(facts.amount_minor, "COP"), priced.rate_bp).minor


@given(SHEETS, FACTS, st.integers(1, 800))
def test_a_case_recalled_too_soon_earns_nothing_afterwards(sheet, facts, gone):
    soon = replace(facts, days_since_gone=gone, days_since_placed=gone, is_recalled=True)
    free = replace(sheet, limits=replace(sheet.limits, recall_free_days=1))
    assert price(free, soon).commission_minor == 0
    assert codes(free, soon) == [StepCode.RECALL_FREE]


@given(SHEETS, FACTS)
def test_after_its_tail_a_payment_earns_nothing(sheet, facts):
    late = replace(facts, days_since_gone=sheet.plan_tail_days + 1, days_since_placed=2_000)
    assert price(sheet, late).commission_minor == 0


@given(SHEETS, FACTS)
def test_the_first_line_that_fits_sets_the_rate(sheet, facts):
    steps = [step for step in price(sheet, facts).steps if step.code in {StepCode.PASSED, StepCode.LINE, StepCode.BASE}]
    if not steps:
        return
    *passed, chosen = steps
    assert [step.line for step in passed] == list(range(1, len(passed) + 1))
    assert all(step.code is StepCode.PASSED and step.condition for step in passed)
    if chosen.code is StepCode.LINE:
        assert chosen.line == len(passed) + 1
        assert chosen.basis_points == sheet.lines[chosen.line - 1].rate_bp
    else:
        assert len(passed) == len(sheet.lines)
        assert chosen.basis_points == sheet.commission_bp


LINE = RateLine(3_000, tier=2, age_from=91, age_to=360, balance_from=100, product="tarjeta", debtor_type="company")
FITS = CaseFacts(age_days=91, balance_minor=100, currency="COP", tier=2, product="tarjeta", debtor_type="company")


@pytest.mark.parametrize(
    ("changed", "condition"),
    [
        ({"tier": 1}, Condition.TIER),
        ({"age_days": 90}, Condition.AGE),
        ({"age_days": 361}, Condition.AGE),
        ({"age_days": None}, Condition.AGE),
        ({"balance_minor": 99}, Condition.BALANCE),
        ({"currency": "USD"}, Condition.BALANCE),
        ({"product": None}, Condition.PRODUCT),
        ({"product": "libranza"}, Condition.PRODUCT),
        ({"debtor_type": "person"}, Condition.DEBTOR_TYPE),
        ({"debtor_type": None}, Condition.DEBTOR_TYPE),
    ],
)
def test_a_line_fits_only_what_has_all_it_asks(changed, condition):
    sheet = TermSheet(commission_bp=1_000, lines=(LINE,), currency="COP")
    assert price(sheet, PaymentFacts(10_000, FITS)).commission_minor == 3_000
    priced = price(sheet, PaymentFacts(10_000, replace(FITS, **changed)))
    assert (priced.commission_minor, priced.steps[0].condition) == (1_000, condition)


BASE = TermSheet(commission_bp=2_000, currency="COP", tail_days=30, plan_tail_days=90)


@pytest.mark.parametrize(
    ("limits", "facts", "earned"),
    [
        (Limits(), {}, 2_000),
        (Limits(direct_bp=5_000), {"is_direct": True}, 1_000),
        (Limits(direct_bp=5_000), {"is_direct": False}, 2_000),
        (Limits(direct_bp=0, floor_minor=500), {"is_direct": True}, 0),
        (Limits(discovery_bp=5_000), {"days_since_placed": -1}, 1_000),
        (Limits(direct_bp=5_000, discovery_bp=5_000), {"days_since_placed": -1, "is_direct": True}, 500),
        (Limits(floor_minor=2_500), {}, 2_500),
        (Limits(floor_minor=50_000), {}, 10_000),
        (Limits(cap_minor=1_500), {}, 1_500),
        (Limits(floor_minor=2_500, cap_minor=2_600), {"currency": "USD"}, 2_000),
        (Limits(), {"days_since_gone": 30, "days_since_placed": 90}, 2_000),
        (Limits(), {"days_since_gone": 31, "days_since_placed": 90}, 0),
        (Limits(), {"days_since_gone": 90, "days_since_placed": 120, "is_of_plan": True}, 2_000),
        (Limits(), {"days_since_gone": 91, "days_since_placed": 120, "is_of_plan": True}, 0),
        (Limits(recall_free_days=10), {"days_since_gone": 5, "days_since_placed": 14}, 0),
        (Limits(recall_free_days=10), {"days_since_gone": 5, "days_since_placed": 15}, 2_000),
        # On the day of the recall the agency still had it; and what it gave back itself was not recalled.
        (Limits(recall_free_days=10), {"days_since_gone": 0, "days_since_placed": 3}, 2_000),
        (Limits(recall_free_days=10), {"days_since_gone": 5, "days_since_placed": 14, "is_recalled": False}, 2_000),
    ],
)
def test_special_payments_earn_what_was_agreed(limits, facts, earned):
    assert price(replace(BASE, limits=limits), PaymentFacts(10_000, **facts)).commission_minor == earned


def test_several_parts_are_rounded_once():
    sheet = TermSheet(commission_bp=3_333, limits=Limits(direct_bp=3_333))
    # 5 * 0.3333 * 0.3333 is 0.555: rounded at each step it would be 2 * 0.3333, 0.67.
    assert price(sheet, PaymentFacts(5, is_direct=True)).commission_minor == 1
    assert price(sheet, PaymentFacts(4, is_direct=True)).commission_minor == 0


@pytest.mark.parametrize(
    ("lines", "refusal"),
    [
        ([RateLine(10_001)], CommissionOutOfRange),
        ([RateLine(1, age_from=10, age_to=9)], LineOutOfRange),
        ([RateLine(1, balance_from=-1)], LineOutOfRange),
        ([RateLine(1, tier=0)], LineOutOfRange),
        # What an unwary reader types: the second line would never be reached.
        ([RateLine(1, age_from=91), RateLine(2, age_from=361)], LineNeverReached),
        ([RateLine(1), RateLine(2, product="tarjeta")], LineNeverReached),
        ([RateLine(1, tier=2), RateLine(2, tier=2, age_from=5)], LineNeverReached),
    ],
)
def test_lines_that_nobody_can_mean_are_refused(lines, refusal):
    with pytest.raises(refusal):
        check_lines(lines)


@given(LINES)
def test_a_line_that_is_let_through_sets_the_rate_of_some_case(lines):
    try:
        check_lines(lines)
    except LineNeverReached:
        return
    sheet = TermSheet(lines=lines)
    ages, tiers = [None, *range(901), 5_000], (1, 2, 3, 4)
    reached = {price(sheet, PaymentFacts(1, CaseFacts(age, 0, None, tier))).steps[-2] for age in ages for tier in tiers}
    assert {step.line for step in reached if step.line} == set(range(1, len(lines) + 1))


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"limits": Limits(floor_minor=2, cap_minor=1)}, FloorAboveCap),
        ({"limits": Limits(floor_minor=-1)}, FloorAboveCap),
        ({"limits": Limits(direct_bp=10_001)}, FactorOutOfRange),
        ({"limits": Limits(recall_free_days=181)}, RecallFreeOutOfRange),
        ({"tail_days": 30, "plan_tail_days": 29}, PlanTailOutOfRange),
    ],
)
def test_terms_that_nobody_can_mean_are_refused(changed, refusal):
    with pytest.raises(refusal):
        check_terms(TermSheet(**changed))


@pytest.mark.parametrize("starts", [(0,), (5, 5), (-1,)])
def test_an_age_begins_one_band_after_the_first_day(starts):
    with pytest.raises(BandsOutOfOrder):
        by_age(AgeBand(start, 1) for start in starts)


@given(LINES, st.lists(st.tuples(st.integers(1, 2_000), RATES), unique_by=lambda band: band[0], max_size=5))
def test_lines_and_bands_are_told_apart_again(lines, bands):
    made = (*lines, *by_age(AgeBand(*one) for one in bands))
    special, ages = in_bands(made)
    assert (*special, *by_age(ages)) == made
    assert len(ages) >= len(bands)
