"""What an agency does on its cases in one month, within the hours Colombian law allows (Ley 2300 de 2023).

Monday to Friday from 7 to 19, Saturdays from 8 to 15, never on Sundays and holidays, at most one activity per debtor
and week, which keeps every draw inside the limits on direct contact. Visits happen only on microcredits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np

from agencies.kernel import clock
from portal.demo.agencies import Strength
from portal.demo.outcomes import DrawnPayment
from portal.demo.portfolio import Debt
from portal.demo.products import MICROCREDIT

_CHANNELS = ("call", "sms", "whatsapp", "email", "letter", "visit")
_CHANNEL_WEIGHTS = np.array((0.58, 0.16, 0.13, 0.09, 0.02, 0.02))
_REACHED = ("promise", "negotiating", "agreement", "cannot_pay", "asks_callback", "refuses", "says_paid", "disputes")
_REACHED_WEIGHTS = (0.30, 0.20, 0.09, 0.15, 0.12, 0.08, 0.03, 0.03)
_MISSED = ("no_answer", "voicemail", "busy", "switched_off", "third_party_message", "wrong_number", "out_of_service")
_MISSED_WEIGHTS = (0.44, 0.20, 0.06, 0.09, 0.11, 0.06, 0.04)
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
    for debts_of_one, count in zip(debtors.values(), counts, strict=True):
        for week in sorted(rng.permutation(len(weeks))[:count]):
            debt = debts_of_one[int(rng.integers(len(debts_of_one)))]
            drawn.append(_activity(rng, debt, strength, paying.get(debt.account), weeks[week]))
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
    rng: np.random.Generator, debt: Debt, strength: Strength, payment: DrawnPayment | None, days: Sequence[date]
) -> DrawnActivity:
    day = days[int(rng.integers(len(days)))]
    opens, closes = (8, 15) if day.weekday() == 5 else (7, 19)
    minute = int(rng.integers(opens * 60, closes * 60))
    weights = _CHANNEL_WEIGHTS.copy()
    if debt.product is not MICROCREDIT:
        weights[-1] = 0
    channel = _CHANNELS[int(rng.choice(len(_CHANNELS), p=weights / weights.sum()))]
    result = _result(rng, channel, strength, payment, day)
    return DrawnActivity(
        account=debt.account,
        happened_at=datetime.combine(day, time(minute // 60, minute % 60)),
        channel=channel,
        result=result,
        agent=int(rng.integers(1, 13)),
        note=_NOTES.get(result, "") if rng.random() < 0.6 else "",
    )


def _result(rng: np.random.Generator, channel: str, strength: Strength, payment: DrawnPayment | None, day: date) -> str:
    if payment is not None and payment.paid_on <= day:
        return "paid_in_full" if payment.settles else "paid_in_part"
    reached = rng.random() < (min(0.9, strength.reach * 2.2) if payment else strength.reach)
    if channel in {"call", "visit"}:
        if reached:
            return _REACHED[int(rng.choice(len(_REACHED), p=_REACHED_WEIGHTS))] if payment is None else "promise"
        if channel == "visit":
            return "nobody_home"
        return _MISSED[int(rng.choice(len(_MISSED), p=_MISSED_WEIGHTS))]
    return "negotiating" if reached and channel == "whatsapp" else "message_sent"
