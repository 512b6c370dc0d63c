"""How far a measured figure may lie from the true one: shares of cases, counts of events, rates of money."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from scipy.stats import chi2

#: Ninety-five of a hundred such intervals hold the true share.
CONFIDENCE = 0.95
#: Below so many events the approximation is left for the exact limits.
FEW_EVENTS = 10


def wilson(successes: float, trials: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The Wilson score interval of a share, both ends within 0 and 1; without trials it is everything.

    Unlike the textbook's interval it stays within its bounds and is honest for few trials (Wilson, 1927).
    """
    if not 0 <= successes <= trials:
        raise ValueError("successes lie between nothing and the number of trials")
    if not trials:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, square = successes / trials, z * z
    middle = share + square / (2 * trials)
    reach = z * sqrt(share * (1 - share) / trials + square / (4 * trials * trials))
    whole = 1 + square / trials
    return max(0.0, (middle - reach) / whole), min(1.0, (middle + reach) / whole)


def byar(events: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Byar's interval of a count of events: close to the exact one from ten events on (Breslow and Day, 1987)."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    low = events * (1 - 1 / (9 * events) - z / (3 * sqrt(events))) ** 3 if events else 0.0
    more = events + 1
    return low, more * (1 - 1 / (9 * more) + z / (3 * sqrt(more))) ** 3


def counted(events: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The interval of a count of events: exact Poisson limits below ten, Byar's from there on."""
    if events >= FEW_EVENTS:
        return byar(events, confidence)
    tail = (1 - confidence) / 2
    low = float(chi2.ppf(tail, 2 * events)) / 2 if events else 0.0
    return low, float(chi2.ppf(1 - tail, 2 * events + 2)) / 2


@dataclass(frozen=True)
class RatioSums:
    """Sums over cases of a numerator and a denominator, with those of their squares and of their product."""

    cases: int
    top: int
    bottom: int
    top_squares: int
    product: int
    bottom_squares: int


def standard_error(sums: RatioSums) -> float | None:
    """The standard error of sum c / sum p by the delta method; none with fewer than two cases.

    n / (n - 1) times the sum of (c - R p) squared, over (sum p) squared. Everything is multiplied out in whole
    numbers and divided once, because the terms nearly cancel and floats would lose what is left.
    """
    n, top, bottom = sums.cases, sums.top, sums.bottom
    if n < 2 or not bottom:
        return None
    squares = sums.top_squares * bottom**2 - 2 * top * bottom * sums.product + top**2 * sums.bottom_squares
    return sqrt(n * squares / ((n - 1) * bottom**4))


def money_rate(sums: RatioSums, confidence: float = CONFIDENCE) -> tuple[float, float] | None:
    """The interval of sum c / sum p, not below nothing where the rate itself is not; none with fewer than two cases."""
    error = standard_error(sums)
    if error is None:
        return None
    rate = sums.top / sums.bottom
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * error
    return max(min(rate, 0.0), rate - reach), rate + reach
