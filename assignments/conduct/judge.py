"""Judges all that was done with one person, by every agency, against the contact law; pure, and in one pass of time.

The law is asked in this order: what must have stopped, the dates of the assignment, who was spoken to, the hour, the
limits, the visit. A person is always judged whole: limits run over a week, but a death or a dispute reported late
changes what comes after it for good.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from agencies.kernel.clock import CalendarUnknown, add_business_days
from assignments.conduct import rules
from assignments.conduct.findings import Finding, Judgement, Kind, Touch
from assignments.conduct.limits import Approach, Tally
from assignments.conduct.results import CO_DEBTOR, MEANINGS, NOBODY, STOPS_THE_PERSON, THIRD_PARTY, Meaning, Reach, Stop
from assignments.conduct.rules import Hours, Ruleset
from assignments.conduct.standing import Standing

#: Business days in which a dispute is certainly still open; what became of it later is not recorded.
DISPUTE_DAYS = 15
INBOUND = "inbound"
#: Words in a product's name that may put a debt under the exception for visits.
_VISITED = ("micro", "agro", "agri", "rural", "fomento")

_OUTSIDE_HOURS, _DAY_OFF, _STOPPED, _NOT_ASSIGNED, _THIRD, _VISIT = "V01", "V02", "V12", "V14", "V06", "V07"
_MIDNIGHT = time(0)


@dataclass(frozen=True)
class _Halt:
    """Something that must have stopped whoever knew of it."""

    stop: Stop
    touch: Touch
    day: date

    def concerns(self, touch: Touch) -> bool:
        if self.stop in STOPS_THE_PERSON:
            return True
        if self.stop is Stop.CHANNEL_REVOKED:
            return touch.channel == self.touch.channel
        return touch.case_id == self.touch.case_id


def judge(
    country: str,
    touches: Iterable[Touch],
    *,
    standing: Iterable[Standing] = (),
    ruleset: Ruleset | None = None,
    is_strict: bool = False,
) -> dict[tuple[int, int], Judgement]:
    """The judgement of each touch of one person, by agency and activity; the order they come in does not matter.

    `standing` are the flags that stood on the person and on its debts.
    """
    found = ruleset or rules.ruleset_of(country)
    person = _Person(found, standing, is_strict=is_strict) if found else None
    ordered = sorted(touches, key=lambda touch: touch.place_in_time)
    return {touch.key: person.judge(touch) if person else _unruled(touch) for touch in ordered}


class _Person:
    """One debtor as the days go by."""

    def __init__(self, ruleset: Ruleset, standing: Iterable[Standing], *, is_strict: bool) -> None:
        self._rules = ruleset
        self._standing = tuple(standing)
        self._halts: list[_Halt] = []
        self._tallies = [Tally(cap) for cap in ruleset.caps if is_strict or not cap.is_strict]

    def judge(self, touch: Touch) -> Judgement:
        """How the next touch in time stands."""
        zones = rules.time_zones_of(self._rules, touch.region, touch.city)
        # Where the place is not known, days are those of the capital: its clock and the others part at night alone.
        zone, day = zones[0], _day(touch, zones[0])
        if not self._rules.is_in_force(day):
            return _unruled(touch, day)
        try:
            findings = tuple(self._findings(touch, zones, day))
        except CalendarUnknown:
            return _unruled(touch, day)
        return Judgement(day, zone, self._rules.id, findings)

    def _findings(self, touch: Touch, zones: tuple[str, ...], day: date) -> Iterator[Finding]:
        meaning = MEANINGS.get(touch.result or "")
        is_sought = touch.direction != INBOUND and (meaning is None or meaning.reach is not Reach.DESK)
        if is_sought:
            yield from self._after_stops(touch, day)
        yield from _outside_assignment(touch, day)
        if meaning is None:
            yield _unknown("result")
        if touch.channel not in rules.CHANNELS and is_sought:
            yield _unknown("channel")
        # Whoever is sought by the debtor answers at any hour.
        if is_sought:
            yield from self._with_whom(touch, meaning)
            yield from self._at_that_hour(touch, zones)
            yield from self._too_often(touch, meaning, day)
            yield from self._at_home(touch)
        self._remember(touch, meaning, day)

    def _after_stops(self, touch: Touch, day: date) -> Iterator[Finding]:
        flagged = {one.stop for one in self._standing if one.forbids(touch)}
        for stop in Stop if self._halts or flagged else ():
            if stop in flagged:
                # It stood on the case, where whoever held it could read it.
                yield Finding(Kind.VIOLATION, _STOPPED, f"stop:{stop}")
                continue
            halts = [one for one in self._halts if one.stop is stop and one.concerns(touch)]
            if not halts:
                continue
            if stop is Stop.OPEN_DISPUTE and day > self._answered_by(halts[-1].day):
                yield _unknown("dispute")
            else:
                # An agency that said it itself needs nobody else to know it.
                is_shared = all(one.touch.agency_id != touch.agency_id for one in halts)
                yield Finding(Kind.VIOLATION, _STOPPED, f"stop:{stop}", is_shared)

    def _answered_by(self, day: date) -> date:
        return add_business_days(day, DISPUTE_DAYS, self._rules.country)

    def _with_whom(self, touch: Touch, meaning: Meaning | None) -> Iterator[Finding]:
        if meaning is None or not self._rules.forbids_third_parties:
            return
        who = _counterpart(touch, meaning, self._rules.parties)
        if who is None:
            yield _unknown("counterpart")
        elif meaning.reach is not Reach.TRIED and who not in self._rules.parties:
            yield Finding(Kind.VIOLATION, _THIRD, "third_party")

    def _at_that_hour(self, touch: Touch, zones: tuple[str, ...]) -> Iterator[Finding]:
        hours = self._rules.hours_of(rules.CHANNELS.get(touch.channel or "", rules.EVERY))
        if hours is None:
            return
        found = [tuple(self._by_the_clock(touch, hours, zone)) for zone in zones]
        is_broken = {any(one.kind is Kind.VIOLATION for one in findings) for findings in found}
        if len(is_broken) > 1:
            yield _unknown("time_zone")
        else:
            yield from found[0]

    def _by_the_clock(self, touch: Touch, hours: Hours, zone: str) -> Iterator[Finding]:
        local, day = touch.happened_at.astimezone(ZoneInfo(zone)), _day(touch, zone)
        windows = self._rules.windows(hours, day)
        if not windows:
            yield Finding(Kind.VIOLATION, _DAY_OFF if self._rules.is_day_off(day) else _OUTSIDE_HOURS, "hours")
        elif _has_no_time(touch):
            yield _unknown("time")
        elif not any(start <= local.time() < end for start, end in windows):
            yield Finding(Kind.VIOLATION, _OUTSIDE_HOURS, "hours")

    def _too_often(self, touch: Touch, meaning: Meaning | None, day: date) -> Iterator[Finding]:
        channel = rules.CHANNELS.get(touch.channel or "")
        if meaning is None or channel is None:
            return
        approach = Approach(touch.agency_id, day, channel, meaning, self._is_party(touch, meaning))
        for tally in self._tallies:
            yield from tally.add(approach)

    def _is_party(self, touch: Touch, meaning: Meaning) -> bool:
        return _counterpart(touch, meaning, self._rules.parties) in self._rules.parties

    def _at_home(self, touch: Touch) -> Iterator[Finding]:
        if touch.channel != "visit" or not self._rules.forbids_visits:
            return
        if any(word in (touch.product or "").casefold() for word in _VISITED):
            # The exception also asks for what is not reported: the debtor's authorisation, or no other way to reach.
            yield _unknown("visit")
        else:
            yield Finding(Kind.VIOLATION, _VISIT, "visit")

    def _remember(self, touch: Touch, meaning: Meaning | None, day: date) -> None:
        if touch.result == "channel_authorised":
            self._halts = [
                one for one in self._halts if one.stop is not Stop.CHANNEL_REVOKED or not one.concerns(touch)
            ]
        if meaning is not None and meaning.stop is not None:
            self._halts.append(_Halt(meaning.stop, touch, day))


def _outside_assignment(touch: Touch, day: date) -> Iterator[Finding]:
    if _has_no_time(touch):
        zone = ZoneInfo(touch.sender_zone)
        is_early = day < touch.placed_at.astimezone(zone).date()
        is_late = touch.ended_at is not None and day > touch.ended_at.astimezone(zone).date()
    else:
        is_early = touch.happened_at < touch.placed_at
        is_late = touch.ended_at is not None and touch.happened_at > touch.ended_at
    if is_early or is_late:
        yield Finding(Kind.VIOLATION, _NOT_ASSIGNED, "assignment")


def _counterpart(touch: Touch, meaning: Meaning, parties: frozenset[str]) -> str | None:
    """Who was reached: as the agency says, else as the result implies; None when open, or when the two disagree."""
    stated, implied = touch.counterpart, meaning.counterpart
    if meaning.reach is Reach.TRIED:
        # A party names whose number it was; with anybody else, somebody was reached and nobody was.
        return NOBODY if stated in {None, NOBODY, implied, *parties} else None
    if meaning.reach is Reach.DELIVERED and stated == NOBODY:
        # Nobody answered, as nobody does to a message: it says nothing of whom it went to.
        return implied
    if stated is None:
        return _implied(meaning, parties)
    if stated == NOBODY or (implied == THIRD_PARTY and stated in parties):
        return None
    return stated


def _implied(meaning: Meaning, parties: frozenset[str]) -> str | None:
    # The code speaks of somebody else and does not say who; that a message stayed with them is enough to know.
    if meaning.counterpart == THIRD_PARTY and not meaning.leaves_message:
        return None
    # A guarantor may be spoken to everywhere and a co-debtor not: the code stands for either.
    if meaning.counterpart == CO_DEBTOR and CO_DEBTOR not in parties:
        return None
    return meaning.counterpart


def _day(touch: Touch, zone: str) -> date:
    # A date without a time is a date where its sender lives.
    return _dated(touch).date() if _has_no_time(touch) else touch.happened_at.astimezone(ZoneInfo(zone)).date()


def _has_no_time(touch: Touch) -> bool:
    # An hour is needed to judge by, and nobody works at the stroke of midnight: it stands for a date alone.
    return _dated(touch).time() == _MIDNIGHT


def _dated(touch: Touch) -> datetime:
    return touch.happened_at.astimezone(ZoneInfo(touch.sender_zone))


def _unruled(touch: Touch, day: date | None = None) -> Judgement:
    return Judgement(day or _dated(touch).date(), touch.sender_zone, "", (_unknown("rules"),))


def _unknown(what: str) -> Finding:
    return Finding(Kind.UNKNOWN, what, what)
