"""Keeps which cases a lot was listed with, so that its award places none but these."""

from __future__ import annotations

from sqlalchemy import BigInteger, cast, func, insert, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from assignments.cases.models import LotCase
from assignments.marketplace.models import Lot
from assignments.marketplace.tape import Integers


def write_down(session: Session, lot: Lot, case_ids: Integers) -> None:
    """Keep exactly the cases that were counted, in one statement; they are not selected a second time."""
    numbers = cast(case_ids.tolist(), ARRAY(BigInteger))
    rows = select(literal(lot.creditor_id), literal(lot.id), func.unnest(numbers))
    session.execute(insert(LotCase).from_select(["creditor_id", "lot_id", "case_id"], rows))
