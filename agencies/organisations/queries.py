"""The directory of organisations, the people in them, and names for what others know by id."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, cast, func, not_, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from agencies.kernel.audit import AuditEvent
from agencies.kernel.errors import NotFound
from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations import supporting
from agencies.organisations.api_keys import SCOPES, ApiKey
from agencies.organisations.models import (
    Organisation,
    OrganisationKind,
    OrganisationState,
    User,
    UserState,
)
from agencies.organisations.permissions import Permission


@dataclass(frozen=True)
class OrganisationRow:
    """One line of the directory."""

    organisation: Organisation
    active_users: int
    invited_users: int


@dataclass(frozen=True)
class Counts:
    """What an operator watches."""

    creditors: int
    agencies: int
    without_people: int
    suspended: int


@dataclass(frozen=True)
class Event:
    """One thing that happened, with the names that the reader's side may see."""

    seq: int
    at: datetime
    action: str
    details: dict[str, Any]
    #: Who did it: a person by name where the reader may know it, else their organisation.
    person: str | None
    organisation: str | None
    is_own: bool
    #: Whom or what organisation it was done to.
    subject: str | None
    subject_organisation: str | None
    #: The key of the organisation's own system that did it.
    key: str | None = None


def get_organisation(session: Session, actor: Actor, organisation_id: int) -> Organisation:
    """One organisation the actor may know of: its own, its counterparts, or any for the platform."""
    require(actor, Permission.ORGANISATION_VIEW)
    statement = select(Organisation).where(Organisation.id == organisation_id)
    if actor.side is Side.CREDITOR:
        statement = statement.where(or_(Organisation.id == actor.tenant, Organisation.kind == OrganisationKind.AGENCY))
    organisation = session.scalar(statement)
    if organisation is None:
        raise NotFound
    return organisation


def list_organisations(
    session: Session, actor: Actor, *, kind: OrganisationKind | None = None, state: str | None = None
) -> list[OrganisationRow]:
    """The directory with its people counted, by name; the platform only."""
    require(actor, Permission.ORGANISATION_REGISTER)
    statement = (
        select(
            Organisation,
            func.count(User.id).filter(User.state == UserState.ACTIVE),
            func.count(User.id).filter(User.state == UserState.INVITED),
        )
        .outerjoin(User, User.organisation_id == Organisation.id)
        .where(Organisation.kind != OrganisationKind.PLATFORM)
        .group_by(Organisation.id)
        .order_by(func.lower(Organisation.name))
    )
    if kind is not None:
        statement = statement.where(Organisation.kind == kind)
    rows = [OrganisationRow(*row) for row in session.execute(statement)]
    return [row for row in rows if state is None or state_of(row) == state]


def list_agencies(session: Session, actor: Actor) -> list[Organisation]:
    """The agencies a creditor can make mandates with, by name."""
    require(actor, Permission.MANDATE_VIEW)
    statement = select(Organisation).where(
        Organisation.kind == OrganisationKind.AGENCY, Organisation.state == OrganisationState.APPROVED
    )
    return list(session.scalars(statement.order_by(func.lower(Organisation.name))))


def home_currency(session: Session, actor: Actor) -> str:
    """What the actor's own organisation reckons in where nothing else says so."""
    return session.scalars(select(Organisation.currency).where(Organisation.id == actor.tenant)).one()


def home_country(session: Session, actor: Actor) -> str:
    """Under whose law the actor's own organisation lives."""
    return session.scalars(select(Organisation.country).where(Organisation.id == actor.tenant)).one()


def state_of(row: OrganisationRow) -> str:
    """How the directory groups an organisation: suspended, empty (nobody can sign in yet) or active."""
    if row.organisation.state != "approved":
        return "suspended"
    return "active" if row.active_users else "empty"


def count_organisations(session: Session, actor: Actor) -> Counts:
    """The directory in four figures; the platform only."""
    rows = list_organisations(session, actor)
    kinds = [row.organisation.kind for row in rows]
    states = [state_of(row) for row in rows]
    return Counts(
        creditors=kinds.count(OrganisationKind.CREDITOR),
        agencies=kinds.count(OrganisationKind.AGENCY),
        without_people=states.count("empty"),
        suspended=states.count("suspended"),
    )


def list_users(session: Session, actor: Actor, *, organisation_id: int | None = None) -> list[User]:
    """The people of the actor's organisation, or, for the platform, of any; by name, the invited last."""
    require(actor, Permission.USER_VIEW)
    users = session.scalars(
        _users(actor, organisation_id).order_by(User.state == UserState.INVITED, func.lower(User.name), User.email)
    )
    return list(users)


def get_user(session: Session, actor: Actor, user_id: int) -> User:
    """One person whom the actor may manage; raises `NotFound`."""
    require(actor, Permission.USER_VIEW)
    statement = select(User).where(User.id == user_id)
    if actor.side is not Side.PLATFORM:
        statement = statement.where(User.organisation_id == actor.tenant)
    user = session.scalar(statement)
    if user is None:
        raise NotFound
    return user


