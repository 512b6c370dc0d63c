"""A strategy in words, and its strata a page at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assignments.placements.expectation import Expected
from assignments.placements.preview import AgencyTotals, BandTotals, Cell, Preview
from assignments.placements.strategy import Key, Limit, Method, Strategy
from portal.presenters import strategies

AGENCIES = (AgencyTotals(7, "Uno", 1, "M", 1500, 2, 2, 700, 0), AgencyTotals(8, "Dos", 2, "N", 2000, 1, 1, 200, 0))


def preview(count: int) -> Preview:
    bands = tuple(BandTotals(at, f"{at}/{count}", 100, 200, 2, 2, 300) for at in range(1, count + 1))
    cells = tuple(Cell(at, 7, 1, 1, 1, 100, 1, 1.25) for at in range(1, count + 1))
    return Preview("COP", 3, 3, 900, bands, AGENCIES, cells, ())


def test_each_stratum_has_a_cell_for_each_agency_in_their_order() -> None:
    lines = strategies.strata(preview(2)).lines
    assert [[cell.agency_id for cell in line.cells] for line in lines] == [[7, 8], [7, 8]]
    assert [cell.cases for cell in lines[1].cells] == [1, 0]


@pytest.mark.parametrize(
    ("start", "shown"),
    [(0, (1, 40, 40)), (40, (41, 80, 80)), (80, (81, 95, None)), (95, (1, 40, 40)), (-3, (1, 40, 40))],
)
def test_strata_come_a_page_at_a_time_and_a_place_that_is_none_is_the_beginning(start, shown) -> None:
    page = strategies.strata(preview(95), start)
    assert (page.first, page.last, page.next_from) == shown
    assert (page.count, len(page.lines)) == (95, page.last - page.first + 1)


def test_nothing_to_place_has_no_strata() -> None:
    page = strategies.strata(preview(0))
    assert (page.lines, page.count, page.next_from) == ((), 0, None)


def test_what_an_agency_has_of_the_draw_is_its_control_and_how_far_it_is_off() -> None:
    assert strategies.draws(preview(4)) == {7: strategies.Draw(control=4, furthest=0.25)}


def test_what_an_agency_is_expected_to_bring_is_after_its_commission() -> None:
    plain = preview(1)
    cells = (replace(plain.cells[0], full_commission_minor=70),)
    hopeful = replace(plain, agencies=(replace(AGENCIES[0], expected_ppm=500_000),), cells=cells)
    assert strategies.draws(hopeful)[7].expected == Expected(350, 35)
    assert strategies.draws(plain)[7].expected is None


def test_every_method_and_every_class_has_its_words() -> None:
    assert (set(strategies.METHODS), set(strategies.KEYS)) == (set(Method), set(Key))


def test_a_strategy_is_told_with_everything_that_was_set(app) -> None:
    strategy = Strategy(
        Method.CHAMPION,
        champion_id=7,
        champion_bp=7_000,
        control_bp=1_500,
        keys=(Key.BALANCE, Key.REGION),
        limits={8: Limit(cases=1_000)},
        keeps_capacity=True,
        excludes_previous=True,
        cooling_days=30,
    )
    with app.test_request_context(headers={"Accept-Language": "en"}):
        method, control, keys, limits, rules = (value for _, value in strategies.told(strategy, preview(1)))
        plain = [value for _, value in strategies.told(Strategy(), preview(1))]
    assert (method.split(":")[0], "Uno" in method) == ("Champion and challengers", True)
    assert control.startswith("15")
    assert keys == "Balance of the debtor · Region"
    assert limits == "Dos: 1,000 cases"
    assert rules == (
        "not beyond the capacity an agency states in its file; "
        "never to an agency that had a case of the debtor before; returned cases rest 30 days"
    )
    assert plain == ["Equal parts", "Balance of the debtor"]
