"""Puts debtors into strata: classes inside which agencies receive alike, named as placements keep them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from agencies.kernel.errors import Invalid, msg
from assignments.placements.allocation import Integers, band, edges
from assignments.placements.pricing import UNKNOWN_AGE
from assignments.placements.strategy import Key, Strategy

MAX_STRATA = 1_000
_NOTHING = "–"


class TooManyStrata(Invalid):
    """Strata of a handful of cases keep nothing even."""

    text = msg("These classes make %(count)s strata, and 1,000 is the most. Leave one of the classes out.")


def strata_of(
    strategy: Strategy,
    *,
    values: Integers,
    ages: Integers,
    tiers: Integers,
    texts: Mapping[Key, Integers],
    names: Mapping[Key, Mapping[int, str]],
) -> tuple[Integers, list[str]]:
    """The stratum of each unit, from 0, and their names in the same order; raises `TooManyStrata`.

    The order is the one of the classes' names, so that it depends on no machine.
    """
    code, labels = np.zeros(len(values), dtype=np.int64), [""]
    for key in strategy.keys:
        if key is Key.BALANCE:
            column, of_key = _balances(values, strategy.balance_bands)
        elif key is Key.AGE:
            column, of_key = _ages(ages, strategy.age_bands)
        elif key is Key.TIER:
            column, of_key = _tiers(tiers)
        else:
            column, of_key = _texts(texts[key], names[key])
        code, labels = _crossed(code, labels, column, of_key)
    return code, labels


def _balances(values: Integers, bands: int) -> tuple[Integers, list[str]]:
    tops = edges(values, bands)
    return np.searchsorted(tops, values).astype(np.int64), [band(at + 1, len(tops)) for at in range(len(tops))]


def _ages(ages: Integers, bands: int) -> tuple[Integers, list[str]]:
    known = ages[ages != UNKNOWN_AGE]
    tops = edges(known, bands)
    column = np.where(ages == UNKNOWN_AGE, len(tops), np.searchsorted(tops, ages)).astype(np.int64)
    starts = [int(known.min()), *(top + 1 for top in tops[:-1].tolist())] if len(tops) else []
    labels = [f"{start}-{top} d" for start, top in zip(starts, tops.tolist(), strict=True)]
    return column, [*labels, _NOTHING]


def _tiers(tiers: Integers) -> tuple[Integers, list[str]]:
    found, column = np.unique(tiers, return_inverse=True)
    return column.astype(np.int64), [f"T{tier}" for tier in found.tolist()]


def _texts(numbers: Integers, names: Mapping[int, str]) -> tuple[Integers, list[str]]:
    found, column = np.unique(numbers, return_inverse=True)
    told = [names[number] or _NOTHING for number in found.tolist()]
    order = sorted(range(len(told)), key=lambda at: told[at])
    rank = np.empty(len(told), dtype=np.int64)
    rank[order] = np.arange(len(told))
    return rank[column], [told[at] for at in order]


def _crossed(
    code: Integers, labels: Sequence[str], column: Integers, of_key: Sequence[str]
) -> tuple[Integers, list[str]]:
    """Each class of the one with each class of the other, only those that occur."""
    found, crossed = np.unique(code * max(len(of_key), 1) + column, return_inverse=True)
    if len(found) > MAX_STRATA:
        raise TooManyStrata(count=len(found))
    pairs = [divmod(one, len(of_key)) for one in found.tolist()]
    return crossed.astype(np.int64), [" · ".join(filter(None, (labels[a], of_key[b]))) for a, b in pairs]
