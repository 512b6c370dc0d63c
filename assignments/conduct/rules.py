"""The contact law of each country as dated data: which rules were in force on a day, and what they allow.

The data are research and not legal advice. Every ruleset ships in mode `warn`: what breaks it is shown and counted, and
nothing is stopped, until counsel of the country has signed it off.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from agencies.kernel.clock import public_holidays
from assignments.conduct.places import clocks_in, clocks_of

MODE = "warn"
EVERY = "*"
#: What an agency reports -> what the rules call it. A visit is one to the home, as the reported channel says.
CHANNELS = {
    "call": "voice_call",
    "sms": "sms",
    "whatsapp": "im",
    "email": "email",
    "letter": "letter",
    "visit": "home_visit",
}

#: The debtor's lawyer or attorney, who speaks for the debtor. No law among these names them among those allowed; that
#: they may be spoken to is our own policy, because a debtor who refers to a lawyer asks for just that.
SPEAKS_FOR_THE_DEBTOR = "representative"

_FILE = Path(__file__).with_name("contact_rules.json")
_SUNDAY = 6
_DAYS = ("mon_fri", "mon_fri", "mon_fri", "mon_fri", "mon_fri", "sat", "sun")

Windows = tuple[tuple[time, time], ...]


class Counts(StrEnum):
    """What a limit counts, from the widest to the narrowest."""

    ATTEMPT = "attempt"
    ACTION = "action"
    CONTACT = "contact"
    DIRECT_CONTACT = "direct_contact"


@dataclass(frozen=True)
class Hours:
    """When some channels may be used; intervals are half-open and an empty list allows nothing."""

    channels: frozenset[str]
    windows: dict[str, Windows]
    basis: str

    def covers(self, channel: str) -> bool:
        """Whether these hours hold for a channel."""
        return EVERY in self.channels or channel in self.channels


@dataclass(frozen=True)
class Cap:
    """How often, and by how many channels, one person may be sought."""

    id: str
    channels: frozenset[str]
    counts: Counts
    max: int | None
    max_channels: int | None
    is_weekly: bool
    min_gap_days: int
    #: Whether each channel has a count of its own.
    by_channel: bool
    #: A reading that only part of the sources hold: shown, and no violation.
    is_caution: bool
    #: A stricter reading that is off unless asked for.
    is_strict: bool
    basis: str

    def covers(self, channel: str) -> bool:
        """Whether what is done by a channel falls under this limit."""
        return EVERY in self.channels or channel in self.channels


@dataclass(frozen=True)
class Ruleset:
    """The rules of one country and kind of creditor."""

    id: str
    country: str
    #: The country's clocks, that of its capital first.
    time_zones: tuple[str, ...]
    law_refs: tuple[str, ...]
    in_force_from: date | None
    hours: tuple[Hours, ...]
    caps: tuple[Cap, ...]
    #: Whether nobody but those who are allowed may be spoken to about the debt.
    forbids_third_parties: bool
    #: Who this law lets be spoken to about the debt; the words are those an agency reports.
    allowed: frozenset[str]
    #: Whether a visit to the home is forbidden but for exceptions.
    forbids_visits: bool
    #: What the rules on third parties and on visits rest on.
    bases: dict[str, str]

    @property
    def parties(self) -> frozenset[str]:
        """The debtor, those who by this law answer for the debt, and whoever speaks for the debtor."""
        return self.allowed | {SPEAKS_FOR_THE_DEBTOR}

    def basis(self, rule: str, channel: str) -> str | None:
        """What a rule rests on: a statute, a regulator, a secondary source, or our own policy."""
        if rule == "hours":
            hours = self.hours_of(CHANNELS.get(channel, EVERY))
            return hours.basis if hours else None
        return {**self.bases, **{cap.id: cap.basis for cap in self.caps}}.get(rule)

    def is_in_force(self, day: date) -> bool:
        """Whether the law was there on a day."""
        return self.in_force_from is None or self.in_force_from <= day

    def hours_of(self, channel: str) -> Hours | None:
        """The hours of a channel, if there are any."""
        return next((one for one in self.hours if one.covers(channel)), None)

    def is_day_off(self, day: date) -> bool:
        """Whether it is a Sunday or a public holiday; raises `CalendarUnknown`."""
        return day.weekday() == _SUNDAY or day in public_holidays(self.country, day.year)

    def windows(self, hours: Hours, day: date) -> Windows:
        """The intervals of a day in which contact is allowed; a holiday overrides the weekday."""
        is_holiday = day in public_holidays(self.country, day.year)
        return hours.windows["holiday" if is_holiday else _DAYS[day.weekday()]]


def time_zones_of(rules: Ruleset, region: str | None, city: str | None) -> tuple[str, ...]:
    """The clocks that may be those where a debtor lives: one where the place settles it, else all there are."""
    return clocks_of(rules.country, region, city) or rules.time_zones


def version() -> str:
    """The date of the data, by which a verdict says what it was judged by."""
    return str(_data()["compiled_on"])


def ruleset(code: str) -> Ruleset:
    """A ruleset by its id; raises `KeyError`."""
    return _rulesets()[code]


def ruleset_of(country: str) -> Ruleset | None:
    """The rules that a country's debtors fall under unless something else is known, or None."""
    found = _data()["default_ruleset"].get(country)
    return None if found is None else _rulesets()[found]


