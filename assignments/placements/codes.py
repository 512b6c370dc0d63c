"""What a return code says of the case: over, on hold, or free for the next agency; as dated practice has it.

The codes and what follows from them are those of the market reference, 2.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from assignments.cases.models import CaseState, ReturnCode
from assignments.placements.rejections import RejectReason


class Disposition(StrEnum):
    """What becomes of a case that was given back."""

    CLOSE = "close"
    HOLD = "hold"
    PLACE_AGAIN = "place_again"


#: The state of the case that follows.
STATE_AFTER = {
    Disposition.CLOSE: CaseState.CLOSED,
    Disposition.HOLD: CaseState.ON_HOLD,
    Disposition.PLACE_AGAIN: CaseState.OPEN,
}


@dataclass(frozen=True)
class Consequence:
    """What follows from a code, and whether an agency may have the case again, now or once it was released."""

    disposition: Disposition
    may_be_placed_again: bool


_CLOSED = Consequence(Disposition.CLOSE, may_be_placed_again=False)
_HELD = Consequence(Disposition.HOLD, may_be_placed_again=True)
#: Whoever is dead, insolvent or must be protected is the creditor's own affair from here on.
_KEPT = Consequence(Disposition.HOLD, may_be_placed_again=False)
_FREE = Consequence(Disposition.PLACE_AGAIN, may_be_placed_again=True)

CONSEQUENCES: dict[ReturnCode, Consequence] = {
    ReturnCode.PAID_FULL: _CLOSED,
    ReturnCode.SETTLED: _CLOSED,
    ReturnCode.PARTIAL_PAID: Consequence(Disposition.CLOSE, may_be_placed_again=True),
    ReturnCode.UNTRACEABLE: _HELD,
    ReturnCode.DISPUTED: _HELD,
    ReturnCode.TIME_BARRED: _HELD,
    ReturnCode.UNECONOMIC: _HELD,
    ReturnCode.EXHAUSTED: _FREE,
    ReturnCode.SETTLEMENT_REFUSED: _FREE,
    ReturnCode.CLIENT_UNRESPONSIVE: _FREE,
    ReturnCode.DECEASED: _KEPT,
    ReturnCode.INSOLVENT: _KEPT,
    ReturnCode.HARDSHIP: _KEPT,
    ReturnCode.VULNERABLE: _KEPT,
    ReturnCode.SELF_HARM_RISK: _KEPT,
    ReturnCode.FRAUD: _CLOSED,
    ReturnCode.INVALIDATED: _CLOSED,
}


@dataclass(frozen=True)
class Rejected:
    """What becomes of a case that an agency did not take on, and the code it then waits under, where one says it."""

    disposition: Disposition
    code: ReturnCode | None = None


#: What is wrong with the agency leaves the case free for another one; what is wrong with the case is settled first.
#: That a debtor is dead or insolvent is here an agency's word and no finding: the creditor may release the case.
REJECTED: dict[RejectReason, Rejected] = {
    RejectReason.BELOW_MINIMUM: Rejected(Disposition.PLACE_AGAIN),
    RejectReason.UNTRACEABLE: Rejected(Disposition.HOLD, ReturnCode.UNTRACEABLE),
    RejectReason.OUTSIDE_COVERAGE: Rejected(Disposition.PLACE_AGAIN),
    RejectReason.TIME_BARRED: Rejected(Disposition.HOLD, ReturnCode.TIME_BARRED),
    RejectReason.LICENCE_BAR: Rejected(Disposition.PLACE_AGAIN),
    RejectReason.INSOLVENT_OR_DECEASED: Rejected(Disposition.HOLD),
    RejectReason.INFORMATION_MISSING: Rejected(Disposition.HOLD),
    RejectReason.CONFLICT_OF_INTEREST: Rejected(Disposition.PLACE_AGAIN),
    RejectReason.DISPUTED_OR_LEGAL: Rejected(Disposition.HOLD, ReturnCode.DISPUTED),
    RejectReason.NO_CAPACITY: Rejected(Disposition.PLACE_AGAIN),
    RejectReason.ALREADY_HELD: Rejected(Disposition.PLACE_AGAIN),
    RejectReason.NO_DATA_BASIS: Rejected(Disposition.HOLD),
}

#: Cases whose debtor somebody must find first.
TO_BE_LOCATED = ReturnCode.UNTRACEABLE


def may_be_released(state: CaseState, code: ReturnCode | None, *, is_held: bool = False) -> bool:
    """Whether the creditor may let the case be placed again, or worked again where it is placed."""
    if state is CaseState.PLACED:
        return is_held
    is_out = state in {CaseState.ON_HOLD, CaseState.CLOSED}
    return is_out and (is_held if code is None else CONSEQUENCES[code].may_be_placed_again)
