"""What the pages show of a placement's life: why an agency rejects, what follows, and every move in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor, Side
from assignments.placements.codes import REJECTED, Disposition
from assignments.placements.history import MoveRow
from assignments.placements.queries import PlacementRow
from assignments.placements.rejections import RejectReason
from portal.i18n import say
from portal.presenters.placements import STATES, TONES

REJECT_REASONS = {
    RejectReason.BELOW_MINIMUM: msg("Below the smallest amount we take"),
    RejectReason.UNTRACEABLE: msg("Debtor cannot be found"),
    RejectReason.OUTSIDE_COVERAGE: msg("Outside our coverage or jurisdiction"),
    RejectReason.TIME_BARRED: msg("Time-barred"),
    RejectReason.LICENCE_BAR: msg("Our licence or a regulator does not allow it"),
    RejectReason.INSOLVENT_OR_DECEASED: msg("Debtor insolvent, deceased or dissolved"),
    RejectReason.INFORMATION_MISSING: msg("Essential information is missing"),
    RejectReason.CONFLICT_OF_INTEREST: msg("Conflict of interest"),
    RejectReason.DISPUTED_OR_LEGAL: msg("Disputed, or needs legal action"),
    RejectReason.NO_CAPACITY: msg("No capacity"),
    RejectReason.ALREADY_HELD: msg("We hold this debt already for somebody else"),
    RejectReason.NO_DATA_BASIS: msg("No legal basis for processing the data"),
}
_FOLLOWS = {
    Disposition.PLACE_AGAIN: msg("frees the case for another agency"),
    Disposition.HOLD: msg("puts the case on hold"),
}


@dataclass(frozen=True)
class MoveLine:
    """One move of one placement, as a line of the case's history."""

    at: datetime
    placement: str
    #: Who held the case; the creditor alone is told of others.
    agency: str
    state: str
    tone: str
    who: str


def reject_choices() -> list[tuple[str, str]]:
    """The reasons an agency may give, each with what follows from it."""
    return [
        (reason.value, f"{say(words)}: {say(_FOLLOWS[REJECTED[reason].disposition])}")
        for reason, words in REJECT_REASONS.items()
    ]


def move_lines(moves: list[MoveRow], placements: tuple[PlacementRow, ...], actor: Actor) -> list[MoveLine]:
    """The moves of a case's placements, the latest first."""
    of = {one.id: one for one in placements}
    return [
        MoveLine(
            one.moved_at,
            of[one.placement_id].consignment_name,
            of[one.placement_id].agency_name,
            STATES[one.to_state],
            TONES[one.to_state],
            _who(one, actor),
        )
        for one in reversed(moves)
        if one.placement_id in of
    ]


def _who(move: MoveRow, actor: Actor) -> str:
    if move.person:
        return move.person
    if move.organisation_id == actor.tenant:
        return say(msg("the portal, by the calendar"))
    return say(msg("the creditor") if actor.side is Side.AGENCY else msg("the agency"))
