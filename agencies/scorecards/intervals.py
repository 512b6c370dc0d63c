"""How far a measured share may lie from the true one: intervals for shares of cases."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

#: Ninety-five of a hundred such intervals hold the true share.
CONFIDENCE = 0.95


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
