"""The moves of an approval: what is pending ends in one of five ways, and what has ended stays."""

from __future__ import annotations

from datetime import datetime

from agencies.approvals.models import Approval, ApprovalState
from agencies.kernel.errors import Conflict, msg

_S = ApprovalState

#: From where to where.
MOVES: dict[ApprovalState, frozenset[ApprovalState]] = {
    _S.PENDING: frozenset({_S.APPROVED, _S.DECLINED, _S.WITHDRAWN, _S.EXPIRED, _S.VOID}),
    _S.APPROVED: frozenset(),
    _S.DECLINED: frozenset(),
    _S.WITHDRAWN: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.VOID: frozenset(),
}


class AlreadyDecided(Conflict):
    """It is not pending any more."""

    text = msg("This request has been decided or taken back already. Reload the page to see how it ended.")


class ApprovalExpired(Conflict):
    """Nobody approved in time."""

    text = msg("This request has expired: a second person has 72 hours. Ask again.")


def standing(row: Approval, now: datetime) -> ApprovalState:
    """How an approval stands at an instant: what was pending for too long has expired, whether or not it is marked."""
    return _S.EXPIRED if row.state is _S.PENDING and row.expires_at <= now else row.state


def move(row: Approval, state: ApprovalState, *, by: int | None, now: datetime, reason: str | None = None) -> None:
    """End a pending approval; raises `AlreadyDecided` or `ApprovalExpired`."""
    is_over = standing(row, now) is _S.EXPIRED
    if state not in MOVES[row.state]:
        raise AlreadyDecided
    if is_over and state is not _S.EXPIRED:
        raise ApprovalExpired
    row.state, row.decided_by, row.decided_at, row.reason = state, by, now, reason
