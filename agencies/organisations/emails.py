"""A person's own e-mail address: a new one counts once it is confirmed, and the former one may object for a week.

Whether the wanted address is somebody's already is found out by whoever can read its letters, and by nobody else.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from agencies.kernel import audit, letters
from agencies.kernel.errors import Conflict, NotFound, msg
from agencies.kernel.tenancy import DOOR, Actor
from agencies.organisations import api_keys, links, resets
from agencies.organisations.email_changes import ChangeState, EmailChange
from agencies.organisations.factors import forget_factors
from agencies.organisations.links import Made, MailedLink, Purpose
from agencies.organisations.models import User, UserState
from agencies.organisations.providers import SignInLink
from agencies.organisations.service import EmailUnusable

CONFIRM_WITHIN = timedelta(hours=24)
OBJECT_WITHIN = timedelta(days=7)


class EmailUnchanged(Conflict):
    """There is nothing to change."""

    text = msg("This is your e-mail address already.")


class ConfirmationInvalid(NotFound):
    """Used, replaced, stopped, expired or never made."""

    text = msg(
        "This link is no longer valid: it works once and for 24 hours, and only the newest one works. "
        "Sign in with your present address and ask for the change again under “My account”."
    )


class ObjectionInvalid(NotFound):
    """Used, expired or never made."""

    text = msg(
        "This link is no longer valid: it works once and for seven days. If somebody else uses your access, tell "
        "whoever administers Encargo in your organisation."
    )


class EmailInUse(Conflict):
    """Said only to who reads the letters of the address."""

    text = msg("This e-mail address signs in to another access already. Choose another one under “My account”.")


def ask(session: Session, actor: Actor, wanted: str, *, now: datetime) -> None:
    """Write to the wanted address for confirmation and to the present one in warning; at the door.

    Raises `EmailUnusable` or `EmailUnchanged`.
    """
    try:
        address = validate_email(wanted, check_deliverability=False).normalized
    except EmailNotValidError as unusable:
        raise EmailUnusable from unusable
    user = session.get_one(User, actor.user_id, with_for_update=True)
    if user.email.lower() == address.lower():
        raise EmailUnchanged
    _stop_waiting(session, user, now)
    change = EmailChange(
        organisation_id=user.organisation_id,
        user_id=user.id,
        former=user.email,
        wanted=address,
        state=ChangeState.ASKED,
        asked_at=now,
    )
    session.add(change)
    session.flush()
    letters.post_to_address(
        session,
        user_id=user.id,
        address=address,
        kind="email.confirm",
        key=f"email/{change.id}/confirm",
        now=now,
        change_id=change.id,
    )
    letters.post(
        session, user_id=user.id, kind="email.asked", key=f"email/{change.id}/asked", now=now, change_id=change.id
    )
    _record(session, user, "user.email_change_asked", now)


def make_confirmation(session: Session, actor: Actor, change_id: int, *, letter: str, now: datetime) -> Made | None:
    """The link for the letter to the wanted address; None when the wish is over."""
    change = _change(session, actor.tenant, change_id)
    if change is None or change.state is not ChangeState.ASKED:
        return None
    return links.make(
        session,
        actor,
        change.user_id,
        Purpose.CONFIRM_EMAIL,
        letter=letter,
        lifetime=CONFIRM_WITHIN,
        now=now,
        subject_id=change.id,
    )


def make_objection(session: Session, actor: Actor, change_id: int, *, letter: str, now: datetime) -> Made | None:
    """The link for a letter to the former address; None when there is nothing to object to."""
    change = _change(session, actor.tenant, change_id)
    if change is None or not _is_open(change):
        return None
    return links.make(
        session,
        actor,
        change.user_id,
        Purpose.OBJECT_EMAIL,
        letter=letter,
        lifetime=OBJECT_WITHIN,
        now=now,
        subject_id=change.id,
    )


def find_confirmation(session: Session, token: str, *, now: datetime) -> EmailChange:
    """The wish a link confirms; raises `ConfirmationInvalid`."""
    return _confirmable(session, token, now)[0]


def confirm(session: Session, token: str, *, now: datetime) -> None:
    """Let the wanted address count; every session ends. Raises `ConfirmationInvalid` or `EmailInUse`."""
    change, user = _confirmable(session, token, now, lock=True)
    if not _take(session, user, change.wanted):
        raise EmailInUse
    change.state, change.decided_at = ChangeState.CONFIRMED, now
    links.close(session, user.organisation_id, user.id, Purpose.CONFIRM_EMAIL, Purpose.PASSWORD, now=now)
    resets.end_sessions(session, user.id, now=now)
    letters.post_to_address(
        session,
        user_id=user.id,
        address=change.former,
        kind="email.changed",
        key=f"email/{change.id}/changed",
        now=now,
        change_id=change.id,
    )
    _record(session, user, "user.email_changed", now)


def find_objection(session: Session, token: str, *, now: datetime) -> EmailChange:
    """The change a link objects to; raises `ObjectionInvalid`."""
    return _objectionable(session, token, now)[0]


def object_to(session: Session, token: str, *, now: datetime) -> ChangeState:
    """Stop a change, or take it back: then sessions, password, second factors and new API keys are worthless too.

    Whoever had the account may have added a factor of their own, or copied what there was: none of it stays, and the
    person sets up a new one after the letter to the former address. Where somebody else has taken that address
    meanwhile, nobody gets in until the organisation says so. Raises `ObjectionInvalid`.
    """
    change, user = _objectionable(session, token, now, lock=True)
    was = change.state
    change.decided_at = now
    whose = (user.organisation_id, user.id)
    if was is ChangeState.ASKED:
        # Whoever objects may be a thief who asked for this change as well: what the owner holds against an earlier one
        # stays open.
        links.close(session, *whose, Purpose.CONFIRM_EMAIL, Purpose.OBJECT_EMAIL, about=change.id, now=now)
        change.state = ChangeState.STOPPED
        _record(session, user, "user.email_change_stopped", now)
        return change.state
    links.close(session, *whose, Purpose.CONFIRM_EMAIL, Purpose.PASSWORD, now=now)
    links.close(session, *whose, Purpose.OBJECT_EMAIL, since=change.id, now=now)
    _take_back(session, change, now)
    _stop_waiting(session, user, now)
    if not _take(session, user, change.former):
        user.state = UserState.DISABLED
    user.password_hash = None
    _forget_ways_in(session, user)
    resets.end_sessions(session, user.id, now=now)
    api_keys.give_up(session, user.organisation_id, user.id, since=change.asked_at, now=now)
    letters.post(session, user_id=user.id, kind="email.restored", key=f"email/{change.id}/restored", now=now)
    _record(session, user, "user.email_restored", now)
    return change.state


def waiting(session: Session, actor: Actor, *, now: datetime) -> str | None:
    """The address that a person wants and has not confirmed yet."""
    return session.scalar(
        select(EmailChange.wanted).where(
            EmailChange.organisation_id == actor.tenant,
            EmailChange.user_id == actor.user_id,
            EmailChange.state == ChangeState.ASKED,
            EmailChange.asked_at > now - CONFIRM_WITHIN,
        )
    )


def _forget_ways_in(session: Session, user: User) -> None:
    """Take away all that opens the account beside the password, and what the company's sign-in was tied to."""
    forget_factors(session, user.organisation_id, user.id)
    ties = (SignInLink.organisation_id == user.organisation_id, SignInLink.user_id == user.id)
    session.execute(delete(SignInLink).where(*ties).execution_options(synchronize_session=False))
    user.failed_factors, user.factor_paused_until = 0, None


