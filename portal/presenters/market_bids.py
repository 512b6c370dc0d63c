"""Bids side by side: price, expected net back with its range, what was promised, and what to beware of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agencies.attestations.queries import AgencyStanding
from agencies.kernel.errors import msg
from agencies.kernel.money import BASIS, major
from agencies.scorecards.metrics import NOT_ENOUGH
from assignments.marketplace.comparison import HORIZONS, Basis, Compared, Expectation, Flag, Range
from assignments.marketplace.models import Lot
from assignments.placements.preview import HELD_BACK, AgencyTotals, Preview
from portal.filters import basis_points, money, number, percent
from portal.i18n import say
from portal.presenters.placements import plain_name

FLAGS = {
    Flag.PROMISE_ABOVE_RECORD: msg("Promises more than its record with you shows"),
    Flag.PROMISE_WITHOUT_RECORD: msg("Promises a recovery, but has no record with you that could support it"),
    Flag.ABOVE_RESERVE: msg("Above the highest commission you set; it cannot win"),
    Flag.OVER_CAPACITY: msg("Cannot take the whole lot"),
    Flag.EXPIRED: msg("No longer valid; it cannot win"),
    Flag.BEGINS_LATER: msg("Begins on a later day; it can win from then on"),
    Flag.PROVISIONAL: msg("Its record is young or uncertain"),
}
FLAG_TONES = {
    Flag.PROMISE_ABOVE_RECORD: "bad",
    Flag.ABOVE_RESERVE: "bad",
    Flag.EXPIRED: "bad",
}
BASES = {
    Basis.OWN: msg("from its own record with you"),
    Basis.PANEL: msg("new to you: from the record of your panel, with all of its spread"),
    Basis.NOTHING: msg("nobody has a record yet"),
}


@dataclass(frozen=True)
class ExpectedLine:
    """What one bid may bring back by an age, in words and figures."""

    months: int
    recovery: str
    recovery_range: str
    net: str
    net_range: str
    value: str
    basis: str
    promise: str


@dataclass(frozen=True)
class BidLine:
    """One bid in the comparison."""

    compared: Compared
    price: str
    expected: tuple[ExpectedLine, ...]
    flags: tuple[tuple[str, str], ...]
    standing: AgencyStanding | None

    def at(self, months: int) -> ExpectedLine:
        """What it may bring back by an age."""
        return next(one for one in self.expected if one.months == months)


def line(lot: Lot, one: Compared, standing: AgencyStanding | None) -> BidLine:
    """One bid as the page shows it."""
    return BidLine(
        one,
        basis_points(round(one.price_bp)),
        tuple(_expected(lot, expectation) for expectation in one.expectations),
        tuple((say(FLAGS[flag]), FLAG_TONES.get(flag, "waiting")) for flag in one.flags),
        standing,
    )


def kept(met: int, due: int) -> str:
    """How much of its service levels an agency kept."""
    if not due:
        return say(msg("nothing due yet"))
    counted = say(msg("%(met)s of %(due)s"), {"met": number(met), "due": number(due)})
    return f"{percent(met / due)} ({counted})"


def chart(found: Sequence[Compared], language: str) -> dict[str, Any]:
    """Expected net back at each age, for the chart; a bid without a figure leaves its place empty."""
    return {
        "locale": language,
        "categories": [one.row.agency_name for one in found],
        "has_figures": any(one.at(months).net for one in found for months in HORIZONS),
        "series": [
            {
                "name": say(msg("Expected net back at %(months)s months"), {"months": months}),
                "values": [net.middle if (net := one.at(months).net) else None for one in found],
            }
            for months in HORIZONS
        ],
    }


def held_back(preview: Preview) -> list[tuple[str, int]]:
    """Which selected cases take no part in an award, and why."""
    return [(say(HELD_BACK[one.reason]), one.cases) for one in preview.held_back]


def share_of(preview: Preview, one: AgencyTotals) -> float | None:
    """How much of the value an agency would receive."""
    return one.value_minor / preview.value_minor if preview.value_minor else None


def header(lot: Lot) -> list[object]:
    """The columns of the comparison as a file."""
    columns = [
        say(msg("Agency")),
        say(msg("Average commission (%)")),
        *(
            text
            for months in HORIZONS
            for text in (
                say(msg("Expected recovery at %(months)s months (%%)"), {"months": months}),
                say(msg("Expected net back at %(months)s months (%%)"), {"months": months}),
                say(msg("Net back, low (%)")),
                say(msg("Net back, high (%)")),
                say(msg("Basis")),
                say(msg("Promised (%)")),
            )
        ),
        say(msg("Capacity")),
        say(msg("Begins on")),
        say(msg("Valid until")),
        say(msg("Beware")),
        say(msg("Value of the lot (%(currency)s)"), {"currency": lot.currency}),
    ]
    return list(columns)


def cells(lot: Lot, one: Compared) -> list[object]:
    """One bid as a row of the file, figures as plain numbers."""
    bid = one.row.bid
    return [
        one.row.agency_name,
        round(one.price_bp / 100, 4),
        *(cell for expectation in one.expectations for cell in _expected_cells(expectation)),
        bid.capacity,
        bid.starts_on,
        bid.valid_until,
        "; ".join(say(FLAGS[flag]) for flag in one.flags),
        major(lot.value_minor, lot.currency),
    ]


def file_name(lot: Lot) -> str:
    """What the downloaded file is called."""
    what = say(msg("bids"))
    return f"{plain_name(lot.name) or 'lot'}-{what}.csv"


def _expected(lot: Lot, one: Expectation) -> ExpectedLine:
    missing = say(NOT_ENOUGH[one.missing]) if one.missing else ""
    return ExpectedLine(
        one.months,
        percent(one.recovery.middle, 2) if one.recovery else "–",
        _between(one.recovery),
        percent(one.net.middle, 2) if one.net else say(msg("Not enough data")),
        _between(one.net),
        money(round(one.net.middle * lot.value_minor), lot.currency) if one.net else "–",
        f"{say(BASES[one.basis])}. {missing}" if missing else say(BASES[one.basis]),
        basis_points(one.promise_bp),
    )


def _expected_cells(one: Expectation) -> list[object]:
    return [
        _plain(one.recovery.middle) if one.recovery else None,
        _plain(one.net.middle) if one.net else None,
        _plain(one.net.low) if one.net else None,
        _plain(one.net.high) if one.net else None,
        say(BASES[one.basis]),
        None if one.promise_bp is None else 100 * one.promise_bp / BASIS,
    ]


def _plain(share: float) -> float:
    return round(100 * share, 4)


def _between(one: Range | None) -> str:
    return f"{percent(one.low, 2)} – {percent(one.high, 2)}" if one else ""
