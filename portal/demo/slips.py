"""Where agencies go wrong: a few activities break the rules on contact; and what ends all contact, ends it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from portal.demo.activities import DrawnActivity

#: After these the debt is left alone.
_LAST_WORDS = frozenset({"disputes", "paid_in_full", "says_paid"})
_SUNDAY = 6


def keep_silent(drawn: Iterable[DrawnActivity], silent: dict[str, datetime]) -> list[DrawnActivity]:
    """Without what would come after a dispute or the last payment; `silent` remembers since when, month after month."""
    kept = []
    for one in sorted(drawn, key=lambda activity: (activity.happened_at, activity.account)):
        since = silent.get(one.account)
        if since is not None and one.happened_at > since:
            continue
        if one.result in _LAST_WORDS and since is None:
            silent[one.account] = one.happened_at
        kept.append(one)
    return kept


def slip(drawn: list[DrawnActivity], share: float) -> list[DrawnActivity]:
    """The same activities, about a share of them against the law: too late in the day, on a Sunday, or to a stranger.

    Which ones follows from their number, so that the same month is always the same.
    """
    every = round(1 / share) if share else 0
    return [
        _wrong(one, turn // every) if every and turn % every == every // 2 else one for turn, one in enumerate(drawn)
    ]


def _wrong(one: DrawnActivity, turn: int) -> DrawnActivity:
    if turn % 3 == 0:
        return replace(one, happened_at=one.happened_at.replace(hour=20))
    if turn % 3 == 1:
        sunday = one.happened_at + timedelta(days=_SUNDAY - one.happened_at.weekday())
        # It stays within its month, because the file tells of one month.
        return replace(one, happened_at=sunday if sunday.month == one.happened_at.month else _at_night(one))
    return replace(one, channel="call", result="third_party_message", note="Se deja mensaje con un familiar.")


def _at_night(one: DrawnActivity) -> datetime:
    return one.happened_at.replace(hour=21)
