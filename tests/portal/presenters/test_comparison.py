"""The lines of the comparison: their order, their words, and the same figures in the chart and the files."""

from __future__ import annotations

import csv
import io
import re
import string
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from flask import Flask

from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.permissions import PERMISSIONS, Role
from agencies.scorecards.facts import AgencyFacts, Spread, Window
from assignments.comparison import Compared, Position
from assignments.conduct.queries import Conduct
from portal.presenters import comparison, comparison_files, panel
from portal.presenters.comparison import View

DIRECTOR = Actor(Side.CREDITOR, 1, 1, permissions=PERMISSIONS[Role.DIRECTOR])
#: A hundred cases of 50,000, thirty of which paid 20,000 each.
SPREAD = Spread(100 * 50_000**2, 30 * 20_000**2, 30 * 20_000 * 50_000, 30 * 15_000**2, 30 * 15_000 * 50_000)


@pytest.fixture(autouse=True)
def in_english(app: Flask) -> Iterator[None]:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        yield


def facts(name: str, agency_id: int, **changed: object) -> AgencyFacts:
    whole = AgencyFacts(
        creditor_id=1,
        agency_id=agency_id,
        agency_name=name,
        currency="COP",
        months=None,
        first_month=date(2026, 1, 1),
        last_month=date(2026, 2, 1),
        cases=100,
        placed_minor=5_000_000,
        payments=30,
        collected_minor=600_000,
        commission_minor=150_000,
        payers=30,
        activities=250,
        reports_due=4,
        reports_on_time=3,
        placement_months=2,
        spread=SPREAD,
    )
    return replace(whole, **changed)


def compared(name: str, agency_id: int, **changed: object) -> Compared:
    return Compared(facts(name, agency_id, **changed), 20_000_000, None, (), None, 0)


def names(lines: list[comparison.Line]) -> list[str]:
    return [line.name for line in lines]


PANEL = [
    compared("A", 2),
    compared("B", 3, collected_minor=900_000),
    compared("C", 4, payers=3),
    compared("D", 5, collected_minor=1_500_000, spread=replace(SPREAD, collected_squares=10**13, net_squares=10**13)),
]


def test_the_best_net_back_comes_first_then_what_is_provisional_then_what_is_missing() -> None:
    lines = comparison.lines(PANEL, View("COP"), Side.CREDITOR, {})
    assert names(lines) == ["B", "A", "D", "C"]
    assert [line.figures["net_back"].is_ranked for line in lines] == [True, True, False, True]
    assert lines[-1].figures["net_back"].value is None


@pytest.mark.parametrize(
    ("sort", "order", "expected"),
    [
        ("net_back", "up", ["A", "B", "D", "C"]),
        ("collected", "down", ["D", "B", "A", "C"]),
        # Less is better, so the cheapest comes first unless asked otherwise.
        ("cost", None, ["D", "B", "A", "C"]),
        ("cost", "down", ["A", "C", "B", "D"]),
    ],
)
def test_any_column_sorts_either_way_and_equals_stand_by_name(sort, order, expected) -> None:
    assert names(comparison.lines(PANEL, View("COP", sort=sort, order=order), Side.CREDITOR, {})) == expected


def test_the_order_of_the_agencies_given_changes_nothing() -> None:
    view = View("COP")
    assert comparison.lines(PANEL, view, Side.CREDITOR, {}) == comparison.lines(PANEL[::-1], view, Side.CREDITOR, {})


def test_more_collected_never_lowers_the_place() -> None:
    places = []
    for more in range(0, 600_001, 100_000):
        others = [*PANEL[1:], compared("A", 2, collected_minor=600_000 + more)]
        places.append(names(comparison.lines(others, View("COP"), Side.CREDITOR, {})).index("A"))
    assert places == sorted(places, reverse=True)


def test_an_agency_sees_its_creditors() -> None:
    [line] = comparison.lines(PANEL[:1], View("COP"), Side.AGENCY, {1: "Banco"})
    assert (line.name, line.partner_id) == ("Banco", 1)
    assert "placed_share" not in [
        column.code for column in comparison.shown_columns(Actor(Side.AGENCY, 2, 2, permissions=DIRECTOR.permissions))
    ]


@pytest.mark.parametrize(("role", "hidden"), [(Role.DIRECTOR, set()), (Role.FINANCE, {"standing", "conduct"})])
def test_a_role_sees_the_columns_it_may(role, hidden) -> None:
    shown = comparison.shown_columns(replace(DIRECTOR, permissions=PERMISSIONS[role]))
    assert set(comparison.COLUMNS) - {column.code for column in shown} == hidden


def test_every_figure_tells_what_is_behind_it() -> None:
    [line] = comparison.lines(PANEL[:1], View("COP"), Side.CREDITOR, {})
    assert line.figures["gross_recovery"].text == "12.00 %"
    assert line.figures["gross_recovery"].note == "8.39 – 15.61 %"
    assert line.figures["gross_recovery"].behind[:2] == [("collected", "COP 6,000.00"), ("placed", "COP 50,000.00")]
    assert line.figures["cost"].behind == [
        ("commission and locate fees", "COP 1,500.00"),
        ("collected", "COP 6,000.00"),
    ]
    assert line.figures["placed_share"].text == "25.0 %"


def test_fees_for_locating_are_part_of_the_cost() -> None:
    [line] = comparison.lines([replace(PANEL[0], fees_minor=30_000)], View("COP"), Side.CREDITOR, {})
    assert line.figures["cost"].value == pytest.approx(180_000 / 600_000)


