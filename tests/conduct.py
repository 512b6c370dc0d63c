"""Touches of a debtor for tests of the contact law: plain values, in the local time of a country."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from agencies.organisations.countries import COUNTRIES
from assignments.conduct.findings import Judgement, Touch
from assignments.conduct.judge import judge

#: Where nothing else is said the debtor lives here, so that there is one clock to judge by.
CAPITALS = {"MX": "Ciudad de México", "CL": "Santiago", "EC": "Quito"}
LONG_AGO = datetime(2020, 1, 1, 12, tzinfo=UTC)


def local(country: str, when: str) -> datetime:
    """An instant by the clock on a wall of the country."""
    return datetime.fromisoformat(when).replace(tzinfo=ZoneInfo(COUNTRIES[country].time_zone)).astimezone(UTC)


def touch(
    country: str, when: str, channel: str | None = "call", result: str | None = "promise", number: int = 1, **more: Any
) -> Touch:
    """One touch of agency 1 on case 1 of a debtor in the capital, unless more is said."""
    place = {} if {"city", "region"} & set(more) else {"city": CAPITALS.get(country)}
    details = {"agency_id": 1, "case_id": 1, "placed_at": LONG_AGO, **place, **more}
    return Touch(
        activity_id=number,
        natural_key=f"ref:{number:04}",
        happened_at=local(country, when),
        channel=channel,
        result=result,
        sender_zone=COUNTRIES[country].time_zone,
        **details,
    )


def day_of(country: str, *touches: tuple[Any, ...], **options: Any) -> list[Judgement]:
    """Judgements of several touches of one person, in the order given: (when, channel, result, what else)."""
    made = [
        touch(country, *one[:3], number=number, **(one[3] if len(one) > 3 else {}))
        for number, one in enumerate(touches, start=1)
    ]
    judged = judge(country, made, **options)
    return [judged[one.key] for one in made]
