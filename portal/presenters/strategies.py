"""How a wave is shared, in words, and its strata a page at a time and as a file."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from agencies.kernel.errors import msg
from agencies.kernel.money import major
from agencies.kernel.sheets import csv_bytes
from assignments.placements.expectation import Expected, expected
from assignments.placements.preview import BandTotals, Cell, Preview
from assignments.placements.strategy import Key, Limit, Method, Strategy
from portal.filters import basis_points, money, number
from portal.i18n import say

METHODS = {
    Method.EQUAL: msg("Equal parts"),
    Method.SHARES: msg("Shares you set"),
    Method.CHAMPION: msg("Champion and challengers"),
}
KEYS = {
    Key.BALANCE: msg("Balance of the debtor"),
    Key.AGE: msg("Days past due"),
    Key.TIER: msg("First, second or later placement"),
    Key.PRODUCT: msg("Product"),
    Key.REGION: msg("Region"),
    Key.STAGE: msg("Stage"),
    Key.SEGMENT: msg("Segment"),
}
PAGE = 40
_HEAD = (
    msg("Stratum"),
    msg("Agency"),
    msg("Debtors"),
    msg("Debtors drawn"),
    msg("Target of the draw"),
    msg("Of them control"),
    msg("Cases"),
    msg("Value"),
    msg("Currency"),
    msg("Expected within a year"),
    msg("Expected commission"),
    msg("Expected net-back"),
)


@dataclass(frozen=True)
class Stratum:
    """One stratum across the agencies, in their order."""

    band: BandTotals
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Strata:
    """Some of the strata, and from which one on the next page begins."""

    lines: tuple[Stratum, ...]
    first: int
    last: int
    count: int
    next_from: int | None


@dataclass(frozen=True)
class Draw:
    """What one agency has of the draw: how much as control, and how far it is off its target where it is furthest."""

    control: int
    furthest: float
    #: What its part is expected to bring; none where there is too little past.
    expected: Expected | None = None


def strata(preview: Preview, start: int = 0) -> Strata:
    """A page of strata, from a place on."""
    cells = {(one.band, one.agency_id): one for one in preview.cells}
    start = start if 0 <= start < len(preview.bands) else 0
    chosen = preview.bands[start : start + PAGE]
    lines = tuple(
        Stratum(
            band,
            tuple(
                cells.get((band.band, one.agency_id), Cell(band.band, one.agency_id, 0, 0, 0, 0))
                for one in preview.agencies
            ),
        )
        for band in chosen
    )
    end = start + len(chosen)
    return Strata(lines, start + 1, end, len(preview.bands), end if end < len(preview.bands) else None)


def draws(preview: Preview) -> dict[int, Draw]:
    """By agency, what it has of the draw."""
    made: dict[int, Draw] = {}
    for cell in preview.cells:
        so_far = made.get(cell.agency_id, Draw(0, 0.0))
        off = abs(cell.drawn_debtors - cell.target_debtors)
        made[cell.agency_id] = Draw(so_far.control + cell.control_debtors, max(so_far.furthest, off))
    due: dict[int, int] = {}
    for cell in preview.cells:
        due[cell.agency_id] = due.get(cell.agency_id, 0) + cell.full_commission_minor
    return {
        one.agency_id: replace(
            made[one.agency_id], expected=expected(one.value_minor, due[one.agency_id], one.expected_ppm)
        )
        for one in preview.agencies
        if one.agency_id in made
    }


def told(strategy: Strategy, preview: Preview) -> list[tuple[str, str]]:
    """The strategy as pairs of what and how."""
    names = {one.agency_id: one.agency_name for one in preview.agencies}
    pairs = [(say(msg("How to share")), _method(strategy, names))]
    if strategy.method is not Method.EQUAL:
        pairs.append((say(msg("Control shared equally")), basis_points(strategy.control_bp)))
    pairs.append((say(msg("Classes kept even")), " · ".join(say(KEYS[key]) for key in strategy.keys)))
    if strategy.limits:
        limits = (
            f"{names.get(agency, '–')}: {_limit(one, preview.currency)}" for agency, one in strategy.limits.items()
        )
        pairs.append((say(msg("Limits")), "; ".join(limits)))
    rules = [
        (strategy.keeps_capacity, msg("not beyond the capacity an agency states in its file")),
        (strategy.excludes_previous, msg("never to an agency that had a case of the debtor before")),
    ]
    kept = [say(rule) for is_set, rule in rules if is_set]
    if strategy.cooling_days:
        kept.append(say(msg("returned cases rest %(days)s days"), {"days": strategy.cooling_days}))
    if kept:
        pairs.append((say(msg("Rules")), "; ".join(kept)))
    return pairs


def as_csv(preview: Preview) -> Iterator[bytes]:
    """Every stratum and agency, one line each, with the mark that tells spreadsheets it is UTF-8."""
    agencies = {one.agency_id: one for one in preview.agencies}
    strata_names = {one.band: one.stratum for one in preview.bands}
    currency = preview.currency or ""
    rows = [
        [
            strata_names[cell.band],
            agencies[cell.agency_id].agency_name,
            cell.debtors,
            cell.drawn_debtors,
            cell.target_debtors,
            cell.control_debtors,
            cell.cases,
            major(cell.value_minor, currency),
            currency,
            *_expected(cell, agencies[cell.agency_id].expected_ppm, currency),
        ]
        for cell in preview.cells
    ]
    yield BOM_UTF8 + csv_bytes([[say(one) for one in _HEAD], *rows])


def _expected(cell: Cell, ppm: int | None, currency: str) -> list[object]:
    found = expected(cell.value_minor, cell.full_commission_minor, ppm)
    amounts = (found.gross_minor, found.commission_minor, found.net_minor) if found else ()
    return [major(one, currency) for one in amounts] or [None, None, None]


def _method(strategy: Strategy, names: Mapping[int, str]) -> str:
    method = say(METHODS[strategy.method])
    if strategy.method is Method.CHAMPION:
        champion = names.get(strategy.champion_id or 0, "–")
        return f"{method}: {champion} {basis_points(strategy.champion_bp)}"
    shares = " · ".join(f"{names.get(agency, '–')} {basis_points(share)}" for agency, share in strategy.shares.items())
    return f"{method}: {shares}" if shares else method


def _limit(limit: Limit, currency: str | None) -> str:
    told = []
    if limit.cases is not None:
        told.append(say(msg("%(count)s cases"), {"count": number(limit.cases)}))
    if limit.value_minor is not None and currency:
        told.append(money(limit.value_minor, currency))
    return ", ".join(told)
