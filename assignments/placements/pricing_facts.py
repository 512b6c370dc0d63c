"""What decides the rates of cases that are to be placed; what is not known yet is read only where a rate line asks."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sqlalchemy import ARRAY, BigInteger, and_, any_, literal, select
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor
from agencies.mandates.terms import TermSheet
from assignments.cases.models import Case, Debtor
from assignments.placements.pricing import Facts, asks_more_than_age
from assignments.placements.reading import Columns


def facts_of(
    session: Session, actor: Actor, sheets: Iterable[TermSheet], placed: Columns, currency: str | None
) -> Facts:
    """One column each: age in days, balance in minor units, which placement it would be, product, person."""
    products = np.full(len(placed.cases), None, dtype=np.object_)
    person_types = products.copy()
    if len(placed.cases) and any(asks_more_than_age(sheet) for sheet in sheets):
        wanted = literal(placed.cases.tolist(), ARRAY(BigInteger))
        statement = (
            select(Case.id, Case.product, Debtor.person_type)
            .join(Debtor, and_(Debtor.creditor_id == Case.creditor_id, Debtor.id == Case.debtor_id))
            .where(Case.creditor_id == actor.tenant, Case.id == any_(wanted))
        )
        order = np.argsort(placed.cases)
        ids, *columns = zip(*session.execute(statement), strict=True)
        at = order[np.searchsorted(placed.cases[order], np.array(ids, dtype=np.int64))]
        for column, values in zip((products, person_types), columns, strict=True):
            column[at] = values
    return Facts(placed.ages, placed.balances, placed.tiers, products, person_types, currency)
