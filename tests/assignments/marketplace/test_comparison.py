"""Bids on one base: the price on the lot's own ages, the expected net back, and promises against the record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace

import numpy as np
import pytest

from agencies.mandates.terms import TermSheet
from agencies.scorecards.facts import AgencyFacts, Spread
from agencies.scorecards.metrics import NotEnough
from assignments.marketplace.comparison import Basis, Flag, compare
from assignments.marketplace.models import Lot, OpenedBid
from assignments.marketplace.queries import BidRow
from assignments.marketplace.sheets import average_rate, stored_terms, terms_with

TODAY = date(2026, 3, 10)


def lot(**changed) -> Lot:
    return Lot(
        **{
            "currency": "COP",
            "cases": 100,
            "value_minor": 1_000_000,
            # Half of the value is younger than 91 days, three tenths than 181, two tenths than 361.
            "mix": [[0, 50, 500_000], [91, 30, 300_000], [181, 20, 200_000], [361, 0, 0], [721, 0, 0]],
            "terms": stored_terms(TermSheet(report_due_days=5)),
            "reserve_bp": None,
            **changed,
        }
    )


def row(agency_id: int, commission_bp: int = 2_000, bands=(), **changed) -> BidRow:
    bid = OpenedBid(
        agency_id=agency_id,
        commission_bp=commission_bp,
        bands=[list(one) for one in bands],
        valid_until=changed.pop("valid_until", date(2026, 4, 1)),
        starts_on=changed.pop("starts_on", TODAY),
        submitted_at=datetime(2026, 3, 2, tzinfo=UTC),
        **changed,
    )
    return BidRow(agency_id, f"Agencia {agency_id}", bid, SimpleNamespace())


def facts(
    agency_id: int, rate: float, *, cases: int = 2_000, months: int = 12, seed: int = 1, **changed
) -> AgencyFacts:
    """The record of an agency that recovers about this share, drawn case by case."""
    draw = np.random.default_rng(seed)
    placed = draw.integers(500, 1_500, cases)
    collected = np.where(draw.random(cases) < rate, placed, 0)
    return AgencyFacts(
        creditor_id=1,
        agency_id=agency_id,
        agency_name=f"Agencia {agency_id}",
        currency="COP",
        months=12,
        first_month=date(2024, 1, 1),
        last_month=date(2024, 6, 1),
        cases=cases,
        placed_minor=int(placed.sum()),
        payments=int((collected > 0).sum()),
        collected_minor=int(collected.sum()),
        commission_minor=0,
        payers=int((collected > 0).sum()),
        activities=0,
        reports_due=0,
        reports_on_time=0,
        placement_months=6,
        spread=Spread(
            placed_squares=int((placed**2).sum()),
            collected_squares=int((collected**2).sum()),
            placed_collected=int((placed * collected).sum()),
        ),
        **changed,
    )


def at_both(*found: AgencyFacts) -> dict[int, list[AgencyFacts]]:
    return {months: [replace(one, months=months) for one in found] for months in (6, 12)}


@pytest.mark.parametrize(
    ("commission", "bands", "average"),
    [
        (2_000, [], 2_000),
        (1_000, [(91, 2_000)], 1_500),
        (1_000, [(91, 2_000), (181, 4_000)], 1_900),
        (1_000, [(181, 4_000)], 1_600),
        (1_000, [(721, 9_000)], 1_000),
    ],
)
def test_the_price_is_the_commission_on_the_lot_s_own_ages_by_value(commission, bands, average):
    terms = terms_with(lot().terms, row(1, commission, bands).bid)
    assert average_rate(terms, lot().mix) == pytest.approx(average)


def test_a_dearer_agency_that_brings_back_more_comes_first():
    # Published example: of 200,000 each, one at 15 % returns 17,000, one at 25 % returns 45,000.
    cheap, dear = compare(
        lot(),
        [row(1, 1_500), row(2, 2_500)],
        at_both(facts(1, 0.10, cases=9_000), facts(2, 0.30, cases=9_000, seed=2)),
        today=TODAY,
    )[::-1]
    assert (dear.row.agency_id, cheap.row.agency_id) == (2, 1)
    assert dear.at(12).net.middle == pytest.approx(0.30 * 0.75, rel=0.05)
    assert cheap.at(12).net.middle == pytest.approx(0.10 * 0.85, rel=0.08)
    assert not cheap.is_near_best


def test_the_range_holds_the_true_net_back_as_often_as_it_says():
    rate, price = 0.2, 2_000
    held = 0
    for seed in range(200):
        [one] = compare(lot(), [row(1, price)], at_both(facts(1, rate, cases=400, seed=seed)), today=TODAY)
        net = one.at(12).net
        held += net.low <= rate * (1 - price / 10_000) <= net.high
    # 95 % of 200 are 190; fewer than 180 or more than 199 would be a fault of the range.
    assert 180 <= held <= 199


def test_bids_whose_ranges_overlap_are_said_to_be_indistinguishable():
    near, best = compare(
        lot(), [row(1), row(2)], at_both(facts(1, 0.20, cases=300), facts(2, 0.21, cases=300, seed=3)), today=TODAY
    )
    assert near.is_near_best
    assert best.is_near_best


def test_a_promise_beyond_the_record_is_flagged_and_changes_nothing_else():
    honest, boaster = row(1, promise_12_bp=2_000), row(1, promise_12_bp=9_000)
    found = [compare(lot(), [one], at_both(facts(1, 0.2)), today=TODAY)[0] for one in (honest, boaster)]
    assert Flag.PROMISE_ABOVE_RECORD not in found[0].flags
    assert Flag.PROMISE_ABOVE_RECORD in found[1].flags
    assert found[0].at(12).net == found[1].at(12).net


def test_a_newcomer_is_given_the_panel_with_all_of_its_spread():
    weak, strong = facts(2, 0.10), facts(3, 0.40, seed=4)
    [new] = compare(lot(), [row(1, promise_6_bp=100)], at_both(weak, strong), today=TODAY)
    at = new.at(12)
    assert (at.basis, at.missing, at.is_provisional) == (Basis.PANEL, NotEnough.NOTHING_PLACED, True)
    assert at.recovery.low < 0.10 < at.recovery.middle < 0.40 < at.recovery.high
    assert Flag.PROMISE_WITHOUT_RECORD in new.flags


def test_where_nobody_has_a_record_the_cheaper_bid_comes_first_and_no_figure_is_made_up():
    found = compare(lot(), [row(1, 2_500), row(2, 2_400)], {}, today=TODAY)
    assert [one.row.agency_id for one in found] == [2, 1]
    assert all(one.at(12).net is None and one.at(12).basis is Basis.NOTHING for one in found)


def test_few_payers_make_no_record():
    few = replace(facts(1, 0.2), payers=9)
    [one] = compare(lot(), [row(1)], at_both(few), today=TODAY)
    assert (one.at(12).basis, one.at(12).missing) == (Basis.NOTHING, NotEnough.FEW_PAYERS)


def test_a_record_in_another_currency_is_none():
    [one] = compare(lot(), [row(1)], at_both(replace(facts(1, 0.2), currency="USD")), today=TODAY)
    assert one.at(12).basis is Basis.NOTHING


@pytest.mark.parametrize(
    ("changed", "reserve", "flag"),
    [
        ({"valid_until": date(2026, 3, 9)}, None, Flag.EXPIRED),
        ({"starts_on": date(2026, 3, 11)}, None, Flag.BEGINS_LATER),
        ({"capacity": 99}, None, Flag.OVER_CAPACITY),
        ({}, 1_999, Flag.ABOVE_RESERVE),
    ],
)
def test_what_stands_in_a_bid_s_way_is_flagged(changed, reserve, flag):
    [one] = compare(lot(reserve_bp=reserve), [row(1, **changed)], {}, today=TODAY)
    assert flag in one.flags
    [other] = compare(lot(reserve_bp=2_000), [row(1, capacity=100, valid_until=TODAY)], {}, today=TODAY)
    assert flag not in other.flags
