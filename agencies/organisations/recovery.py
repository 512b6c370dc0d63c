"""Recovery codes: ten long random codes, each of which stands in for the second factor once."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor
from agencies.organisations import credentials
from agencies.organisations.factors import RecoveryCode

HOW_MANY = 10
#: No letter or digit that looks like another one.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
#: 24 letters of 31 are 118 bits: no need to hash them slowly.
_GROUPS, _GROUP = 6, 4
LENGTH = _GROUPS * _GROUP


def make(session: Session, actor: Actor, *, now: datetime) -> list[str]:
    """A new set of codes, which nobody sees again; the former set is worth nothing from now on."""
    session.execute(delete(RecoveryCode).where(*_of(actor)).execution_options(synchronize_session=False))
    codes = [_new() for _ in range(HOW_MANY)]
    session.add_all(
        RecoveryCode(organisation_id=actor.tenant, user_id=actor.user_id, code_hash=_hash(code), made_at=now)
        for code in codes
    )
    session.flush()
    return codes


def use(session: Session, actor: Actor, code: str, *, now: datetime) -> bool:
    """Take a code that was not used yet; of two who bring the same code one gets in."""
    taken = session.execute(
        update(RecoveryCode)
        .where(*_of(actor), RecoveryCode.code_hash == _hash(code), RecoveryCode.used_at.is_(None))
        .values(used_at=now)
        .returning(RecoveryCode.user_id)
        .execution_options(synchronize_session=False)
    )
    return taken.one_or_none() is not None


def left(session: Session, actor: Actor) -> int:
    """How many codes the person still has."""
    unused = select(func.count(RecoveryCode.made_at)).where(*_of(actor), RecoveryCode.used_at.is_(None))
    return session.scalar(unused) or 0


def plain(code: str) -> str:
    """A code as it is compared: without the spaces and dashes people read it with."""
    return "".join(letter for letter in code.lower() if letter.isalnum())


def _new() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))


def _hash(code: str) -> bytes:
    return credentials.digest(plain(code))


def _of(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    return RecoveryCode.organisation_id == actor.tenant, RecoveryCode.user_id == actor.user_id
