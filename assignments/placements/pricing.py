"""At which commission each case is placed: by its age on the day, under the terms of its agency."""

from __future__ import annotations

import numpy as np

from agencies.mandates.terms import TermSheet
from assignments.placements.allocation import Integers

#: Stands for an age that nobody knows, in arrays of numbers.
UNKNOWN_AGE = -1


def rates_for_ages(terms: TermSheet, ages: Integers) -> Integers:
    """What `rate_for_age` says of each age, for a whole array of them."""
    bands = sorted(terms.bands, key=lambda band: band.from_days)
    starts = np.array([band.from_days for band in bands], dtype=np.int64)
    rates = np.array([terms.commission_bp, *(band.commission_bp for band in bands)], dtype=np.int64)
    # Bands begin after day 0, so that an unknown age lies before the first of them.
    return rates[np.searchsorted(starts, ages, side="right")]
