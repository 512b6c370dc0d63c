"""What the measures of an agency say in words, and the liquidation curves as a table and a chart.

The figures themselves come from `agencies.scorecards.metrics`; nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Side
from agencies.scorecards.facts import AgencyCurve, AgencyFacts
from agencies.scorecards.metrics import NOT_ENOUGH, Metric, liquidation_curve

NOT_ENOUGH_DATA = msg("Not enough data")


@dataclass(frozen=True)
class Explanation:
    """What a figure says: its name, its formula, and what numerator and denominator are."""

    label: str
    formula: str
    numerator: str
    denominator: str
    #: Shown as a percentage, or as a plain number with two places.
    is_share: bool = True


EXPLANATIONS = {
    "gross_recovery": Explanation(
        msg("Gross recovery"),
        msg("Everything the placed cases paid, divided by their balance when they were placed."),
        msg("collected"),
        msg("placed"),
    ),
    "net_back": Explanation(
        msg("Net back to the creditor"),
        msg("What the cases paid less the agency's commission, divided by their balance when they were placed."),
        msg("collected less commission"),
        msg("placed"),
    ),
    "payer_share": Explanation(
        msg("Paying cases"),
        msg("Cases with at least one payment, divided by cases placed."),
        msg("cases that paid"),
        msg("cases placed"),
    ),
    "activities_per_case": Explanation(
        msg("Activities per case"),
        msg("Activities the agency reported, divided by cases placed."),
        msg("activities"),
        msg("cases placed"),
        is_share=False,
    ),
    "punctuality": Explanation(
        msg("Reports on time"),
        msg("Reports handed in by their due time, divided by reports due so far; of all periods."),
        msg("reports on time"),
        msg("reports due"),
    ),
}


@dataclass(frozen=True)
class CurveTable:
    """The liquidation curves as a table: one row per month since placement, one column per line."""

    names: tuple[str, ...]
    #: Month and, per column, the measure; nothing where no placement has reached the age.
    rows: tuple[tuple[int, tuple[Metric | None, ...]], ...]


def currencies(facts: Sequence[AgencyFacts]) -> list[str]:
    """The currencies there are figures in, the one with the most cases first."""
    cases: dict[str, int] = {}
    for one in facts:
        cases[one.currency] = cases.get(one.currency, 0) + one.cases
    return sorted(cases, key=lambda code: (-cases[code], code))


def reason(metric: Metric) -> str:
    """Why a figure is missing: a text to be translated."""
    return NOT_ENOUGH[metric.missing] if metric.missing else ""


def curve_table(curves: Sequence[AgencyCurve], currency: str, side: Side, names: Mapping[int, str]) -> CurveTable:
    """The curves of one currency beside each other."""
    chosen = [one for one in curves if one.currency == currency]
    columns = [liquidation_curve(one) for one in chosen]
    longest = max((len(column) for column in columns), default=0)
    rows = tuple(
        (month, tuple(column[month] if month < len(column) else None for column in columns)) for month in range(longest)
    )
    titles = (names.get(one.creditor_id, "–") if side is Side.AGENCY else one.agency_name for one in chosen)
    return CurveTable(tuple(titles), rows)


def curve_lines(table: CurveTable, x_name: str, locale: str) -> dict[str, Any]:
    """The curves for the chart; a month without enough data leaves a gap."""
    return {
        "locale": locale,
        "xName": x_name,
        "categories": [str(month) for month, _ in table.rows],
        "series": [
            {"name": name, "values": [_value(metrics[at]) for _, metrics in table.rows]}
            for at, name in enumerate(table.names)
        ],
    }


def _value(metric: Metric | None) -> float | None:
    return metric.value if metric else None
