"""The home page: what needs a person today, most urgent first, each line a count that leads to its list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime

from agencies.attestations.queries import AgencyStanding
from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Actor
from agencies.organisations.queries import Counts
from assignments.tasks import of_standings
from assignments.today import MANY, Waiting
from portal.filters import number
from portal.i18n import say
from portal.presenters.errands import errand_of


@dataclass(frozen=True)
class Line:
    """One line of the home page."""

    count: str
    title: str
    advice: str
    endpoint: str
    values: dict[str, str]
    icon: str
    is_late: bool


@dataclass(frozen=True)
class Home:
    """What waits, and what is merely good to know."""

    greeting: str
    waiting: list[Line]
    standing: list[Line]


#: What is good to know and calls for nothing.
_STANDING = {"held"}


def of_organisations(counts: Counts) -> list[Waiting]:
    """The operator's figures in the same terms as everybody's."""
    return [
        Waiting("empty_organisations", counts.without_people),
        Waiting("suspended_organisations", counts.suspended),
        Waiting("creditors", counts.creditors),
        Waiting("agencies", counts.agencies),
    ]


def of_attestations(actor: Actor, rows: Sequence[AgencyStanding]) -> list[Waiting]:
    """What attestations ask of either side, counted from the same tasks that their page lists."""
    counts = Counter(task.kind for task in of_standings(actor, rows))
    return [Waiting(kind, counts[kind]) for kind in ("attestations_lapsed", "attestations_expiring")]


def home(actor: Actor, waiting: list[Waiting], served: Container[str], *, now_local: datetime) -> Home:
    """The page for one person; counts of nought are left out."""
    standing = _STANDING | {"creditors", "agencies"}
    told = [one for one in waiting if one.count and errand_of(actor, one.kind).endpoint in served]
    lines = [(one.kind, _line(actor, one)) for one in told]
    return Home(
        greeting=_greeting(now_local),
        waiting=[line for kind, line in lines if kind not in standing],
        standing=[line for kind, line in lines if kind in standing],
    )


def _line(actor: Actor, one: Waiting) -> Line:
    errand = errand_of(actor, one.kind)
    count = number(one.count)
    return Line(
        count=f"{count}+" if one.count >= MANY else count,
        title=say(errand.title),
        advice=say(errand.advice),
        endpoint=errand.endpoint,
        values=errand.values,
        icon=errand.icon,
        is_late=errand.is_late,
    )


def _greeting(now_local: datetime) -> str:
    if now_local.hour < 12:
        return say(msg("Good morning"))
    return say(msg("Good afternoon")) if now_local.hour < 19 else say(msg("Good evening"))
