"""When the time runs out that a country's law gives: pure reckoning over dated data.

The terms are data (`countries.json`), each with its source, how sure we are of it, and whether counsel has read it;
none has. What was not found is said to be not found, and never guessed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from agencies.kernel import clock

_DATA = Path(__file__).with_name("countries.json")


class Duty(StrEnum):
    """What is to be done within a time."""

    BREACH_TO_CREDITOR = "breach_to_creditor"
    BREACH_TO_AUTHORITY = "breach_to_authority"
    BREACH_TO_PEOPLE = "breach_to_people"
    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    OPPOSITION = "opposition"
    REVOCATION = "revocation"
    MARK_IN_PROCESS = "mark_in_process"
    ASK_TO_COMPLETE = "ask_to_complete"
    CLAIM_LAPSES = "claim_lapses"
    FORWARD = "forward"
    ANSWER = "answer"


class Term(StrEnum):
    """What kind of time a law gives."""

    FIXED = "fixed"
    #: At once, with no number named.
    WITHOUT_DELAY = "without_delay"
    VOLUNTARY = "voluntary"
    NOT_FOUND = "not_found"


class Unit(StrEnum):
    """In what a time is counted."""

    HOURS = "hours"
    CALENDAR_DAYS = "calendar_days"
    WORKING_DAYS = "working_days"
    MONTHS = "months"


class NoFixedTerm(ValueError):
    """A deadline was asked of a term that names no number."""


@dataclass(frozen=True)
class Span:
    """So many hours, days, working days or months."""

    n: int
    unit: Unit


@dataclass(frozen=True)
class Rule:
    """One duty under one law as it stood on a date."""

    country: str
    duty: Duty
    term: Term
    span: Span | None
    #: What the time is counted from: `awareness`, `receipt` or `asked_to_complete`.
    start_event: str
    #: By how much it can be extended with reasons, if it can.
    extension: Span | None
    law: str
    authority: str
    source: str
    #: H, M, L, U (not found), or P: our own policy.
    confidence: str
    note_es: str
    note_en: str
    reviewed_by_counsel: bool

    @property
    def is_policy(self) -> bool:
        """Whether it is ours and not a law's."""
        return self.confidence == "P"

    def note(self, language: str) -> str:
        """What is to be known of it, in the reader's language."""
        return self.note_es if language == "es" else self.note_en


def rule_of(country: str, duty: Duty, *, on: date) -> Rule:
    """The rule of a country on a date; where none is known, one that says so."""
    for rule, valid_from, valid_to in _rules():
        is_of = rule.country == country and rule.duty is duty
        if is_of and valid_from <= on and (valid_to is None or on <= valid_to):
            return rule
    return _nothing(country, duty)


def policy_of(duty: Duty) -> Rule:
    """Our own rule for a duty, where the law of a country has none."""
    return next(rule for rule, *_ in _rules() if rule.is_policy and rule.duty is duty)


def answer_rule(country: str, duty: Duty, *, on: date) -> Rule:
    """By which rule a person is answered: the country's, or else our own."""
    rule = rule_of(country, duty, on=on)
    return rule if rule.span is not None else policy_of(Duty.ANSWER)


def due_at(rule: Rule, start: datetime, *, time_zone: str, country: str | None = None) -> datetime | None:
    """The instant at which a rule's time is over; None where it names no number.

    `country` is whose business calendar counts for a policy, which has none of its own.
    """
    if rule.span is None:
        return None
    return end_of(rule.span, start, time_zone=time_zone, country=country or rule.country)


def extended(rule: Rule, due: datetime, *, time_zone: str, country: str | None = None) -> datetime:
    """The deadline with its extension, which is counted from the first one; raises `NoFixedTerm`."""
    if rule.extension is None:
        raise NoFixedTerm
    # A deadline is the midnight that ends its day: the day itself is the one before.
    last = due - timedelta(microseconds=1)
    return end_of(rule.extension, last, time_zone=time_zone, country=country or rule.country)


def end_of(span: Span, start: datetime, *, time_zone: str, country: str) -> datetime:
    """When a span is over: hours to the minute, everything else at the end of the last local day.

    The day of the event does not count, and no country counts a day by whether the clock was put forward.
    """
    if span.unit is Unit.HOURS:
        return start + timedelta(hours=span.n)
    day = clock.local_date(start, time_zone)
    if span.unit is Unit.CALENDAR_DAYS:
        return clock.end_of_day(day + timedelta(days=span.n), time_zone)
    if span.unit is Unit.MONTHS:
        return clock.end_of_day(_months_on(day, span.n), time_zone)
    return clock.end_of_day(clock.add_business_days(day, span.n, country), time_zone)


def matrix(*, on: date) -> list[Rule]:
    """Every rule of every country on a date, country by country."""
    return [rule_of(country, duty, on=on) for country in clock.COUNTRIES for duty in _SHOWN]


_SHOWN = (
    Duty.BREACH_TO_CREDITOR,
    Duty.BREACH_TO_AUTHORITY,
    Duty.BREACH_TO_PEOPLE,
    Duty.ACCESS,
    Duty.RECTIFICATION,
    Duty.ERASURE,
    Duty.OPPOSITION,
    Duty.REVOCATION,
    Duty.MARK_IN_PROCESS,
)


def _months_on(day: date, months: int) -> date:
    first = clock.add_months(day, months)
    last = clock.add_months(first, 1) - timedelta(days=1)
    return first.replace(day=min(day.day, last.day))


@lru_cache(maxsize=1)
def _rules() -> tuple[tuple[Rule, date, date | None], ...]:
    told = json.loads(_DATA.read_text(encoding="utf-8"))
    found: list[tuple[Rule, date, date | None]] = [(_rule("", "", "", one), date.min, None) for one in told["policy"]]
    for law in told["countries"]:
        begins = date.fromisoformat(law["valid_from"])
        ends = date.fromisoformat(law["valid_to"]) if law["valid_to"] else None
        found += [(_rule(law["country"], law["law"], law["authority"], one), begins, ends) for one in law["deadlines"]]
    return tuple(found)


def _rule(country: str, law: str, authority: str, told: dict[str, Any]) -> Rule:
    return Rule(
        country=country,
        duty=Duty(told["duty"]),
        term=Term(told["term"]),
        span=_span(told),
        start_event=told["start_event"],
        extension=_span(told.get("extension")),
        law=law,
        authority=authority,
        source=told["source"],
        confidence=told["confidence"],
        note_es=told["note_es"],
        note_en=told["note_en"],
        reviewed_by_counsel=told["reviewed_by_counsel"],
    )


def _span(told: dict[str, Any] | None) -> Span | None:
    return None if told is None or told["n"] is None else Span(told["n"], Unit(told["unit"]))


def _nothing(country: str, duty: Duty) -> Rule:
    text = ("No se encontró plazo.", "No term found.")
    return Rule(country, duty, Term.NOT_FOUND, None, "", None, "–", "–", "–", "U", *text, reviewed_by_counsel=False)
