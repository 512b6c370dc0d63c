"""Shares units among agencies: a random split inside balance bands, equal or by weight, repeatable from its seed.

A unit is a debtor with all of its cases, so that nobody is worked by two agencies. The draw depends on the seed and on
the set of units, never on the order in which they come: units are sorted by id, and each takes its number from a
PCG64 bit stream, which the library keeps the same on every machine and in every version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Integers: TypeAlias = NDArray[np.int64]

MAX_BANDS = 20
#: Seeds are drawn below this, so that a person can read one out.
SEEDS = 2**31


@dataclass(frozen=True)
class Units:
    """Debtors to be shared: id, total balance, and the agency each must go to (0: to be drawn)."""

    ids: Integers
    values: Integers
    bound: Integers


@dataclass(frozen=True)
class Split:
    """Where each unit goes, units in ascending order of id."""

    ids: Integers
    agencies: Integers
    #: Band of each unit, the lowest balances being band 1.
    bands: Integers
    #: Highest balance of each band.
    edges: Integers

    @property
    def band_count(self) -> int:
        """How many bands there are: fewer than asked for where many balances are equal."""
        return len(self.edges)


def split(
    units: Units, agencies: Sequence[int], seed: int, bands: int, weights: Mapping[int, int] | None = None
) -> Split:
    """Share the units; in each band, and in total, the drawn counts of two agencies differ by at most one.

    With unequal `weights` by agency, each receives in each band its share of the drawn units, up or down to a whole
    one. Bands are quantiles of the balance, equal balances in the same band. Units bound to an agency go there and take
    no part in the draw. Raises `ValueError` where there is no agency, a weight is missing or not positive, or a unit is
    bound to an agency that takes no part.
    """
    if not agencies or not 1 <= bands <= MAX_BANDS:
        raise ValueError("a split needs an agency and a sensible number of bands")
    if weights is not None and not all(weights.get(agency, 0) > 0 for agency in agencies):
        raise ValueError("every agency needs a weight above nothing")
    order = np.argsort(units.ids, kind="stable")
    ids, values, bound = units.ids[order], units.values[order], units.bound[order]
    if not np.isin(bound[bound != 0], agencies).all():
        raise ValueError("a unit is bound to an agency that takes no part")
    edges = _edges(values, bands)
    band = np.searchsorted(edges, values, side="left").astype(np.int64) + 1
    drawn = bound.copy()
    stream = np.random.PCG64(seed)
    deal = _shuffled(np.unique(np.asarray(agencies, dtype=np.int64)), stream)
    numbers = stream.random_raw(len(ids))
    dealer = _Dealer(deal, [weights[agency] for agency in deal.tolist()] if weights else [1] * len(deal))
    for number in range(1, len(edges) + 1):
        free = np.flatnonzero((band == number) & (bound == 0))
        # Ids are distinct and ascending, so a stable sort settles equal numbers the same way everywhere.
        lot = free[np.argsort(numbers[free], kind="stable")]
        drawn[lot] = dealer.deal(len(lot))
    return Split(ids, drawn, band, edges)


def apportion(units: int, weights: Sequence[int], owed: Sequence[int] = ()) -> list[int]:
    """Whole units by weight: the whole part of each quota, the rest by largest remainder, of equal ones to the earlier.

    `owed` is added to the remainders: what each is still short of, in parts of the weights' sum.
    """
    total = sum(weights)
    given = [units * weight // total for weight in weights]
    short = [units * weight % total for weight in weights]
    if owed:
        short = [one + other for one, other in zip(short, owed, strict=True)]
    for at in sorted(range(len(weights)), key=lambda at: -short[at])[: units - sum(given)]:
        given[at] += 1
    return given


def stratum(band: int, bands: int) -> str:
    """The name of a band as placements keep it: `2/5` is the second lowest of five."""
    return f"{band}/{bands}"


def digest(*columns: Integers) -> str:
    """SHA-256 over columns of numbers in a fixed byte order: equal only where every number is."""
    hashed = hashlib.sha256()
    for column in columns:
        hashed.update(len(column).to_bytes(8, "little"))
        hashed.update(np.ascontiguousarray(column, dtype="<i8").tobytes())
    return hashed.hexdigest()


class _Dealer:
    """Deals band after band to agencies in the order of the seed, remembering what each is still short of."""

    def __init__(self, agencies: Integers, weights: list[int]) -> None:
        self._agencies, self._weights = agencies, weights
        self._owed = [0] * len(weights)
        self._dealt = 0

    def deal(self, units: int) -> Integers:
        """The agency of each of so many units, which come in random order."""
        if len(set(self._weights)) == 1:
            # Goes on where the band before stopped, so that remainders do not pile up on one agency.
            turns = (np.arange(units) + self._dealt) % len(self._agencies)
            self._dealt += units
            return self._agencies[turns]
        given = apportion(units, self._weights, self._owed)
        total = sum(self._weights)
        self._owed = [
            owed + units * weight - count * total
            for owed, weight, count in zip(self._owed, self._weights, given, strict=True)
        ]
        return np.repeat(self._agencies, given)


def _edges(values: Integers, bands: int) -> Integers:
    if not len(values):
        return np.empty(0, dtype=np.int64)
    ranks = -(-len(values) * np.arange(1, bands + 1) // bands) - 1
    return np.unique(np.sort(values)[ranks])


def _shuffled(agencies: Integers, stream: np.random.PCG64) -> Integers:
    return agencies[np.argsort(stream.random_raw(len(agencies)), kind="stable")]
