"""Shares units among agencies: at random inside strata, by weight, within capacity, repeatable from a seed.

A unit is a debtor with all of its cases, so that nobody is worked by two agencies. Chance is the account's number,
mixed with the seed: the same file gives the same split on any machine, in whatever order its units come and whatever
ids they have there. Agencies are known here by their position only.

In each stratum an agency is never more than one unit from its target: what its weight says of the units it may receive.
A part of each stratum can be kept as control, shared equally whatever the weights, so that agencies stay comparable
(scorecard reference, 2.7). Where agencies have no room for that, their targets are lowered alike in every stratum.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from agencies.kernel.money import BASIS
from assignments.placements.rounding import UNIT, apportion, rounded

Integers: TypeAlias = NDArray[np.int64]

#: Of the rule in this file; a wave keeps the one it was drawn by.
RULE = 2
MAX_BANDS = 20
#: Each agency is a bit of a unit's pattern.
MAX_AGENCIES = 48
#: Seeds are drawn below this, so that a person can read one out.
SEEDS = 2**31
NOWHERE = -1
#: How often shares are lowered where agencies lack room; what is left over after that overflows.
_FITTINGS = 30
#: How many codes an agency has: one for each arm.
_ARMS = 2


class Arm(IntEnum):
    """Why a unit goes where it goes, or why it goes nowhere."""

    CONTROL = 0
    STRATEGY = 1
    #: The debtor's other cases are there already.
    BOUND = 2
    NO_ROOM = 3
    NOBODY_FITS = 4


@dataclass(frozen=True)
class Units:
    """Debtors to be shared: parallel columns."""

    #: A number made of the account of each, and of nothing else.
    accounts: Integers
    values: Integers
    cases: Integers
    #: From 0.
    strata: Integers
    #: Position of the agency each must go to; `NOWHERE` for those that are drawn.
    bound: Integers
    #: Bit n is set where the agency in position n may receive it.
    allowed: Integers

    def __len__(self) -> int:
        return len(self.accounts)


@dataclass(frozen=True)
class Room:
    """How much more an agency can take; what is empty limits nothing."""

    cases: int | None = None
    value_minor: int | None = None


@dataclass(frozen=True)
class Allocation:
    """Where each unit goes, in the order in which the units came."""

    #: Positions; `NOWHERE` for what is not placed.
    agencies: Integers
    arms: Integers
    #: Stratum -> what each agency should receive of the drawn units, in parts of `UNIT`.
    targets: dict[int, list[int]]


def allocate(
    units: Units, weights: Sequence[int], seed: int, *, control_bp: int = 0, rooms: Sequence[Room] = ()
) -> Allocation:
    """Share the units; in each stratum the drawn counts are within one of their targets unless an agency is full.

    Raises `ValueError` where there is no agency or a weight is negative, or all are nothing.
    """
    if not 1 <= len(weights) <= MAX_AGENCIES:
        raise ValueError("an allocation needs an agency, and not too many")
    if min(weights) < 0 or not sum(weights):
        raise ValueError("weights are not negative, and not all of them nothing")
    return _Drawing(units, list(weights), seed, control_bp, list(rooms) or [Room()] * len(weights)).draw()


def edges(values: Integers, bands: int) -> Integers:
    """The highest value of each of so many quantiles, equal values in the same one: fewer where many are equal."""
    if not len(values):
        return np.empty(0, dtype=np.int64)
    ranks = -(-len(values) * np.arange(1, bands + 1) // bands) - 1
    return np.unique(np.sort(values)[ranks])


def band(number: int, bands: int) -> str:
    """The name of a balance band as placements keep it: `2/5` is the second lowest of five."""
    return f"{number}/{bands}"


def digest(*columns: Integers) -> str:
    """SHA-256 over columns of numbers in a fixed byte order: equal only where every number is."""
    hashed = hashlib.sha256()
    for column in columns:
        hashed.update(len(column).to_bytes(8, "little"))
        hashed.update(np.ascontiguousarray(column, dtype="<i8").tobytes())
    return hashed.hexdigest()


def mixed(numbers: Integers, seed: int) -> NDArray[np.uint64]:
    """Each number and the seed made into one that looks random (SplitMix64, Steele and others 2014); a bijection."""
    with np.errstate(over="ignore"):
        first = _splitmix(np.array([seed], dtype=np.uint64))
        return _splitmix(np.ascontiguousarray(numbers, dtype=np.int64).view(np.uint64) ^ first)


def _splitmix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = z + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@dataclass(frozen=True)
class _Group:
    """The units of one stratum that the same agencies may receive: so many from `start` on, in random order."""

    stratum: int
    pattern: int
    start: int
    size: int


class _Drawing:
    """One allocation in the making."""

    def __init__(self, units: Units, weights: list[int], seed: int, control_bp: int, rooms: list[Room]) -> None:
        self._units, self._weights, self._control_bp, self._rooms = units, weights, control_bp, rooms
        self._allowed = units.allowed & ((1 << len(weights)) - 1)
        self._numbers = mixed(units.accounts, seed)
        # Equal remainders go to the first, so who is first is chance as well.
        self._order = np.argsort(mixed(np.arange(len(weights)), seed ^ SEEDS), kind="stable").tolist()
        self._agencies = np.full(len(units), NOWHERE, dtype=np.int64)
        self._arms = np.full(len(units), int(Arm.NOBODY_FITS), dtype=np.int64)
        self._targets: dict[int, list[int]] = {}
        self._closed = sum(1 << at for at, room in enumerate(rooms) if room.cases == 0 or room.value_minor == 0)

    def draw(self) -> Allocation:
        units, fits = self._units, self._allowed != 0
        is_bound = units.bound != NOWHERE
        # What is bound comes first: it can go nowhere else.
        mine = is_bound & ((self._allowed >> np.maximum(units.bound, 0)) & 1 == 1)
        self._agencies[mine], self._arms[mine] = units.bound[mine], int(Arm.BOUND)
        self._turn_away(self._trim(np.flatnonzero(mine)))
        pool, control_bp = self._turn_away(np.flatnonzero(~is_bound & fits)), self._control_bp
        while len(pool):
            self._deal(pool, control_bp)
            pool = self._turn_away(self._trim(pool))
            # Whatever overflows was not shared equally, so it is no control.
            control_bp = 0
        return Allocation(self._agencies, self._arms, self._targets)

    def _turn_away(self, pool: Integers) -> Integers:
        """Say of all that there was no room for them; returns those that may go to another agency still."""
        self._agencies[pool], self._arms[pool] = NOWHERE, int(Arm.NO_ROOM)
        is_free = (self._units.bound[pool] == NOWHERE) & (self._open(pool) != 0)
        left: Integers = pool[is_free]
        return left

    def _open(self, at: Integers) -> Integers:
        patterns: Integers = np.bitwise_and(self._allowed[at], ~self._closed, dtype=np.int64)
        return patterns

    def _deal(self, pool: Integers, control_bp: int) -> None:
        """Give each unit of the pool an agency and an arm."""
        units, patterns = self._units, self._open(pool)
        at = np.lexsort((units.values[pool], self._numbers[pool], patterns, units.strata[pool]))
        pool = pool[at]
        groups = _groups(units.strata[pool], patterns[at])
        factors = self._fitted(pool, groups, control_bp)
        quotas = [self._quotas(group, control_bp, factors) for group in groups]
        codes: list[int] = []
        counts: list[int] = []
        owed, controlled = [0] * len(self._weights), [0] * len(self._weights)
        is_first = not self._targets
        for first, last in _by_stratum(groups):
            rows = [[row[position] for position in self._order] for row in quotas[first:last]]
            given = rounded(rows, owed)
            for group, quota, whole in zip(groups[first:last], rows, given, strict=True):
                owed = [one + part - count * UNIT for one, part, count in zip(owed, quota, whole, strict=True)]
                control = self._control(group, control_bp, quota, whole, controlled)
                for position, count, kept in zip(self._order, whole, control, strict=True):
                    codes += [position * _ARMS + Arm.CONTROL, position * _ARMS + Arm.STRATEGY]
                    counts += [kept, count - kept]
            if is_first:
                self._targets[groups[first].stratum] = [sum(column) for column in zip(*quotas[first:last], strict=True)]
        drawn = np.repeat(np.array(codes, dtype=np.int64), counts)
        self._agencies[pool], self._arms[pool] = drawn // _ARMS, drawn % _ARMS

    def _quotas(self, group: _Group, control_bp: int, factors: Sequence[int]) -> list[int]:
        """What each agency should have of a group, by position, in parts of a unit that come to the whole group."""
        parts = self._parts(group.pattern, control_bp, factors)
        # In the order of chance: the odd parts of a unit would else fall to the first agency, and with them its ties.
        odd = apportion(group.size * UNIT, [parts[position] for position in self._order])
        return [quota for _, quota in sorted(zip(self._order, odd, strict=True))]

    def _parts(self, pattern: int, control_bp: int, factors: Sequence[int]) -> list[int]:
        fits = [pattern >> position & 1 for position in range(len(self._weights))]
        count, whole = sum(fits), sum(weight * fit for weight, fit in zip(self._weights, fits, strict=True))
        if not whole:
            # Only agencies without a share may have them, so they have them equally.
            return fits
        equal = control_bp * whole
        parts = [
            fit * (equal + (BASIS - control_bp) * count * weight) * factor
            for fit, weight, factor in zip(fits, self._weights, factors, strict=True)
        ]
        return parts if sum(parts) else fits

    def _control(
        self, group: _Group, control_bp: int, quota: Sequence[int], whole: Sequence[int], controlled: list[int]
    ) -> list[int]:
        """How many of its units each agency has as control: the same for all, carried from group to group."""
        if not control_bp:
            return [0] * len(whole)
        if control_bp == BASIS:
            return list(whole)
        share = group.size * UNIT * control_bp // (BASIS * group.pattern.bit_count())
        kept = []
        for position, (part, count) in enumerate(zip(quota, whole, strict=True)):
            wanted = min(share, part)
            due = controlled[position] + wanted
            given = min(max(due // UNIT, wanted // UNIT), -(-wanted // UNIT), count)
            controlled[position] = due - given * UNIT
            kept.append(given)
        return kept

    def _fitted(self, pool: Integers, groups: Sequence[_Group], control_bp: int) -> list[int]:
        """How much of its part each agency has room for, in parts of `UNIT`."""
        rooms, factors = self._unit_rooms(pool), [UNIT] * len(self._weights)
        sizes: dict[int, int] = {}
        for group in groups:
            sizes[group.pattern] = sizes.get(group.pattern, 0) + group.size
        for _ in range(_FITTINGS if any(room is not None for room in rooms) else 0):
            expected = [0] * len(factors)
            for pattern, size in sizes.items():
                parts = self._parts(pattern, control_bp, factors)
                total = sum(parts)
                expected = [one + size * UNIT * part // total for one, part in zip(expected, parts, strict=True)]
            over = [at for at, room in enumerate(rooms) if room is not None and expected[at] > room]
            if not over or len(over) == len(factors):
                break
            for at in over:
                factors[at] = max(factors[at] * (rooms[at] or 0) // expected[at], 1)
        return factors

    def _unit_rooms(self, pool: Integers) -> list[int | None]:
        """About how many units of the pool each agency has room for, in parts of `UNIT`."""
        cases, value = int(self._units.cases[pool].sum()), int(self._units.values[pool].sum())
        rooms: list[int | None] = []
        for position, room in enumerate(self._rooms):
            left = self._left(position, room)
            limits = [
                limit * len(pool) * UNIT // size
                for limit, size in zip(left, (cases, value), strict=True)
                if limit is not None and size
            ]
            rooms.append(min(limits) if limits else None)
        return rooms

    def _left(self, position: int, room: Room) -> tuple[int | None, int | None]:
        if room.cases is None and room.value_minor is None:
            return None, None
        mine = self._agencies == position
        return (
            None if room.cases is None else max(room.cases - int(self._units.cases[mine].sum()), 0),
            None if room.value_minor is None else max(room.value_minor - int(self._units.values[mine].sum()), 0),
        )

    def _trim(self, pool: Integers) -> Integers:
        """The units of the pool for which their agencies have no room; such an agency receives nothing more."""
        over = []
        for position, room in enumerate(self._rooms):
            mine = pool[self._agencies[pool] == position]
            self._agencies[mine] = NOWHERE
            left = self._left(position, room)
            self._agencies[mine] = position
            # By the random number alone, so that what does not fit comes from all strata alike.
            mine = mine[np.lexsort((self._units.values[mine], self._numbers[mine]))]
            is_over = np.zeros(len(mine), dtype=np.bool_)
            for limit, sizes in zip(left, (self._units.cases, self._units.values), strict=True):
                if limit is not None:
                    is_over |= np.cumsum(sizes[mine]) > limit
            if is_over.any():
                self._closed |= 1 << position
                over.append(mine[is_over])
        return np.concatenate(over) if over else pool[:0]


def _groups(strata: Integers, patterns: Integers) -> list[_Group]:
    """Runs of equal stratum and pattern in sorted columns."""
    changes = np.flatnonzero((np.diff(strata) != 0) | (np.diff(patterns) != 0)) + 1
    starts = np.concatenate(([0], changes))
    sizes = np.diff(np.concatenate((starts, [len(strata)])))
    return [
        _Group(int(strata[start]), int(patterns[start]), start, size)
        for start, size in zip(starts.tolist(), sizes.tolist(), strict=True)
    ]


def _by_stratum(groups: Sequence[_Group]) -> list[tuple[int, int]]:
    """From which group to before which each stratum goes."""
    starts = [at for at, group in enumerate(groups) if not at or groups[at - 1].stratum != group.stratum]
    return list(zip(starts, [*starts[1:], len(groups)], strict=True))
