"""Signing in and staying signed in: passwords are tried, sessions opened, found and ended.

Everything here runs at the door, before anybody is known. A failed attempt is a value and not an exception, because
it has to be counted, and the transaction that counts it must commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.tenancy import DOOR, Actor
from agencies.organisations import credentials
from agencies.organisations.models import (
    Organisation,
    OrganisationKind,
    OrganisationState,
    User,
    UserState,
    WebSession,
)
from agencies.organisations.service import actor_of

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
#: Failures in a row that pause sign-in, and for how long: the pause doubles with each further failure.
FREE_FAILURES = 5
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
#: A session's last use is written at most this often.
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class SignedIn:
    """What every page knows of the person who looks at it."""

    actor: Actor
    session_id: int
    user_name: str
    email: str
    organisation_name: str
    organisation_kind: OrganisationKind


def authenticate(session: Session, *, email: str, password: str, now: datetime) -> User | None:
    """The user whom e-mail and password identify and who may sign in now; None for every other case alike."""
    user = session.scalar(select(User).where(User.email == email.strip()).with_for_update())
    may_try = user is not None and _may_try(session, user, now)
    fits = credentials.verify(user.password_hash if user and may_try else None, password)
    if user is None or not may_try:
        return None
    if not fits:
        _count_failure(session, user, now)
        return None
    if user.password_hash and credentials.is_outdated(user.password_hash):
        user.password_hash = credentials.hash_password(password)
    user.failed_sign_ins, user.locked_until = 0, None
    user.last_signed_in_at = now
    return user


def pause_after(failures: int) -> timedelta | None:
    """How long sign-in rests after this many failures in a row; it ends by itself, so nobody is locked out for good."""
    if failures < FREE_FAILURES:
        return None
    return min(FIRST_PAUSE * (1 << min(failures - FREE_FAILURES, 10)), LONGEST_PAUSE)


def open_session(session: Session, user: User, *, address: str, user_agent: str, now: datetime) -> str:
    """Begin a signed-in session and return its token, which is kept nowhere else."""
    token = credentials.new_token()
    session.add(
        WebSession(
            organisation_id=user.organisation_id,
            user_id=user.id,
            token_hash=credentials.digest(token),
            created_at=now,
            last_seen_at=now,
            address=address[:64],
            user_agent=user_agent[:200],
        )
    )
    _record(session, user.organisation_id, user.id, "user.signed_in", now)
    return token


def find_session(session: Session, token: str, *, now: datetime) -> SignedIn | None:
    """Who holds this token, unless the session, the user or the organisation is no longer good for it."""
    row = session.execute(
        select(WebSession, User, Organisation)
        .join(User, User.id == WebSession.user_id)
        .join(Organisation, Organisation.id == WebSession.organisation_id)
        .where(
            WebSession.token_hash == credentials.digest(token),
            WebSession.ended_at.is_(None),
            WebSession.last_seen_at > now - IDLE,
            WebSession.created_at > now - ABSOLUTE,
            User.state == UserState.ACTIVE,
            Organisation.state == OrganisationState.APPROVED,
        )
    ).one_or_none()
    if row is None:
        return None
    web_session, user, organisation = row
    if web_session.last_seen_at < now - _SEEN_EVERY:
        session.execute(
            update(WebSession)
            .where(WebSession.id == web_session.id)
            .values(last_seen_at=func.greatest(WebSession.last_seen_at, now))
        )
    return SignedIn(
        actor=actor_of(user, organisation),
        session_id=web_session.id,
        user_name=user.name,
        email=user.email,
        organisation_name=organisation.name,
        organisation_kind=organisation.kind,
    )


def end_session(session: Session, session_id: int, *, now: datetime) -> None:
    """Sign out: the token is worthless from now on."""
    ended = session.execute(
        update(WebSession)
        .where(WebSession.id == session_id, WebSession.ended_at.is_(None))
        .values(ended_at=now)
        .returning(WebSession.organisation_id, WebSession.user_id)
    ).one_or_none()
    if ended is not None:
        _record(session, ended.organisation_id, ended.user_id, "user.signed_out", now)


def _may_try(session: Session, user: User, now: datetime) -> bool:
    organisation = session.get_one(Organisation, user.organisation_id)
    is_paused = user.locked_until is not None and user.locked_until > now
    return user.state is UserState.ACTIVE and organisation.state is OrganisationState.APPROVED and not is_paused


def _count_failure(session: Session, user: User, now: datetime) -> None:
    user.failed_sign_ins += 1
    pause = pause_after(user.failed_sign_ins)
    if pause is not None:
        user.locked_until = now + pause
    _record(session, user.organisation_id, user.id, "user.sign_in_failed", now, failures=user.failed_sign_ins)


def _record(session: Session, organisation_id: int, user_id: int, action: str, now: datetime, **details: int) -> None:
    audit.record(
        session,
        DOOR,
        action,
        now=now,
        organisations=[organisation_id],
        subject_user_id=user_id,
        **details,
    )
