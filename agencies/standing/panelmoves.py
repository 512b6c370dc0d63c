"""The moves of an agency on a creditor's panel, and which of the two makes them."""

from __future__ import annotations

from agencies.kernel.errors import Conflict, msg
from agencies.kernel.tenancy import Side
from agencies.standing.models import PanelState

_S = PanelState

#: From where to where, and who decides.
MOVES: dict[tuple[PanelState, PanelState], Side] = {
    (_S.CANDIDATE, _S.UNDER_REVIEW): Side.CREDITOR,
    (_S.CANDIDATE, _S.ON_PANEL): Side.CREDITOR,
    (_S.CANDIDATE, _S.REMOVED): Side.CREDITOR,
    (_S.CANDIDATE, _S.DECLINED): Side.AGENCY,
    (_S.UNDER_REVIEW, _S.ON_PANEL): Side.CREDITOR,
    (_S.UNDER_REVIEW, _S.REMOVED): Side.CREDITOR,
    (_S.UNDER_REVIEW, _S.DECLINED): Side.AGENCY,
    (_S.ON_PANEL, _S.SUSPENDED): Side.CREDITOR,
    (_S.ON_PANEL, _S.REMOVED): Side.CREDITOR,
    (_S.SUSPENDED, _S.ON_PANEL): Side.CREDITOR,
    (_S.SUSPENDED, _S.REMOVED): Side.CREDITOR,
    (_S.REMOVED, _S.CANDIDATE): Side.CREDITOR,
    (_S.DECLINED, _S.CANDIDATE): Side.CREDITOR,
}
#: The agency's file is no longer the creditor's to read.
CLOSED_TO_CREDITOR = frozenset({_S.REMOVED, _S.DECLINED})
#: Whoever suspends, removes or declines says why, and so does whoever takes that back.
NEEDS_REASON = frozenset({_S.SUSPENDED, _S.REMOVED, _S.DECLINED})


class PanelMovedOn(Conflict):
    """It is not in the state this can be done in."""

    text = msg("This agency's place on the panel has changed in the meantime. Reload the page and look again.")


def open_moves(state: PanelState, side: Side) -> tuple[PanelState, ...]:
    """Where a side may take it from here, in the order of the states."""
    return tuple(to for to in PanelState if MOVES.get((state, to)) is side)


def check(state: PanelState, to: PanelState, side: Side) -> None:
    """Raise `PanelMovedOn` unless this side may take it there."""
    if MOVES.get((state, to)) is not side:
        raise PanelMovedOn
