"""Money is exact, rounds half away from zero, and never mixes currencies."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.kernel import money
from agencies.kernel.money import CurrencyMismatch, Money, UnknownCurrency

AMOUNTS = st.integers(-(10**15), 10**15)
WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(lambda weights: sum(weights) > 0)


@given(AMOUNTS, WEIGHTS)
def test_the_parts_of_a_split_sum_to_the_whole(minor, weights):
    parts = money.split(Money(minor, "COP"), weights)

    assert sum(part.minor for part in parts) == minor
    assert len(parts) == len(weights)


@given(AMOUNTS, WEIGHTS)
def test_no_part_of_a_split_is_a_whole_unit_from_its_exact_share(minor, weights):
    parts = money.split(Money(minor, "COP"), weights)

    for part, weight in zip(parts, weights, strict=True):
        assert abs(part.minor - Fraction(minor * weight, sum(weights))) < 1


@given(st.integers(0, 10**15), WEIGHTS)
def test_who_has_no_weight_gets_nothing(minor, weights):
    parts = money.split(Money(minor, "COP"), [*weights, 0])

    assert parts[-1].minor == 0


def test_the_odd_units_of_a_split_go_to_the_largest_remainders_and_then_to_the_earlier():
    assert [part.minor for part in money.split(Money(100, "COP"), [1, 1, 1])] == [34, 33, 33]
    assert [part.minor for part in money.split(Money(10, "COP"), [1, 2, 4])] == [1, 3, 6]


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1, 3]])
def test_a_split_without_sensible_weights_is_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        money.split(Money(100, "COP"), weights)


@pytest.mark.parametrize(
    ("minor", "basis_points", "due"),
    [
        (10_000, 1_500, 1_500),
        (1, 5_000, 1),  # half a unit goes away from zero
        (-1, 5_000, -1),
        (1, 4_999, 0),
        (3, 5_000, 2),
        (434_198_755, 2_250, 97_694_720),  # 97 694 719.875
        (0, 10_000, 0),
        (777, 10_000, 777),
        (777, 0, 0),
    ],
)
def test_a_share_is_rounded_half_away_from_zero(minor, basis_points, due):
    assert money.share(Money(minor, "USD"), basis_points) == Money(due, "USD")


@given(AMOUNTS, st.integers(0, 10_000))
def test_a_share_is_within_half_a_unit_of_the_exact_one(minor, basis_points):
    due = money.share(Money(minor, "USD"), basis_points)

    assert abs(due.minor - Fraction(minor * basis_points, 10_000)) <= Fraction(1, 2)
    assert money.share(Money(-minor, "USD"), basis_points) == -due


@given(AMOUNTS, st.sampled_from(sorted(money.EXPONENT)))
def test_minor_units_survive_the_way_to_major_units_and_back(minor, currency):
    assert money.minor(money.major(minor, currency), currency) == minor


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("1234.565", "USD", 123_457),
        ("-1234.565", "USD", -123_457),
        ("0.004999", "USD", 0),
        ("1500", "CLP", 1_500),
        ("1500.5", "CLP", 1_501),
        ("48741262.27", "USD", 4_874_126_227),
    ],
)
def test_major_units_become_minor_units_half_up(amount, currency, minor):
    assert money.minor(Decimal(amount), currency) == minor


def test_amounts_of_two_currencies_are_never_reckoned_together():
    pesos, dollars = Money(100, "COP"), Money(100, "USD")

    for reckon in (
        lambda: pesos + dollars,
        lambda: pesos - dollars,
        lambda: pesos < dollars,
        lambda: pesos <= dollars,
    ):
        with pytest.raises(CurrencyMismatch):
            reckon()
    assert pesos != dollars


def test_amounts_of_one_currency_add_subtract_and_compare():
    assert Money(70, "PEN") + Money(30, "PEN") == Money(100, "PEN")
    assert Money(70, "PEN") - Money(100, "PEN") == Money(-30, "PEN")
    assert -Money(70, "PEN") == Money(-70, "PEN")
    assert Money(70, "PEN") < Money(71, "PEN")
    assert Money(70, "PEN") <= Money(70, "PEN")
    assert sorted([Money(3, "PEN"), Money(1, "PEN")]) == [Money(1, "PEN"), Money(3, "PEN")]
    assert Money(1_050, "PEN").amount == Decimal("10.50")


@pytest.mark.parametrize("currency", ["", "cop", "XXX", "US"])
def test_an_unknown_currency_is_refused(currency):
    with pytest.raises(UnknownCurrency):
        Money(1, currency)


def test_the_peso_of_colombia_has_cents_whatever_a_locale_library_shows():
    assert money.exponent("COP") == 2
    assert money.exponent("CLP") == 0
