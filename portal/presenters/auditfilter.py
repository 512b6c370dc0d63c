"""What part of the trail and of the read log is looked at, as the address says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from agencies.kernel.clock import end_of_day
from agencies.kernel.errors import NotFound, msg
from agencies.kernel.references import References
from assignments.reads.models import Purpose, ReadKind
from assignments.reads.queries import ReadFilter
from portal.presenters.audittopics import TOPICS
from portal.presenters.reads import GROUPS

#: What the address may say.
NAMES = ("topic", "group", "purpose", "side", "person", "case", "since", "until")
#: Whose doing.
SIDES = {"own": msg("Our own people"), "other": msg("Others")}


@dataclass(frozen=True)
class AuditFilter:
    """What is asked for; what makes no sense is ignored."""

    topic: str = ""
    group: str = ""
    purpose: str = ""
    side: str = ""
    person: int | None = None
    case: int | None = None
    since: date | None = None
    until: date | None = None

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str], references: References) -> AuditFilter:
        """Read the address."""

        def known(name: str, codes: Any) -> str:
            value = arguments.get(name, "")
            return value if value in codes else ""

        return cls(
            known("topic", TOPICS),
            known("group", GROUPS),
            known("purpose", {one.value for one in Purpose}),
            known("side", SIDES),
            _number("user", arguments.get("person", ""), references),
            _number("case", arguments.get("case", ""), references),
            _day(arguments.get("since", "")),
            _day(arguments.get("until", "")),
        )

    @property
    def is_narrow(self) -> bool:
        """Whether anything is left out."""
        return self != AuditFilter()

    @property
    def is_own(self) -> bool | None:
        """Whose doing, if that is asked."""
        return {"own": True, "other": False}.get(self.side)

    def window(self, time_zone: str) -> tuple[datetime | None, datetime | None]:
        """From the first instant of a day to the one after the last, where the organisation is."""
        since = None if self.since is None else end_of_day(self.since - timedelta(days=1), time_zone)
        return since, None if self.until is None else end_of_day(self.until, time_zone)

    def of_trail(self, time_zone: str) -> dict[str, Any]:
        """As the trail's query takes it."""
        since, until = self.window(time_zone)
        return {
            "nouns": TOPICS[self.topic][1] if self.topic else (),
            "user_id": self.person,
            "is_own": self.is_own,
            "case_id": self.case,
            "since": since,
            "until": until,
        }

    def of_reads(self, time_zone: str, creditor_id: int | None) -> ReadFilter:
        """As the log's query takes it; `creditor_id` is whose the case is that was asked for."""
        since, until = self.window(time_zone)
        kinds: tuple[ReadKind, ...] = GROUPS[self.group][1] if self.group else ()
        return ReadFilter(
            user_id=self.person,
            is_own=self.is_own,
            kinds=kinds,
            purpose=Purpose(self.purpose) if self.purpose else None,
            case=(creditor_id, self.case) if creditor_id is not None and self.case is not None else None,
            since=since,
            until=until,
        )


def _number(kind: str, reference: str, references: References) -> int | None:
    try:
        return references.decode(kind, reference) if reference else None
    except NotFound:
        return None


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2200 else None
