"""Adds to the cells what a placement or a report changed: touched cells only, in the transaction of the change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Table, TextualSelect
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.scorecards.models import PlacementCell, RecoveryCell


@dataclass(frozen=True)
class PlacedDelta:
    """Cases and value placed, to be added to one cell."""

    creditor_id: int
    agency_id: int
    currency: str
    placement_month: date
    stratum: str
    cases: int
    placed_minor: int
    #: Sum of the squares of what each case was placed at.
    placed_squares: int


def add_placed(session: Session, deltas: Sequence[PlacedDelta]) -> None:
    """Add what was placed to its cells."""
    if deltas:
        table = _table(PlacementCell)
        _add(session, table, insert(table).values([asdict(delta) for delta in deltas]))


def add_recovered(session: Session, deltas: TextualSelect) -> None:
    """Add what came back to its cells; the statement yields the columns of `recovery_cells`, one row per cell."""
    table = _table(RecoveryCell)
    _add(session, table, insert(table).from_select([column.name for column in table.columns], deltas))


def _table(cell: type[PlacementCell | RecoveryCell]) -> Table:
    table = cell.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{cell.__name__} is not a table")
    return table


def _add(session: Session, table: Table, statement: Any) -> None:
    measures = [column.name for column in table.columns if not column.primary_key]
    session.execute(
        statement.on_conflict_do_update(
            index_elements=list(table.primary_key.columns),
            set_={name: table.c[name] + statement.excluded[name] for name in measures},
        )
    )
