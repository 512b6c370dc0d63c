"""Which state of a placement may follow which: one table, which the database holds writers to as well."""

from __future__ import annotations

from agencies.kernel.errors import Conflict, msg
from assignments.placements.models import PlacementState

_S = PlacementState
#: Where a placement may stand again when a recall is withdrawn.
_LET_GO = frozenset({_S.SENT, _S.ACKNOWLEDGED, _S.ACTIVE, _S.ON_HOLD})

MOVES: dict[PlacementState, frozenset[PlacementState]] = {
    _S.SENT: frozenset({_S.ACKNOWLEDGED, _S.REJECTED, _S.RECALL_PENDING, _S.ENDED}),
    _S.ACKNOWLEDGED: frozenset({_S.ACTIVE, _S.ON_HOLD, _S.RECALL_PENDING, _S.ENDED}),
    _S.ACTIVE: frozenset({_S.ON_HOLD, _S.RECALL_PENDING, _S.ENDED}),
    # Set free, it stands where it stood, or where what was reported meanwhile has brought it.
    _S.ON_HOLD: frozenset({_S.ACKNOWLEDGED, _S.ACTIVE, _S.RECALL_PENDING, _S.ENDED}),
    _S.RECALL_PENDING: _LET_GO | {_S.RECALL_OBJECTED, _S.ENDED},
    # The creditor keeps its date or moves it; or the date comes before it has decided.
    _S.RECALL_OBJECTED: _LET_GO | {_S.RECALL_PENDING, _S.ENDED},
    _S.REJECTED: frozenset(),
    _S.ENDED: frozenset(),
}
#: What an agency may write by itself; that a placement is over is written by the owner's function only.
AGENCY_MOVES: dict[PlacementState, frozenset[PlacementState]] = {
    _S.SENT: frozenset({_S.ACKNOWLEDGED}),
    _S.ACKNOWLEDGED: frozenset({_S.ACTIVE, _S.ON_HOLD}),
    _S.RECALL_PENDING: frozenset({_S.RECALL_OBJECTED}),
}
#: In SQL, where a live placement `l` of a case `c` and a consignment `k` stands when nobody recalls it.
STANDS = """case
    when k.acknowledged_at is null then 'sent'
    when c.held_since is not null then 'on_hold'
    when exists (select from activities a where a.creditor_id = l.creditor_id and a.case_id = l.case_id
                                            and a.agency_id = l.agency_id and a.placement_id = l.id)
      or exists (select from payments p where p.creditor_id = l.creditor_id and p.case_id = l.case_id
                                          and p.agency_id = l.agency_id and p.placement_id = l.id) then 'active'
    else 'acknowledged'
end"""
#: Final: nothing follows.
OVER = frozenset(state for state, following in MOVES.items() if not following)
#: The creditor has asked for it back, and the agency still works it.
RECALLED = frozenset({_S.RECALL_PENDING, _S.RECALL_OBJECTED})


class MoveNotAllowed(Conflict):
    """The placement stands where this cannot happen any more, or not yet."""

    text = msg("This is not possible any more. Reload the page and look again.")


def check_move(now_in: PlacementState | None, to: PlacementState) -> None:
    """Raise `MoveNotAllowed` unless the state may follow."""
    if now_in is None or to not in MOVES[now_in]:
        raise MoveNotAllowed
