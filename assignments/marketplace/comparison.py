"""Bids side by side on one base: the price of each on the lot's own ages, and what it may be expected to bring back.

What a bidder promises decides nothing: the recovery reckoned with is its own record with this creditor at the same age
or, for a newcomer, that of the panel with all of its spread. A promise beyond the bidder's record is said to be one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import reduce

from agencies.kernel.money import BASIS
from agencies.scorecards.facts import AgencyFacts
from agencies.scorecards.metrics import NotEnough, gross_recovery
from assignments.marketplace.models import Lot
from assignments.marketplace.queries import BidRow
from assignments.marketplace.sheets import average_rate, terms_with

#: Months since placement at which what came back is reckoned.
HORIZONS = (6, 12)


class Basis(StrEnum):
    """Whose record an expectation rests on."""

    OWN = "own"
    PANEL = "panel"
    NOTHING = "nothing"


class Flag(StrEnum):
    """What should be known of a bid before it is chosen."""

    #: It promises more than its agency has ever brought back at that age.
    PROMISE_ABOVE_RECORD = "promise_above_record"
    PROMISE_WITHOUT_RECORD = "promise_without_record"
    ABOVE_RESERVE = "above_reserve"
    OVER_CAPACITY = "over_capacity"
    EXPIRED = "expired"
    #: It can win from its first day on.
    BEGINS_LATER = "begins_later"
    #: The range it rests on is wide, or young.
    PROVISIONAL = "provisional"


@dataclass(frozen=True)
class Range:
    """A figure, and between what two values it may lie."""

    low: float
    middle: float
    high: float

    def times(self, factor: float) -> Range:
        """The range scaled."""
        return Range(self.low * factor, self.middle * factor, self.high * factor)

    def meets(self, other: Range) -> bool:
        """Whether the two overlap, so that they cannot be told apart."""
        return self.low <= other.high and other.low <= self.high


@dataclass(frozen=True)
class Expectation:
    """What one bid may bring back by one age, as a part of the lot's value."""

    months: int
    basis: Basis
    recovery: Range | None
    #: What is left of it after the bid's commission.
    net: Range | None
    promise_bp: int | None
    #: Why there is no own record.
    missing: NotEnough | None
    is_provisional: bool


@dataclass(frozen=True)
class Compared:
    """One bid as it is compared."""

    row: BidRow
    #: The commission on the lot's own mix of ages, in ten-thousandths, before tax.
    price_bp: float
    expectations: tuple[Expectation, ...]
    flags: tuple[Flag, ...]
    #: Whether its expected net back cannot be told from the best one's.
    is_near_best: bool

    def at(self, months: int) -> Expectation:
        """The expectation at an age."""
        return next(one for one in self.expectations if one.months == months)


def compare(
    lot: Lot,
    rows: Sequence[BidRow],
    facts: Mapping[int, Sequence[AgencyFacts]],
    *,
    months: int = HORIZONS[-1],
    today: date,
) -> list[Compared]:
    """The bids, the one with the highest expected net back at an age first, those without one behind, by price.

    `facts` holds for each age in `HORIZONS` the figures of the creditor's agencies at that age, in any currency.
    """
    found = [_compared(lot, row, facts, today) for row in rows]
    best = max((net for one in found if (net := one.at(months).net)), key=lambda net: net.middle, default=None)
    marked = [replace(one, is_near_best=_is_near(one.at(months).net, best)) for one in found]
    return sorted(marked, key=lambda one: _order(one, months))


def _compared(lot: Lot, row: BidRow, facts: Mapping[int, Sequence[AgencyFacts]], today: date) -> Compared:
    price = average_rate(terms_with(lot.terms, row.bid), lot.mix)
    promises = {6: row.bid.promise_6_bp, 12: row.bid.promise_12_bp}
    expectations = tuple(
        _expectation(
            row.agency_id,
            months,
            [one for one in facts.get(months, ()) if one.currency == lot.currency],
            promises.get(months),
            price,
        )
        for months in HORIZONS
    )
    return Compared(row, price, expectations, tuple(_flags(lot, row, price, expectations, today)), is_near_best=False)


def _expectation(
    agency_id: int, months: int, facts: Sequence[AgencyFacts], promise_bp: int | None, price_bp: float
) -> Expectation:
    own = [one for one in facts if one.agency_id == agency_id]
    metric = gross_recovery(own[0]) if own else None
    kept = 1 - price_bp / BASIS
    if metric and metric.value is not None and metric.interval:
        low, high = metric.interval
        recovery = Range(low, metric.value, high)
        is_provisional = metric.is_provisional
        return Expectation(
            months, Basis.OWN, recovery, recovery.times(kept), promise_bp, None, is_provisional=is_provisional
        )
    missing = metric.missing if metric and metric.missing else NotEnough.NOTHING_PLACED
    panel = _panel([one for one in facts if one.agency_id != agency_id])
    basis = Basis.PANEL if panel else Basis.NOTHING
    net = panel.times(kept) if panel else None
    return Expectation(months, basis, panel, net, promise_bp, missing, is_provisional=True)


def _panel(facts: Sequence[AgencyFacts]) -> Range | None:
    """The record of several agencies together, as wide as the widest of them: a newcomer may be any of them."""
    limits = [metric.interval for one in facts if (metric := gross_recovery(one)).value and metric.interval]
    if not limits:
        return None
    together = gross_recovery(reduce(_joined, facts))
    if together.value is None:
        return None
    return Range(min(low for low, _ in limits), together.value, max(high for _, high in limits))


def _joined(one: AgencyFacts, other: AgencyFacts) -> AgencyFacts:
    return replace(
        one,
        cases=one.cases + other.cases,
        placed_minor=one.placed_minor + other.placed_minor,
        collected_minor=one.collected_minor + other.collected_minor,
        payers=one.payers + other.payers,
        placement_months=max(one.placement_months, other.placement_months),
        spread=one.spread + other.spread,
    )


def _flags(lot: Lot, row: BidRow, price: float, expectations: Sequence[Expectation], today: date) -> list[Flag]:
    promised = [one for one in expectations if one.promise_bp is not None]
    found = {
        Flag.EXPIRED: row.bid.valid_until < today,
        Flag.BEGINS_LATER: row.bid.starts_on > today,
        Flag.ABOVE_RESERVE: lot.reserve_bp is not None and price > lot.reserve_bp,
        Flag.OVER_CAPACITY: row.bid.capacity is not None and row.bid.capacity < lot.cases,
        Flag.PROMISE_ABOVE_RECORD: any(_is_beyond(one) for one in promised),
        Flag.PROMISE_WITHOUT_RECORD: any(one.basis is not Basis.OWN for one in promised),
        Flag.PROVISIONAL: any(one.is_provisional and one.basis is Basis.OWN for one in expectations),
    }
    return [flag for flag, holds in found.items() if holds]


def _is_beyond(one: Expectation) -> bool:
    is_own = one.basis is Basis.OWN and one.recovery is not None and one.promise_bp is not None
    return is_own and (one.promise_bp or 0) / BASIS > (one.recovery.high if one.recovery else 0)


def _is_near(net: Range | None, best: Range | None) -> bool:
    return net is not None and best is not None and net.meets(best)


def _order(one: Compared, months: int) -> tuple[bool, float, float, str]:
    net = one.at(months).net
    return net is None, -net.middle if net else 0.0, one.price_bp, one.row.agency_name