def entitled_since(session: Session, actor: Actor) -> datetime:
    """Since when the actor has been let in with the role of today: came in, was given it, or was enabled again."""
    mine = select(User.entitled_since).where(User.organisation_id == actor.tenant, User.id == actor.user_id)
    return session.scalars(mine).one()


def list_events(
    session: Session,
    actor: Actor,
    *,
    nouns: Collection[str] = (),
    user_id: int | None = None,
    is_own: bool | None = None,
    case_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> Page[Event]:
    """One page of the organisation's own audit trail, newest first, narrowed to what is asked for.

    `nouns` keeps events about these only, `is_own` those of the organisation's own people or of others, `case_id` those
    that name a case. The end of the window is not part of it.
    """
    require(actor, Permission.AUDIT_VIEW)
    conditions: list[ColumnElement[bool]] = [AuditEvent.organisation_id == actor.tenant]
    if before is not None:
        conditions.append(AuditEvent.seq < before)
    if nouns:
        conditions.append(func.split_part(AuditEvent.action, ".", 1).in_(nouns))
    if user_id is not None:
        # At the door nobody acts yet: whoever comes in is spoken of.
        spoken_of = cast(AuditEvent.body, JSONB)["details"]["subject_user_id"].astext == str(user_id)
        at_the_door = and_(AuditEvent.actor_user_id.is_(None), spoken_of)
        conditions.append(or_(AuditEvent.actor_user_id == user_id, at_the_door))
    if is_own is not None:
        # At the door nobody acts for an organisation yet; whoever signs in here is one of ours.
        own = or_(AuditEvent.actor_organisation_id == actor.tenant, AuditEvent.actor_organisation_id.is_(None))
        conditions.append(own if is_own else not_(own))
    if case_id is not None:
        told = cast(AuditEvent.body, JSONB)["details"]["case_id"].astext
        conditions.append(told == str(case_id))
    if since is not None:
        conditions.append(AuditEvent.at >= since)
    if until is not None:
        conditions.append(AuditEvent.at < until)
    statement = select(AuditEvent).where(*conditions).order_by(AuditEvent.seq.desc()).limit(limit + 1)
    events = [(one, json.loads(one.body)) for one in session.scalars(statement)]
    found = [(one, body["details"], body["by"].get("key", 0)) for one, body in events]
    keys = key_names(session, actor, [key for _, _, key in found if key])
    people = user_names(
        session, [n for one, told, _ in found for n in (one.actor_user_id, told.get("subject_user_id")) if n]
    )
    people = {**supporting.supporter_names(session, actor), **people}
    houses = organisation_names(
        session, [n for one, told, _ in found for n in (one.actor_organisation_id, told.get("organisation_id")) if n]
    )
    rows = [
        Event(
            seq=one.seq,
            at=one.at,
            action=one.action,
            details=told,
            person=people.get(one.actor_user_id or 0),
            organisation=houses.get(one.actor_organisation_id or 0),
            is_own=one.actor_organisation_id == actor.tenant,
            subject=people.get(told.get("subject_user_id", 0)),
            subject_organisation=houses.get(told.get("organisation_id", 0)),
            key=keys.get(key) if one.actor_organisation_id == actor.tenant else None,
        )
        for one, told, key in found
    ]
    return cut(rows, limit, lambda row: row.seq)


def key_names(session: Session, actor: Actor, ids: Collection[int]) -> dict[int, str]:
    """Names of the organisation's own keys; nobody else's are known."""
    if actor.side not in SCOPES or not ids:
        return {}
    mine = select(ApiKey.id, ApiKey.name).where(ApiKey.organisation_id == actor.tenant, ApiKey.id.in_(set(ids)))
    return {row.id: row.name for row in session.execute(mine)}


def organisation_ids(session: Session, actor: Actor) -> list[int]:
    """Every organisation on the platform, for its operators."""
    require(actor, Permission.AUDIT_VIEW)
    require_side(actor, Side.PLATFORM)
    return list(session.scalars(select(Organisation.id).order_by(Organisation.id)))


def organisation_names(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """Names of the organisations the bound role may see."""
    rows = session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(set(ids))))
    return {number: name for number, name in rows}  # noqa: C416  a row is not a pair for dict()


def user_names(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """Names of the people the bound role may see; an e-mail for somebody who has not said their name."""
    rows = session.execute(select(User.id, User.name, User.email).where(User.id.in_(set(ids))))
    return {number: name or email for number, name, email in rows}


def _users(actor: Actor, organisation_id: int | None) -> Select[User]:
    wanted = actor.tenant
    if organisation_id is not None and actor.side is Side.PLATFORM:
        wanted = organisation_id
    return select(User).where(User.organisation_id == wanted)
