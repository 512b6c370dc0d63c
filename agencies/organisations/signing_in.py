"""Signing in and staying signed in: passwords are tried, sessions opened, raised, found and ended.

A password alone opens half a session: it is good for the second factor and for nothing else, and not for long.
Everything here runs at the door, before anybody is known. A failed attempt is a value and not an exception, because
it has to be counted, and the transaction that counts it must commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.tenancy import DOOR, Actor, NoActor
from agencies.organisations import credentials
from agencies.organisations.company_links import Claims, tie_proved
from agencies.organisations.factors import Factor, has_factor
from agencies.organisations.models import (
    Organisation,
    OrganisationKind,
    OrganisationState,
    User,
    UserState,
    WebSession,
)
from agencies.organisations.providers import is_required
from agencies.organisations.service import actor_of
from agencies.organisations.supporting import Elevation

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
#: How long the second factor may take after the password.
HALF = timedelta(hours=1)
#: For how long a proof of identity is fresh enough for what matters most.
FRESH = timedelta(minutes=10)
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
    #: When the second factor was proved in this session; until then it is half a session.
    factor_at: datetime | None = None
    #: When the person last proved in this session who they are.
    stepped_up_at: datetime | None = None
    #: Whether there is a second factor to ask for.
    has_factor: bool = True
    #: Set while an operator looks at a tenant's pages; the actor is then the supporter.
    support: Elevation | None = None

    @property
    def user_id(self) -> int:
        """Whoever is signed in is somebody; raises `NoActor` otherwise."""
        if self.actor.user_id is None:
            raise NoActor("nobody is signed in")
        return self.actor.user_id

    @property
    def is_whole(self) -> bool:
        """Whether the person has proved the second factor too."""
        return self.factor_at is not None

    def is_fresh(self, now: datetime) -> bool:
        """Whether the person has proved who they are a moment ago."""
        return self.stepped_up_at is not None and self.stepped_up_at > now - FRESH


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
    return user


def pause_after(failures: int) -> timedelta | None:
    """How long sign-in rests after this many failures in a row; it ends by itself, so nobody is locked out for good."""
    if failures < FREE_FAILURES:
        return None
    return min(FIRST_PAUSE * (1 << min(failures - FREE_FAILURES, 10)), LONGEST_PAUSE)


def open_session(
    session: Session,
    user: User,
    *,
    address: str,
    user_agent: str,
    now: datetime,
    factor: Factor | None = None,
    ties: Claims | None = None,
) -> str:
    """Begin a session and return its token, which is kept nowhere else; without a factor it is half a session.

    What it `ties` is tied when the person's own factor is proved in it.
    """
    token = credentials.new_token()
    proved_at = None if factor is None else now
    session.add(
        WebSession(
            organisation_id=user.organisation_id,
            user_id=user.id,
            token_hash=credentials.digest(token),
            created_at=now,
            last_seen_at=now,
            factor_at=proved_at,
            stepped_up_at=proved_at,
            ties_issuer=ties.issuer if ties else None,
            ties_subject=ties.subject if ties else None,
            address=address[:64],
            user_agent=user_agent[:200],
        )
    )
    if factor is None:
        _record(session, user.organisation_id, user.id, "user.password_accepted", now)
    else:
        _came_in(session, user.organisation_id, user.id, factor, now)
    return token


def make_whole(session: Session, person: SignedIn, factor: Factor, *, now: datetime) -> str | None:
    """Turn half a session into a whole one, with a new token; None when it has ended meanwhile."""
    token = _renew(session, person, now, {"factor_at": now, "stepped_up_at": now})
    if token is not None:
        tie_proved(session, person.session_id, now=now)
        _came_in(session, person.actor.tenant, person.user_id, factor, now)
    return token


def step_up(session: Session, person: SignedIn, *, now: datetime) -> str | None:
    """Remember that the person has just proved again who they are; the session gets a new token here too."""
    if not person.is_whole:
        return None
    token = _renew(session, person, now, {"stepped_up_at": now})
    if token is not None:
        _record(session, person.actor.tenant, person.user_id, "user.stepped_up", now)
    return token


def prove_again(session: Session, person: SignedIn, factor: Factor, *, now: datetime) -> str | None:
    """What a proved factor is worth where it was given: the whole session, or one more proof in it."""
    return step_up(session, person, now=now) if person.is_whole else make_whole(session, person, factor, now=now)


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
            or_(WebSession.factor_at.is_not(None), WebSession.created_at > now - HALF),
            or_(User.sessions_since.is_(None), WebSession.created_at > User.sessions_since),
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
        factor_at=web_session.factor_at,
        stepped_up_at=web_session.stepped_up_at,
        has_factor=web_session.factor_at is not None or has_factor(session, organisation.id, user.id),
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


def may_come_in(session: Session, user: User) -> bool:
    """Whether the person and the organisation are let in at all, otherwise than by the organisation's own sign-in."""
    organisation = session.get_one(Organisation, user.organisation_id)
    is_good = user.state is UserState.ACTIVE and organisation.state is OrganisationState.APPROVED
    return is_good and not is_required(session, organisation.id)


def _may_try(session: Session, user: User, now: datetime) -> bool:
    is_paused = user.locked_until is not None and user.locked_until > now
    return may_come_in(session, user) and not is_paused


def _count_failure(session: Session, user: User, now: datetime) -> None:
    user.failed_sign_ins += 1
    pause = pause_after(user.failed_sign_ins)
    if pause is not None:
        user.locked_until = now + pause
    _record(session, user.organisation_id, user.id, "user.sign_in_failed", now, failures=user.failed_sign_ins)


def _renew(session: Session, person: SignedIn, now: datetime, values: dict[str, datetime]) -> str | None:
    """A new token for a session that goes on: whoever knew the old one is out."""
    token = credentials.new_token()
    renewed = session.execute(
        update(WebSession)
        .where(WebSession.id == person.session_id, WebSession.ended_at.is_(None))
        .values(token_hash=credentials.digest(token), last_seen_at=now, **values)
        .returning(WebSession.id)
        .execution_options(synchronize_session=False)
    )
    return None if renewed.one_or_none() is None else token


def _came_in(session: Session, organisation_id: int, user_id: int, factor: Factor, now: datetime) -> None:
    session.execute(
        update(User)
        .where(User.id == user_id)
        .values(last_signed_in_at=now)
        .execution_options(synchronize_session="fetch")
    )
    _record(session, organisation_id, user_id, "user.signed_in", now, factor=factor.value)


def _record(
    session: Session, organisation_id: int, user_id: int, action: str, now: datetime, **details: int | str
) -> None:
    audit.record(
        session,
        DOOR,
        action,
        now=now,
        organisations=[organisation_id],
        subject_user_id=user_id,
        **details,
    )
