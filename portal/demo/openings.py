"""What an agency does in the first days after it took cases on: a message to nearly everybody, within the law."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time

import numpy as np

from agencies.kernel import clock
from portal.demo.activities import DrawnActivity
from portal.demo.agencies import Strength
from portal.demo.chronology import COUNTRY
from portal.demo.portfolio import Debt

#: Business days in which the first messages go out; the customary service level allows three.
DAYS = 2
_CHANNELS = ("sms", "whatsapp", "email")


def opened_on(taken_on: date) -> date:
    """The last day of the opening; the ordinary work begins on the day after."""
    return clock.add_business_days(taken_on, DAYS, COUNTRY)


def draw_openings(
    debts: Sequence[Debt],
    strength: Strength,
    *,
    taken_on: date,
    seed: Sequence[int],
    spoken_to: Collection[str] = (),
) -> list[DrawnActivity]:
    """The first activity on each debt of an agency that is prompt; those of `spoken_to` answer on the first day."""
    rng = np.random.default_rng([*seed, taken_on.toordinal()])
    days = [clock.add_business_days(taken_on, ahead, COUNTRY) for ahead in range(1, DAYS + 1)]
    drawn = []
    for debt in sorted(debts, key=lambda one: one.account):
        luck, day, minute, channel, agent = rng.random(5).tolist()
        if debt.account in spoken_to:
            drawn.append(_activity(debt, days[0], minute, "whatsapp", "negotiating", agent))
        elif luck < strength.prompt:
            channel = _CHANNELS[int(channel * len(_CHANNELS))]
            drawn.append(_activity(debt, days[int(day * DAYS)], minute, channel, "message_sent", agent))
    return sorted(drawn, key=lambda one: (one.happened_at, one.account))


def _activity(debt: Debt, day: date, minute: float, channel: str, result: str, agent: float) -> DrawnActivity:
    at = 8 * 60 + int(minute * 10 * 60)
    return DrawnActivity(
        account=debt.account,
        happened_at=datetime.combine(day, time(at // 60, at % 60)),
        channel=channel,
        result=result,
        agent=1 + int(agent * 12),
        note="",
    )
