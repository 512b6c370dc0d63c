"""The masked tape: nobody can be singled out, with the whole portfolio in hand and by any subtraction."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from assignments.marketplace.reading import read_lot
from assignments.marketplace.tape import (
    LEAST_DEBTORS,
    SAMPLED,
    Dimension,
    LotCases,
    age_mix,
    by_age,
    by_balance,
    by_text,
    masked_tape,
    rounded,
    tape_of,
)
from assignments.placements.models import Placement
from tests import loop, market
from tests.market import LISTED_AT


@st.composite
def lots(draw: st.DrawFn) -> LotCases:
    """Up to 150 cases of up to 60 debtors, with groups of every size."""
    size = draw(st.integers(1, 150))
    debtors = draw(st.lists(st.integers(1, 60), min_size=size, max_size=size))
    balances = draw(st.lists(st.integers(1, 10**9) | st.integers(1, 500), min_size=size, max_size=size))
    ages = draw(st.lists(st.integers(-1, 900), min_size=size, max_size=size))
    products = draw(st.lists(st.sampled_from(["a", "b", "c", "d", None]), min_size=size, max_size=size))
    return made(debtors, balances, ages, products)


def made(debtors, balances, ages, products) -> LotCases:
    numbers = [np.array(one, dtype=np.int64) for one in (debtors, balances, ages)]
    dimensions = {
        Dimension.AGE: by_age(numbers[2]),
        Dimension.BALANCE: by_balance(numbers[1]),
        Dimension.PRODUCT: by_text(products),
        Dimension.CONTACT: by_text([("phone", "none")[one % 2] for one in debtors]),
    }
    return LotCases(*numbers, dimensions)


def members(cases: LotCases, dimension: Dimension, shown: set[str], label: str | None) -> np.ndarray:
    """The cases behind a cell, as somebody with the whole portfolio would find them."""
    labels = cases.dimensions[dimension]
    own = np.array([labels.labels[code] for code in labels.codes])
    return own == label if label is not None else ~np.isin(own, sorted(shown))


@settings(max_examples=150)
@given(lots())
def test_every_figure_stands_for_enough_debtors_none_of_whom_is_half_of_it(cases):
    tape = masked_tape(cases, "COP")
    for distribution in tape.distributions:
        shown = {cell.label for cell in distribution.cells if cell.label is not None}
        for cell in distribution.cells:
            mask = members(cases, distribution.dimension, shown, cell.label)
            who = cases.debtors[mask]
            assert int(mask.sum()) == cell.cases
            assert len(set(who.tolist())) >= LEAST_DEBTORS
            owed = Counter()
            for debtor, balance in zip(who.tolist(), cases.balances[mask].tolist(), strict=True):
                owed[debtor] += balance
            assert 2 * max(owed.values()) <= sum(owed.values())


@settings(max_examples=150)
@given(lots())
def test_what_is_left_after_any_subtraction_is_again_enough_debtors(cases):
    tape = masked_tape(cases, "COP")
    for distribution in tape.distributions:
        counted = sum(cell.cases for cell in distribution.cells)
        # The parts add up to the whole, so no remainder is left over to be found by subtraction.
        assert counted == tape.cases
        labels = [cell.label for cell in distribution.cells]
        assert len(set(labels)) == len(labels)
        assert labels.count(None) <= 1


@settings(max_examples=150)
@given(lots())
def test_a_sample_row_fits_enough_debtors_of_the_portfolio(cases):
    tape = masked_tape(cases, "COP")
    shown = {
        one.dimension.value: {cell.label for cell in one.cells if cell.label is not None} for one in tape.distributions
    }
    for row in tape.samples:
        fits = np.ones(len(cases.debtors), dtype=bool)
        for name, label in row.items():
            fits &= members(cases, Dimension(name), shown[name], label)
        assert len(set(cases.debtors[fits].tolist())) >= LEAST_DEBTORS
        assert set(row) <= {one.value for one in SAMPLED}


def test_a_lone_small_group_takes_the_next_smallest_with_it():
    products = ["a"] * 30 + ["b"] * 20 + ["c"] * 3
    cases = made(list(range(53)), [100] * 53, [10] * 53, products)
    [product] = [one for one in masked_tape(cases, "COP").distributions if one.dimension is Dimension.PRODUCT]
    # With only the three hidden, the total less what is shown would tell of them.
    assert {cell.label: cell.cases for cell in product.cells} == {"a": 30, None: 23}


def test_ten_debts_of_one_person_are_one_person():
    products = ["a"] * 30 + ["b"] * 12
    cases = made([*range(30), *([99] * 12)], [100] * 42, [10] * 42, products)
    found = {one.dimension: one for one in masked_tape(cases, "COP").distributions}
    assert Dimension.PRODUCT not in found or [cell.label for cell in found[Dimension.PRODUCT].cells] == [None]


def test_one_large_debt_does_not_show_through_a_sum():
    cases = made(list(range(40)), [100] * 20 + [1_000_000] + [100] * 19, [10] * 40, ["a"] * 20 + ["b"] * 20)
    assert masked_tape(cases, "COP").distributions == ()


def test_a_balance_band_begins_at_no_one_s_balance():
    balances = [1_234_567 + 7_919 * n for n in range(60)]
    cases = made(list(range(60)), balances, [10] * 60, ["a"] * 60)
    [balance] = [one for one in masked_tape(cases, "COP").distributions if one.dimension is Dimension.BALANCE]
    limits = {int(end) for cell in balance.cells if cell.label for end in cell.label.split("-") if end}
    assert limits
    assert not limits & set(balances)
    assert all(int(str(limit)[2:] or 0) == 0 for limit in limits)


@pytest.mark.parametrize(
    ("minor", "shown"),
    [(0, 0), (7, 7), (999, 999), (1_004, 1_000), (1_005, 1_010), (123_456, 123_000), (999_900, 1_000_000)],
)
def test_values_are_rounded_to_three_digits(minor, shown):
    assert rounded(minor) == shown


@given(lots())
def test_a_stored_tape_is_the_same_tape(cases):
    tape = masked_tape(cases, "COP")
    assert tape_of(tape.to_dict()) == tape


@given(lots())
def test_the_mix_by_age_is_exact_and_whole(cases):
    mix = age_mix(cases)
    assert sum(count for _, count, _ in mix) == len(cases.debtors)
    assert sum(value for _, _, value in mix) == int(cases.balances.sum())
    assert [start for start, _, _ in mix] == [0, 91, 181, 361, 721]


def test_a_lot_reads_open_cases_of_debtors_nobody_works(ports, tenants):
    # Somebody whom an agency works already has another debt: it would not reach a winner.
    mandate = loop.add_mandate(ports, tenants.creditor, tenants.agency)
    loop.add_cases(ports, tenants.creditor, [loop.NewCase("HELD", 900_000, debtor_ref="D1")])
    taken = loop.Selection(min_minor=900_000)
    loop.place(ports, tenants.creditor, loop.draft(ports, tenants.creditor, [mandate], selection=taken))
    loop.add_cases(ports, tenants.creditor, [loop.NewCase("OTHER", 50_000, debtor_ref="D1"), loop.NewCase("PAID", 0)])
    with ports.session(tenants.creditor) as session:
        found = read_lot(session, tenants.creditor, loop.Selection(), on=LISTED_AT.date())
    assert len(found.cases.debtors) == 60
    tape = masked_tape(found.cases, found.currency)
    regions = next(one for one in tape.distributions if one.dimension is Dimension.REGION)
    assert {cell.label: cell.cases for cell in regions.cells} == {"Antioquia": 20, "Valle": 20, "Atlántico": 20}
    contact = next(one for one in tape.distributions if one.dimension is Dimension.CONTACT)
    assert {cell.label: cell.cases for cell in contact.cells} == {"phone": 40, "none": 20}


def test_a_lot_is_as_old_as_its_cases_are_when_they_are_placed_that_day(ports, tenants):
    # Its mix is what bids are weighed by, and the placement is what they are paid by.
    mandate = loop.add_mandate(ports, tenants.creditor, tenants.agency)
    on = LISTED_AT + timedelta(days=40)
    with ports.session(tenants.creditor) as session:
        found = read_lot(session, tenants.creditor, loop.Selection(), on=on.date())
    loop.place(ports, tenants.creditor, loop.draft(ports, tenants.creditor, [mandate], now=on), now=on)
    with ports.session(tenants.creditor) as session:
        placed = session.scalars(select(Placement.age_days).order_by(Placement.case_id)).all()
    assert found.cases.ages.tolist() == placed
    # The file counted 37 days for the second of them when it was uploaded.
    assert placed[1] == 37 + (on.date() - loop.PLACED_AT.date()).days


def test_a_selection_of_too_few_people_makes_no_lot(ports, tenants):
    with pytest.raises(market.service.LotTooSmall, match=r"at least 10 debtors.*has 9"):
        market.draft_lot(ports, tenants.creditor, selection=loop.Selection(max_minor=49_999))


def test_no_name_number_or_contact_is_in_what_a_bidder_is_shown(ports, tenants):
    lot = market.offer(ports, tenants.creditor)
    with ports.session(tenants.agency) as session:
        told = str(vars(market.bids.look(session, tenants.agency, lot.id, now=LISTED_AT)))
    assert "Antioquia" in told
    for n in range(1, 61):
        assert f"L{n:05}" not in told
        assert f"30011{n:05}" not in told
