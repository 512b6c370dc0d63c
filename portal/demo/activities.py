"""What an agency does on its cases in one month, within the hours Colombian law allows (Ley 2300 de 2023).

Monday to Friday from 7 to 19, Saturdays from 8 to 15, never on Sundays and holidays, at most one activity per debtor
and week, which keeps every draw inside the limits on direct contact. Visits happen only on microcredits.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from typing import TypeVar

import numpy as np

from agencies.kernel import clock
from portal.demo.agencies import Strength
from portal.demo.outcomes import DrawnPayment
from portal.demo.portfolio import Debt
from portal.demo.products import MICROCREDIT

Thing = TypeVar("Thing")
#: Names, and where the share of each ends when they are laid one behind the other.
Weighted = tuple[tuple[str, ...], tuple[float, ...]]


def _weighted(shares: dict[str, float]) -> Weighted:
    return tuple(shares), tuple(accumulate(shares.values()))


_CHANNELS = _weighted({"call": 0.58, "sms": 0.16, "whatsapp": 0.13, "email": 0.09, "letter": 0.02, "visit": 0.02})
_CHANNELS_WITHOUT_VISIT = _weighted({"call": 0.59, "sms": 0.16, "whatsapp": 0.13, "email": 0.10, "letter": 0.02})
_REACHED = _weighted(
    {
        "promise": 0.30, "negotiating": 0.20, "agreement": 0.09, "cannot_pay": 0.15, "asks_callback": 0.12,
        "refuses": 0.08, "says_paid": 0.03, "disputes": 0.03,
    }
)  # fmt: skip
_MISSED = _weighted(
    {
        "no_answer": 0.50, "voicemail": 0.21, "busy": 0.07, "switched_off": 0.10, "third_party": 0.01,
        "wrong_number": 0.07, "out_of_service": 0.04,
    }
)  # fmt: skip
_NOTES = {
    "promise": "Se compromete a pagar en la quincena.",
    "agreement": "Acepta cuotas mensuales; se envía el acuerdo.",
    "negotiating": "Pide revisar el valor de los intereses.",
    "asks_callback": "Solicita otra llamada en la tarde.",
    "cannot_pay": "Manifiesta que este mes no puede pagar.",
    "disputes": "Presenta reclamo; se traslada al acreedor.",
    "says_paid": "Dice que ya pagó; enviará el soporte.",
    "third_party_message": "Se deja mensaje sin mencionar la obligación.",
}
#: Activities thin out by this factor per month on book.
_FADE = 0.86


@dataclass(frozen=True)
class DrawnActivity:
    """One activity, at the debtor's local time."""

    account: str
    happened_at: datetime
    channel: str
    result: str
    agent: int
    note: str


def draw_activities(
    debts: Sequence[Debt],
    strength: Strength,
    payments: Sequence[DrawnPayment],
    *,
    placed_on: date,
    month: date,
    seed: Sequence[int],
) -> list[DrawnActivity]:
    """One month's activities on debts placed on a day, in order of time; settled debts are left alone."""
    weeks = working_weeks(max(month, placed_on + timedelta(days=1)), clock.add_months(month, 1))
    settled = {payment.account for payment in payments if payment.settles and payment.paid_on < month}
    paying = {payment.account: payment for payment in payments if clock.first_of_month(payment.paid_on) == month}
    debtors: dict[str, list[Debt]] = {}
    for debt in sorted(debts, key=lambda one: one.account):
        if debt.account not in settled:
            debtors.setdefault(debt.debtor.id_number, []).append(debt)
    if not weeks or not debtors:
        return []
    rng = np.random.default_rng([*seed, month.year, month.month])
    rate = strength.intensity * _FADE ** clock.months_between(placed_on, month)
    counts = np.minimum(rng.poisson(rate * len(weeks) / 5, size=len(debtors)), len(weeks))
    drawn = []
    for debts_of_one, count in zip(debtors.values(), counts.tolist(), strict=True):
        if count:
            for week, luck in zip(rng.permutation(len(weeks))[:count], rng.random((count, 7)).tolist(), strict=True):
                debt = _one_of(debts_of_one, luck[0])
                drawn.append(_activity(debt, strength, paying.get(debt.account), weeks[week], luck[1:]))
    return sorted(drawn, key=lambda one: (one.happened_at, one.account))


def working_weeks(start: date, end: date) -> list[list[date]]:
    """The days from `start` to the day before `end` on which debtors may be contacted, by calendar week.

    A week that crosses a border belongs to the side on which its Thursday lies, so that no week is counted twice.
    """
    weeks: dict[tuple[int, int], list[date]] = {}
    for ahead in range((end - start).days):
        day = start + timedelta(days=ahead)
        thursday = day + timedelta(days=3 - day.weekday())
        if start <= thursday < end and day.weekday() < 6 and day not in clock.public_holidays("CO", day.year):
            weeks.setdefault(day.isocalendar()[:2], []).append(day)
    return list(weeks.values())


def _activity(
    debt: Debt, strength: Strength, payment: DrawnPayment | None, days: Sequence[date], luck: Sequence[float]
) -> DrawnActivity:
    day = _one_of(days, luck[0])
    opens, closes = (8, 15) if day.weekday() == 5 else (7, 19)
    minute = int((opens + (closes - opens) * luck[1]) * 60)
    channel = _drawn(_CHANNELS if debt.product is MICROCREDIT else _CHANNELS_WITHOUT_VISIT, luck[2])
    result = _result(channel, strength, payment, day, reached=luck[3], what=luck[4])
    return DrawnActivity(
        account=debt.account,
        happened_at=datetime.combine(day, time(minute // 60, minute % 60)),
        channel=channel,
        result=result,
        agent=1 + int(luck[5] * 12),
        # The same agents are the ones who take notes.
        note=_NOTES.get(result, "") if luck[5] < 0.6 else "",
    )


def _result(
    channel: str, strength: Strength, payment: DrawnPayment | None, day: date, *, reached: float, what: float
) -> str:
    if payment is not None and payment.paid_on <= day:
        return "paid_in_full" if payment.settles else "paid_in_part"
    is_reached = reached < (min(0.9, strength.reach * 2.2) if payment else strength.reach)
    if channel in {"call", "visit"}:
        if is_reached:
            return "promise" if payment else _drawn(_REACHED, what)
        return "nobody_home" if channel == "visit" else _drawn(_MISSED, what)
    return "negotiating" if is_reached and channel == "whatsapp" else "message_sent"


def _drawn(weighted: Weighted, luck: float) -> str:
    names, ends = weighted
    return names[bisect_right(ends, luck * ends[-1])]


def _one_of(things: Sequence[Thing], luck: float) -> Thing:
    return things[int(luck * len(things))]
