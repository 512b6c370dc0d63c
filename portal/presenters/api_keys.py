"""What the pages of keys show: what each may do in words, and whether it works."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from agencies.kernel.errors import msg
from agencies.organisations.api_keys import ApiKey
from agencies.organisations.permissions import Permission
from portal.i18n import say

SCOPE_NAMES: dict[str, str] = {
    Permission.CASE_VIEW: msg("See portfolios and their totals"),
    Permission.PORTFOLIO_UPLOAD: msg("Send portfolios and what changes in them, and have them applied"),
    Permission.PLACEMENT_VIEW: msg("See placements"),
    Permission.PLACEMENT_ACKNOWLEDGE: msg("Acknowledge placements"),
    Permission.REPORT_SUBMIT: msg("Send reports, and have them applied"),
}


@dataclass(frozen=True)
class KeyLine:
    """One key in the list."""

    id: int
    name: str
    prefix: str
    scopes: tuple[str, ...]
    addresses: tuple[str, ...]
    made_by: str
    made_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    state: str
    tone: str
    works: bool


def lines(keys: Iterable[ApiKey], people: Mapping[int, str], now: datetime) -> list[KeyLine]:
    """The organisation's keys, those that work before those that do not."""
    shown = [_line(key, people, now) for key in keys]
    return sorted(shown, key=lambda one: not one.works)


def _line(key: ApiKey, people: Mapping[int, str], now: datetime) -> KeyLine:
    if key.revoked_at is not None or key.is_given_up:
        state, tone = msg("Revoked"), "bad"
    elif key.expires_at <= now:
        state, tone = msg("Expired"), "neutral"
    else:
        state, tone = msg("Works"), "good"
    return KeyLine(
        id=key.id,
        name=key.name,
        prefix=key.prefix,
        scopes=tuple(say(SCOPE_NAMES[one]) for one in key.scopes if one in SCOPE_NAMES),
        addresses=tuple(key.addresses),
        made_by=people.get(key.made_by, ""),
        made_at=key.made_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
        state=state,
        tone=tone,
        works=key.works(now),
    )
