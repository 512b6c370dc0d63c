"""Which state of a placement may follow which; later issues add moves here and nowhere else."""

from __future__ import annotations

from agencies.kernel.errors import Conflict, msg
from assignments.placements.models import PlacementState

MOVES: dict[PlacementState, frozenset[PlacementState]] = {
    PlacementState.SENT: frozenset({PlacementState.ACKNOWLEDGED, PlacementState.RECALL_PENDING, PlacementState.ENDED}),
    PlacementState.ACKNOWLEDGED: frozenset({PlacementState.RECALL_PENDING, PlacementState.ENDED}),
    # A recall that is withdrawn leaves things as they were.
    PlacementState.RECALL_PENDING: frozenset({PlacementState.SENT, PlacementState.ACKNOWLEDGED, PlacementState.ENDED}),
    PlacementState.ENDED: frozenset(),
}


class MoveNotAllowed(Conflict):
    """The placement stands where this cannot happen any more, or not yet."""

    text = msg("This is not possible any more. Reload the page and look again.")


def check_move(now_in: PlacementState | None, to: PlacementState) -> None:
    """Raise `MoveNotAllowed` unless the state may follow."""
    if now_in is None or to not in MOVES[now_in]:
        raise MoveNotAllowed
