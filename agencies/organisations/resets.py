"""A new password by letter: asked for by anybody who knows an address, started for a colleague, done by the person.

Whoever asks is told the same whether the address is known or not, and as much work is done. The link replaces the
password and nothing else: the second factor is asked for at the sign-in that follows.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from agencies.kernel import audit, letters
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.tenancy import DOOR, Actor
from agencies.organisations import credentials, links
from agencies.organisations.links import Made, Purpose
from agencies.organisations.models import (
    Organisation,
    OrganisationKind,
    OrganisationState,
    User,
    UserState,
    WebSession,
)
from agencies.organisations.providers import is_required
from agencies.organisations.service import manageable_user, record_about

LIFETIME = timedelta(hours=1)


class ResetInvalid(NotFound):
    """Used, replaced, expired or never made: all the same to who holds it."""

    text = msg(
        "This link is no longer valid: it works once and for one hour, and only the newest one works. "
        "Ask for another with “Forgot your password?” on the sign-in page."
    )


class PasswordWrong(Invalid):
    """Whoever changes a password knows the present one."""

    text = msg("Your present password is not right.")


def ask(session: Session, email: str, *, now: datetime) -> None:
    """Have a link sent to whoever has this address and may sign in, and tell whoever asks nothing; at the door."""
    key = f"reset/{credentials.new_token()}"
    user = session.scalar(select(User).where(User.email == email.strip()))
    home = session.scalar(select(Organisation).where(Organisation.id == (user.organisation_id if user else 0)))
    may_come_in = user is not None and home is not None and _may_come_in(user, home)
    if user is None or not may_come_in:
        platform = session.scalar(select(Organisation.id).where(Organisation.kind == OrganisationKind.PLATFORM))
        if platform is not None:
            letters.post_nothing(session, platform, key=key, now=now)
        return
    kind = "password.elsewhere" if is_required(session, user.organisation_id) else "password.reset"
    letters.post(session, user_id=user.id, kind=kind, key=key, now=now)


def start(session: Session, actor: Actor, user_id: int, *, now: datetime) -> None:
    """Have a link sent to a colleague; nobody else sees it. Raises `NotFound` or `Conflict`."""
    user = manageable_user(session, actor, user_id)
    if user.state is not UserState.ACTIVE or is_required(session, user.organisation_id):
        raise Conflict
    key = f"reset/{credentials.new_token()}"
    letters.post(session, user_id=user.id, kind="password.reset_started", key=key, now=now)
    record_about(session, actor, user, "user.reset_started", now)


def make_link(session: Session, actor: Actor, user_id: int, *, letter: str, now: datetime) -> Made | None:
    """The link for a letter that is being written; None when the person may not sign in any more."""
    user = session.get_one(User, user_id)
    if user.state is not UserState.ACTIVE or is_required(session, user.organisation_id):
        return None
    audit.record(session, actor, "user.reset_sent", now=now, subject_user_id=user_id)
    links.close(session, actor.tenant, user_id, Purpose.PASSWORD, now=now, but_letter=letter)
    return links.make(session, actor, user_id, Purpose.PASSWORD, letter=letter, lifetime=LIFETIME, now=now)


def find(session: Session, token: str, *, now: datetime) -> tuple[User, Organisation]:
    """Whose password a link replaces, as the door sees it; raises `ResetInvalid`."""
    found = links.find(session, token, Purpose.PASSWORD, now=now)
    if found is None:
        raise ResetInvalid
    return found[1], found[2]


def complete(session: Session, token: str, *, password: str, now: datetime) -> None:
    """Replace the password, end every session, and tell the person; raises `ResetInvalid` or what is wrong with it."""
    found = links.find(session, token, Purpose.PASSWORD, now=now, lock=True)
    if found is None:
        raise ResetInvalid
    _link, user, home = found
    if is_required(session, home.id):
        raise ResetInvalid
    credentials.check_strength(password, user.email, user.name, home.name)
    replace_password(session, user, password, now=now)
    audit.record(session, DOOR, "user.password_reset", now=now, organisations=[home.id], subject_user_id=user.id)


def change(session: Session, actor: Actor, *, present: str, password: str, but_session: int, now: datetime) -> None:
    """Change one's own password, at the door; other sessions end. Raises `PasswordWrong` or what is wrong with it."""
    user = session.get_one(User, actor.user_id, with_for_update=True)
    home = session.get_one(Organisation, user.organisation_id)
    if not credentials.verify(user.password_hash, present):
        raise PasswordWrong
    credentials.check_strength(password, user.email, user.name, home.name)
    replace_password(session, user, password, now=now, but_session=but_session)
    audit.record(session, DOOR, "user.password_changed", now=now, organisations=[home.id], subject_user_id=user.id)


def replace_password(
    session: Session, user: User, password: str, *, now: datetime, but_session: int | None = None
) -> None:
    """Set a password at the door: other sessions end, links of former letters are void, the person gets a letter."""
    user.password_hash = credentials.hash_password(password)
    user.failed_sign_ins, user.locked_until = 0, None
    links.close(session, user.organisation_id, user.id, Purpose.PASSWORD, now=now)
    end_sessions(session, user.id, now=now, but_session=but_session)
    key = f"password/{user.id}/{now.timestamp()}"
    letters.post(session, user_id=user.id, kind="password.changed", key=key, now=now)


def end_sessions(session: Session, user_id: int, *, now: datetime, but_session: int | None = None) -> None:
    """Make every session of a person worthless, but for one."""
    statement = update(WebSession).where(WebSession.user_id == user_id, WebSession.ended_at.is_(None))
    if but_session is not None:
        statement = statement.where(WebSession.id != but_session)
    session.execute(statement.values(ended_at=now).execution_options(synchronize_session=False))


def _may_come_in(user: User, home: Organisation) -> bool:
    return user.state is UserState.ACTIVE and home.state is OrganisationState.APPROVED
