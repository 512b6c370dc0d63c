"""At which commission each case is placed, under the terms of its agency."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
    #: Of the balances.
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
    """The commission on each case, in basis points."""
    return rates_for_ages(sheet, facts.ages)


def rates_for_ages(terms: TermSheet, ages: Integers) -> Integers:
    """What `rate_for_age` says of each age, for a whole array of them."""
    bands = sorted(terms.bands, key=lambda band: band.from_days)
    starts = np.array([band.from_days for band in bands], dtype=np.int64)
    rates = np.array([terms.commission_bp, *(band.commission_bp for band in bands)], dtype=np.int64)
    # Bands begin after day 0, so that an unknown age lies before the first of them.
    return rates[np.searchsorted(starts, ages, side="right")]
