"""What the page of audit chains shows: when each was walked last, how far, and what did not hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from agencies.kernel.chains import ChainCheck
from agencies.kernel.errors import msg
from portal.i18n import say

REASONS = {
    "edited": msg("an entry was changed"),
    "missing": msg("an entry is missing"),
    "unlinked": msg("an entry does not follow the one before it"),
    "cut": msg("entries at the end are missing"),
    "rewritten": msg("entries were written anew: they are not those that were anchored"),
}


@dataclass(frozen=True)
class ChainLine:
    """One walk along one chain in words."""

    name: str
    at: datetime | None
    entries: int
    is_whole: bool
    anchored_on: date | None
    holds: bool
    broken: tuple[str, ...]


def lines(checks: Iterable[ChainCheck], names: Mapping[int, str]) -> list[ChainLine]:
    """The walks in their order."""
    return [_line(one, names.get(one.organisation_id, "–")) for one in checks]


def _line(found: ChainCheck, name: str) -> ChainLine:
    broken = tuple(
        say(msg("entry %(number)s: %(reason)s"), {"number": seq, "reason": say(REASONS.get(reason, reason))})
        for seq, reason in found.broken
    )
    return ChainLine(name, found.at, found.to_seq, found.is_whole, found.anchored_on, not broken, broken)
