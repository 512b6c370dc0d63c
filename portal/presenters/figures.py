"""A figure of the comparison: what it is sorted by, what is written, and what is behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from agencies.kernel.errors import msg
from agencies.scorecards.metrics import Metric
from portal.filters import money, number, percent
from portal.i18n import say
from portal.presenters.scorecards import EXPLANATIONS, NOT_ENOUGH_DATA, Explanation, reason

INTERVAL = msg("Confidence interval (95 per cent)")
WHY_INTERVAL = msg(
    "With a confidence of 95 per cent the true figure lies between these two values. Where the intervals of two "
    "agencies overlap widely, their difference may be chance."
)
PROVISIONAL = msg("Provisional")
WHY_PROVISIONAL = msg(
    "Too uncertain to rank by: the standard error is above a fifth of the figure, or fewer than three months of "
    "placement have reached the age."
)


class Kind(StrEnum):
    """How a figure is written into a file."""

    SHARE = "share"
    COUNT = "count"
    AMOUNT = "amount"


@dataclass(frozen=True)
class Figure:
    """One figure of one agency: its value, how it is written, and what is behind it as pairs of term and text."""

    value: float | int | None
    text: str
    note: str = ""
    behind: list[tuple[str, str]] = field(default_factory=list)
    interval: tuple[float, float] | None = None
    #: Shown in its place, but after those that can be ranked.
    is_ranked: bool = True
    tone: str = ""


@dataclass(frozen=True)
class Column:
    """One measure: its name, how it is computed, and how it is written."""

    code: str
    label: str
    formula: str
    kind: Kind = Kind.SHARE
    has_interval: bool = False
    #: A high value is the better one, and comes first.
    is_high_good: bool = True


COST = Explanation(
    msg("Cost"),
    msg("Commission and locate fees, divided by what the cases paid."),
    msg("commission and locate fees"),
    msg("collected"),
)
COMMISSION_COST = Explanation(
    msg("Cost (commission only)"),
    msg(
        "Commission, divided by what the cases paid. Locate fees belong to no placement: they are left out where only "
        "an age, some months or a balance band is looked at."
    ),
    msg("commission"),
    msg("collected"),
)
SHARE = Explanation(
    msg("Share of placements"),
    msg("Balance of the cases placed with this agency, divided by that of all agencies."),
    msg("placed with this agency"),
    msg("placed with all agencies"),
)
CONDUCT = Explanation(
    msg("Conduct"),
    msg("Activities within the contact law, divided by those that could be judged."),
    msg("activities within the law"),
    msg("activities judged"),
)
SERVICE_LEVELS = Explanation(
    msg("Service levels kept"),
    msg(
        "Obligations met in time, divided by obligations due, over all clauses; what is not yet due or stands still "
        "is left out."
    ),
    msg("met in time"),
    msg("due"),
)
TOLD = {
    **EXPLANATIONS,
    "cost": COST,
    "commission_cost": COMMISSION_COST,
    "placed_share": SHARE,
    "service_levels": SERVICE_LEVELS,
    "conduct": CONDUCT,
}


def of_metric(metric: Metric, currency: str, places: int = 2) -> Figure:
    """A measure as a figure: with its interval under it and its fraction behind it."""
    told = TOLD[metric.code]
    amount = (lambda minor: money(minor, currency)) if metric.is_money else number
    behind = [
        (say(told.numerator), amount(metric.numerator)),
        (say(told.denominator), amount(metric.denominator)),
    ]
    if metric.value is None:
        return Figure(None, say(NOT_ENOUGH_DATA), say(reason(metric)), behind, tone="muted")
    note = span(metric.interval, places) if metric.interval else ""
    if note:
        behind.append((say(INTERVAL), note))
    if metric.is_provisional:
        behind.append((say(PROVISIONAL), say(WHY_PROVISIONAL)))
    text = percent(metric.value, places) if told.is_share else number(metric.value, places)
    return Figure(metric.value, text, note, behind, metric.interval, is_ranked=not metric.is_provisional)


def span(interval: tuple[float, float], places: int = 2) -> str:
    """From the lower to the upper limit."""
    low, high = interval
    return f"{number(100 * low, places)} – {percent(high, places)}"
