"""What part of the list of files is looked at: kind, state, sender, days and a piece of the name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from agencies.kernel.clock import end_of_day
from agencies.kernel.errors import NotFound, msg
from agencies.kernel.references import References
from portal.presenters.uploads import STATES
from uploads.models import UploadKind, UploadState

#: Work that gave up stands in several states.
FAILED = "failed"
CHOICES: dict[str, str] = {**{state.value: text for state, text in STATES.items()}, FAILED: msg("Work that failed")}
_LONGEST = 100


@dataclass(frozen=True)
class FileFilter:
    """What is asked for, as the address says it; what makes no sense is ignored."""

    kind: UploadKind | None
    state: str
    person: int | None
    since: date | None
    until: date | None
    name: str

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str], references: References) -> FileFilter:
        """Read the address."""
        kind, state = arguments.get("kind"), arguments.get("state", "")
        return cls(
            UploadKind(kind) if kind in set(UploadKind) else None,
            state if state in CHOICES else "",
            _person(arguments.get("person", ""), references),
            _day(arguments.get("since", "")),
            _day(arguments.get("until", "")),
            arguments.get("name", "").strip()[:_LONGEST],
        )

    @property
    def is_narrow(self) -> bool:
        """Whether anything is left out."""
        return any((self.kind, self.state, self.person, self.since, self.until, self.name))

    def asked(self, time_zone: str) -> dict[str, Any]:
        """The same as the query takes it; days are those of the organisation."""
        return {
            "kind": self.kind,
            "state": UploadState(self.state) if self.state and self.state != FAILED else None,
            "has_failed": self.state == FAILED,
            "sent_by": self.person,
            "since": _begin(self.since, time_zone),
            "before": None if self.until is None else _begin(self.until + timedelta(days=1), time_zone),
            "search": self.name or None,
        }


def _begin(day: date | None, time_zone: str) -> datetime | None:
    """The first instant of a day."""
    return None if day is None else end_of_day(day - timedelta(days=1), time_zone)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2200 else None


def _person(reference: str, references: References) -> int | None:
    try:
        return references.decode("user", reference) if reference else None
    except NotFound:
        return None
