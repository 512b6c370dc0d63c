"""The single things that wait for one person, each with its time: what the home page counts, spelled out.

Nothing is written down for a task: it is read from the state of the thing itself, so the act that answers it closes it,
for everybody it waited for, in the same transaction. Of each kind at most so many are read, the most pressing first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Text, cast, literal, select, union_all
from sqlalchemy.orm import Session

from agencies.attestations.queries import AgencyStanding, standings
from agencies.attestations.rules import Standing
from agencies.kernel.clock import add_business_hours, end_of_day, local_date
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.incidents import clocks
from assignments.incidents.models import Incident
from assignments.incidents.queries import steps_of
from assignments.things import Counter, is_of_things
from assignments.today import COUNTERS, MANY

#: So many of each kind stand on the page of all kinds, and on the page of one.
EACH = 10
OF_ONE = 200
#: More late ones are not counted; the menu shows this and a plus.
MOST = 99


@dataclass(frozen=True)
class Task:
    """One thing that waits."""

    kind: str
    #: Of the thing: an upload, a recall, a case; for attestations, the other organisation.
    number: int
    since: datetime | None
    #: A name, an account, or a code of the thing's own kind; never personal data.
    about: str | None
    other_id: int | None
    #: By when; nothing where no clause, law or calendar says so.
    due_at: datetime | None
    #: Whether the next act is the other organisation's.
    is_theirs: bool = False

    def is_late(self, now: datetime) -> bool:
        """Whether its time is up."""
        return self.due_at is not None and self.due_at < now


@dataclass(frozen=True)
class Tasks:
    """What waits, the soonest first, and the kinds of which there is more than is shown."""

    rows: tuple[Task, ...]
    more: frozenset[str]


_OF_STANDINGS = ("attestations_lapsed", "attestations_expiring")


def kinds(actor: Actor, *, now: datetime) -> list[str]:
    """The kinds of things that may wait for somebody like the actor, the most urgent first."""
    attested = _OF_STANDINGS if minds_attestations(actor) else ()
    of_things = [name for name, one in COUNTERS.items() if one.is_for(actor) and is_of_things(one.rows(actor, now))]
    return [*attested, *of_things]


def list_tasks(session: Session, actor: Actor, *, kind: str | None = None, limit: int = EACH, now: datetime) -> Tasks:
    """What waits for the actor, of all kinds or of one; what has no time stands last, the oldest first."""
    counters = {
        name: (counter, rows)
        for name, counter in COUNTERS.items()
        if counter.is_for(actor) and kind in {None, name} and is_of_things(rows := counter.rows(actor, now))
    }
    found = [*_read(session, actor, counters, limit + 1), *_attested(session, actor, kind, now)]
    shown: list[Task] = []
    more = set()
    for name in dict.fromkeys(one.kind for one in found):
        ones = sorted((one for one in found if one.kind == name), key=_urgency)
        shown += ones[:limit]
        if len(ones) > limit:
            more.add(name)
    return Tasks(tuple(sorted(shown, key=_urgency)), frozenset(more))


def count_pressing(session: Session, actor: Actor, *, now: datetime) -> int:
    """How many things of the actor's own are late or due before the day is over, at most one more than `MOST`."""
    until = end_of_day(local_date(now, actor.time_zone), actor.time_zone)
    rows = list_tasks(session, actor, limit=MOST + 1, now=now).rows
    pressing = sum(one.due_at is not None and one.due_at <= until and not one.is_theirs for one in rows)
    return min(pressing, MOST + 1)


def of_standings(actor: Actor, rows: Sequence[AgencyStanding]) -> list[Task]:
    """What attestations ask of either side: an agency its templates, a creditor the agencies they stop."""
    is_creditor = actor.side is Side.CREDITOR
    tasks = []
    for row in rows:
        other_id = row.agency_id if is_creditor else row.creditor_id
        if is_creditor and row.blocked_acts:
            tasks.append(Task("attestations_lapsed", other_id, None, None, other_id, None, is_theirs=True))
        for one in row.templates:
            is_open = not one.is_holding and one.state is not Standing.SUBMITTED and bool(one.blocks)
            if is_open and not is_creditor:
                tasks.append(Task("attestations_lapsed", other_id, None, one.code, other_id, None))
            if one.state is Standing.EXPIRING and one.valid_until is not None:
                due = end_of_day(one.valid_until, actor.time_zone)
                tasks.append(Task("attestations_expiring", other_id, None, one.code, other_id, due, is_creditor))
    return tasks


