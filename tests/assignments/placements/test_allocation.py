"""The split: even, random, repeatable, and blind to the order in which units come."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignments.placements.allocation import Split, Units, apportion, digest, split, stratum

AGENCIES = st.lists(st.integers(1, 10_000), min_size=1, max_size=8, unique=True)


@st.composite
def units(draw: st.DrawFn) -> Units:
    ids = draw(st.lists(st.integers(1, 2**62), max_size=200, unique=True))
    balances = st.integers(1, 50) | st.integers(1, 10**15)
    values = draw(st.lists(balances, min_size=len(ids), max_size=len(ids)))
    return made(ids, values)


def made(ids: list[int], values: list[int], bound: list[int] | None = None) -> Units:
    return Units(
        np.array(ids, dtype=np.int64),
        np.array(values, dtype=np.int64),
        np.array(bound if bound is not None else [0] * len(ids), dtype=np.int64),
    )


def counts(result: Split, agencies: list[int], band: int | None = None) -> list[int]:
    chosen = result.agencies if band is None else result.agencies[result.bands == band]
    return [int((chosen == agency).sum()) for agency in agencies]


@given(units(), AGENCIES, st.integers(0, 2**31 - 1), st.integers(1, 20))
def test_every_unit_goes_to_exactly_one_agency_that_takes_part(given_units, agencies, seed, bands):
    result = split(given_units, agencies, seed, bands)
    assert result.ids.tolist() == sorted(given_units.ids.tolist())
    assert set(result.agencies.tolist()) <= set(agencies)


@given(units(), AGENCIES, st.integers(0, 2**31 - 1), st.integers(1, 20))
def test_counts_differ_by_at_most_one_in_each_band_and_in_total(given_units, agencies, seed, bands):
    result = split(given_units, agencies, seed, bands)
    for band in [None, *range(1, result.band_count + 1)]:
        shares = counts(result, agencies, band)
        assert max(shares) - min(shares) <= 1


@given(units(), AGENCIES, st.integers(0, 2**31 - 1), st.integers(1, 20), st.randoms())
def test_the_order_of_units_and_agencies_changes_nothing(given_units, agencies, seed, bands, random):
    first = split(given_units, agencies, seed, bands)
    moved = list(range(len(given_units.ids)))
    random.shuffle(moved)
    at = np.array(moved, dtype=np.int64)
    others = agencies[:]
    random.shuffle(others)
    again = split(Units(given_units.ids[at], given_units.values[at], given_units.bound[at]), others, seed, bands)
    assert digest(first.ids, first.agencies, first.bands) == digest(again.ids, again.agencies, again.bands)


@given(units(), st.integers(1, 20))
def test_bands_part_balances_without_overlap_and_equal_ones_stay_together(given_units, bands):
    result = split(given_units, [1], 7, bands)
    assert result.band_count <= bands
    value = dict(zip(given_units.ids.tolist(), given_units.values.tolist(), strict=True))
    low = 0
    for band, edge in enumerate(result.edges.tolist(), start=1):
        inside = [value[unit] for unit in result.ids[result.bands == band].tolist()]
        assert inside
        assert low < min(inside) <= max(inside) == edge
        low = edge


def test_the_split_of_a_seed_is_the_same_on_every_machine():
    result = split(made(list(range(1, 13)), [10 * n for n in range(1, 13)]), [101, 102, 103], 2026, 2)
    assert result.agencies.tolist() == GOLDEN
    assert result.bands.tolist() == [1] * 6 + [2] * 6


GOLDEN = [102, 103, 103, 102, 101, 101, 101, 102, 103, 102, 101, 103]


def test_another_seed_gives_another_split():
    given_units = made(list(range(1, 1001)), list(range(1, 1001)))
    one, other = (split(given_units, [1, 2], seed, 5).agencies for seed in (1, 2))
    assert 300 < int((one == other).sum()) < 700


def test_units_of_one_band_are_split_at_random_and_not_by_balance():
    given_units = made(list(range(1, 10_001)), [1000 + n // 10 for n in range(10_000)])
    result = split(given_units, [1, 2], 11, 5)
    for band in range(1, 6):
        means = [given_units.values[(result.agencies == agency) & (result.bands == band)].mean() for agency in (1, 2)]
        assert means[0] == pytest.approx(means[1], rel=0.02)


def test_a_bound_unit_goes_where_it_is_bound_and_leaves_the_draw_even():
    given_units = made(list(range(1, 101)), list(range(1, 101)), [7] * 30 + [0] * 70)
    result = split(given_units, [7, 8], 3, 4)
    assert set(result.agencies[:30].tolist()) == {7}
    assert sorted(
        counts(Split(*(c[30:] for c in (result.ids, result.agencies, result.bands)), result.edges), [7, 8])
    ) == [35, 35]


def test_the_remainder_does_not_always_fall_to_the_same_agency():
    given_units = made([1], [100])
    winners = {split(given_units, [1, 2, 3], seed, 5).agencies[0] for seed in range(40)}
    assert winners == {1, 2, 3}


def test_a_unit_bound_elsewhere_is_refused():
    with pytest.raises(ValueError, match="takes no part"):
        split(made([1], [1], [9]), [7, 8], 1, 1)


@pytest.mark.parametrize(("agencies", "bands"), [([], 5), ([1], 0), ([1], 21)])
def test_a_split_without_agency_or_with_senseless_bands_is_refused(agencies, bands):
    with pytest.raises(ValueError, match="split needs"):
        split(made([1], [1]), agencies, 1, bands)


def test_one_number_changed_changes_the_digest():
    column = np.arange(5)
    assert digest(column) != digest(column, column)
    assert digest(column) != digest(column + np.array([0, 0, 0, 0, 1]))
    assert digest(np.array([1, 2]), np.array([3])) != digest(np.array([1]), np.array([2, 3]))


def test_a_stratum_says_which_band_of_how_many():
    assert stratum(2, 5) == "2/5"


WEIGHTS = st.lists(st.integers(1, 9_999), min_size=8, max_size=8)


@given(units(), AGENCIES, st.integers(0, 2**31 - 1), st.integers(1, 20), st.integers(1, 10_000))
def test_equal_weights_give_the_split_that_no_weights_give(given_units, agencies, seed, bands, weight):
    bare = split(given_units, agencies, seed, bands)
    weighted = split(given_units, agencies, seed, bands, dict.fromkeys(agencies, weight))
    assert bare.agencies.tolist() == weighted.agencies.tolist()


@given(units(), AGENCIES, st.integers(0, 2**31 - 1), st.integers(1, 20), WEIGHTS)
def test_every_agency_gets_its_share_of_each_band_up_or_down_to_a_whole_one(given_units, agencies, seed, bands, drawn):
    weights = dict(zip(agencies, drawn, strict=False))
    result = split(given_units, agencies, seed, bands, weights)
    total = sum(weights.values())
    for band in range(1, result.band_count + 1):
        size = int((result.bands == band).sum())
        for agency, count in zip(agencies, counts(result, agencies, band), strict=True):
            assert size * weights[agency] // total <= count <= -(-size * weights[agency] // total)


def test_the_odd_ones_of_many_bands_do_not_pile_up_on_one_agency():
    given_units = made(list(range(1, 2001)), [n // 3 + 1 for n in range(2000)])
    result = split(given_units, [1, 2, 3], 11, 20, {1: 7_000, 2: 2_000, 3: 1_000})
    assert result.band_count == 20
    assert counts(result, [1, 2, 3]) == pytest.approx([1400, 400, 200], abs=1)


@pytest.mark.parametrize("weights", [{1: 5_000}, {1: 10_000, 2: 0}, {1: 10_001, 2: -1}])
def test_a_weight_that_is_missing_or_not_above_nothing_is_refused(weights):
    with pytest.raises(ValueError, match="weight"):
        split(made([1], [1]), [1, 2], 1, 1, weights)


def test_whole_units_by_weight_as_published():
    table = Path(__file__).resolve().parents[4] / "shared" / "tables" / "largest_remainder_allocation.csv"
    if not table.exists():
        pytest.skip("the published tables are not on this machine: ../shared/tables")
    published: dict[tuple[str, int], list[tuple[int, int]]] = {}
    with table.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            case = published.setdefault((row["case"], int(row["units_to_allocate"])), [])
            case.append((int(row["weight"]), int(row["largest_remainder_units"])))
    assert len(published) >= 3
    for (case, units_to_allocate), rows in published.items():
        assert apportion(units_to_allocate, [weight for weight, _ in rows]) == [given for _, given in rows], case
