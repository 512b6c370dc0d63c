"""Proving who one is, beside the password or once more: codes of an app, recovery codes, the password again.

Failures are counted and answered with the same pauses as passwords; as at the door, a failure is a value, because the
transaction that counts it must commit. A code is worth something once, whoever brings it first.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from agencies.kernel import audit, letters
from agencies.kernel.sealing import Place, keyring_of
from agencies.kernel.tenancy import DOOR, Actor
from agencies.organisations import recovery, signing_in, totp
from agencies.organisations.factors import Authenticator, Factor
from agencies.organisations.models import User
from agencies.organisations.signing_in import SignedIn

_DIGITS = 6


def prove_code(session: Session, person: SignedIn, code: str, *, now: datetime) -> Factor | None:
    """Take a code of the app, or a recovery code; None when it is wrong, was used, or attempts are paused."""
    user = session.scalars(select(User).where(User.id == person.user_id).with_for_update()).one()
    if user.factor_paused_until is not None and user.factor_paused_until > now:
        return None
    given = recovery.plain(code)
    if given.isdecimal() and len(given) == _DIGITS:
        factor = Factor.CODE if _take_step(session, person.actor, given, now) else None
    else:
        factor = Factor.RECOVERY_CODE if recovery.use(session, person.actor, given, now=now) else None
    if factor is None:
        _count_failure(session, user, now)
        return None
    user.failed_factors, user.factor_paused_until = 0, None
    if factor is Factor.RECOVERY_CODE:
        left = recovery.left(session, person.actor)
        tell(session, person.actor, "user.recovery_code_used", now, letter="recovery.used", left=left)
    return factor


def prove_password(session: Session, person: SignedIn, password: str, *, now: datetime) -> bool:
    """Whether this is the person's password; a wrong one counts as one at the door."""
    return signing_in.authenticate(session, email=person.email, password=password, now=now) is not None


def seed_place(actor: Actor, column: str) -> Place:
    """Where a person's sealed key stands."""
    return Place(actor.tenant, Authenticator.__tablename__, column, str(actor.user_id))


def tell(
    session: Session, actor: Actor, action: str, now: datetime, *, letter: str | None = None, **details: int | str
) -> None:
    """Put into the organisation's trail what happened at the door to somebody's way in, and write to that person."""
    home = [actor.tenant]
    audit.record(session, DOOR, action, now=now, organisations=home, subject_user_id=actor.user_id, **details)
    if letter is not None and actor.user_id is not None:
        key = f"{letter}/{actor.user_id}/{now.timestamp()}"
        letters.post(session, user_id=actor.user_id, kind=letter, key=key, now=now)


def _take_step(session: Session, actor: Actor, code: str, now: datetime) -> bool:
    mine = (Authenticator.organisation_id == actor.tenant, Authenticator.user_id == actor.user_id)
    row = session.execute(select(Authenticator.seed, Authenticator.last_step).where(*mine)).one_or_none()
    if row is None or row.seed is None:
        return False
    seed = keyring_of(session).open(row.seed, seed_place(actor, "seed"))
    step = totp.matching_step(seed, code, now=now, after=row.last_step)
    if step is None:
        return False
    # The condition decides between two who bring the same code in the same instant.
    taken = session.execute(
        update(Authenticator)
        .where(*mine, or_(Authenticator.last_step.is_(None), Authenticator.last_step < step))
        .values(last_step=step)
        .returning(Authenticator.user_id)
        .execution_options(synchronize_session=False)
    )
    return taken.one_or_none() is not None


def _count_failure(session: Session, user: User, now: datetime) -> None:
    user.failed_factors += 1
    pause = signing_in.pause_after(user.failed_factors)
    if pause is not None:
        user.factor_paused_until = now + pause
    audit.record(
        session,
        DOOR,
        "user.factor_failed",
        now=now,
        organisations=[user.organisation_id],
        subject_user_id=user.id,
        failures=user.failed_factors,
    )
