"""The comparison as one table of figures: the page, the chart and the files show the same.

Every figure carries what it is sorted by, what is written, and what is behind it. Nothing is computed here but the
order of the lines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor, Side
from agencies.mandates.models import Clause
from agencies.organisations.permissions import Permission
from agencies.scorecards.facts import EVERYTHING, AgencyFacts, Window
from agencies.scorecards.metrics import (
    Metric,
    cost,
    gross_recovery,
    net_back,
    payer_share,
    placed_share,
    punctuality,
)
from assignments.comparison import Compared, is_partial
from portal.filters import money, month, number
from portal.i18n import say
from portal.presenters.axes import conduct, service_levels, standing
from portal.presenters.figures import TOLD, Column, Figure, Kind, of_metric

#: Ages at which placements are compared with placements of the same age; nothing means everything so far.
AGES = (3, 6, 12)

#: The three axes first, then what they cost and what they are made of.
COLUMNS = {
    column.code: column
    for column in (
        Column("placed_share", TOLD["placed_share"].label, TOLD["placed_share"].formula),
        Column("gross_recovery", TOLD["gross_recovery"].label, TOLD["gross_recovery"].formula, has_interval=True),
        Column("net_back", TOLD["net_back"].label, TOLD["net_back"].formula, has_interval=True),
        Column("service_levels", TOLD["service_levels"].label, TOLD["service_levels"].formula, has_interval=True),
        Column(
            "standing",
            msg("Attestations"),
            msg("Weighted share of the attestations in force; nothing at all when one that blocks has lapsed."),
        ),
        Column("conduct", TOLD["conduct"].label, TOLD["conduct"].formula, has_interval=True),
        Column("cost", TOLD["cost"].label, TOLD["cost"].formula, is_high_good=False),
        Column("payer_share", TOLD["payer_share"].label, TOLD["payer_share"].formula, has_interval=True),
        Column("collected", msg("Collected"), msg("Payments that stand, whoever received the money."), Kind.AMOUNT),
        Column("placed", msg("Value placed"), msg("Balance of the cases when they were placed."), Kind.AMOUNT),
        Column("cases", msg("Cases"), msg("Cases placed."), Kind.COUNT),
    )
}


@dataclass(frozen=True)
class View:
    """What is shown: limits and order."""

    currency: str
    months: int | None = None
    window: Window = EVERYTHING
    sort: str | None = None
    order: str | None = None

    def arguments(self, **changes: Any) -> dict[str, Any]:
        """The address of this view, or of one that differs from it."""
        window = self.window
        own = {
            "currency": self.currency,
            "months": self.months,
            "first": window.first_month and f"{window.first_month:%Y-%m}",
            "last": window.last_month and f"{window.last_month:%Y-%m}",
            "band": window.stratum,
            "sort": self.sort,
            "order": self.order,
        }
        return {name: value for name, value in {**own, **changes}.items() if value}

    @property
    def is_limited(self) -> bool:
        """Whether only part of the placements is looked at."""
        return any((self.window.first_month, self.window.last_month, self.window.stratum))

    @property
    def sorted_by(self) -> str:
        """The column the lines stand in the order of."""
        return self.sort or "net_back"

    @property
    def is_descending(self) -> bool:
        """Whether the highest comes first."""
        return COLUMNS[self.sorted_by].is_high_good if self.order is None else self.order == "down"


@dataclass(frozen=True)
class Line:
    """One agency (or, for an agency, one creditor) with a figure per column."""

    name: str
    partner_id: int
    facts: AgencyFacts
    figures: Mapping[str, Figure]
    compared: Compared


#: Column -> what a reader must be allowed to see for it.
_SEEN_WITH = {
    "service_levels": Permission.SLA_VIEW,
    "standing": Permission.ATTESTATION_VIEW,
    "conduct": Permission.CONDUCT_VIEW,
}


def shown_columns(actor: Actor, view: View | None = None) -> list[Column]:
    """The columns this reader sees, as the view computes them; an agency does not know what the others were given."""
    told = TOLD["commission_cost" if view is not None and is_partial(view.months, view.window) else "cost"]
    columns = COLUMNS | {"cost": replace(COLUMNS["cost"], label=told.label, formula=told.formula)}
    hidden = {code for code, permission in _SEEN_WITH.items() if not actor.may(permission)}
    if actor.side is Side.AGENCY:
        hidden.add("placed_share")
    return [column for code, column in columns.items() if code not in hidden]


def lines(compared: Sequence[Compared], view: View, side: Side, names: Mapping[int, str]) -> list[Line]:
    """The lines in the order asked for: what can be ranked, what is provisional, what is missing; equals by name."""
    made = [
        Line(
            names.get(one.facts.creditor_id, "–") if side is Side.AGENCY else one.facts.agency_name,
            one.facts.creditor_id if side is Side.AGENCY else one.facts.agency_id,
            one.facts,
            figures(one, side),
            one,
        )
        for one in compared
    ]

    def place(line: Line) -> tuple[bool, bool, float, str]:
        figure = line.figures[view.sorted_by]
        value = figure.value or 0
        return figure.value is None, not figure.is_ranked, -value if view.is_descending else value, line.name

    return sorted(made, key=place)


def line_of(lines: Sequence[Line], partner_id: int) -> Line | None:
    """The line of one agency (or creditor), if it is among them."""
    return next((line for line in lines if line.partner_id == partner_id), None)


def figures(compared: Compared, side: Side) -> dict[str, Figure]:
    """Every figure of one line; what only stands beside the panel is for an agency."""
    facts = compared.facts
    made = {
        "cases": Figure(facts.cases, number(facts.cases)),
        "placed": Figure(facts.placed_minor, money(facts.placed_minor, facts.currency, is_bare=True)),
        "placed_share": of_metric(placed_share(facts, compared.all_placed_minor or 0), facts.currency, 1),
        "collected": Figure(facts.collected_minor, money(facts.collected_minor, facts.currency, is_bare=True)),
        "gross_recovery": of_metric(gross_recovery(facts), facts.currency),
        "net_back": of_metric(net_back(facts), facts.currency),
        "payer_share": of_metric(payer_share(facts), facts.currency),
        "cost": of_metric(cost(facts, compared.fees_minor), facts.currency),
        "service_levels": service_levels(compared.compliance),
        "standing": standing(compared.standing),
        "conduct": conduct(compared.conduct),
    }
    if side is Side.AGENCY:
        first = [one for one in compared.compliance if one.clause is Clause.FIRST_ACTIVITY]
        made |= {"punctuality": of_metric(punctuality(facts), ""), "first_activity": service_levels(first)}
    return made


def period(facts: AgencyFacts) -> str:
    """The months of placement that are counted."""
    first, last = facts.first_month, facts.last_month
    if first is None or last is None:
        return say(msg("nothing placed yet"))
    if first == last:
        return say(msg("placed in %(month)s"), {"month": month(first)})
    return say(msg("placed %(first)s to %(last)s"), {"first": month(first), "last": month(last)})


def chart(shown: Sequence[Line], locale: str) -> dict[str, Any]:
    """Gross and net-back of every line with their limits, for the chart; what is missing leaves its place empty."""
    return {
        "locale": locale,
        "categories": [line.name for line in shown],
        "series": [
            {
                "name": say(COLUMNS[code].label),
                "values": [line.figures[code].value for line in shown],
                "intervals": [line.figures[code].interval for line in shown],
            }
            for code in ("gross_recovery", "net_back")
        ],
    }


#: What is told of one month of placement, whose cost is that of its commission.
_MONTHLY: dict[str, Callable[[AgencyFacts], Metric]] = {
    "gross_recovery": gross_recovery,
    "net_back": net_back,
    "payer_share": payer_share,
    "commission_cost": cost,
}


def monthly(facts: Sequence[AgencyFacts]) -> list[tuple[AgencyFacts, dict[str, Figure]]]:
    """Each month of placement with its figures of recovery; nobody is ranked by a single month."""
    return [
        (
            one,
            {
                code: of_metric(replace(measure(one), is_provisional=False), one.currency)
                for code, measure in _MONTHLY.items()
            },
        )
        for one in facts
    ]
