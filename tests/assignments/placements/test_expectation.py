"""What is expected back: the own past as far as there is enough of it, and nothing invented where there is none."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.kernel.session import transaction
from agencies.scorecards.models import PlacementCell, RecoveryCell
from assignments.placements.expectation import FULL_CREDIBILITY, Expected, Past, expected, expected_ppm
from assignments.placements.past import pasts
from assignments.placements.preview import preview_of
from tests.loop import add_cases, draft, some_cases

AMOUNTS = st.integers(0, 10**12)
PASTS = st.builds(Past, st.integers(1, 10**12), AMOUNTS, st.integers(0, 5_000))


def test_an_agency_with_enough_past_is_expected_to_do_as_before():
    own = Past(1_000_000, 200_000, FULL_CREDIBILITY)
    assert expected_ppm(own, [own, Past(9_000_000, 0, 0)]) == 200_000


def test_an_agency_without_past_is_expected_to_do_as_all_together():
    panel = [Past(600_000, 90_000, 40), Past(400_000, 10_000, 40)]
    assert expected_ppm(Past(), panel) == 100_000


@pytest.mark.parametrize(("payers", "ppm"), [(0, 100_000), (271, 150_046), (1_082, 200_000), (5_000, 200_000)])
def test_the_weight_of_the_own_past_grows_with_the_root_of_its_paying_cases(payers, ppm):
    own = Past(1_000_000, 200_000, payers)
    everybody = [own, Past(1_000_000, 0, 5_000)]
    assert expected_ppm(own, everybody) == pytest.approx(ppm, abs=1)


@pytest.mark.parametrize("everybody", [[], [Past(1_000_000, 5_000, 9)], [Past(0, 5_000, 90)]])
def test_with_too_little_past_of_all_nothing_is_expected(everybody):
    assert expected_ppm(Past(1_000, 500, 2), everybody) is None
    assert expected(1_000, 100, None) is None


@given(PASTS, st.lists(PASTS, min_size=1, max_size=5))
def test_the_expectation_lies_between_the_own_rate_and_that_of_all(own, others):
    everybody = [own, *others]
    found = expected_ppm(own, everybody)
    if found is not None:
        mine = own.collected_minor / own.placed_minor
        average = sum(one.collected_minor for one in everybody) / sum(one.placed_minor for one in everybody)
        assert min(mine, average) * 10**6 - 2 <= found <= max(mine, average) * 10**6 + 2


def test_what_is_left_is_what_comes_back_without_the_commission():
    assert expected(1_000_000, 200_000, 150_000) == Expected(150_000, 30_000)
    assert Expected(150_000, 30_000).net_minor == 120_000


def cell(tenants, agency, month: date, placed: int, collected: dict[int, int], currency: str = "COP"):
    own = {
        "creditor_id": tenants.creditor.tenant,
        "agency_id": agency.tenant,
        "currency": currency,
        "placement_month": month,
        "stratum": "1/1",
    }
    yield PlacementCell(**own, cases=50, placed_minor=placed, placed_squares=0)
    sums = dict.fromkeys(("collected_squares", "placed_collected", "net_squares", "placed_net"), 0)
    for age, amount in collected.items():
        yield RecoveryCell(
            **own,
            month_on_book=age,
            payments=20,
            collected_minor=amount,
            commission_minor=0,
            new_payers=20,
            activities=0,
            **sums,
        )


def test_only_what_is_a_year_old_counts_and_only_what_came_within_the_year(ports, tenants, panel):
    rows = [
        *cell(tenants, tenants.agency, date(2024, 12, 1), 1_000, {0: 50, 12: 50, 13: 900}),
        *cell(tenants, tenants.agency, date(2025, 1, 1), 5_000, {0: 700}),
        *cell(tenants, tenants.agency, date(2024, 1, 1), 5_000, {0: 700}, currency="USD"),
    ]
    with ports.session(tenants.creditor) as session, transaction(session):
        session.add_all(rows)
    with ports.session(tenants.creditor) as session:
        found = pasts(session, tenants.creditor, "COP", date(2026, 1, 31))
        assert found == {tenants.agency.tenant: Past(1_000, 100, 40)}
        assert pasts(session, tenants.other_creditor, "COP", date(2026, 1, 31)) == {}


def test_the_preview_keeps_what_is_expected_or_that_nothing_can_be(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(20))
    before = draft(ports, tenants.creditor, panel)
    assert {one.expected_ppm for one in preview_of(before).agencies} == {None}
    with ports.session(tenants.creditor) as session, transaction(session):
        session.add_all(cell(tenants, tenants.agency, date(2024, 1, 1), 1_000, {3: 100}))
    after = draft(ports, tenants.creditor, panel, now=datetime(2026, 1, 12, 15, tzinfo=UTC))
    assert {one.expected_ppm for one in preview_of(after).agencies} == {100_000}
    # What is expected is no part of the split: who committed the first would commit the same.
    assert after.digest == before.digest
