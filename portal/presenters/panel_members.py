"""What the pages of a panel show: how a creditor and an agency stand to each other."""

from __future__ import annotations

from dataclasses import dataclass

from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.models import OrganisationState
from agencies.organisations.permissions import Permission
from agencies.standing.models import PanelMember, PanelState
from agencies.standing.panel import Candidate
from agencies.standing.panelmoves import CLOSED_TO_CREDITOR, NEEDS_REASON, open_moves

__all__ = ["CLOSED_TO_CREDITOR"]

STATES: dict[PanelState, str] = {
    PanelState.CANDIDATE: msg("Invited to the panel"),
    PanelState.UNDER_REVIEW: msg("Being reviewed"),
    PanelState.ON_PANEL: msg("On the panel"),
    PanelState.SUSPENDED: msg("Suspended"),
    PanelState.REMOVED: msg("Removed"),
    PanelState.DECLINED: msg("The agency declined"),
}
TONES: dict[PanelState, str] = {
    PanelState.CANDIDATE: "waiting",
    PanelState.UNDER_REVIEW: "working",
    PanelState.ON_PANEL: "good",
    PanelState.SUSPENDED: "bad",
    PanelState.REMOVED: "neutral",
    PanelState.DECLINED: "neutral",
}
#: What the button says that takes it there.
_BUTTONS: dict[PanelState, str] = {
    PanelState.CANDIDATE: msg("Invite again"),
    PanelState.UNDER_REVIEW: msg("Begin the review"),
    PanelState.ON_PANEL: msg("Put on the panel"),
    PanelState.SUSPENDED: msg("Suspend"),
    PanelState.REMOVED: msg("Remove from the panel"),
    PanelState.DECLINED: msg("Decline"),
}


@dataclass(frozen=True)
class Choice:
    """One decision that is open, as a button."""

    state: str
    label: str
    is_hard: bool


@dataclass(frozen=True)
class PanelPage:
    """One creditor and one agency."""

    member: PanelMember
    other_id: int
    is_creditor: bool
    choices: tuple[Choice, ...]
    #: Whether any of them keeps somebody out, and so needs a reason.
    needs_reason: bool


def panel_page(member: PanelMember, actor: Actor) -> PanelPage:
    """What the two are to each other, and what the reader may decide."""
    is_creditor = actor.side is Side.CREDITOR
    may = actor.may(Permission.MANDATE_MAKE if is_creditor else Permission.STANDING_EDIT)
    states = open_moves(member.state, actor.side) if may else ()
    return PanelPage(
        member=member,
        other_id=member.agency_id if is_creditor else member.creditor_id,
        is_creditor=is_creditor,
        choices=tuple(Choice(one.value, _label(member.state, one), one in NEEDS_REASON) for one in states),
        needs_reason=any(one in NEEDS_REASON for one in states),
    )


def may_ask(candidate: Candidate, actor: Actor) -> bool:
    """Whether the person may invite this agency, or put it on the panel at once."""
    is_free = candidate.standing is None and candidate.state is OrganisationState.APPROVED
    return is_free and actor.may(Permission.MANDATE_MAKE)


def _label(state: PanelState, to: PanelState) -> str:
    if (state, to) == (PanelState.SUSPENDED, PanelState.ON_PANEL):
        return msg("End the suspension")
    return _BUTTONS[to]
