"""Notices in sentences, each with the page where something can be done about it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from agencies.kernel.errors import msg
from agencies.kernel.notices import Notice
from agencies.kernel.tenancy import Actor
from portal.filters import day, number
from portal.i18n import say

#: Details that hold an organisation's id, in the order in which the one spoken of is looked for.
_HOUSES = ("about", "agency_id", "creditor_id")


@dataclass(frozen=True)
class Telling:
    """How one kind of notice is told: its sentence, its icon, and where it leads.

    A sentence may name %(house)s, the other organisation, and any of the notice's details; counts and dates come as
    the reader writes them.
    """

    sentence: str
    icon: str = "info-circle"
    endpoint: str | None = None
    #: Parameter of the address -> the detail it is filled from.
    values: Mapping[str, str] = field(default_factory=dict)
    is_urgent: bool = False


_ATTESTATION = {"attestation_id": "attestation_id"}

#: Kind -> how it is told; whoever writes a new kind of notice adds its line here.
TELLINGS: dict[str, Telling] = {
    "conduct.breached": Telling(
        msg("Activities that break the contact rules were found today; they concern %(house)s"),
        "scale",
        "conduct.index",
        is_urgent=True,
    ),
    "attestation.signed": Telling(
        msg("%(house)s signed %(code)s; it waits for your review"), "clipboard-check", "attestations.show", _ATTESTATION
    ),
    "attestation.accepted": Telling(
        msg("%(house)s accepted your %(code)s"), "circle-check", "attestations.show", _ATTESTATION
    ),
    "attestation.rejected": Telling(
        msg("%(house)s rejected your %(code)s; the reason is on its page"),
        "circle-x",
        "attestations.show",
        _ATTESTATION,
        is_urgent=True,
    ),
    "attestation.revoked": Telling(
        msg("%(house)s revoked %(code)s; what it stops is stopped from now on"),
        "alert-triangle",
        "attestations.show",
        _ATTESTATION,
        is_urgent=True,
    ),
    "attestation.expiring": Telling(
        msg("%(code)s between you and %(house)s runs out on %(valid_until)s"),
        "clock",
        "attestations.show",
        _ATTESTATION,
    ),
    "attestation.expired": Telling(
        msg("%(code)s between you and %(house)s ran out on %(valid_until)s"),
        "alert-triangle",
        "attestations.show",
        _ATTESTATION,
        is_urgent=True,
    ),
}


@dataclass(frozen=True)
class NoticeLine:
    """One notice as the page shows it."""

    at: datetime
    sentence: str
    icon: str
    endpoint: str | None
    values: dict[str, Any]
    is_new: bool
    is_urgent: bool


def houses(notices: Iterable[Notice]) -> list[int]:
    """The organisations that notices speak of."""
    return [number for notice in notices for name in _HOUSES if isinstance(number := notice.details.get(name), int)]


def lines(
    notices: Iterable[Notice],
    actor: Actor,
    names: Mapping[int, str],
    served: Container[str],
    *,
    seen: datetime | None,
) -> list[NoticeLine]:
    """The notices in the reader's language; what was not there at the last look is new."""
    return [_line(notice, actor, names, served, seen) for notice in notices]


def _line(
    notice: Notice, actor: Actor, names: Mapping[int, str], served: Container[str], seen: datetime | None
) -> NoticeLine:
    told = TELLINGS.get(notice.kind) or Telling(notice.kind)
    details = notice.details
    others = [details[name] for name in _HOUSES if details.get(name) not in (None, actor.organisation_id)]
    house = next((names[one] for one in others if one in names), say(msg("an organisation")))
    values = {name: details.get(source) for name, source in told.values.items()}
    is_open = told.endpoint in served and None not in values.values()
    return NoticeLine(
        at=notice.created_at,
        sentence=say(told.sentence, {**{name: _told(value) for name, value in details.items()}, "house": house}),
        icon=told.icon,
        endpoint=told.endpoint if is_open else None,
        values=values if is_open else {},
        is_new=seen is None or notice.created_at > seen,
        is_urgent=told.is_urgent,
    )


def _told(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return number(value)
    if isinstance(value, str) and len(value) == len("2026-01-01"):
        try:
            return day(date.fromisoformat(value))
        except ValueError:
            return value
    return value
