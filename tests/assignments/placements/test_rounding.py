"""Whole units out of fractions: sums are kept, nothing is a whole unit off, and the published table comes out."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignments.placements.rounding import UNIT, apportion, rounded


@st.composite
def quotas(draw: st.DrawFn) -> list[list[int]]:
    columns = draw(st.integers(1, 6))
    weights = st.lists(st.integers(0, 9), min_size=columns, max_size=columns).filter(any)
    sizes = st.integers(0, 40)
    return [apportion(size * UNIT, row) for row, size in draw(st.lists(st.tuples(weights, sizes), min_size=1))]


@given(quotas(), st.data())
def test_rows_keep_their_sums_and_no_cell_and_no_column_is_a_whole_unit_off(rows, data):
    owed = data.draw(st.lists(st.integers(-UNIT, UNIT), min_size=len(rows[0]), max_size=len(rows[0])))
    given_units = rounded(rows, owed)
    for row, whole in zip(rows, given_units, strict=True):
        assert sum(whole) * UNIT == sum(row)
        assert all(quota // UNIT <= one <= -(-quota // UNIT) for quota, one in zip(row, whole, strict=True))
    for column, whole in zip(zip(*rows, strict=True), zip(*given_units, strict=True), strict=True):
        assert abs(sum(column) - sum(whole) * UNIT) < UNIT


def test_of_equal_remainders_whoever_is_owed_is_rounded_up():
    half = [[UNIT // 2, UNIT // 2]]
    assert rounded(half, [0, 1]) == [[0, 1]]
    assert rounded(half, [1, 0]) == rounded(half, [0, 0]) == [[1, 0]]


def test_whoever_has_no_remainder_is_not_rounded_up_however_much_it_is_owed():
    assert rounded([[UNIT, UNIT // 2, UNIT // 2]], [5 * UNIT, 0, 0]) == [[1, 1, 0]]


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
    for (case, units), rows in published.items():
        weights, expected = [weight for weight, _ in rows], [given_units for _, given_units in rows]
        assert apportion(units, weights) == expected, case
        # The same rule deals a stratum out: nothing owed, quotas in parts of a unit.
        assert rounded([apportion(units * UNIT, weights)], [0] * len(weights)) == [expected], case
