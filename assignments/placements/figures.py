"""Adds an allocation up by stratum and agency, in a few passes over its columns whatever their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

import numpy as np
from numpy.typing import NDArray

from agencies.kernel.money import BASIS
from assignments.placements.allocation import Arm, Integers
from assignments.placements.preview import BandTotals, Cell, RateTotals
from assignments.placements.rounding import UNIT


@dataclass(frozen=True)
class Placed:
    """What is placed, case by case: stratum (from 0), position of the agency, balance, commission."""

    strata: Integers
    agencies: Integers
    balances: Integers
    rates: Integers


@dataclass(frozen=True)
class Drawn:
    """The same, debtor by debtor: stratum, position, total balance, arm."""

    strata: Integers
    agencies: Integers
    values: Integers
    arms: Integers


def bands(names: Sequence[str], drawn: Drawn, placed: Placed) -> list[BandTotals]:
    """What there is of each stratum."""
    size = len(names)
    debtors, cases = _counts(drawn.strata, size), _counts(placed.strata, size)
    value = _sums(placed.strata, placed.balances, size)
    low, high = np.full(size, np.iinfo(np.int64).max), np.zeros(size, dtype=np.int64)
    np.minimum.at(low, drawn.strata, drawn.values)
    np.maximum.at(high, drawn.strata, drawn.values)
    return [
        BandTotals(at + 1, name, int(low[at]), int(high[at]), int(debtors[at]), int(cases[at]), int(value[at]))
        for at, name in enumerate(names)
        if debtors[at]
    ]


def cells(
    strata: int, agencies: Sequence[int], drawn: Drawn, placed: Placed, targets: dict[int, list[int]]
) -> list[Cell]:
    """What each agency receives of each stratum, and what it should receive."""
    width, size = len(agencies), strata * len(agencies)
    key, case_key = drawn.strata * width + drawn.agencies, placed.strata * width + placed.agencies
    debtors, is_drawn = _counts(key, size), drawn.arms != Arm.BOUND
    of_draw, control = _counts(key[is_drawn], size), _counts(key[drawn.arms == Arm.CONTROL], size)
    cases, value = _counts(case_key, size), _sums(case_key, placed.balances, size)
    # Exact to the unit of money per case: what would be earned if everything came back.
    earned = _sums(case_key, placed.balances // BASIS * placed.rates, size) + (
        _sums(case_key, placed.balances % BASIS * placed.rates, size) // BASIS
    )
    occurs = _counts(drawn.strata, strata)
    return [
        Cell(
            band=stratum + 1,
            agency_id=agency,
            debtors=int(debtors[at]),
            drawn_debtors=int(of_draw[at]),
            cases=int(cases[at]),
            value_minor=int(value[at]),
            control_debtors=int(control[at]),
            target_debtors=round(targets[stratum][position] / UNIT, 3) if stratum in targets else 0.0,
            full_commission_minor=int(earned[at]),
        )
        for stratum in range(strata)
        if occurs[stratum]
        for position, agency in enumerate(agencies)
        for at in [stratum * width + position]
    ]


def rate_totals(rates: Integers, balances: Integers) -> list[RateTotals]:
    """How much is placed at each commission."""
    found, at = np.unique(rates, return_inverse=True)
    counts, values = _counts(at, len(found)), _sums(at, balances, len(found))
    return [RateTotals(*(int(one) for one in row)) for row in zip(found, counts, values, strict=True)]


def squares(strata: int, agencies: int, placed: Placed) -> dict[tuple[int, int], int]:
    """By stratum and position the sum of the squares of the balances: exact, so not in 64 bits."""
    key = placed.strata * agencies + placed.agencies
    order = np.argsort(key, kind="stable")
    ends = np.cumsum(_counts(key, strata * agencies)).tolist()
    balances = placed.balances[order].tolist()
    return {
        divmod(at, agencies): sum(map(mul, mine, mine))
        for at, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True))
        for mine in [balances[start:end]]
    }


def _counts(key: Integers, size: int) -> NDArray[np.intp]:
    return np.bincount(key, minlength=size)


def _sums(key: Integers, amounts: Integers, size: int) -> Integers:
    sums = np.zeros(size, dtype=np.int64)
    np.add.at(sums, key, amounts)
    return sums
