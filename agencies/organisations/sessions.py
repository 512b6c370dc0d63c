"""Where people are signed in, and an end to it: one's own sessions, and those of a colleague one answers for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.errors import NotFound
from agencies.kernel.tenancy import Actor
from agencies.organisations.models import User, WebSession
from agencies.organisations.service import manageable_user
from agencies.organisations.signing_in import ABSOLUTE, IDLE, SignedIn


@dataclass(frozen=True)
class OpenSession:
    """One browser that somebody is signed in with."""

    id: int
    address: str
    user_agent: str
    since: datetime
    last_seen_at: datetime
    is_whole: bool


def list_own(session: Session, actor: Actor, *, now: datetime) -> list[OpenSession]:
    """Where the actor is signed in, the last used first."""
    return _list(session, actor.tenant, actor.user_id, now)


def list_of(session: Session, actor: Actor, user_id: int, *, now: datetime) -> tuple[User, list[OpenSession]]:
    """Where a colleague is signed in; raises `Forbidden` or `NotFound`."""
    user = manageable_user(session, actor, user_id)
    return user, _list(session, user.organisation_id, user.id, now)


def end(session: Session, actor: Actor, session_id: int, *, now: datetime) -> None:
    """End one session of one's own, or of a colleague one may manage; raises `Forbidden` or `NotFound`."""
    found = session.get(WebSession, session_id)
    if found is None or found.ended_at is not None or found.organisation_id != actor.tenant:
        raise NotFound
    if found.user_id != actor.user_id:
        manageable_user(session, actor, found.user_id)
    _end(session, actor, found.organisation_id, found.user_id, now, WebSession.id == session_id)


def end_others(session: Session, person: SignedIn, *, now: datetime) -> int:
    """End all of one's sessions but this one; returns how many there were."""
    this = WebSession.id == person.session_id
    return _end(session, person.actor, person.actor.tenant, person.user_id, now, ~this)


def end_all(session: Session, actor: Actor, user_id: int, *, now: datetime) -> int:
    """End every session of somebody the actor may manage; returns how many there were."""
    user = manageable_user(session, actor, user_id)
    return _end(session, actor, user.organisation_id, user.id, now)


def _list(session: Session, organisation_id: int, user_id: int | None, now: datetime) -> list[OpenSession]:
    rows = session.scalars(
        select(WebSession)
        .where(
            WebSession.organisation_id == organisation_id,
            WebSession.user_id == user_id,
            WebSession.ended_at.is_(None),
            WebSession.last_seen_at > now - IDLE,
            WebSession.created_at > now - ABSOLUTE,
        )
        .order_by(WebSession.last_seen_at.desc(), WebSession.id.desc())
    )
    return [
        OpenSession(one.id, one.address, one.user_agent, one.created_at, one.last_seen_at, one.factor_at is not None)
        for one in rows
    ]


def _end(
    session: Session, actor: Actor, organisation_id: int, user_id: int, now: datetime, *which: ColumnElement[bool]
) -> int:
    mine = (WebSession.organisation_id == organisation_id, WebSession.user_id == user_id)
    ended = session.scalars(
        update(WebSession)
        .where(*mine, WebSession.ended_at.is_(None), *which)
        .values(ended_at=now)
        .returning(WebSession.id)
        .execution_options(synchronize_session=False)
    ).all()
    if ended:
        audit.record(
            session,
            actor,
            "user.sessions_ended",
            now=now,
            organisations={actor.tenant, organisation_id},
            subject_user_id=user_id,
            sessions=len(ended),
        )
    return len(ended)
