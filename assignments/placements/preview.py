"""What a director sees before committing a wave: bands by agency, and what is held back and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from agencies.kernel.errors import msg
from assignments.placements.models import Wave


class HeldBack(StrEnum):
    """Why a selected case takes no part in a wave; the first reason that applies is counted."""

    CLOSED = "closed"
    ON_HOLD = "on_hold"
    #: Something is known of the person or of the debt that stops work.
    FLAGGED = "flagged"
    PLACED = "placed"
    OTHER_CURRENCY = "other_currency"
    NOTHING_OWED = "nothing_owed"
    DEBTOR_ELSEWHERE = "debtor_elsewhere"
    RESTING = "resting"
    NOBODY_FITS = "nobody_fits"
    NO_ROOM = "no_room"


HELD_BACK: dict[HeldBack, str] = {
    HeldBack.CLOSED: msg("The case is closed."),
    HeldBack.ON_HOLD: msg("The case is on hold. Release it first."),
    HeldBack.FLAGGED: msg("A flag on the person or on the debt stops work. Lift it first."),
    HeldBack.PLACED: msg("An agency already works the case."),
    HeldBack.OTHER_CURRENCY: msg("Most selected cases are in another currency; place these in a wave of their own."),
    HeldBack.NOTHING_OWED: msg("Nothing is owed on the case any more."),
    HeldBack.DEBTOR_ELSEWHERE: msg("An agency that takes no part already works with the debtor."),
    HeldBack.RESTING: msg("The case came back a short time ago and rests until the pause you set is over."),
    HeldBack.NOBODY_FITS: msg("No agency here may have it: each had it before, or does not take such cases."),
    HeldBack.NO_ROOM: msg("The agencies that may have it have no room left within their limits."),
}


@dataclass(frozen=True)
class BandTotals:
    """One stratum: from which to which total balance of a debtor, and how much of it there is."""

    band: int
    stratum: str
    from_minor: int
    to_minor: int
    debtors: int
    cases: int
    value_minor: int


@dataclass(frozen=True)
class RateTotals:
    """How much of what an agency would receive is placed at one commission."""

    commission_bp: int
    cases: int
    value_minor: int


@dataclass(frozen=True)
class AgencyTotals:
    """What one agency would receive, and on what terms."""

    agency_id: int
    agency_name: str
    mandate_id: int
    mandate_name: str
    #: Of debts younger than the first age band, or of unknown age.
    commission_bp: int
    debtors: int
    cases: int
    value_minor: int
    #: Debtors it already works with, whose further cases therefore stay with it and are not drawn.
    kept_debtors: int
    #: By the age of the debts, the lowest commission first.
    rates: tuple[RateTotals, ...] = ()
    #: The part of the value expected back within a year, in millionths; none where there is too little past.
    expected_ppm: int | None = None
    #: Its own paying cases, which say how far its own past counts.
    past_payers: int = 0

    @classmethod
    def stored(cls, one: dict[str, Any]) -> AgencyTotals:
        """As stored with a wave."""
        return cls(**{**one, "rates": tuple(RateTotals(**rate) for rate in one.get("rates", ()))})


@dataclass(frozen=True)
class Cell:
    """What one agency would receive of one band."""

    band: int
    agency_id: int
    debtors: int
    #: Of these, the debtors that took part in the draw.
    drawn_debtors: int
    cases: int
    value_minor: int
    #: Of the drawn, those that were shared equally so that agencies can be compared.
    control_debtors: int = 0
    #: How many of the drawn it should have; it has fewer or more by less than one, unless somebody is full.
    target_debtors: float = 0.0
    #: The commission if everything came back.
    full_commission_minor: int = 0


@dataclass(frozen=True)
class HeldBackCount:
    """How many selected cases take no part for one reason."""

    reason: HeldBack
    cases: int


@dataclass(frozen=True)
class Preview:
    """The split of a wave in figures; what is committed is exactly this."""

    #: Empty when nothing can be placed.
    currency: str | None
    cases: int
    debtors: int
    value_minor: int
    bands: tuple[BandTotals, ...]
    agencies: tuple[AgencyTotals, ...]
    cells: tuple[Cell, ...]
    held_back: tuple[HeldBackCount, ...]

    @property
    def held_back_cases(self) -> int:
        """Selected cases that take no part."""
        return sum(one.cases for one in self.held_back)

    def cell(self, band: int, agency_id: int) -> Cell:
        """What one agency would receive of one band; nothing is a cell of zeros."""
        found = (one for one in self.cells if (one.band, one.agency_id) == (band, agency_id))
        return next(found, Cell(band, agency_id, 0, 0, 0, 0))

    def to_dict(self) -> dict[str, Any]:
        """The preview as it is stored with its wave."""
        return asdict(self)


def preview_of(wave: Wave) -> Preview:
    """The stored preview of a wave."""
    stored = wave.preview or {}
    return Preview(
        currency=stored.get("currency"),
        cases=stored.get("cases", 0),
        debtors=stored.get("debtors", 0),
        value_minor=stored.get("value_minor", 0),
        bands=tuple(BandTotals(**one) for one in stored.get("bands", ())),
        agencies=tuple(AgencyTotals.stored(one) for one in stored.get("agencies", ())),
        cells=tuple(Cell(**one) for one in stored.get("cells", ())),
        held_back=tuple(HeldBackCount(HeldBack(one["reason"]), one["cases"]) for one in stored.get("held_back", ())),
    )
