"""Support access in words: who asked whom, why, how it stands, and what was opened."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from agencies.kernel.audit import AuditEvent
from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Permission
from agencies.organisations.support_accesses import SupportAccess, SupportState
from agencies.organisations.supporting import is_open
from portal.i18n import say
from portal.presenters.navigation import DESTINATIONS

STATES: dict[SupportState, tuple[str, str]] = {
    SupportState.ASKED: (msg("Waits for an answer"), "waiting"),
    SupportState.GRANTED: (msg("Looks now"), "working"),
    SupportState.DECLINED: (msg("Not let in"), "bad"),
    SupportState.WITHDRAWN: (msg("Taken back by who asked"), "neutral"),
    SupportState.ENDED: (msg("Over"), "neutral"),
}
_ALLOWED = (msg("Let in, not begun"), "working")
_OVER = (msg("Over"), "neutral")
_UNANSWERED = (msg("Nobody answered"), "neutral")


@dataclass(frozen=True)
class SupportLine:
    """One request to look."""

    row: SupportAccess
    organisation: str
    state: str
    tone: str
    answered_by: str
    may_answer: bool
    may_end: bool
    may_enter: bool
    may_withdraw: bool


@dataclass(frozen=True)
class Look:
    """A page that was opened."""

    at: datetime
    page: str


def lines(
    rows: Iterable[SupportAccess],
    actor: Actor,
    houses: Mapping[int, str],
    people: Mapping[int, str],
    now: datetime,
) -> list[SupportLine]:
    """Requests as the reader may act on them."""
    return [_line(row, actor, houses, people, now) for row in rows]


def looks(events: Iterable[AuditEvent]) -> list[Look]:
    """The pages that were opened."""
    return [Look(one.at, page_name(json.loads(one.body)["details"]["page"])) for one in events]


def page_name(endpoint: str) -> str:
    """A page by the entry of the menu it belongs to."""
    noun = endpoint.partition(".")[0]
    label = next((one.label for one in DESTINATIONS if one.endpoint.partition(".")[0] == noun), None)
    return endpoint if label is None else f"{say(label)} ({endpoint})"


def _line(
    row: SupportAccess, actor: Actor, houses: Mapping[int, str], people: Mapping[int, str], now: datetime
) -> SupportLine:
    is_live = is_open(row, now)
    is_asked, is_granted = row.state is SupportState.ASKED, row.state is SupportState.GRANTED
    text, tone = STATES[row.state]
    if is_granted and row.entered_at is None:
        text, tone = _ALLOWED
    if not is_live and (is_asked or is_granted):
        text, tone = _UNANSWERED if is_asked else _OVER
    grants, is_own = actor.may(Permission.SUPPORT_GRANT), row.operator_id == actor.user_id
    return SupportLine(
        row=row,
        organisation=houses.get(row.organisation_id, "–"),
        state=say(text),
        tone=tone,
        answered_by=people.get(row.answered_by or 0, "–"),
        may_answer=grants and is_asked and is_live,
        may_end=is_granted and is_live and (grants or is_own),
        may_enter=is_own and is_granted and is_live and actor.may(Permission.SUPPORT_ASK),
        may_withdraw=is_own and is_asked and actor.may(Permission.SUPPORT_ASK),
    )
