"""What became of each placement: every change of its state, written by the database itself, and who made it.

A trigger on the placements writes the rows, so that no writer can forget one; whoever is about to move placements says
before why, which the rows then carry. A placement's beginning is the placement's own row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Identity, PrimaryKeyConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from agencies.kernel.base import Base, code_type
from agencies.kernel.tenancy import Actor, owned_by, require
from agencies.organisations.models import User
from agencies.organisations.permissions import Permission
from assignments.placements.models import Placement, PlacementState

_EXPLAIN = text(
    "select set_config('app.move_at', :at, true), set_config('app.move_by', :by, true), "
    "set_config('app.move_why', :why, true)"
)


class PlacementMove(Base):
    """One change of one placement's state; never edited."""

    __tablename__ = "placement_moves"
    # Of the placement that the row's own trigger has just moved: no reference need be checked, a million times.
    __table_args__ = (PrimaryKeyConstraint("creditor_id", "agency_id", "placement_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    creditor_id: Mapped[int]
    agency_id: Mapped[int]
    placement_id: Mapped[int]
    from_state: Mapped[PlacementState] = mapped_column(code_type(PlacementState, "from_state"))
    to_state: Mapped[PlacementState] = mapped_column(code_type(PlacementState, "to_state"))
    moved_at: Mapped[datetime]
    #: The organisation that moved it, and which of its people; nobody where the calendar did.
    organisation_id: Mapped[int | None]
    moved_by: Mapped[int | None]
    #: The action of the trail that it was part of.
    why: Mapped[str | None]


@dataclass(frozen=True)
class MoveRow:
    """A move with the name of who made it, where the reader's own people did."""

    placement_id: int
    from_state: PlacementState
    to_state: PlacementState
    moved_at: datetime
    organisation_id: int | None
    person: str | None
    why: str | None


def explain(session: Session, actor: Actor, why: str, *, now: datetime) -> None:
    """Say who moves placements from here on in this transaction, when, and by which action of the trail."""
    session.execute(_EXPLAIN, {"at": now.isoformat(), "by": str(actor.user_id or ""), "why": why})


def moves_of_case(session: Session, actor: Actor, case_id: int) -> list[MoveRow]:
    """Everything that became of a case's placements, in the order in which it happened; an agency sees its own."""
    require(actor, Permission.PLACEMENT_VIEW)
    move = PlacementMove
    rows = session.execute(
        select(
            move.placement_id,
            move.from_state,
            move.to_state,
            move.moved_at,
            move.organisation_id,
            User.name,
            move.why,
        )
        .join(
            Placement,
            (Placement.creditor_id == move.creditor_id)
            & (Placement.agency_id == move.agency_id)
            & (Placement.id == move.placement_id),
        )
        .outerjoin(User, (User.id == move.moved_by) & (User.organisation_id == actor.tenant))
        .where(owned_by(actor, move.creditor_id, move.agency_id), Placement.case_id == case_id)
        .order_by(move.moved_at, move.id)
    )
    return [MoveRow(*row) for row in rows]
