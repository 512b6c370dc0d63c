"""The measures of an agency as pure functions of its facts; each says what was divided by what, or why it is not shown.

`docs/figures.md` explains every one of them to its readers and follows this file.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from agencies.kernel.errors import msg
from agencies.scorecards.facts import AgencyCurve, AgencyFacts, CurvePoint
from agencies.scorecards.intervals import RatioSums, money_rate, standard_error, wilson

#: Below this many paying cases a rate of money says more about one debtor than about the agency.
MIN_PAYERS = 10
#: A rate whose standard error is a larger part of it is shown, but nobody is ranked by it.
MAX_RELATIVE_ERROR = 0.2
#: At an age, so many months of placement are needed before anybody is ranked.
MIN_MONTHS = 3


class NotEnough(StrEnum):
    """Why there is not enough data for a measure."""

    NOTHING_PLACED = "nothing_placed"
    FEW_PAYERS = "few_payers"
    NOTHING_DUE = "nothing_due"
    NO_OBLIGATION = "no_obligation"
    NOTHING_COLLECTED = "nothing_collected"
    NOTHING_JUDGED = "nothing_judged"
    #: Nothing was placed long enough ago.
    TOO_YOUNG = "too_young"


NOT_ENOUGH: dict[NotEnough, str] = {
    NotEnough.NOTHING_PLACED: msg("Nothing has been placed with this agency."),
    NotEnough.FEW_PAYERS: msg("Fewer than 10 cases have paid."),
    NotEnough.NOTHING_DUE: msg("No report has been due yet."),
    NotEnough.NO_OBLIGATION: msg("No obligation has been due yet."),
    NotEnough.NOTHING_COLLECTED: msg("Nothing has been collected yet."),
    NotEnough.NOTHING_JUDGED: msg("No activity could be judged yet."),
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
    #: Between what two values the true one lies, with 95 % confidence; none where the measure has no such limits.
    interval: tuple[float, float] | None = None
    #: Shown, but too uncertain to rank by.
    is_provisional: bool = False


def gross_recovery(facts: AgencyFacts) -> Metric:
    """Collected out of placed."""
    spread = facts.spread
    return _of_placed("gross_recovery", facts.collected_minor, spread.collected_squares, spread.placed_collected, facts)


def net_back(facts: AgencyFacts) -> Metric:
    """What is left for the creditor after commission, out of placed."""
    left = facts.collected_minor - facts.commission_minor
    return _of_placed("net_back", left, facts.spread.net_squares, facts.spread.placed_net, facts)


def payer_share(facts: AgencyFacts) -> Metric:
    """Cases with a payment out of cases placed."""
    return share("payer_share", facts.payers, facts.cases, _nothing_placed(facts))


def activities_per_case(facts: AgencyFacts) -> Metric:
    """Activities reported per case placed."""
    missing = None if facts.cases else _nothing_placed(facts)
    value = facts.activities / facts.cases if facts.cases else None
    return Metric("activities_per_case", value, facts.activities, facts.cases, is_money=False, missing=missing)


def punctuality(facts: AgencyFacts) -> Metric:
    """Reports handed in on time out of reports due; what is not yet due is left out."""
    return share("punctuality", facts.reports_on_time, facts.reports_due, NotEnough.NOTHING_DUE)


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


def cost(facts: AgencyFacts, fees_minor: int | None = None) -> Metric:
    """Commission and locate fees out of what was collected; without fees it is that of the commission, and says so."""
    code = "commission_cost" if fees_minor is None else "cost"
    total, collected = facts.commission_minor + (fees_minor or 0), facts.collected_minor
    missing = None if collected > 0 else NotEnough.NOTHING_COLLECTED
    return Metric(code, None if missing else total / collected, total, collected, is_money=True, missing=missing)


def placed_share(facts: AgencyFacts, placed_minor: int) -> Metric:
    """What was placed with this agency out of everything placed."""
    missing = None if placed_minor else _nothing_placed(facts)
    value = facts.placed_minor / placed_minor if placed_minor else None
    return Metric("placed_share", value, facts.placed_minor, placed_minor, is_money=True, missing=missing)


def share(code: str, numerator: int, denominator: int, nothing: NotEnough) -> Metric:
    """A share of things counted one by one, with its Wilson interval."""
    if not denominator:
        return Metric(code, None, numerator, denominator, is_money=False, missing=nothing)
    interval = wilson(numerator, denominator)
    return Metric(code, numerator / denominator, numerator, denominator, is_money=False, interval=interval)


def _of_placed(code: str, top: int, squares: int, product: int, facts: AgencyFacts) -> Metric:
    metric = _money(code, top, facts.placed_minor, facts.payers, _nothing_placed(facts))
    sums = RatioSums(facts.cases, top, facts.placed_minor, squares, product, facts.spread.placed_squares)
    error = standard_error(sums)
    if metric.value is None or error is None:
        return metric
    is_young = facts.months is not None and facts.placement_months < MIN_MONTHS
    is_wide = error > MAX_RELATIVE_ERROR * abs(metric.value)
    return replace(metric, interval=money_rate(sums), is_provisional=is_young or is_wide)


def _nothing_placed(facts: AgencyFacts) -> NotEnough:
    return NotEnough.NOTHING_PLACED if facts.months is None else NotEnough.TOO_YOUNG


def _money(code: str, numerator: int, denominator: int, payers: int, nothing: NotEnough) -> Metric:
    missing = nothing if not denominator else NotEnough.FEW_PAYERS if payers < MIN_PAYERS else None
    value = None if missing else numerator / denominator
    return Metric(code, value, numerator, denominator, is_money=True, missing=missing)
