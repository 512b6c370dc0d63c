"""How much of what is placed is expected back within a year: an agency's own past, as far as there is enough of it.

The weight of its own past is that of limited fluctuation credibility (Longley-Cook 1962, An Introduction to Credibility
Theory): the square root of its paying cases out of 1,082, from which on a rate is within 5 % in 90 of 100 cases. The
rest of the weight has the average of all agencies of the creditor.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isqrt

from agencies.scorecards.metrics import MIN_PAYERS

#: Paying cases from which on an agency's past speaks for itself.
FULL_CREDIBILITY = 1_082
#: Months on book up to which recoveries count.
MONTHS = 12
MILLION = 1_000_000


@dataclass(frozen=True)
class Past:
    """What was placed long enough ago, what came back of it in time, and how many cases paid."""

    placed_minor: int = 0
    collected_minor: int = 0
    payers: int = 0


@dataclass(frozen=True)
class Expected:
    """What is expected back of an amount, and what is left of it after commission."""

    gross_minor: int
    commission_minor: int

    @property
    def net_minor(self) -> int:
        """What the creditor keeps."""
        return self.gross_minor - self.commission_minor


def expected_ppm(own: Past, everybody: Iterable[Past]) -> int | None:
    """The part of what is placed that is expected back, in millionths; None where all together have too little past."""
    pasts = list(everybody)
    placed, payers = sum(one.placed_minor for one in pasts), sum(one.payers for one in pasts)
    if placed <= 0 or payers < MIN_PAYERS:
        return None
    average = sum(one.collected_minor for one in pasts) * MILLION // placed
    if own.placed_minor <= 0:
        return average
    weight = min(isqrt(max(own.payers, 0) * MILLION * MILLION // FULL_CREDIBILITY), MILLION)
    mine = own.collected_minor * MILLION // own.placed_minor
    return (weight * mine + (MILLION - weight) * average) // MILLION


def expected(value_minor: int, full_commission_minor: int, ppm: int | None) -> Expected | None:
    """What is expected of an amount at a part of it; `full_commission_minor` is due if everything comes back."""
    if ppm is None:
        return None
    return Expected(value_minor * ppm // MILLION, full_commission_minor * ppm // MILLION)
