"""How often one person was sought, by everybody together, against the limits of the law."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from assignments.conduct.findings import Finding, Kind
from assignments.conduct.results import Meaning, Reach
from assignments.conduct.rules import Cap, Counts

DAILY, CAPPED, LOCKED, TOO_SOON = "V04", "V10", "V05", "V11"


@dataclass(frozen=True)
class Approach:
    """One attempt to reach a person, as the limits see it."""

    agency_id: int
    day: date
    channel: str
    meaning: Meaning
    #: Whether the person or somebody who owes with them was on the other side.
    is_party: bool

    def counts_as(self, counted: Counts) -> bool:
        """Whether a limit that counts this counts the approach."""
        match counted:
            case Counts.ATTEMPT:
                return True
            case Counts.ACTION:
                return self.meaning.reach in {Reach.DELIVERED, Reach.ANSWERED}
            case Counts.CONTACT:
                return self.meaning.reach is Reach.ANSWERED
            case Counts.DIRECT_CONTACT:
                return self.meaning.is_direct and self.is_party


@dataclass
class Tally:
    """What one limit has counted so far of one person's approaches, in the order they happened."""

    cap: Cap
    _counted: dict[object, list[Approach]] = field(default_factory=lambda: defaultdict(list))
    _tried: dict[object, list[Approach]] = field(default_factory=lambda: defaultdict(list))
    _first_by_channel: dict[object, dict[str, Approach]] = field(default_factory=lambda: defaultdict(dict))
    _last: dict[object, Approach] = field(default_factory=dict)

    def add(self, approach: Approach) -> Iterator[Finding]:
        """Count an approach and yield what of the limit it breaks."""
        if not self.cap.covers(approach.channel):
            return
        scope = approach.channel if self.cap.by_channel else ""
        bucket = (scope, _monday(approach.day) if self.cap.is_weekly else approach.day)
        if approach.counts_as(self.cap.counts):
            yield from self._against_gap(scope, approach)
            yield from self._against_max(bucket, approach)
            yield from self._against_channels(bucket, approach)
        else:
            yield from self._cautions(bucket, approach)
        self._tried[bucket].append(approach)

    def _against_max(self, bucket: object, approach: Approach) -> Iterator[Finding]:
        before = self._counted[bucket]
        if self.cap.max is not None and len(before) >= self.cap.max:
            is_daily_contact = self.cap.counts is Counts.DIRECT_CONTACT and not self.cap.is_weekly
            yield self._finding(DAILY if is_daily_contact else CAPPED, before, approach)
        before.append(approach)

    def _against_gap(self, scope: str, approach: Approach) -> Iterator[Finding]:
        last = self._last.get(scope)
        # Days apart are days of the calendar: Monday evening and Wednesday morning are two days apart.
        if last is not None and approach.day - last.day < timedelta(days=self.cap.min_gap_days):
            yield self._finding(TOO_SOON, [last], approach)
        self._last[scope] = approach

    def _against_channels(self, bucket: object, approach: Approach) -> Iterator[Finding]:
        if self.cap.max_channels is None:
            return
        used = self._first_by_channel[bucket]
        if approach.channel in used:
            return
        if len(used) >= self.cap.max_channels:
            yield self._finding(LOCKED, list(used.values()), approach)
        else:
            used[approach.channel] = approach

    def _cautions(self, bucket: object, approach: Approach) -> Iterator[Finding]:
        # Whether a message without an answer, or a call nobody took, counts is an open question of these laws.
        if self.cap.max_channels is not None:
            used = self._first_by_channel[bucket]
            is_second = len(used) >= self.cap.max_channels and approach.channel not in used
            if is_second and approach.meaning.reach is Reach.DELIVERED:
                yield self._finding(LOCKED, list(used.values()), approach, Kind.CAUTION)
        elif self.cap.counts is Counts.CONTACT and self.cap.max is not None:
            tried = self._tried[bucket]
            if len(tried) >= self.cap.max:
                yield self._finding(CAPPED, tried, approach, Kind.CAUTION)

    def _finding(self, code: str, before: list[Approach], approach: Approach, kind: Kind = Kind.VIOLATION) -> Finding:
        is_shared = any(one.agency_id != approach.agency_id for one in before)
        return Finding(Kind.CAUTION if self.cap.is_caution else kind, code, self.cap.id, is_shared)


def _monday(day: date) -> date:
    # No law among these defines the week; Monday to Sunday is how the trade reads it.
    return day - timedelta(days=day.weekday())
