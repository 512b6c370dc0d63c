"""The measures of an agency as pure functions of its facts; each says what was divided by what, or why it is not shown.

`docs/figures.md` explains every one of them to its readers and follows this file.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from agencies.kernel.errors import msg
from agencies.scorecards.facts import AgencyCurve, AgencyFacts, CurvePoint

#: Below this many paying cases a rate of money says more about one debtor than about the agency.
MIN_PAYERS = 10


class NotEnough(StrEnum):
    """Why there is not enough data for a measure."""

    NOTHING_PLACED = "nothing_placed"
    FEW_PAYERS = "few_payers"
    NOTHING_DUE = "nothing_due"
    #: Nothing was placed long enough ago.
    TOO_YOUNG = "too_young"


NOT_ENOUGH: dict[NotEnough, str] = {
    NotEnough.NOTHING_PLACED: msg("Nothing has been placed with this agency."),
    NotEnough.FEW_PAYERS: msg("Fewer than 10 cases have paid."),
    NotEnough.NOTHING_DUE: msg("No report has been due yet."),
    NotEnough.TOO_YOUNG: msg("Nothing was placed long enough ago."),
}


@dataclass(frozen=True)
class Metric:
    """One measure: its value as a fraction of one or, for counts per case, as it is; or the reason there is none."""

    code: str
    value: float | None
    numerator: int
    denominator: int
    #: Whether numerator and denominator are amounts in minor units.
    is_money: bool
    missing: NotEnough | None = None


def gross_recovery(facts: AgencyFacts) -> Metric:
    """Collected out of placed."""
    return _of_placed("gross_recovery", facts.collected_minor, facts)


def net_back(facts: AgencyFacts) -> Metric:
    """What is left for the creditor after commission, out of placed."""
    return _of_placed("net_back", facts.collected_minor - facts.commission_minor, facts)


def payer_share(facts: AgencyFacts) -> Metric:
    """Cases with a payment out of cases placed."""
    return _count("payer_share", facts.payers, facts.cases, _nothing_placed(facts))


def activities_per_case(facts: AgencyFacts) -> Metric:
    """Activities reported per case placed."""
    return _count("activities_per_case", facts.activities, facts.cases, _nothing_placed(facts))


def punctuality(facts: AgencyFacts) -> Metric:
    """Reports handed in on time out of reports due; what is not yet due is left out."""
    return _count("punctuality", facts.reports_on_time, facts.reports_due, NotEnough.NOTHING_DUE)


def all_metrics(facts: AgencyFacts) -> tuple[Metric, ...]:
    """Every measure, in the order in which they are shown."""
    return (
        gross_recovery(facts),
        net_back(facts),
        payer_share(facts),
        activities_per_case(facts),
        punctuality(facts),
    )


def liquidation(point: CurvePoint) -> Metric:
    """Collected up to an age out of what was placed long enough ago to have completed it."""
    return _money("liquidation", point.collected_minor, point.placed_minor, point.payers, NotEnough.TOO_YOUNG)


def liquidation_curve(curve: AgencyCurve) -> tuple[Metric, ...]:
    """The curve as measures, one per point."""
    return tuple(liquidation(point) for point in curve.points)


def _of_placed(code: str, numerator: int, facts: AgencyFacts) -> Metric:
    return _money(code, numerator, facts.placed_minor, facts.payers, _nothing_placed(facts))


def _nothing_placed(facts: AgencyFacts) -> NotEnough:
    return NotEnough.NOTHING_PLACED if facts.months is None else NotEnough.TOO_YOUNG


def _money(code: str, numerator: int, denominator: int, payers: int, nothing: NotEnough) -> Metric:
    missing = nothing if not denominator else NotEnough.FEW_PAYERS if payers < MIN_PAYERS else None
    value = None if missing else numerator / denominator
    return Metric(code, value, numerator, denominator, is_money=True, missing=missing)


def _count(code: str, numerator: int, denominator: int, nothing: NotEnough) -> Metric:
    value = numerator / denominator if denominator else None
    missing = None if denominator else nothing
    return Metric(code, value, numerator, denominator, is_money=False, missing=missing)
