"""An authenticator app is set up, changed and taken away; like all proofs of identity, at the door.

A new key waits beside the one in use until its first code has come: only then is it certain that the app has it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.kernel.errors import Conflict, Forbidden, msg
from agencies.kernel.sealing import keyring_of
from agencies.kernel.tenancy import Actor
from agencies.organisations import proving, totp
from agencies.organisations.factors import Authenticator, Passkey
from agencies.organisations.models import User
from agencies.organisations.signing_in import SignedIn

#: How long a new key waits for its first code.
_WAITS = timedelta(minutes=30)


class LastFactor(Conflict):
    """Somebody without a second factor could not come in again."""

    text = msg("This is your only second factor. Set up another one first: an authenticator app or a passkey.")


def require_proof(person: SignedIn) -> None:
    """Who has a second factor proves it before setting up another one; raises `Forbidden`."""
    if not person.is_whole and person.has_factor:
        raise Forbidden


def begin(session: Session, person: SignedIn, *, now: datetime) -> None:
    """Draw a new key, which waits to be confirmed; the former one, if any, works on meanwhile."""
    require_proof(person)
    sealed = keyring_of(session).seal(totp.new_seed(), proving.seed_place(person.actor, "pending_seed"))
    _put(session, person.actor, {"pending_seed": sealed, "pending_at": now})


def waiting_seed(session: Session, person: SignedIn, *, now: datetime) -> str | None:
    """The key that waits to be confirmed, for the page that shows it."""
    require_proof(person)
    sealed = session.scalar(
        select(Authenticator.pending_seed).where(*_mine(person.actor), Authenticator.pending_at > now - _WAITS)
    )
    return (
        None if sealed is None else keyring_of(session).open(sealed, proving.seed_place(person.actor, "pending_seed"))
    )


def confirm(session: Session, person: SignedIn, code: str, *, now: datetime) -> bool:
    """Take the waiting key into use if the code is one of it; False when it is not."""
    seed = waiting_seed(session, person, now=now)
    step = None if seed is None else totp.matching_step(seed, code.replace(" ", ""), now=now, after=None)
    if seed is None or step is None:
        return False
    enrol(session, person.actor, seed, now=now, letter="factor.added")
    taken = update(Authenticator).where(*_mine(person.actor)).values(last_step=step)
    session.execute(taken.execution_options(synchronize_session=False))
    # Whoever was locked out by a lost phone begins anew.
    fresh = update(User).where(User.id == person.user_id).values(failed_factors=0, factor_paused_until=None)
    session.execute(fresh.execution_options(synchronize_session=False))
    return True


def enrol(session: Session, actor: Actor, seed: str, *, now: datetime, letter: str | None = None) -> None:
    """Take a key into use that the person's app is known to have."""
    sealed = keyring_of(session).seal(seed, proving.seed_place(actor, "seed"))
    fresh = {"seed": sealed, "confirmed_at": now, "last_step": None, "pending_seed": None, "pending_at": None}
    _put(session, actor, fresh)
    proving.tell(session, actor, "user.authenticator_set_up", now, letter=letter)


def remove(session: Session, person: SignedIn, *, now: datetime) -> None:
    """Take the app away, if there is a passkey beside it; raises `LastFactor`."""
    require_proof(person)
    actor = person.actor
    others = select(Passkey.id).where(Passkey.organisation_id == actor.tenant, Passkey.user_id == actor.user_id)
    if session.scalar(others.limit(1)) is None:
        raise LastFactor
    gone = delete(Authenticator).where(*_mine(actor)).execution_options(synchronize_session=False)
    session.execute(gone)
    proving.tell(session, actor, "user.authenticator_removed", now, letter="factor.removed")


def confirmed_at(session: Session, actor: Actor) -> datetime | None:
    """Since when the person has an authenticator app."""
    return session.scalar(select(Authenticator.confirmed_at).where(*_mine(actor)))


def _put(session: Session, actor: Actor, values: dict[str, object]) -> None:
    statement = insert(Authenticator).values(organisation_id=actor.tenant, user_id=actor.user_id, **values)
    session.execute(
        statement.on_conflict_do_update(index_elements=["organisation_id", "user_id"], set_=values).execution_options(
            synchronize_session=False
        )
    )


def _mine(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    return Authenticator.organisation_id == actor.tenant, Authenticator.user_id == actor.user_id
