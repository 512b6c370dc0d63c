"""Letters to one person by e-mail: asked for in the transaction of what they tell, written and sent by a job.

What is queued names the person and the kind of letter by id and code. Texts, addresses and the tokens of links come in
when the letter is sent, so that none of them lies in the queue. A letter is sent at least once; its key makes the
repeats recognisable.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, PrimaryKeyConstraint, delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from agencies.kernel import work
from agencies.kernel.base import Base
from agencies.kernel.errors import NotFound
from agencies.kernel.sealing import Place, keyring_of
from agencies.kernel.tenancy import Actor, bound_actor

#: The kind of work that sends a letter.
SEND = "send_letter"


class LetterAddress(Base):
    """Where a letter goes that is not for the address its person has now; forgotten once it is sent."""

    __tablename__ = "letter_addresses"
    __table_args__ = (PrimaryKeyConstraint("organisation_id", "key"),)

    organisation_id: Mapped[int]
    #: The letter's.
    key: Mapped[str]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


def post(session: Session, *, user_id: int, kind: str, key: str, now: datetime, **details: Any) -> None:
    """Queue a letter to a person whom the session may see; once per organisation and key.

    `kind` is one the portal has a text for. Details are ids, codes, counts and instants, never personal data, and never
    a token. Raises `NotFound`.
    """
    organisation_id = _organisation_of(session, user_id)
    _ask(session, organisation_id, user_id, kind, key, details, now)


def post_to_address(
    session: Session, *, user_id: int, address: str, kind: str, key: str, now: datetime, **details: Any
) -> None:
    """Queue a letter about a person to an address that is not, or no longer, theirs in the portal; once per key."""
    organisation_id = _organisation_of(session, user_id)
    sealed = keyring_of(session).seal(address, place_of(organisation_id, key))
    session.execute(
        insert(LetterAddress)
        .values(organisation_id=organisation_id, key=key, sealed=sealed, created_at=now)
        .on_conflict_do_nothing()
    )
    _ask(session, organisation_id, user_id, kind, key, {**details, "is_elsewhere": True}, now)


def post_about(session: Session, organisation_id: int, *, kind: str, key: str, now: datetime, **details: Any) -> None:
    """Queue a letter to somebody who is no user; whoever writes it finds the address by the details. Once per key."""
    _ask(session, organisation_id, None, kind, key, details, now)


def post_nothing(session: Session, organisation_id: int, *, key: str, now: datetime) -> None:
    """Ask for as much work as a letter is and send nothing: who watches the clock learns nothing either."""
    _ask(session, organisation_id, None, "", key, {}, now)


def open_address(session: Session, actor: Actor, key: str) -> str | None:
    """The address a letter of this key goes to, if it is not the person's own and was not forgotten."""
    sealed = session.scalar(
        select(LetterAddress.sealed).where(LetterAddress.organisation_id == actor.tenant, LetterAddress.key == key)
    )
    return None if sealed is None else keyring_of(session).open(sealed, place_of(actor.tenant, key))


def forget_address(session: Session, actor: Actor, key: str) -> None:
    """The letter has gone: its address is no longer needed."""
    session.execute(
        delete(LetterAddress).where(LetterAddress.organisation_id == actor.tenant, LetterAddress.key == key)
    )


def _organisation_of(session: Session, user_id: int) -> int:
    found: int | None = session.scalar(text("select organisation_id from users where id = :id"), {"id": user_id})
    if found is None:
        raise NotFound
    return found


def _ask(
    session: Session,
    organisation_id: int,
    user_id: int | None,
    kind: str,
    key: str,
    details: dict[str, Any],
    now: datetime,
) -> None:
    # Nobody's work: a letter that somebody is disabled is written although that person may ask for nothing any more.
    owner = Actor(side=bound_actor(session).side, organisation_id=organisation_id)
    payload = {"letter": kind, "user_id": user_id, "key": key, "at": now.isoformat(), "details": details}
    work.request(session, owner, SEND, key, payload, now=now)


def place_of(organisation_id: int, key: str) -> Place:
    """Where the address of a letter stands until it is sent."""
    return Place(organisation_id, "letter_addresses", "sealed", key)
