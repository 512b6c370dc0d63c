"""Reads the selected cases, keeps each debtor's together, draws the split and adds it up for the preview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from operator import mul

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ARRAY, BigInteger, ColumnElement, and_, any_, case, func, literal, or_, select
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor
from agencies.mandates.models import Service
from agencies.mandates.terms import TermSheet
from assignments.cases.models import Case, CaseState, Debtor
from assignments.cases.queries import Selection, selected
from assignments.placements.ages import age_on, with_portfolios
from assignments.placements.allocation import Integers, Split, Units, digest, split, stratum
from assignments.placements.models import Placement
from assignments.placements.preview import (
    AgencyTotals,
    BandTotals,
    Cell,
    HeldBack,
    HeldBackCount,
    Preview,
    RateTotals,
)
from assignments.placements.pricing import Facts, asks_more_than_age, rates_for


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
    bands: Integers
    balances: Integers
    #: Days past due on the day of placing, and the commission that follows.
    ages: Integers
    rates: Integers
    band_count: int
    #: Of exactly this split on exactly these terms.
    digest: str
    preview: Preview

    def squares_minor(self, band: int, agency_id: int) -> int:
        """The sum of the squares of the balances of one cell: exact, so not in 64 bits."""
        mine = self.balances[(self.bands == band) & (self.agency_ids == agency_id)].tolist()
        return sum(map(mul, mine, mine))


def plan(
    session: Session,
    actor: Actor,
    selection: Selection,
    terms: Sequence[Terms],
    *,
    seed: int,
    bands: int,
    on: date,
    shares: Mapping[int, int] | None = None,
) -> Plan:
    """Draw the split of what is selected now, equal where there are no `shares` by agency.

    The same cases, terms, ages, shares and seed give the same plan.
    """
    agencies = [one.agency_id for one in terms]
    currency = _currency(session, actor, selection)
    rows = _read(session, actor, selection, agencies, currency, on)
    held = rows[:, 3]
    free = rows[held == 0]
    cases, debtors, balances, bound, ages = free[:, 0], free[:, 1], free[:, 2], free[:, 4], free[:, 5]
    ids, first, at = np.unique(debtors, return_index=True, return_inverse=True)
    values = np.zeros(len(ids), dtype=np.int64)
    np.add.at(values, at, balances)
    drawn = split(Units(ids, values, bound[first]), agencies, seed, bands, shares)
    case_agencies, case_bands = drawn.agencies[at], drawn.bands[at]
    versions = sorted((one.agency_id, one.version_id) for one in terms)
    rates = _rates(terms, case_agencies, _facts(session, actor, terms, cases, ages, balances, currency))
    figures = _Figures(drawn, values, bound[first] != 0, case_agencies, case_bands, balances, rates)
    return Plan(
        cases,
        debtors,
        case_agencies,
        case_bands,
        balances,
        ages,
        rates,
        drawn.band_count,
        digest(cases, debtors, case_agencies, case_bands, balances, rates, np.array(versions, dtype=np.int64).ravel()),
        Preview(
            currency=currency,
            cases=len(cases),
            debtors=len(ids),
            value_minor=int(balances.sum()),
            bands=tuple(figures.band(number) for number in range(1, drawn.band_count + 1)),
            agencies=tuple(figures.agency(one) for one in terms),
            cells=tuple(figures.cells(agencies)),
            held_back=tuple(_held_back(held)),
        ),
    )


#: In the order in which the first that applies is counted; numbered from 1 in the statement below.
_REASONS = tuple(HeldBack)


def _currency(session: Session, actor: Actor, selection: Selection) -> str | None:
    """The currency of most open selected cases: a wave has one, because amounts of two are never summed."""
    found = session.execute(
        selected(actor, selection)
        .where(Case.state == CaseState.OPEN)
        .with_only_columns(Case.currency)
        .group_by(Case.currency)
        .order_by(func.count().desc(), Case.currency)
        .limit(1)
    )
    return found.scalar()


def _rates(terms: Sequence[Terms], agencies: Integers, facts: Facts) -> Integers:
    rates = np.zeros(len(agencies), dtype=np.int64)
    for one in terms:
        mine = agencies == one.agency_id
        rates[mine] = rates_for(one.sheet, facts.of(mine))
    return rates


def _facts(
    session: Session,
    actor: Actor,
    terms: Sequence[Terms],
    cases: Integers,
    ages: Integers,
    balances: Integers,
    currency: str | None,
) -> Facts:
    """What decides the rates; what is not in the figures is read only where a rate line asks for it."""
    tiers = np.ones(len(cases), dtype=np.int64)
    products, person_types = np.full(len(cases), None, dtype=object), np.full(len(cases), None, dtype=object)
    if any(asks_more_than_age(one.sheet) for one in terms) and len(cases):
        before = (
            select(func.count())
            .where(
                Placement.creditor_id == Case.creditor_id,
                Placement.case_id == Case.id,
                Placement.service == Service.COLLECT,
            )
            .scalar_subquery()
        )
        statement = (
            select(Case.id, before + 1, Case.product, Debtor.person_type)
            .join(Debtor, and_(Debtor.creditor_id == Case.creditor_id, Debtor.id == Case.debtor_id))
            .where(Case.creditor_id == actor.tenant, Case.id == any_(literal(cases.tolist(), ARRAY(BigInteger))))
        )
        ids, *columns = zip(*session.execute(statement), strict=True)
        at = np.searchsorted(cases, np.array(ids, dtype=np.int64))
        for column, values in zip((tiers, products, person_types), columns, strict=True):
            column[at] = values
    return Facts(ages, balances, tiers, products, person_types, currency)


def _read(
    session: Session, actor: Actor, selection: Selection, agencies: Sequence[int], currency: str | None, on: date
) -> Integers:
    """Case, debtor, balance, number of the reason it is held back (0: none), agency it is bound to (0: none), age."""
    reasons: dict[HeldBack, ColumnElement[bool]] = {
        HeldBack.CLOSED: Case.state == CaseState.CLOSED,
        HeldBack.ON_HOLD: Case.state == CaseState.ON_HOLD,
        HeldBack.PLACED: or_(Case.state == CaseState.PLACED, Case.agency_id.is_not(None)),
        HeldBack.OTHER_CURRENCY: Case.currency != currency,
        HeldBack.NOTHING_OWED: Case.balance_minor <= 0,
        HeldBack.DEBTOR_ELSEWHERE: and_(Debtor.agency_id.is_not(None), Debtor.agency_id.not_in(agencies)),
    }
    reason = case(*((reasons[one], number) for number, one in enumerate(_REASONS, start=1)), else_=0)
    statement = (
        with_portfolios(selected(actor, selection))
        .join(Debtor, and_(Debtor.creditor_id == Case.creditor_id, Debtor.id == Case.debtor_id))
        .with_only_columns(
            Case.id,
            Case.debtor_id,
            Case.balance_minor,
            reason,
            func.coalesce(Debtor.agency_id, 0),
            age_on(actor.tenant, on),
        )
        .order_by(Case.id)
    )
    # A million cases are streamed into one array and never stand as a million rows.
    rows = session.execute(statement, execution_options={"yield_per": 20_000})
    return np.fromiter(rows, dtype=np.dtype((np.int64, 6)))


def _held_back(held: Integers) -> list[HeldBackCount]:
    counts = np.bincount(held, minlength=len(_REASONS) + 1)
    return [
        HeldBackCount(reason, int(counts[number])) for number, reason in enumerate(_REASONS, start=1) if counts[number]
    ]


@dataclass(frozen=True)
class _Figures:
    """Adds up a split by band and by agency; the first three columns run over debtors, the others over cases."""

    drawn: Split
    values: Integers
    is_bound: NDArray[np.bool_]
    case_agencies: Integers
    case_bands: Integers
    balances: Integers
    rates: Integers

    def band(self, number: int) -> BandTotals:
        debtors, cases = self.drawn.bands == number, self.case_bands == number
        return BandTotals(
            band=number,
            stratum=stratum(number, self.drawn.band_count),
            from_minor=int(self.values[debtors].min()),
            to_minor=int(self.values[debtors].max()),
            debtors=int(debtors.sum()),
            cases=int(cases.sum()),
            value_minor=int(self.balances[cases].sum()),
        )

    def agency(self, terms: Terms) -> AgencyTotals:
        debtors = self.drawn.agencies == terms.agency_id
        cases = self.case_agencies == terms.agency_id
        return AgencyTotals(
            agency_id=terms.agency_id,
            agency_name=terms.agency_name,
            mandate_id=terms.mandate_id,
            mandate_name=terms.mandate_name,
            commission_bp=terms.sheet.commission_bp,
            debtors=int(debtors.sum()),
            cases=int(cases.sum()),
            value_minor=int(self.balances[cases].sum()),
            kept_debtors=int((debtors & self.is_bound).sum()),
            rates=tuple(self.rates_of(cases)),
        )

    def rates_of(self, cases: NDArray[np.bool_]) -> list[RateTotals]:
        rates, at = np.unique(self.rates[cases], return_inverse=True)
        values = np.zeros(len(rates), dtype=np.int64)
        np.add.at(values, at, self.balances[cases])
        counts = np.bincount(at, minlength=len(rates))
        return [RateTotals(*(int(n) for n in row)) for row in zip(rates, counts, values, strict=True)]

    def cells(self, agencies: Sequence[int]) -> list[Cell]:
        made = []
        for number in range(1, self.drawn.band_count + 1):
            for agency in agencies:
                debtors = (self.drawn.bands == number) & (self.drawn.agencies == agency)
                cases = (self.case_bands == number) & (self.case_agencies == agency)
                made.append(
                    Cell(
                        band=number,
                        agency_id=agency,
                        debtors=int(debtors.sum()),
                        drawn_debtors=int((debtors & ~self.is_bound).sum()),
                        cases=int(cases.sum()),
                        value_minor=int(self.balances[cases].sum()),
                    )
                )
        return made
