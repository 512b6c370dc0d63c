"""Reads the cases a wave is made of as columns of numbers: a million of them never stand as a million rows.

Each column travels as one value, its numbers in a row. Texts travel as numbers too, made of them by the database's own
hash, which is the same on every machine of one kind; the few different texts come in a statement of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, ColumnElement, Date, LargeBinary, case, cast, func, literal, or_, select
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor
from agencies.mandates.models import Service
from agencies.organisations.models import Organisation
from assignments.cases.models import Case, CaseState, Debtor
from assignments.cases.queries import Selection, selected
from assignments.placements.ages import age_on, with_portfolios
from assignments.placements.allocation import Integers
from assignments.placements.models import Placement
from assignments.placements.preview import HeldBack
from assignments.placements.strategy import Key

TEXTS = {Key.PRODUCT: Case.product, Key.REGION: Case.region, Key.STAGE: Case.stage, Key.SEGMENT: Case.segment}
#: In the order in which the first that applies is counted; numbered from 1 in the statement below.
REASONS = tuple(HeldBack)


@dataclass(frozen=True)
class Columns:
    """The selected cases in ascending order of id, one column each."""

    cases: Integers
    debtors: Integers
    balances: Integers
    #: Number of the reason it is held back; 0 where none is.
    held: Integers
    #: Agency that works the debtor; 0 where none does.
    bound: Integers
    ages: Integers
    #: A number made of the account, of nothing else.
    accounts: Integers
    #: 1 for the first collect placement, 2 for the second.
    tiers: Integers
    #: Bit n: the agency in position n had it before.
    previous: Integers
    #: Days since it came back; -1 where it never did.
    rested: Integers
    #: What was asked for of `TEXTS`, as numbers made of the texts.
    texts: dict[Key, Integers]

    def of(self, chosen: Integers) -> Columns:
        """Some of the cases."""
        columns = {name: column[chosen] for name, column in vars(self).items() if name != "texts"}
        return Columns(**columns, texts={key: column[chosen] for key, column in self.texts.items()})


def currency_of(session: Session, actor: Actor, selection: Selection) -> str | None:
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


def read(
    session: Session,
    actor: Actor,
    selection: Selection,
    agencies: Sequence[int],
    *,
    currency: str | None,
    on: date,
    keys: Collection[Key] = (),
) -> Columns:
    """What is selected; `agencies` in the order of their positions."""
    reasons: dict[HeldBack, ColumnElement[bool]] = {
        HeldBack.CLOSED: Case.state == CaseState.CLOSED,
        HeldBack.ON_HOLD: Case.state == CaseState.ON_HOLD,
        HeldBack.FLAGGED: Case.is_stopped.is_(True),
        HeldBack.PLACED: or_(Case.state == CaseState.PLACED, Case.agency_id.is_not(None)),
        HeldBack.OTHER_CURRENCY: Case.currency != currency,
        HeldBack.NOTHING_OWED: Case.balance_minor <= 0,
    }
    reason = case(*((reasons[one], number) for number, one in enumerate(REASONS, start=1) if one in reasons), else_=0)
    columns: list[Any] = [
        Case.id,
        Case.debtor_id,
        Case.balance_minor,
        reason,
        age_on(actor.tenant, on),
        hashed(Case.account_ref),
    ]
    texts = [key for key in TEXTS if key in keys]
    rows = (
        with_portfolios(selected(actor, selection))
        .with_only_columns(*(one.label(f"c{at}") for at, one in enumerate(columns)), *_hashes(texts))
        .subquery()
    )
    found = _columns(session, rows)
    order = np.argsort(found[0], kind="stable")
    found = [column[order] for column in found]
    cases, debtors, balances, held, ages, accounts = found[: len(columns)]
    bound = _holders(session, actor, debtors)
    is_elsewhere = (bound != 0) & ~np.isin(bound, agencies)
    held[is_elsewhere & (held == 0)] = REASONS.index(HeldBack.DEBTOR_ELSEWHERE) + 1
    tiers, previous, rested = _history(session, actor, cases, agencies, on)
    return Columns(
        cases,
        debtors,
        balances,
        held,
        bound,
        ages,
        accounts,
        tiers,
        previous,
        rested,
        dict(zip(texts, found[len(columns) :], strict=True)),
    )


def names_of(session: Session, actor: Actor, selection: Selection, key: Key) -> dict[int, str]:
    """The different texts that what is selected has of a key, by the number made of each."""
    rows = session.execute(
        selected(actor, selection).with_only_columns(hashed(TEXTS[key]), TEXTS[key]).group_by(TEXTS[key])
    )
    return {number: name or "" for number, name in rows}


def hashed(column: Any) -> ColumnElement[int]:
    """A number made of a text; nothing counts as an empty one."""
    return func.hashtextextended(func.coalesce(column, ""), 0, type_=BigInteger)


def _hashes(texts: Collection[Key]) -> list[ColumnElement[Any]]:
    return [hashed(TEXTS[key]).label(key.value) for key in texts]


def _columns(session: Session, rows: Any) -> list[Integers]:
    """Every column of a statement of numbers, each as one value of eight bytes a row."""
    nothing = literal(b"", LargeBinary)
    sent = (func.string_agg(func.int8send(cast(column, BigInteger)), nothing, type_=LargeBinary) for column in rows.c)
    found = session.execute(select(*sent)).one()
    return [np.frombuffer(column or b"", dtype=">i8").astype(np.int64) for column in found]


def _holders(session: Session, actor: Actor, debtors: Integers) -> Integers:
    """The agency that works each debtor; 0 where none does. Few are worked when cases are placed, so no join."""
    held = (
        select(Debtor.id, Debtor.agency_id)
        .where(Debtor.creditor_id == actor.tenant, Debtor.agency_id.is_not(None))
        .subquery()
    )
    ids, agencies = _columns(session, held)
    holders = np.zeros(len(debtors), dtype=np.int64)
    at, known = _found(ids, debtors)
    holders[known] = agencies[at]
    return holders


def _found(ids: Integers, wanted: Integers) -> tuple[Integers, Integers]:
    """Where among the ids those of the wanted stand that are there, and which of the wanted these are."""
    order = np.argsort(ids, kind="stable")
    ids = ids[order]
    at = np.searchsorted(ids, wanted)
    known = np.flatnonzero(at < len(ids))
    known = known[ids[at[known]] == wanted[known]]
    return order[at[known]], known


def _history(
    session: Session, actor: Actor, cases: Integers, agencies: Sequence[int], on: date
) -> tuple[Integers, Integers, Integers]:
    """Tier, former agencies and days of rest of each case, from the placements that have ended."""
    zone = select(Organisation.time_zone).where(Organisation.id == actor.tenant).scalar_subquery()
    ended_on = cast(func.timezone(zone, func.max(Placement.ended_at)), Date)
    bits = case({agency: 1 << position for position, agency in enumerate(agencies)}, value=Placement.agency_id, else_=0)
    rows = (
        select(
            Placement.case_id,
            func.count().label("times"),
            func.bit_or(cast(bits, BigInteger)).label("agencies"),
            (literal(on, Date) - ended_on).label("days"),
        )
        .where(
            Placement.creditor_id == actor.tenant,
            Placement.service == Service.COLLECT,
            Placement.ended_at.is_not(None),
        )
        .group_by(Placement.case_id)
        .subquery()
    )
    ended, times, before, days = _columns(session, rows)
    tiers, previous = np.ones(len(cases), dtype=np.int64), np.zeros(len(cases), dtype=np.int64)
    rested = np.full(len(cases), -1, dtype=np.int64)
    of, known = _found(ended, cases)
    tiers[known] += times[of]
    previous[known] = before[of]
    rested[known] = np.maximum(days[of], 0)
    return tiers, previous, rested