def rulesets() -> list[Ruleset]:
    """Every ruleset that is judged by."""
    return list(_rulesets().values())


def codes() -> dict[str, str]:
    """Code of a violation -> the rules' own words for it."""
    return dict(_data()["violation_codes"])


@cache
def _data() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return loaded


@cache
def _rulesets() -> dict[str, Ruleset]:
    return {one["id"]: _ruleset(one) for one in _data()["rulesets"] if not one.get("reference_only")}


def _ruleset(raw: dict[str, Any]) -> Ruleset:
    return Ruleset(
        id=raw["id"],
        country=raw["country"],
        time_zones=tuple(dict.fromkeys((*raw["timezones"], *clocks_in(raw["country"])))),
        law_refs=tuple(raw["law_refs"]),
        in_force_from=_since(raw["in_force_from"]),
        hours=tuple(_hours(one) for one in raw["hours"]),
        caps=tuple(_cap(one) for one in raw["caps"] if one.get("max") or one.get("max_distinct_channels")),
        forbids_third_parties=bool(raw["third_parties"]["forbidden"]),
        allowed=frozenset(raw["third_parties"]["allowed"]),
        forbids_visits=raw["visits"]["home"].startswith("forbidden"),
        bases={"third_party": raw["third_parties"]["basis"], "visit": raw["visits"]["basis"]},
    )


def _hours(raw: dict[str, Any]) -> Hours:
    return Hours(
        channels=frozenset(raw["channels"]),
        windows={
            day: tuple((time.fromisoformat(start), time.fromisoformat(end)) for start, end in raw[day])
            for day in (*dict.fromkeys(_DAYS), "holiday")
        },
        basis=raw["basis"],
    )


def _cap(raw: dict[str, Any]) -> Cap:
    if raw["per"] not in {"day", "week", "calendar_week_mon_sun"} or raw["scope"] not in {"debtor", "debtor_channel"}:
        raise ValueError(f"limit {raw['id']} is of a kind that is not judged")
    return Cap(
        id=raw["id"],
        channels=frozenset(raw["channels"]),
        counts=Counts(raw["counts"]),
        max=raw.get("max"),
        max_channels=raw.get("max_distinct_channels"),
        is_weekly=raw["per"] != "day",
        min_gap_days=raw.get("min_gap_days", 0),
        by_channel=raw["scope"] == "debtor_channel",
        is_caution=raw.get("severity") == MODE,
        is_strict=raw.get("enabled") is False,
        basis=raw["basis"],
    )


def _since(stated: str | None) -> date | None:
    if stated is None:
        return None
    return date.fromisoformat(stated if len(stated) > len("2022-02") else f"{stated}-01")
