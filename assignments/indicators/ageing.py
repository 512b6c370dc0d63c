"""Bands of days past due, and what follows from how balances moved between them: pure, without a session or a clock.

Roll rate: balance entering a worse band / balance in the band at the start (scorecard reference, section 3); the
balance is that of the start on both sides, so that what rolled, stayed, cured and was paid adds up to one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Place(StrEnum):
    """Where a case stands on a day: a band of days past due, or outside of them."""

    CURRENT = "current"
    TO_30 = "1-30"
    TO_60 = "31-60"
    TO_90 = "61-90"
    TO_120 = "91-120"
    TO_180 = "121-180"
    TO_360 = "181-360"
    OLDER = ">360"
    UNKNOWN = "unknown"
    #: Nothing is left of it, or it was closed.
    PAID = "paid"
    CLOSED = "closed"
    #: Not handed over yet.
    ABSENT = "absent"


#: The last day of each band that has one, the best band first.
LAST_DAYS = {
    Place.CURRENT: 0,
    Place.TO_30: 30,
    Place.TO_60: 60,
    Place.TO_90: 90,
    Place.TO_120: 120,
    Place.TO_180: 180,
    Place.TO_360: 360,
}
AGES = (*LAST_DAYS, Place.OLDER)
BANDS = (*AGES, Place.UNKNOWN)
OUTCOMES = (*BANDS, Place.PAID, Place.CLOSED)


@dataclass(frozen=True)
class BandAmounts:
    """What stands in a band on a day."""

    place: Place
    cases: int
    balance_minor: int


@dataclass(frozen=True)
class Ageing:
    """The balances of one currency on a day, by band; every band is there."""

    currency: str
    bands: tuple[BandAmounts, ...]

    @property
    def cases(self) -> int:
        """How many cases still owe something."""
        return sum(one.cases for one in self.bands)

    @property
    def balance_minor(self) -> int:
        """What all of them owe, those of unknown age too."""
        return sum(one.balance_minor for one in self.bands)

    @property
    def overdue_minor(self) -> int:
        """What the cases at least one day past due owe."""
        return sum(one.balance_minor for one in self.bands if one.place in AGES[1:])

    @property
    def overdue_cases(self) -> int:
        """How many are at least one day past due."""
        return sum(one.cases for one in self.bands if one.place in AGES[1:])


@dataclass(frozen=True)
class Move:
    """The cases of one currency that stood in one place at the start and in another at the end."""

    currency: str
    before: Place
    after: Place
    cases: int
    before_minor: int
    after_minor: int


@dataclass(frozen=True)
class Rolled:
    """What became of what stood in one band at the start."""

    place: Place
    cases: int
    balance_minor: int
    #: Balance of the start, by where its cases stand at the end; likewise their number.
    minor_by: dict[Place, int]
    cases_by: dict[Place, int]

    @property
    def worse_minor(self) -> int:
        """What entered a worse band; from or to an unknown age nothing is known to have rolled."""
        return sum(minor for after, minor in self.minor_by.items() if is_worse(self.place, after))

    @property
    def cured_minor(self) -> int:
        """What came to a better band."""
        return sum(minor for after, minor in self.minor_by.items() if is_worse(after, self.place))

    @property
    def done_minor(self) -> int:
        """What was paid in full or closed."""
        return sum(self.minor_by.get(after, 0) for after in (Place.PAID, Place.CLOSED))


def is_worse(before: Place, after: Place) -> bool:
    """Whether the second band is older than the first one, both being known."""
    return before in AGES and after in AGES and AGES.index(after) > AGES.index(before)


def ageings(found: Iterable[tuple[str, Place, int, int]]) -> list[Ageing]:
    """Currency, place, cases and balance as ageings, the currency with most cases first."""
    by_currency: dict[str, dict[Place, BandAmounts]] = {}
    for currency, place, cases, balance in found:
        if place in BANDS:
            by_currency.setdefault(currency, {})[place] = BandAmounts(place, cases, balance)
    made = [
        Ageing(currency, tuple(bands.get(place, BandAmounts(place, 0, 0)) for place in BANDS))
        for currency, bands in by_currency.items()
    ]
    return sorted(made, key=lambda one: (-one.cases, one.currency))


def rolls(moves: Iterable[Move], currency: str) -> list[Rolled]:
    """What became of each band of a currency that held something at the start."""
    mine = [one for one in moves if one.currency == currency]
    made = []
    for place in BANDS:
        left = [one for one in mine if one.before is place]
        if left:
            minor_by = {one.after: one.before_minor for one in left}
            cases_by = {one.after: one.cases for one in left}
            made.append(Rolled(place, sum(cases_by.values()), sum(minor_by.values()), minor_by, cases_by))
    return made


def came_in(moves: Iterable[Move], currency: str) -> list[Move]:
    """What was handed over in between, by the band in which it stands at the end."""
    return [one for one in moves if one.currency == currency and one.before is Place.ABSENT and one.after in OUTCOMES]
