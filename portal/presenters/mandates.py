"""What the pages of mandates show: words for their states and what may still be done with one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor, Side
from agencies.mandates.models import MandateState, MandateVersion
from agencies.mandates.queries import MandateRow
from agencies.organisations.permissions import Permission

STATES = {MandateState.IN_FORCE: msg("In force"), MandateState.ENDED: msg("Ended")}
#: Badge tone per state; the words say the same.
TONES = {MandateState.IN_FORCE: "good", MandateState.ENDED: "neutral"}


@dataclass(frozen=True)
class VersionLine:
    """One version in the history of a mandate."""

    version: MandateVersion
    is_current: bool
    is_future: bool


def counterpart(row: MandateRow, side: Side) -> str:
    """The name of the other party, as seen from one side."""
    return row.creditor_name if side is Side.AGENCY else row.agency_name


def history(row: MandateRow, today: date) -> list[VersionLine]:
    """The versions, newest first, with the one in force marked."""
    return [
        VersionLine(one, one.id == row.version_id and one.valid_from <= today, one.valid_from > today)
        for one in row.versions
    ]


def may_change(row: MandateRow, actor: Actor) -> bool:
    """Whether the person may amend or end the mandate."""
    return row.state is MandateState.IN_FORCE and actor.may(Permission.MANDATE_MAKE)


def as_typed(row: MandateRow, today: date) -> dict[str, object]:
    """The present terms as the first values of the form for new ones."""
    return {
        "commission": Decimal(row.commission_bp) / 100,
        "report_due_days": row.report_due_days,
        "valid_from": max(today, row.versions[0].valid_from),
    }


def standing(rows: Sequence[MandateRow]) -> list[MandateRow]:
    """The mandates under which cases can be placed."""
    return [row for row in rows if row.state is MandateState.IN_FORCE]
