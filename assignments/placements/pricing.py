"""At which commission each case is placed, for whole columns of cases: what `rate_for` says of each one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agencies.mandates.schedule import RateLine
from agencies.mandates.terms import TermSheet
from assignments.placements.allocation import Integers

#: Stands for an age that nobody knows, in arrays of numbers.
UNKNOWN_AGE = -1

Objects = NDArray[np.object_]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class Facts:
    """What of cases decides their rates, one column each; equally long."""

    #: Days past due; `UNKNOWN_AGE` where nobody knows.
    ages: Integers
    #: Minor units.
    balances: Integers
    #: 1 is the first placement of a case.
    tiers: Integers
    #: A text, or None where nobody said.
    products: Objects
    person_types: Objects
    #: Of the balances; the mandate's own when None.
    currency: str | None = None

    def of(self, chosen: Booleans) -> Facts:
        """The facts of some of the cases."""
        return Facts(
            self.ages[chosen],
            self.balances[chosen],
            self.tiers[chosen],
            self.products[chosen],
            self.person_types[chosen],
            self.currency,
        )


def rates_for(sheet: TermSheet, facts: Facts) -> Integers:
    """The commission on each case, in basis points: the first line that fits sets it, else the base rate."""
    rates = np.full(len(facts.ages), sheet.commission_bp, dtype=np.int64)
    open_yet = np.ones(len(facts.ages), dtype=np.bool_)
    for line in sheet.lines:
        fits = open_yet & _fits(line, facts, sheet.currency)
        rates[fits] = line.rate_bp
        open_yet &= ~fits
    return rates


def asks_more_than_age(sheet: TermSheet) -> bool:
    """Whether a line asks for what is not in a case's own figures: its tier, its product or who owes."""
    return any((one.tier, one.product, one.debtor_type) != (None, None, None) for one in sheet.lines)


def _fits(line: RateLine, facts: Facts, currency: str | None) -> Booleans:
    fits = np.ones(len(facts.ages), dtype=np.bool_)
    if line.tier is not None:
        fits &= facts.tiers == line.tier
    if line.asks_age:
        fits &= (facts.ages != UNKNOWN_AGE) & _within(facts.ages, line.age_from, line.age_to)
    if line.asks_balance:
        is_other_money = None not in {facts.currency, currency} and facts.currency != currency
        fits &= not is_other_money
        fits &= _within(facts.balances, line.balance_from, line.balance_to)
    if line.product is not None:
        fits &= facts.products == line.product
    if line.debtor_type is not None:
        fits &= facts.person_types == line.debtor_type.value
    return fits


def _within(values: Integers, start: int | None, end: int | None) -> Booleans:
    inside = np.ones(len(values), dtype=np.bool_)
    if start is not None:
        inside &= values >= start
    if end is not None:
        inside &= values <= end
    return inside
