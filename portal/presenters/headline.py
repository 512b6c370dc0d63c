"""The few figures at the head of a home page: everything placed so far, each with how it is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agencies.kernel.errors import msg, msgs
from agencies.kernel.money import major
from agencies.scorecards.facts import AgencyFacts, Spread
from agencies.scorecards.metrics import Metric, gross_recovery, net_back, punctuality
from portal.filters import money, month, number, percent
from portal.i18n import say
from portal.presenters.scorecards import EXPLANATIONS, NOT_ENOUGH_DATA, currencies, reason

_VALUE = msg("Balance of the cases when they were placed, all placements so far.")
_COLLECTED = msg("Payments reported on placed cases, whoever received the money.")
#: From ten millions on, the last digits only make a figure hard to read.
_MANY = 10_000_000


@dataclass(frozen=True)
class Headline:
    """One figure, a word beside it, and its explanation as pairs of term and text."""

    label: str
    figure: str
    unit: str
    note: str
    explanation: list[tuple[str, str]]


def headlines(facts: Sequence[AgencyFacts]) -> list[Headline]:
    """The figures of the currency with the most cases; none where nothing was placed."""
    offered = currencies(facts)
    chosen = [one for one in facts if offered and one.currency == offered[0] and one.cases]
    if not chosen:
        return []
    total = together(chosen)
    return [
        Headline(
            say(msg("Value placed")),
            *_short(total.placed_minor, total.currency),
            say(msgs("on %(n)s case", "on %(n)s cases"), {"n": number(total.cases)}, count=total.cases),
            [
                (say(msg("Exactly")), money(total.placed_minor, total.currency)),
                (say(msg("Formula")), say(_VALUE)),
                _period(total),
            ],
        ),
        Headline(
            say(msg("Collected")),
            *_short(total.collected_minor, total.currency),
            say(msg("from %(n)s paying cases"), {"n": number(total.payers)}),
            [
                (say(msg("Exactly")), money(total.collected_minor, total.currency)),
                (say(msg("Formula")), say(_COLLECTED)),
                _period(total),
            ],
        ),
        *(_share(metric, total) for metric in (gross_recovery(total), net_back(total), punctuality(total))),
    ]


def together(facts: Sequence[AgencyFacts]) -> AgencyFacts:
    """The facts of several agencies in one currency as if they were one."""
    firsts = [one.first_month for one in facts if one.first_month]
    lasts = [one.last_month for one in facts if one.last_month]
    return replace(
        facts[0],
        first_month=min(firsts, default=None),
        last_month=max(lasts, default=None),
        cases=sum(one.cases for one in facts),
        placed_minor=sum(one.placed_minor for one in facts),
        payments=sum(one.payments for one in facts),
        collected_minor=sum(one.collected_minor for one in facts),
        commission_minor=sum(one.commission_minor for one in facts),
        payers=sum(one.payers for one in facts),
        activities=sum(one.activities for one in facts),
        reports_due=sum(one.reports_due for one in facts),
        reports_on_time=sum(one.reports_on_time for one in facts),
        spread=sum((one.spread for one in facts), Spread()),
    )


def _share(metric: Metric, total: AgencyFacts) -> Headline:
    told = EXPLANATIONS[metric.code]
    return Headline(
        label=say(told.label),
        figure=say(NOT_ENOUGH_DATA) if metric.value is None else percent(metric.value, 2),
        unit="",
        note=say(reason(metric)) if metric.missing else "",
        explanation=[
            (say(msg("Formula")), say(told.formula)),
            (say(msg("Numerator")), f"{say(told.numerator)}: {_amount(metric, metric.numerator, total)}"),
            (say(msg("Denominator")), f"{say(told.denominator)}: {_amount(metric, metric.denominator, total)}"),
            _period(total),
        ],
    )


def _short(minor: int, currency: str) -> tuple[str, str]:
    """An amount in millions where it has many, and its unit; the exact one stands in the explanation."""
    amount = major(minor, currency)
    if abs(amount) < _MANY:
        return money(minor, currency, is_bare=True), currency
    return number(amount / 1_000_000, 1), say(msg("million %(currency)s"), {"currency": currency})


def _amount(metric: Metric, value: int, total: AgencyFacts) -> str:
    return money(value, total.currency) if metric.is_money else number(value)


def _period(total: AgencyFacts) -> tuple[str, str]:
    first, last = month(total.first_month), month(total.last_month)
    if first == last:
        return say(msg("Period")), say(msg("placements of %(month)s"), {"month": first})
    return say(msg("Period")), say(msg("placements of %(first)s to %(last)s"), {"first": first, "last": last})