def _attested(session: Session, actor: Actor, kind: str | None, now: datetime) -> list[Task]:
    if not minds_attestations(actor) or kind not in {None, *_OF_STANDINGS}:
        return []
    rows = of_standings(actor, standings(session, actor, now=now))
    return [one for one in rows if kind in {None, one.kind}]


def minds_attestations(actor: Actor) -> bool:
    """Whether the actor's role has to do with what agencies declare."""
    return actor.may(Permission.ATTESTATION_SIGN) or actor.may(Permission.ATTESTATION_REVIEW)


def _read(
    session: Session, actor: Actor, counters: dict[str, tuple[Counter, Select[Any]]], limit: int
) -> Iterable[Task]:
    if not counters:
        return []
    # One statement for all kinds, for each alone would cost a round trip.
    parts = [select(_first(name, rows, limit)) for name, (_, rows) in counters.items()]
    rows = session.execute(union_all(*parts)).all() if len(parts) > 1 else session.execute(parts[0]).all()
    places = _calendars(session, actor, {row.other_id for row in rows if row.hours is not None})
    told = _told_by(session, actor, {row.number for row in rows if row.kind == "incidents_open"})
    tasks = []
    for row in rows:
        is_theirs = actor.side in counters[row.kind][0].others
        task = Task(row.kind, row.number, row.since, row.about, row.other_id, row.due_at, is_theirs)
        if row.hours is not None and row.since is not None:
            place = places[actor.tenant if actor.side is Side.CREDITOR else row.other_id]
            promised = add_business_hours(row.since, row.hours, *place)
            task = replace(task, due_at=min(promised, row.due_at or promised))
        if row.kind == "incidents_open":
            task = replace(task, due_at=told.get(row.number))
        tasks.append(task)
    return tasks


def _first(name: str, rows: Select[Any], limit: int) -> Any:
    """The most pressing of one kind; of more than `MANY` only so many are looked at, as they are counted."""
    looked_at = rows.limit(MANY).subquery()
    columns = looked_at.c
    ordered = select(cast(literal(name), Text).label("kind"), *columns)
    return ordered.order_by(columns.due_at.nulls_last(), columns.since, columns.number).limit(limit).subquery()


def _calendars(session: Session, actor: Actor, others: Collection[int]) -> dict[int, tuple[str, str]]:
    """Country and zone of the creditors by whose calendars answers are promised."""
    if not others:
        return {}
    of = {actor.tenant} if actor.side is Side.CREDITOR else set(others)
    statement = select(Organisation.id, Organisation.country, Organisation.time_zone).where(Organisation.id.in_(of))
    return {row.id: (row.country, row.time_zone) for row in session.execute(statement)}


def _told_by(session: Session, actor: Actor, numbers: Collection[int]) -> dict[int, datetime | None]:
    """When the law next wants somebody told of each incident."""
    if not numbers:
        return {}
    home = session.scalars(select(Organisation.country).where(Organisation.id == actor.tenant)).one()
    mine = select(Incident).where(Incident.creditor_id == actor.tenant, Incident.id.in_(numbers))
    parts = list(session.scalars(mine))
    steps = steps_of(session, actor, parts)
    return {
        part.id: clocks.next_due(clocks.clocks(part, steps[part.id], home=home, time_zone=actor.time_zone))
        for part in parts
    }


def _urgency(one: Task) -> tuple[bool, float, float, int]:
    due = one.due_at.timestamp() if one.due_at else 0.0
    return one.due_at is None, due, one.since.timestamp() if one.since else 0.0, one.number
