"""Draws the split of what is selected: reads the cases, keeps each debtor's together, shares them out, adds up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor
from agencies.mandates.terms import TermSheet
from assignments.cases.queries import Selection
from assignments.placements import figures
from assignments.placements.allocation import NOWHERE, Arm, Integers, Room, Units, allocate, digest
from assignments.placements.expectation import Past, expected_ppm
from assignments.placements.figures import Drawn, Placed
from assignments.placements.past import pasts
from assignments.placements.preview import AgencyTotals, HeldBack, HeldBackCount, Preview
from assignments.placements.pricing import Facts, rates_for
from assignments.placements.pricing_facts import facts_of
from assignments.placements.reading import REASONS, TEXTS, Columns, currency_of, names_of, read
from assignments.placements.strata import strata_of
from assignments.placements.strategy import Key, Strategy


@dataclass(frozen=True)
class Terms:
    """An agency that takes part, and the mandate version its cases would be placed under."""

    agency_id: int
    agency_name: str
    mandate_id: int
    mandate_name: str
    version_id: int
    sheet: TermSheet


@dataclass(frozen=True)
class Plan:
    """Which case goes to which agency, cases in ascending order of id."""

    case_ids: Integers
    debtor_ids: Integers
    agency_ids: Integers
    #: Place of each case's stratum among the names.
    strata: Integers
    names: tuple[str, ...]
    arms: Integers
    tiers: Integers
    balances: Integers
    #: Days past due on the day of placing, and the commission that follows.
    ages: Integers
    rates: Integers
    #: Of exactly this split on exactly these terms.
    digest: str
    preview: Preview

    def squares(self) -> dict[tuple[int, int], int]:
        """By number of the stratum and agency the sum of the squares of the balances."""
        agencies = np.unique(self.agency_ids)
        at = np.searchsorted(agencies, self.agency_ids)
        found = figures.squares(len(self.names), len(agencies), Placed(self.strata, at, self.balances, self.rates))
        return {(stratum + 1, int(agencies[position])): total for (stratum, position), total in found.items()}


def plan(
    session: Session,
    actor: Actor,
    selection: Selection,
    terms: Sequence[Terms],
    *,
    seed: int,
    strategy: Strategy,
    on: date,
    rooms: Mapping[int, Room] | None = None,
) -> Plan:
    """Draw the split of what is selected now.

    The same cases, terms, ages, strategy, rooms and seed give the same plan. Agencies stand in the order of their
    names, so that it is the same where they have other numbers.
    """
    terms = sorted(terms, key=lambda one: (one.agency_name, one.agency_id))
    agencies = [one.agency_id for one in terms]
    currency = currency_of(session, actor, selection)
    texts = _texts(strategy)
    everything = read(session, actor, selection, agencies, currency=currency, on=on, keys=texts)
    names = {key: names_of(session, actor, selection, key) for key in texts}
    held = everything.held.copy()
    held[(held == 0) & (everything.rested >= 0) & (everything.rested < strategy.cooling_days)] = _number(
        HeldBack.RESTING
    )
    free = np.flatnonzero(held == 0)
    columns = everything.of(free)
    units, lead_strata, of_unit = _units(columns, agencies, strategy, names)
    weights = strategy.weights(agencies)
    found = allocate(
        units,
        [weights[agency] for agency in agencies],
        seed,
        control_bp=strategy.control,
        rooms=[(rooms or {}).get(agency, Room()) for agency in agencies],
    )
    # What goes nowhere is held back, with its reason.
    for arm, reason in ((Arm.NO_ROOM, HeldBack.NO_ROOM), (Arm.NOBODY_FITS, HeldBack.NOBODY_FITS)):
        held[free[found.arms[of_unit] == arm]] = _number(reason)
    is_unit, is_case = found.agencies != NOWHERE, found.agencies[of_unit] != NOWHERE
    placed, of_unit = columns.of(np.flatnonzero(is_case)), of_unit[is_case]
    positions, strata, arms = found.agencies[of_unit], units.strata[of_unit], found.arms[of_unit]
    facts = facts_of(session, actor, [one.sheet for one in terms], placed, currency)
    rates = _rates(terms, positions, facts)
    by_unit = Drawn(units.strata[is_unit], found.agencies[is_unit], units.values[is_unit], found.arms[is_unit])
    by_case = Placed(strata, positions, placed.balances, rates)
    known = pasts(session, actor, currency, on)
    agency_ids = np.array(agencies, dtype=np.int64)[positions]
    versions = np.array(sorted((one.agency_id, one.version_id) for one in terms), dtype=np.int64).ravel()
    return Plan(
        placed.cases,
        placed.debtors,
        agency_ids,
        strata,
        tuple(lead_strata),
        arms,
        placed.tiers,
        placed.balances,
        placed.ages,
        rates,
        digest(placed.cases, placed.debtors, agency_ids, strata, arms, placed.tiers, placed.balances, rates, versions),
        Preview(
            currency=currency,
            cases=len(placed.cases),
            debtors=int(is_unit.sum()),
            value_minor=int(placed.balances.sum()),
            bands=tuple(figures.bands(lead_strata, by_unit, by_case)),
            agencies=tuple(_agency(at, one, by_unit, by_case, known) for at, one in enumerate(terms)),
            cells=tuple(figures.cells(len(lead_strata), agencies, by_unit, by_case, found.targets)),
            held_back=tuple(_held_back(held)),
        ),
    )


def _texts(strategy: Strategy) -> list[Key]:
    """What texts of the cases are to be read."""
    asked = set(strategy.keys)
    asked |= {Key.PRODUCT for fit in strategy.fits.values() if fit.products}
    asked |= {Key.REGION for fit in strategy.fits.values() if fit.regions}
    return [key for key in TEXTS if key in asked]


def _units(
    columns: Columns, agencies: Sequence[int], strategy: Strategy, names: Mapping[Key, Mapping[int, str]]
) -> tuple[Units, list[str], Integers]:
    """Debtors with all of their cases, the names of the strata, and for each case the place of its debtor.

    The first of a debtor's cases, by which it is put into a stratum, is the one with the highest balance.
    """
    order = np.lexsort((columns.accounts, -columns.balances, columns.debtors))
    debtors = columns.debtors[order]
    starts = np.flatnonzero(np.concatenate(([True], debtors[1:] != debtors[:-1])))[: len(debtors)]
    sizes = np.diff(np.concatenate((starts, [len(debtors)])))
    of_unit = np.empty(len(order), dtype=np.int64)
    of_unit[order] = np.repeat(np.arange(len(starts)), sizes)
    if not len(order):
        return Units(*(columns.cases for _ in range(6))), [], of_unit
    allowed, first = _allowed(columns, agencies, strategy, names), order[starts]
    values = np.add.reduceat(columns.balances[order], starts)
    strata, labels = strata_of(
        strategy,
        values=values,
        ages=columns.ages[first],
        tiers=columns.tiers[first],
        texts={key: column[first] for key, column in columns.texts.items()},
        names=names,
    )
    bound = columns.bound[first]
    positions = {agency: at for at, agency in enumerate(agencies)}
    at = np.array([positions.get(one, NOWHERE) for one in np.unique(bound).tolist()], dtype=np.int64)
    return (
        Units(
            columns.accounts[first],
            values,
            sizes.astype(np.int64),
            strata,
            at[np.searchsorted(np.unique(bound), bound)],
            np.bitwise_and.reduceat(allowed[order], starts),
        ),
        labels,
        of_unit,
    )


def _allowed(
    columns: Columns, agencies: Sequence[int], strategy: Strategy, names: Mapping[Key, Mapping[int, str]]
) -> Integers:
    """Which agencies may have each case, as bits: those it fits, and that did not have it before."""
    allowed = np.full(len(columns.cases), (1 << len(agencies)) - 1, dtype=np.int64)
    for position, agency in enumerate(agencies):
        fit = strategy.fits.get(agency)
        for key, wanted in ((Key.PRODUCT, fit.products), (Key.REGION, fit.regions)) if fit else ():
            if wanted:
                numbers = [number for number, name in names[key].items() if name in wanted]
                allowed[~np.isin(columns.texts[key], numbers)] &= ~(1 << position)
    return allowed & ~columns.previous if strategy.excludes_previous else allowed


def _rates(terms: Sequence[Terms], positions: Integers, facts: Facts) -> Integers:
    rates = np.zeros(len(positions), dtype=np.int64)
    for position, one in enumerate(terms):
        mine = positions == position
        rates[mine] = rates_for(one.sheet, facts.of(mine))
    return rates


def _agency(position: int, terms: Terms, drawn: Drawn, placed: Placed, known: Mapping[int, Past]) -> AgencyTotals:
    debtors, cases = drawn.agencies == position, placed.agencies == position
    return AgencyTotals(
        agency_id=terms.agency_id,
        agency_name=terms.agency_name,
        mandate_id=terms.mandate_id,
        mandate_name=terms.mandate_name,
        commission_bp=terms.sheet.commission_bp,
        debtors=int(debtors.sum()),
        cases=int(cases.sum()),
        value_minor=int(placed.balances[cases].sum()),
        kept_debtors=int((debtors & (drawn.arms == Arm.BOUND)).sum()),
        rates=tuple(figures.rate_totals(placed.rates[cases], placed.balances[cases])),
        expected_ppm=expected_ppm(known.get(terms.agency_id, Past()), known.values()),
        past_payers=known.get(terms.agency_id, Past()).payers,
    )


def _number(reason: HeldBack) -> int:
    return REASONS.index(reason) + 1


def _held_back(held: Integers) -> list[HeldBackCount]:
    counts = np.bincount(held, minlength=len(REASONS) + 1)
    return [HeldBackCount(reason, int(counts[at])) for at, reason in enumerate(REASONS, start=1) if counts[at]]