def _confirmable(session: Session, token: str, now: datetime, *, lock: bool = False) -> tuple[EmailChange, User]:
    change, user = _subject(session, token, Purpose.CONFIRM_EMAIL, now, lock=lock)
    if change is None or user is None or change.state is not ChangeState.ASKED or user.email != change.former:
        raise ConfirmationInvalid
    return change, user


def _objectionable(session: Session, token: str, now: datetime, *, lock: bool = False) -> tuple[EmailChange, User]:
    change, user = _subject(session, token, Purpose.OBJECT_EMAIL, now, lock=lock)
    if change is None or user is None or not _is_open(change):
        raise ObjectionInvalid
    return change, user


def _is_open(change: EmailChange) -> bool:
    """Whether there is something to object to: a wish, or a change that the address stems from."""
    return change.state in {ChangeState.ASKED, ChangeState.CONFIRMED}


def _subject(
    session: Session, token: str, purpose: Purpose, now: datetime, *, lock: bool
) -> tuple[EmailChange | None, User | None]:
    found = links.find(session, token, purpose, now=now, lock=lock)
    if found is None:
        return None, None
    link: MailedLink = found[0]
    return _change(session, link.organisation_id, link.subject_id or 0, lock=lock), found[1]


def _change(session: Session, organisation_id: int, change_id: int, *, lock: bool = False) -> EmailChange | None:
    statement = select(EmailChange).where(EmailChange.organisation_id == organisation_id, EmailChange.id == change_id)
    return session.scalar(statement.with_for_update() if lock else statement)


def _take(session: Session, user: User, address: str) -> bool:
    """Give a person an address, unless somebody else has it."""
    try:
        with session.begin_nested():
            user.email = address
            session.flush()
    except IntegrityError:
        session.refresh(user)
        return False
    return True


def _take_back(session: Session, change: EmailChange, now: datetime) -> None:
    """Undo a change and with it every later one, which set out from it: none of them explains the address any more."""
    session.execute(
        update(EmailChange)
        .where(
            EmailChange.organisation_id == change.organisation_id,
            EmailChange.user_id == change.user_id,
            EmailChange.id >= change.id,
            EmailChange.state == ChangeState.CONFIRMED,
        )
        .values(state=ChangeState.TAKEN_BACK, decided_at=now)
        .execution_options(synchronize_session="fetch")
    )


def _stop_waiting(session: Session, user: User, now: datetime) -> None:
    session.execute(
        update(EmailChange)
        .where(
            EmailChange.organisation_id == user.organisation_id,
            EmailChange.user_id == user.id,
            EmailChange.state == ChangeState.ASKED,
        )
        .values(state=ChangeState.STOPPED, decided_at=now)
        .execution_options(synchronize_session="fetch")
    )


def _record(session: Session, user: User, action: str, now: datetime) -> None:
    audit.record(session, DOOR, action, now=now, organisations=[user.organisation_id], subject_user_id=user.id)
