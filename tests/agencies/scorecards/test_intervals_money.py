"""Intervals of counts and of rates of money, against published figures, numpy and their own definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import poisson

from agencies.scorecards.intervals import FEW_EVENTS, RatioSums, byar, counted, money_rate, standard_error

#: Events, confidence, both ends: the worked examples of PHEindicatormethods 2.0.2; one publishes its upper end only.
PUBLISHED = [
    (65, 0.95, 50.163187710459454, 82.84913854593984),
    (1045, 0.95, 982.5932018073325, 1110.33121298565),
    (1, 0.95, 0.01307213290150435, 5.5637555824752605),
    (65, 0.998, 42.8802614714802, 94.00029084431802),
    (1045, 0.998, 947.9407035610374, 1148.806160988033),
    (10, 0.998, 2.916318374695686, 24.193724927880535),
    (1, 0.998, None, 9.362180217908362),
]


@pytest.mark.parametrize(("events", "confidence", "low", "high"), PUBLISHED)
def test_byar_equals_the_published_figures(events, confidence, low, high):
    found = byar(events, confidence)
    assert found[1] == pytest.approx(high, rel=1e-9)
    assert low is None or found[0] == pytest.approx(low, rel=1e-9)


@pytest.mark.parametrize("events", range(FEW_EVENTS))
def test_few_events_have_the_exact_limits(events):
    low, high = counted(events)
    assert poisson.cdf(events, high) == pytest.approx(0.025)
    assert low == 0 if events == 0 else poisson.sf(events - 1, low) == pytest.approx(0.025)


def test_from_ten_events_on_the_approximation_is_close_enough():
    low, high = counted(FEW_EVENTS)
    assert (low, high) == byar(FEW_EVENTS)
    assert poisson.cdf(FEW_EVENTS, high) == pytest.approx(0.025, abs=0.001)


def sums_of(paid: np.ndarray, placed: np.ndarray) -> RatioSums:
    c, p = [int(one) for one in paid], [int(one) for one in placed]
    return RatioSums(
        len(c),
        sum(c),
        sum(p),
        sum(one * one for one in c),
        sum(a * b for a, b in zip(c, p, strict=True)),
        sum(one * one for one in p),
    )


def cases(seed: int, number: int = 500) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    placed = chance.lognormal(14, 1, number).astype(np.int64) + 1
    return np.where(chance.random(number) < 0.2, placed * chance.random(number), 0).astype(np.int64), placed


@pytest.mark.parametrize("seed", range(5))
def test_the_interval_is_the_one_computed_case_by_case(seed):
    paid, placed = cases(seed)
    n, rate = len(paid), paid.sum() / placed.sum()
    error = np.sqrt(n / (n - 1) * ((paid - rate * placed) ** 2).sum()) / placed.sum()
    found = standard_error(sums_of(paid, placed))
    assert found == pytest.approx(error, rel=1e-9)
    assert money_rate(sums_of(paid, placed)) == pytest.approx(
        (max(0, rate - 1.959963984540054 * error), rate + 1.959963984540054 * error), rel=1e-9
    )


def test_another_unit_of_money_changes_nothing():
    paid, placed = cases(1)
    assert money_rate(sums_of(paid * 10_000, placed * 10_000)) == pytest.approx(
        money_rate(sums_of(paid, placed)), rel=1e-12
    )


def test_the_order_of_the_cases_changes_nothing():
    paid, placed = cases(2)
    order = np.random.default_rng(0).permutation(len(paid))
    assert money_rate(sums_of(paid[order], placed[order])) == money_rate(sums_of(paid, placed))


def test_what_nearly_cancels_is_not_lost():
    """Every case paid half but one, which paid one unit more: the interval is tiny, and there."""
    placed = np.full(1000, 2_000_000_000, dtype=np.int64)
    paid = np.full(1000, 1_000_000_000, dtype=np.int64)
    assert standard_error(sums_of(paid, placed)) == 0
    paid[0] += 1
    assert standard_error(sums_of(paid, placed)) == pytest.approx(1 / (placed.sum()), rel=1e-2)


@pytest.mark.parametrize("sums", [RatioSums(1, 5, 10, 25, 50, 100), RatioSums(0, 0, 0, 0, 0, 0)])
def test_one_case_has_no_interval(sums):
    assert money_rate(sums) is None


def test_a_rate_is_not_below_nothing_unless_money_went_back():
    assert money_rate(RatioSums(2, 5, 20, 25, 50, 200))[0] == 0
    assert money_rate(RatioSums(2, -5, 20, 25, -50, 200))[0] < 0


def test_the_interval_holds_the_true_rate_about_as_often_as_it_says():
    """Nineteen in twenty of four hundred panels; heavy tails make it a little less, never much."""
    chance = np.random.default_rng(7)
    held = 0
    for _ in range(400):
        placed = chance.lognormal(14, 0.5, 2_000).astype(np.int64)
        paid = np.where(chance.random(2_000) < 0.3, placed // 2, 0)
        low, high = money_rate(sums_of(paid, placed))
        held += low <= 0.15 <= high
    assert 0.92 <= held / 400 <= 0.98
