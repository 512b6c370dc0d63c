"""The comparison as plain values: lines, explanations, and what the charts draw."""

from __future__ import annotations

from datetime import date

from agencies.kernel.tenancy import Side
from agencies.scorecards.facts import AgencyCurve, AgencyFacts, CurvePoint
from agencies.scorecards.metrics import NotEnough, all_metrics, gross_recovery, payer_share
from portal.presenters import scorecards


def facts(name: str = "Cobros", currency: str = "COP", **changed: object) -> AgencyFacts:
    values = {
        "creditor_id": 1,
        "agency_id": 2,
        "agency_name": name,
        "currency": currency,
        "months": None,
        "first_month": date(2026, 1, 1),
        "last_month": date(2026, 2, 1),
        "cases": 100,
        "placed_minor": 1_000_000,
        "payments": 30,
        "collected_minor": 120_000,
        "commission_minor": 20_000,
        "payers": 20,
        "activities": 250,
        "reports_due": 4,
        "reports_on_time": 3,
    }
    return AgencyFacts(**{**values, **changed})


def test_every_measure_is_explained() -> None:
    assert [one.code for one in all_metrics(facts())] == list(scorecards.EXPLANATIONS)


def test_the_currency_with_most_cases_comes_first_and_none_is_summed() -> None:
    rows = [facts(currency="USD", cases=5), facts(currency="COP", cases=3), facts("B", currency="COP", cases=4)]
    assert scorecards.currencies(rows) == ["COP", "USD"]


def test_a_missing_figure_says_why() -> None:
    missing = gross_recovery(facts(payers=9))
    assert missing.missing is NotEnough.FEW_PAYERS
    assert "10" in scorecards.reason(missing)
    assert scorecards.reason(payer_share(facts(payers=9))) == ""


def test_curves_of_different_length_stand_in_one_table() -> None:
    old = AgencyCurve(1, 2, "A", "COP", (CurvePoint(0, 1000, 10, 10), CurvePoint(1, 1000, 50, 12)))
    young = AgencyCurve(1, 3, "B", "COP", (CurvePoint(0, 500, 20, 3),))
    other = AgencyCurve(1, 4, "C", "USD", (CurvePoint(0, 500, 20, 30),))
    table = scorecards.curve_table([old, young, other], "COP", Side.CREDITOR, {})
    assert table.names == ("A", "B")
    assert [month for month, _ in table.rows] == [0, 1]
    assert table.rows[1][1][1] is None
    chart = scorecards.curve_lines(table, "Months", "en")
    assert chart["series"] == [{"name": "A", "values": [0.01, 0.05]}, {"name": "B", "values": [None, None]}]


def test_no_figures_make_an_empty_table() -> None:
    assert scorecards.curve_table([], "", Side.CREDITOR, {}).rows == ()
    assert scorecards.currencies([]) == []
