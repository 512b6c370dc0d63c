"""What the page of portfolio indicators shows: shares by band, the matrix of moves, and both as a file."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from agencies.kernel.errors import msg
from agencies.kernel.money import major
from agencies.kernel.sheets import csv_bytes
from assignments.indicators.ageing import BANDS, OUTCOMES, Ageing, BandAmounts, Move, Place, Rolled, came_in, rolls
from portal.i18n import say

PLACES = {
    Place.CURRENT: msg("Current"),
    **{place: msg("%(days)s days") for place in BANDS[1:-1]},
    Place.UNKNOWN: msg("Unknown age"),
    Place.PAID: msg("Paid in full"),
    Place.CLOSED: msg("Closed unpaid"),
    Place.ABSENT: msg("Handed over since"),
}
NEW = PLACES[Place.ABSENT]
WHY_OVERDUE = msg(
    "Balance of the cases at least one day past due / balance of all cases that owe something on that day, those of "
    "unknown age included. A balance is what was handed over, or your latest word up to the day, less the payments "
    "from then to the day that were neither reversed nor taken back."
)
WHY_ROLL = msg(
    "Balance entering a worse band / balance in the band at the start, both as owed at the start. Cured is what came "
    "to a better band, done is what was paid in full or closed. From or to an unknown age nothing is known to have "
    "rolled."
)
WHY_BEFORE = msg(
    "Cases count from the day on which you handed them over; of days before nothing is known here. The age goes on "
    "day by day from what you told; what a later file changed counts from the day it was applied."
)


@dataclass(frozen=True)
class BandLine:
    """One band with its shares of the whole."""

    amounts: BandAmounts
    label: str
    share: float | None
    share_of_cases: float | None


@dataclass(frozen=True)
class RollLine:
    """What became of one band: by outcome, and as rates."""

    rolled: Rolled
    label: str
    cells: tuple[tuple[int, int, bool], ...]
    roll: float | None
    cure: float | None
    done: float | None


@dataclass(frozen=True)
class CurrencyView:
    """Everything of one currency."""

    ageing: Ageing
    bands: tuple[BandLine, ...]
    overdue: float | None
    overdue_of_cases: float | None
    rolls: tuple[RollLine, ...]
    #: What was handed over in between: cases and balance by outcome.
    came_in: tuple[tuple[int, int], ...]
    chart: dict[str, Any]


def label(place: Place) -> str:
    """A place in words."""
    return say(PLACES[place], {"days": place.value.replace("-", " – ").replace(">", "> ")})


def views(found: Sequence[Ageing], moves: Sequence[Move], locale: str) -> list[CurrencyView]:
    """Each currency with its bands, rates and moves."""
    seen = {one.currency for one in found}
    left = sorted({one.currency for one in moves if one.before in BANDS} - seen)
    return [_view(one, moves, locale) for one in [*found, *(Ageing(currency, ()) for currency in left)]]


def _view(one: Ageing, moves: Sequence[Move], locale: str) -> CurrencyView:
    whole, cases = one.balance_minor, one.cases
    bands = tuple(
        BandLine(band, label(band.place), _part(band.balance_minor, whole), _part(band.cases, cases))
        for band in one.bands
    )
    new = {move.after: (move.cases, move.after_minor) for move in came_in(moves, one.currency)}
    return CurrencyView(
        one,
        bands,
        _part(one.overdue_minor, whole),
        _part(one.overdue_cases, cases),
        tuple(_roll(row) for row in rolls(moves, one.currency)),
        tuple(new.get(place, (0, 0)) for place in OUTCOMES) if new else (),
        _chart(bands, locale),
    )


def _roll(row: Rolled) -> RollLine:
    whole = row.balance_minor
    cells = tuple((row.cases_by.get(to, 0), row.minor_by.get(to, 0), to is row.place) for to in OUTCOMES)
    is_known = row.place is not Place.UNKNOWN
    return RollLine(
        row,
        label(row.place),
        cells,
        _part(row.worse_minor, whole) if is_known else None,
        _part(row.cured_minor, whole) if is_known else None,
        _part(row.done_minor, whole),
    )


def _chart(bands: Sequence[BandLine], locale: str) -> dict[str, Any]:
    return {
        "locale": locale,
        "categories": [one.label for one in bands],
        "series": [
            {"name": say(msg("Share of the balance")), "values": [one.share for one in bands]},
            {"name": say(msg("Share of the cases")), "values": [one.share_of_cases for one in bands]},
        ],
    }


def heads() -> list[str]:
    """The outcomes, as heads of the matrix."""
    return [label(place) for place in OUTCOMES]


def pieces(found: Sequence[Ageing], moves: Sequence[Move], on: date, since: date) -> Iterator[bytes]:
    """Both tables as one file of lines: what stands on the day, then what moved since the other day."""
    # The mark tells spreadsheets that the text is UTF-8; without it they break Spanish letters.
    yield BOM_UTF8 + csv_bytes([[say(one) for one in _COLUMNS]])
    ageing, moved = say(msg("Ageing")), say(msg("Moves"))
    for one in found:
        yield csv_bytes(
            [
                ageing,
                one.currency,
                on,
                "",
                "",
                label(band.place),
                band.cases,
                "",
                major(band.balance_minor, one.currency),
            ]
            for band in one.bands
        )
    yield csv_bytes(
        [
            moved,
            move.currency,
            on,
            since,
            label(move.before),
            label(move.after),
            move.cases,
            major(move.before_minor, move.currency),
            major(move.after_minor, move.currency),
        ]
        for move in sorted(moves, key=lambda one: (one.currency, _ORDER[one.before], _ORDER[one.after]))
        if move.after is not Place.ABSENT
    )


_COLUMNS = (
    msg("Table"),
    msg("Currency"),
    msg("Day"),
    msg("Compared with"),
    msg("Before"),
    msg("After"),
    msg("Cases"),
    msg("Balance before"),
    msg("Balance after"),
)
_ORDER = {place: at for at, place in enumerate(Place)}


def _part(part: int, whole: int) -> float | None:
    return part / whole if whole else None
