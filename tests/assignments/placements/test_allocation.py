"""The allocation: even, random, repeatable, within capacity, and blind to the order in which units come."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignments.placements.allocation import (
    NOWHERE,
    Allocation,
    Arm,
    Room,
    Units,
    allocate,
    band,
    digest,
    edges,
    mixed,
)
from assignments.placements.rounding import UNIT

SEEDS = st.integers(0, 2**31 - 1)
WEIGHTS = st.lists(st.integers(1, 9_999), min_size=1, max_size=8)
CONTROLS = st.sampled_from([0, 1_500, 5_000, 10_000])


def made(count: int, strata: list[int] | None = None, **columns: list[int]) -> Units:
    """So many units of one case, worth 100 each, that every agency may receive."""
    known = {
        "accounts": [7 * number + 1 for number in range(count)],
        "values": [100] * count,
        "cases": [1] * count,
        "strata": strata or [0] * count,
        "bound": [NOWHERE] * count,
        "allowed": [2**8 - 1] * count,
        **columns,
    }
    return Units(**{name: np.array(column, dtype=np.int64) for name, column in known.items()})


@st.composite
def units(draw: st.DrawFn, *, agencies: int = 8, is_any: bool = True) -> Units:
    count = draw(st.integers(0, 200))
    accounts = draw(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=count, max_size=count, unique=True))

    def column(values: st.SearchStrategy[int]) -> list[int]:
        return draw(st.lists(values, min_size=count, max_size=count))

    allowed = st.sampled_from(draw(st.lists(st.integers(0, 2**agencies - 1), min_size=1, max_size=4)))
    return made(
        count,
        column(st.integers(0, draw(st.integers(0, 30)))),
        accounts=accounts,
        values=column(st.integers(1, 10**12)),
        cases=column(st.integers(1, 4)),
        bound=column(st.just(NOWHERE) | st.integers(0, agencies - 1)) if is_any else [NOWHERE] * count,
        allowed=column(allowed) if is_any else [2**agencies - 1] * count,
    )


def counts(found: Allocation, agencies: int, chosen: np.ndarray | None = None) -> list[int]:
    mine = found.agencies if chosen is None else found.agencies[chosen]
    return [int((mine == position).sum()) for position in range(agencies)]


@given(units(), WEIGHTS, SEEDS, CONTROLS)
def test_every_unit_goes_to_an_agency_that_may_have_it_or_nobody_could(given_units, weights, seed, control):
    found = allocate(given_units, weights, seed, control_bp=control)
    mask = (1 << len(weights)) - 1
    for bound, allowed, agency, arm in zip(
        given_units.bound.tolist(),
        (given_units.allowed & mask).tolist(),
        found.agencies.tolist(),
        found.arms.tolist(),
        strict=True,
    ):
        may = allowed & (1 << bound if bound != NOWHERE else mask)
        assert (agency == NOWHERE) == (not may) == (arm == Arm.NOBODY_FITS)
        assert agency == NOWHERE or may >> agency & 1
        assert (arm == Arm.BOUND) == (bound != NOWHERE and agency == bound)


@given(units(), WEIGHTS, SEEDS, CONTROLS)
def test_in_each_stratum_no_agency_is_a_unit_away_from_its_target(given_units, weights, seed, control):
    found = allocate(given_units, weights, seed, control_bp=control)
    is_drawn = np.isin(found.arms, [Arm.CONTROL, Arm.STRATEGY])
    assert set(found.targets) == set(given_units.strata[is_drawn].tolist())
    for stratum, targets in found.targets.items():
        inside = is_drawn & (given_units.strata == stratum)
        assert sum(targets) == int(inside.sum()) * UNIT
        for count, target in zip(counts(found, len(weights), inside), targets, strict=True):
            assert abs(count * UNIT - target) < UNIT


@given(units(is_any=False), st.integers(1, 8), SEEDS)
def test_equal_shares_differ_by_at_most_one_in_each_stratum_and_in_total(given_units, agencies, seed):
    found = allocate(given_units, [1] * agencies, seed)
    for stratum in [None, *np.unique(given_units.strata).tolist()]:
        chosen = None if stratum is None else given_units.strata == stratum
        shares = counts(found, agencies, chosen)
        assert max(shares) - min(shares) <= 1


@given(units(is_any=False), st.lists(st.integers(1, 9_999), min_size=2, max_size=8), SEEDS)
def test_the_control_is_shared_equally_whatever_the_weights(given_units, weights, seed):
    found = allocate(given_units, weights, seed, control_bp=1_500)
    for stratum in np.unique(given_units.strata).tolist():
        inside = given_units.strata == stratum
        control = counts(found, len(weights), inside & (found.arms == Arm.CONTROL))
        share = int(inside.sum()) * 0.15 / len(weights)
        assert all(abs(count - share) <= 1 for count in control)


def test_over_many_strata_the_control_is_its_share_of_the_whole():
    given_units = made(4_000, [number % 200 for number in range(4_000)])
    found = allocate(given_units, [70, 20, 10], 5, control_bp=1_500)
    assert counts(found, 3, found.arms == Arm.CONTROL) == pytest.approx([200, 200, 200], abs=1)
    assert counts(found, 3) == pytest.approx([2_580, 880, 540], abs=1)


@given(units(), WEIGHTS, SEEDS, CONTROLS, st.randoms())
def test_the_order_of_units_changes_nothing(given_units, weights, seed, control, random):
    moved = list(range(len(given_units)))
    random.shuffle(moved)
    at = np.array(moved, dtype=np.int64)
    shuffled = Units(*(getattr(given_units, name)[at] for name in Units.__dataclass_fields__))
    rooms = [Room(cases=20, value_minor=10**13)] * len(weights)
    first = allocate(given_units, weights, seed, control_bp=control, rooms=rooms)
    again = allocate(shuffled, weights, seed, control_bp=control, rooms=rooms)
    assert digest(first.agencies[at], first.arms[at]) == digest(again.agencies, again.arms)


@given(units(), WEIGHTS, SEEDS, CONTROLS, st.data())
def test_nobody_receives_more_than_it_has_room_for_and_nothing_is_left_that_would_fit(
    given_units, weights, seed, control, data
):
    limits = st.none() | st.integers(0, 60)
    values = st.none() | st.integers(0, 10**13)
    rooms = [Room(data.draw(limits), data.draw(values)) for _ in weights]
    found = allocate(given_units, weights, seed, control_bp=control, rooms=rooms)
    full = 0
    for position, room in enumerate(rooms):
        mine = found.agencies == position
        for limit, sizes in ((room.cases, given_units.cases), (room.value_minor, given_units.values)):
            assert limit is None or int(sizes[mine].sum()) <= limit
        full |= (room.cases is not None or room.value_minor is not None) << position
    left = found.arms == Arm.NO_ROOM
    # Whoever has no limit takes whatever it may.
    mask = (1 << len(weights)) - 1
    free = left & (given_units.bound == NOWHERE)
    assert not (given_units.allowed[free] & mask & ~full).any()


def test_an_agency_with_little_room_has_less_in_every_stratum_alike():
    given_units = made(1_000, [number % 10 for number in range(1_000)])
    found = allocate(given_units, [1, 1], 3, rooms=[Room(cases=200), Room()])
    assert counts(found, 2) == [200, 800]
    assert [counts(found, 2, given_units.strata == stratum)[0] for stratum in range(10)] == [20] * 10


def test_what_is_bound_goes_first_where_there_is_little_room():
    given_units = made(20, bound=[0] * 5 + [NOWHERE] * 15)
    found = allocate(given_units, [1, 1], 3, rooms=[Room(cases=5), Room(cases=10)])
    assert found.agencies[:5].tolist() == [0] * 5
    assert counts(found, 2) == [5, 10]
    assert int((found.arms == Arm.NO_ROOM).sum()) == 5


def test_a_family_that_may_not_go_where_it_is_bound_goes_nowhere():
    found = allocate(made(1, bound=[0], allowed=[0b10]), [1, 1], 3)
    assert (found.agencies.tolist(), found.arms.tolist()) == ([NOWHERE], [Arm.NOBODY_FITS])


def test_those_that_may_receive_a_unit_share_what_the_others_may_not():
    given_units = made(300, allowed=[0b110] * 100 + [0b111] * 200)
    found = allocate(given_units, [1, 1, 1], 3)
    assert counts(found, 3, np.arange(300) < 100)[0] == 0
    assert counts(found, 3) == pytest.approx([200 / 3, 350 / 3, 350 / 3], abs=1)


GOLDEN = [1, 0, 2, 2, 0, 1, 1, 1, 2, 0, 2, 0]


def test_the_split_of_a_seed_is_the_same_on_every_machine():
    found = allocate(made(12, [0] * 6 + [1] * 6), [1, 1, 1], 2026)
    assert found.agencies.tolist() == GOLDEN


def test_numbers_are_mixed_as_published():
    # The first outputs of SplitMix64 from the states 0 and 1234567, as its authors' reference program gives them.
    assert mixed(np.array([0]), 0)[0] == _reference(_reference(0))
    assert [_reference(0), _reference(1234567)] == [16294208416658607535, 6457827717110365317]


def _reference(state: int) -> int:
    z = (state + 0x9E3779B97F4A7C15) % 2**64
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    return z ^ (z >> 31)


def test_another_seed_gives_another_split():
    one, other = (allocate(made(1_000), [1, 1], seed).agencies for seed in (1, 2))
    assert 300 < int((one == other).sum()) < 700


def test_units_of_one_stratum_are_split_at_random_and_not_by_value():
    given_units = made(10_000, values=[1000 + number for number in range(10_000)])
    found = allocate(given_units, [1, 3], 11, control_bp=1_500)
    for arm in (Arm.CONTROL, Arm.STRATEGY):
        means = [given_units.values[(found.agencies == one) & (found.arms == arm)].mean() for one in (0, 1)]
        assert means[0] == pytest.approx(means[1], rel=0.03)


def test_the_remainder_does_not_always_fall_to_the_same_agency():
    winners = {int(allocate(made(1), [1, 1, 1], seed).agencies[0]) for seed in range(40)}
    assert winners == {0, 1, 2}


def test_the_odd_ones_of_many_strata_do_not_pile_up_on_one_agency():
    given_units = made(2_000, [number % 20 for number in range(2_000)])
    assert counts(allocate(given_units, [7_000, 2_000, 1_000], 11), 3) == pytest.approx([1400, 400, 200], abs=1)


@pytest.mark.parametrize("weights", [[], [1] * 49, [0, 0], [2, -1]])
def test_an_allocation_without_agency_or_with_senseless_weights_is_refused(weights):
    with pytest.raises(ValueError, match=r"agency|weights"):
        allocate(made(1), weights, 1)


@given(st.lists(st.integers(1, 50) | st.integers(1, 10**15), max_size=200), st.integers(1, 20))
def test_bands_part_values_without_overlap_and_equal_ones_stay_together(values, bands):
    tops = edges(np.array(values, dtype=np.int64), bands).tolist()
    assert len(tops) <= bands
    assert tops == sorted(set(tops))
    low = 0
    for top in tops:
        inside = [value for value in values if low < value <= top]
        assert max(inside) == top
        low = top
    assert not values or low == max(values)


def test_one_number_changed_changes_the_digest():
    column = np.arange(5)
    assert digest(column) != digest(column, column)
    assert digest(column) != digest(column + np.array([0, 0, 0, 0, 1]))
    assert digest(np.array([1, 2]), np.array([3])) != digest(np.array([1]), np.array([2, 3]))


def test_a_band_says_which_of_how_many():
    assert band(2, 5) == "2/5"


def test_a_million_units_over_many_strata_are_shared_in_a_moment():
    number = np.arange(1_000_000)
    given_units = replace(
        made(0),
        accounts=number * 977,
        values=number % 1_000 + 1,
        cases=number % 3 + 1,
        strata=number % 240,
        bound=np.full(len(number), NOWHERE),
        allowed=np.where(number % 7, 255, 127),
    )
    found = allocate(given_units, [1, 2, 3, 4, 5, 6, 7, 8], 3, control_bp=1_500)
    assert int((found.agencies == NOWHERE).sum()) == 0
