"""The measures: what is divided by what, and when nothing is shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from agencies.scorecards.facts import AgencyCurve, AgencyFacts, CurvePoint, Spread
from agencies.scorecards.metrics import (
    MIN_PAYERS,
    NOT_ENOUGH,
    NotEnough,
    activities_per_case,
    all_metrics,
    cost,
    gross_recovery,
    liquidation,
    liquidation_curve,
    net_back,
    payer_share,
    placed_share,
    punctuality,
)

FACTS = AgencyFacts(
    creditor_id=1,
    agency_id=2,
    agency_name="Cobros Uno",
    currency="COP",
    months=None,
    first_month=date(2026, 1, 1),
    last_month=date(2026, 2, 1),
    cases=400,
    placed_minor=20_000_000,
    payments=60,
    collected_minor=2_000_000,
    commission_minor=300_000,
    payers=50,
    activities=1000,
    reports_due=4,
    reports_on_time=3,
)


@pytest.mark.parametrize(
    ("measure", "value", "numerator", "denominator"),
    [
        (gross_recovery, 0.1, 2_000_000, 20_000_000),
        (net_back, 0.085, 1_700_000, 20_000_000),
        (payer_share, 0.125, 50, 400),
        (activities_per_case, 2.5, 1000, 400),
        (punctuality, 0.75, 3, 4),
    ],
)
def test_a_measure_is_its_numerator_over_its_denominator(measure, value, numerator, denominator):
    found = measure(FACTS)
    assert found.value == pytest.approx(value, abs=1e-12)
    assert (found.numerator, found.denominator, found.missing) == (numerator, denominator, None)


def test_the_dearer_agency_can_return_more():
    """The published example: 200,000 placed each; 15 % of 20,000 returns 17,000, 25 % of 60,000 returns 45,000."""
    cheap = replace(FACTS, placed_minor=200_000, collected_minor=20_000, commission_minor=3_000)
    dear = replace(FACTS, placed_minor=200_000, collected_minor=60_000, commission_minor=15_000)
    assert net_back(cheap).value == pytest.approx(17_000 / 200_000)
    assert net_back(dear).value == pytest.approx(45_000 / 200_000)


@pytest.mark.parametrize("measure", [gross_recovery, net_back])
def test_a_rate_of_money_needs_ten_payers(measure):
    assert measure(replace(FACTS, payers=MIN_PAYERS)).value is not None
    few = measure(replace(FACTS, payers=MIN_PAYERS - 1))
    assert (few.value, few.missing) == (None, NotEnough.FEW_PAYERS)
    assert few.numerator > 0
    assert few.denominator == FACTS.placed_minor


def test_nothing_placed_shows_nothing_but_punctuality():
    empty = replace(FACTS, cases=0, placed_minor=0, payers=0, collected_minor=0, commission_minor=0, activities=0)
    shown = {one.code: one.missing for one in all_metrics(empty)}
    assert shown == {
        "gross_recovery": NotEnough.NOTHING_PLACED,
        "net_back": NotEnough.NOTHING_PLACED,
        "payer_share": NotEnough.NOTHING_PLACED,
        "activities_per_case": NotEnough.NOTHING_PLACED,
        "punctuality": None,
    }


def test_without_fees_the_cost_is_that_of_the_commission_and_says_so():
    assert (cost(FACTS, 100_000).code, cost(FACTS, 100_000).value) == ("cost", pytest.approx(0.2))
    assert (cost(FACTS, 0).code, cost(FACTS, 0).value) == ("cost", pytest.approx(0.15))
    assert (cost(FACTS, None).code, cost(FACTS, None).value) == ("commission_cost", pytest.approx(0.15))


def test_at_an_age_nothing_has_reached_the_placements_are_too_young():
    young = replace(FACTS, months=6, cases=0, placed_minor=0, payers=0)
    assert gross_recovery(young).missing is NotEnough.TOO_YOUNG
    assert payer_share(young).missing is NotEnough.TOO_YOUNG


def test_before_the_first_due_date_there_is_no_punctuality():
    found = punctuality(replace(FACTS, reports_due=0, reports_on_time=0))
    assert (found.value, found.missing) == (None, NotEnough.NOTHING_DUE)


def test_nobody_paying_out_of_many_is_a_share_of_zero_and_not_a_gap():
    assert payer_share(replace(FACTS, payers=0)).value == 0.0


def test_a_curve_shows_only_ages_reached_with_enough_payers():
    points = (CurvePoint(0, 1000, 100, 9), CurvePoint(1, 1000, 250, 12), CurvePoint(2, 0, 0, 0))
    shown = liquidation_curve(AgencyCurve(1, 2, "Cobros Uno", "COP", points))
    assert [one.value for one in shown] == [None, 0.25, None]
    assert [one.missing for one in shown] == [NotEnough.FEW_PAYERS, None, NotEnough.TOO_YOUNG]
    assert liquidation(points[1]) == shown[1]


def test_every_reason_has_its_words():
    assert set(NOT_ENOUGH) == set(NotEnough)


#: Four hundred cases of 50,000; fifty paid 40,000 each, of which 34,000 were left.
SPREAD = Spread(
    placed_squares=400 * 50_000**2,
    collected_squares=50 * 40_000**2,
    placed_collected=50 * 40_000 * 50_000,
    net_squares=50 * 34_000**2,
    placed_net=50 * 34_000 * 50_000,
)


@pytest.mark.parametrize(("measure", "paid"), [(gross_recovery, 40_000), (net_back, 34_000)])
def test_a_rate_of_money_has_the_interval_of_its_cases(measure, paid):
    rate = 50 * paid / (400 * 50_000)
    squares = 50 * (paid - rate * 50_000) ** 2 + 350 * (rate * 50_000) ** 2
    reach = 1.959963984540054 * (400 / 399 * squares) ** 0.5 / (400 * 50_000)
    found = measure(replace(FACTS, spread=SPREAD))
    assert found.interval == pytest.approx((rate - reach, rate + reach), rel=1e-9)
    assert not found.is_provisional


def test_a_wide_interval_is_provisional():
    few = Spread(400 * 50_000**2, 2 * 1_000_000**2, 2 * 1_000_000 * 50_000, 0, 0)
    assert gross_recovery(replace(FACTS, spread=few)).is_provisional


def test_a_return_of_exactly_nothing_has_its_interval_and_is_too_uncertain_to_rank():
    """The commission took all that was collected: a figure like any other, not one without limits."""
    nothing = replace(FACTS, commission_minor=FACTS.collected_minor, spread=replace(SPREAD, placed_net=0))
    reach = 1.959963984540054 * (400 / 399 * SPREAD.net_squares) ** 0.5 / FACTS.placed_minor
    found = net_back(nothing)
    assert (found.value, found.is_provisional) == (0.0, True)
    assert found.interval == pytest.approx((0.0, reach), rel=1e-9)


@pytest.mark.parametrize(("months", "placed_in", "is_provisional"), [(6, 2, True), (6, 3, False), (None, 1, False)])
def test_at_an_age_three_months_of_placement_are_needed_to_rank(months, placed_in, is_provisional):
    found = gross_recovery(replace(FACTS, spread=SPREAD, months=months, placement_months=placed_in))
    assert (found.value, found.is_provisional) == (0.1, is_provisional)


def test_more_collected_never_lowers_the_figure():
    values = [gross_recovery(replace(FACTS, collected_minor=one)).value for one in range(0, 10**6, 10**5)]
    assert values == sorted(values)


def test_cost_is_commission_and_fees_out_of_what_was_collected():
    assert cost(FACTS).value == pytest.approx(0.15)
    assert cost(FACTS, 100_000).value == pytest.approx(0.2)
    nothing = cost(replace(FACTS, collected_minor=0, commission_minor=0), 100_000)
    assert (nothing.value, nothing.missing, nothing.numerator) == (None, NotEnough.NOTHING_COLLECTED, 100_000)


def test_a_share_of_placements_is_of_everything_placed():
    assert placed_share(FACTS, 80_000_000).value == pytest.approx(0.25)
    assert placed_share(replace(FACTS, placed_minor=0), 0).value is None


def test_shares_of_cases_have_wilson_limits():
    assert payer_share(replace(FACTS, cases=100, payers=65)).interval == pytest.approx((0.552544, 0.736358), abs=1e-6)