def test_where_the_view_is_limited_cost_is_the_commission_and_page_and_file_say_so() -> None:
    view = View("COP", months=6)
    lines = comparison.lines([replace(PANEL[0], fees_minor=None)], view, Side.CREDITOR, {})
    assert lines[0].figures["cost"].behind == [("commission", "COP 1,500.00"), ("collected", "COP 6,000.00")]
    for one, label in (
        (view, "Cost (commission only)"),
        (View("COP", window=Window(stratum="1/5")), "Cost (commission only)"),
        (View("COP", window=Window(partner_id=2)), "Cost"),
        (View("COP"), "Cost"),
    ):
        columns = comparison.shown_columns(DIRECTOR, one)
        assert [str(column.label) for column in columns if column.code == "cost"] == [label]
    head = comparison_files.as_csv(comparison.shown_columns(DIRECTOR, view), lines, view, Side.CREDITOR)
    assert b"Cost (commission only)" in head.splitlines()[0]


def test_conduct_counts_what_could_be_judged_and_names_the_breaches() -> None:
    conduct = Conduct(1, 2, compliant=990, violations=10, not_evaluable=7, codes={"hour": 8, "daily_limit": 2})
    [line] = comparison.lines([replace(PANEL[0], conduct=conduct)], View("COP"), Side.CREDITOR, {})
    figure = line.figures["conduct"]
    assert figure.value == pytest.approx(0.99)
    assert ("Violations per 1,000 activities", "10.0, with a confidence of 95 per cent between 4.8 and 18.4") in (
        figure.behind
    )
    assert [text for _, text in figure.behind[-2:]] == ["8", "2"]


def test_the_chart_draws_what_the_table_says() -> None:
    lines = comparison.lines(PANEL, View("COP"), Side.CREDITOR, {})
    drawn = comparison.chart(lines, "en")
    assert drawn["categories"] == names(lines)
    assert [one["values"] for one in drawn["series"]] == [
        [line.figures[code].value for line in lines] for code in ("gross_recovery", "net_back")
    ]
    assert drawn["series"][0]["intervals"][-1] is None


def test_an_address_holds_the_whole_view() -> None:
    view = View("COP", 6, Window(date(2026, 1, 1), None, "2/5"), "cost", "down")
    assert view.arguments() == {
        "currency": "COP",
        "months": 6,
        "first": "2026-01",
        "band": "2/5",
        "sort": "cost",
        "order": "down",
    }
    assert "months" not in view.arguments(months="")


def shown() -> list[comparison.Column]:
    return comparison.shown_columns(DIRECTOR)


def test_the_csv_holds_the_lines_of_the_page_in_its_order_and_no_formula() -> None:
    lines = comparison.lines([*PANEL, compared("=1+1", 6)], View("COP"), Side.CREDITOR, {})
    data = comparison_files.as_csv(shown(), lines, View("COP"), Side.CREDITOR)
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert [row["Agency"] for row in rows] == [name.replace("=1+1", "'=1+1") for name in names(lines)]
    first = lines[0].figures["gross_recovery"]
    assert float(rows[0]["Gross recovery"]) == first.value
    assert float(rows[0]["Gross recovery, lower limit"]) == first.interval[0]
    assert rows[0]["Value placed (COP)"] == "50000.00"
    assert rows[-1]["Net back to the creditor"] == ""


def test_the_workbook_holds_the_same_as_numbers() -> None:
    lines = comparison.lines([compared("=1+1", 6), *PANEL[:1]], View("COP"), Side.CREDITOR, {})
    data = comparison_files.as_xlsx(shown(), lines, View("COP"), Side.CREDITOR)
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        strings = re.findall(r"<t[^>]*>(.*?)</t>", book.read("xl/sharedStrings.xml").decode())
    assert "=1+1" in strings
    assert "<f>" not in sheet
    heads = [strings[int(at)] for at in re.findall(r'<c r="[A-Z]+1" [^>]*t="s"><v>(\d+)</v>', sheet)]
    at = heads.index("Net back to the creditor")
    second = re.findall(r"<row r=\"2\".*?</row>", sheet)[0]
    [told] = re.findall(rf'<c r="{string.ascii_uppercase[at]}2"[^>]*><v>(.*?)</v>', second)
    assert float(told) == lines[0].figures["net_back"].value == pytest.approx(0.09)


def test_beside_the_panel_only_the_reader_has_a_name() -> None:
    [own] = comparison.lines(PANEL[:1], View("COP"), Side.AGENCY, {1: "Banco"})
    others = [Position(0.1, 0.05, 0.15, 0.08, None, None, None, 0.9, 1.0)] * 3
    made = panel.panel(own, others)
    assert [row.is_own for row in made.rows] == [True, False, False, False]
    assert {row.label for row in made.rows[1:]} == {"Another agency"}
    assert made.rows[0].cells[0] == ("12.00 %", "8.39 – 15.61 %")
    assert made.rows[1].cells == (
        ("10.00 %", "5.00 – 15.00 %"),
        ("8.00 %", ""),
        ("Not enough data", ""),
        ("90.00 %", ""),
        ("100.00 %", ""),
    )
    assert all(len(row.cells) == len(panel.HEADS) for row in made.rows)


def test_without_the_others_the_panel_is_empty() -> None:
    [own] = comparison.lines(PANEL[:1], View("COP"), Side.AGENCY, {1: "Banco"})
    assert panel.panel(own, []).rows == ()
