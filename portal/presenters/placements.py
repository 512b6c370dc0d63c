"""What the pages of placements show: words for states, and shares of a previewed split."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Permission
from assignments.placements.models import PlacementState, WaveState
from assignments.placements.preview import HELD_BACK, AgencyTotals, Preview
from assignments.placements.queries import ConsignmentRow
from portal.filters import basis_points, number
from portal.presenters.mandates import between

WAVE_STATES = {WaveState.DRAFT: msg("Draft"), WaveState.COMMITTED: msg("Cases placed")}
WAVE_TONES = {WaveState.DRAFT: "waiting", WaveState.COMMITTED: "good"}
STATES = {
    PlacementState.SENT: msg("Sent, not yet acknowledged"),
    PlacementState.ACKNOWLEDGED: msg("Acknowledged"),
    PlacementState.REJECTED: msg("Rejected"),
    PlacementState.ACTIVE: msg("Being worked"),
    PlacementState.ON_HOLD: msg("On hold"),
    PlacementState.RECALL_PENDING: msg("Recall pending"),
    PlacementState.RECALL_OBJECTED: msg("Recall objected to"),
    PlacementState.ENDED: msg("Ended"),
}
TONES = {
    PlacementState.SENT: "waiting",
    PlacementState.ACKNOWLEDGED: "working",
    PlacementState.REJECTED: "bad",
    PlacementState.ACTIVE: "good",
    PlacementState.ON_HOLD: "waiting",
    PlacementState.RECALL_PENDING: "bad",
    PlacementState.RECALL_OBJECTED: "bad",
    PlacementState.ENDED: "neutral",
}
#: What the lists can be narrowed to: what waits for one side or the other.
CREDITOR_FILTERS = {"draft": msg("Not sent yet"), "sent": STATES[PlacementState.SENT]}
AGENCY_FILTERS = {"sent": msg("To acknowledge"), "acknowledged": msg("Not downloaded yet")}


@dataclass(frozen=True)
class AgencyShare:
    """What one agency would receive, and how much of the whole that is."""

    totals: AgencyTotals
    cases: float | None
    value: float | None


@dataclass(frozen=True)
class HeldBackLine:
    """Why some selected cases take no part, and how many."""

    reason: str
    cases: int


def shares(preview: Preview) -> list[AgencyShare]:
    """Each agency's part of all cases and of all value."""
    return [
        AgencyShare(one, _part(one.cases, preview.cases), _part(one.value_minor, preview.value_minor))
        for one in preview.agencies
    ]


def rates(row: ConsignmentRow) -> str:
    """The commission in short: one, or from the lowest to the highest."""
    return between(row.lowest_bp, row.highest_bp)


def commission(totals: AgencyTotals) -> str:
    """What would be earned: one commission, or each with its number of cases."""
    if len(totals.rates) < 2:
        return basis_points(totals.rates[0].commission_bp if totals.rates else totals.commission_bp)
    return " · ".join(f"{basis_points(one.commission_bp)} ({number(one.cases)})" for one in totals.rates)


def held_back(preview: Preview) -> list[HeldBackLine]:
    """What takes no part, with the reason in words."""
    return [HeldBackLine(HELD_BACK[one.reason], one.cases) for one in preview.held_back]


def _part(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def may_acknowledge(row: ConsignmentRow, actor: Actor) -> bool:
    """Whether the person may take the cases on now."""
    return row.state is PlacementState.SENT and actor.may(Permission.PLACEMENT_ACKNOWLEDGE)


def may_reject(row: ConsignmentRow, actor: Actor) -> bool:
    """Whether the person may say that the agency does not take the cases on."""
    return may_acknowledge(row, actor)


def may_download(row: ConsignmentRow, actor: Actor) -> bool:
    """Whether the person may take the cases' data away now."""
    return row.state is PlacementState.ACKNOWLEDGED and actor.may(Permission.MANIFEST_DOWNLOAD)


def file_name(row: ConsignmentRow) -> str:
    """What the downloaded file is called: the placement's name in plain letters, and the day it was sent."""
    return f"{plain_name(row.name) or 'placement'}-{row.sent_at:%Y-%m-%d}.csv"


def plain_name(name: str) -> str:
    """A name in small plain letters and hyphens, for a file."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "-".join("".join(c if c.isalnum() else " " for c in letters).lower().split())
