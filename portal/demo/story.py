"""The demo's year, told in order of time through the services that people use; told again, it changes nothing.

Every step looks first whether it was taken before, so that a telling that was interrupted goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select

from agencies.kernel import audit, clock
from agencies.kernel.audit import AuditEvent
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations import credentials
from agencies.organisations.models import Organisation, User, UserState
from portal.demo import (
    applying,
    asking,
    attesting,
    bidding,
    filing,
    founding,
    locating,
    placing,
    recalling,
    reporting,
    returning,
    segmenting,
)
from portal.demo.cast import OPERATOR, all_members
from portal.demo.chronology import MONTHS, ZONE, Chronology
from portal.demo.steps import Step
from portal.demo.world import World
from portal.ports import Ports

CASES = 20_000
_TOLD = "demo.loaded"


class Telling(StrEnum):
    """What `load_demo` found and did."""

    LOADED = "loaded"
    #: It had been loaded before.
    ALREADY_THERE = "already_there"
    #: Somebody else works on this platform; the demo keeps out.
    NOT_EMPTY = "not_empty"


@dataclass(frozen=True)
class Account:
    """Somebody who can sign in with the demo's password."""

    organisation: str
    role: str
    name: str
    email: str


def load_demo(ports: Ports, *, now: datetime, password: str, cases: int = CASES) -> Telling:
    """Tell the whole year up to `now`, or the rest of it after an interruption."""
    founded = _founded_at(ports)
    if founded is None:
        if _has_organisations(ports):
            return Telling.NOT_EMPTY
        chronology = Chronology(now)
    else:
        chronology = _same_year(founded, now)
    world = World.begin(ports, chronology, password=password, cases=cases)
    founding.make_operator(world, chronology.founding)
    if _was_told(world):
        return Telling.ALREADY_THERE
    for step in sorted(_steps(world), key=lambda step: step.at):
        step.take(step.at)
    with world.acting(OPERATOR) as (session, actor):
        audit.record(session, actor, _TOLD, now=chronology.end, cases=cases)
    return Telling.LOADED


def demo_accounts(ports: Ports) -> list[Account]:
    """Everybody of the demo who can sign in here, creditors first."""
    with ports.session(DOOR) as session:
        active = set(session.scalars(select(User.email).where(User.state == UserState.ACTIVE)))
    return [
        Account(organisation, member.role.value, member.name, member.email)
        for organisation, member in all_members()
        if member.email in active
    ]


def opens(ports: Ports, password: str) -> bool:
    """Whether this is the password the demo was loaded with."""
    with ports.session(DOOR) as session:
        password_hash = session.scalar(select(User.password_hash).where(User.email == OPERATOR.email))
    return credentials.verify(password_hash, password)


def _steps(world: World) -> Iterator[Step]:
    times = world.chronology
    yield Step(times.business_day(9, 3, 9), lambda at: founding.bring_in_organisations(world, at))
    yield Step(times.business_day(9, 4, 10), lambda at: founding.make_mandates(world, at))
    yield Step(times.business_day(9, 4, 15), lambda at: founding.state_files(world, at))
    yield Step(times.business_day(5, 1, 9), lambda at: founding.amend_mandate(world, at))
    yield Step(times.business_day(1, 12, 9), lambda at: founding.propose_terms(world, at))
    yield from attesting.steps(world)
    yield from filing.steps(world)
    yield from placing.steps(world)
    yield from reporting.steps(world)
    yield from returning.steps(world)
    yield from recalling.steps(world)
    yield from locating.steps(world)
    yield from bidding.steps(world)
    yield from asking.steps(world)
    yield Step(times.business_day(4, 2, 11), lambda at: segmenting.keep_segments(world, at))
    yield from applying.steps(world)


def _founded_at(ports: Ports) -> datetime | None:
    with ports.session(DOOR) as session:
        return session.scalar(select(User.created_at).where(User.email == OPERATOR.email))


def _has_organisations(ports: Ports) -> bool:
    with ports.session(DOOR) as session:
        return session.scalar(select(Organisation.id).limit(1)) is not None


def _same_year(founded: datetime, now: datetime) -> Chronology:
    """The chronology an earlier telling began: `now`, or the end of the month in which that one was to end."""
    month = clock.add_months(clock.local_date(founded, ZONE), MONTHS)
    last = clock.end_of_day(clock.add_months(month, 1) - timedelta(days=1), ZONE) - timedelta(minutes=1)
    return Chronology(min(now, last))


def _was_told(world: World) -> bool:
    with world.ports.session(world.actor(OPERATOR)) as session, transaction(session):
        told = select(AuditEvent.seq).where(
            AuditEvent.organisation_id == world.actor(OPERATOR).tenant, AuditEvent.action == _TOLD
        )
        return session.scalar(told.limit(1)) is not None
