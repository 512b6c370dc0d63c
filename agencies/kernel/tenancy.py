"""Who acts for which organisation, and the database role that a transaction runs under.

Row-level security is the second wall: the role and the organisation are set once per transaction, from the actor bound
to the session, never from a request parameter, and always locally, so that nothing survives in a pooled connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, event, text
from sqlalchemy.orm import InstrumentedAttribute, Session, SessionTransaction

from agencies.kernel.errors import Forbidden


class Side(StrEnum):
    """On whose side of the table an actor sits; each has its own database role."""

    CREDITOR = "creditor"
    AGENCY = "agency"
    PLATFORM = "platform"
    #: Before anyone is known: sign-in and invitations only.
    DOOR = "door"
    #: The queue's own book-keeping, before a job takes on its owner's actor.
    WORKER = "worker"


DATABASE_ROLE = {
    Side.CREDITOR: "app_creditor",
    Side.AGENCY: "app_agency",
    Side.PLATFORM: "app_platform",
    Side.DOOR: "app_door",
    Side.WORKER: "app_worker",
}
#: May copy into staging tables and what is made of them, and read nothing; COPY is refused where row-level security
#: applies.
LOADER_ROLE = "app_loader"


class NoActor(RuntimeError):
    """A session was used before an actor was bound to it."""


@dataclass(frozen=True)
class Actor:
    """A person, or a job in a person's name, acting for one organisation."""

    side: Side
    organisation_id: int | None = None
    user_id: int | None = None
    role: str | None = None
    permissions: frozenset[str] = field(default_factory=frozenset)
    language: str = "es"
    time_zone: str = "America/Bogota"
    #: The second person, where this one does what that one approved.
    approved_by: int | None = None
    #: Only looks: the database itself refuses every change in this actor's transactions.
    is_read_only: bool = False
    #: The key an organisation's own system came in with; nobody in person acts then.
    key_id: int | None = None

    @property
    def tenant(self) -> int:
        """The organisation acted for; raises `NoActor` when there is none."""
        if self.organisation_id is None:
            raise NoActor("this actor acts for no organisation")
        return self.organisation_id

    def may(self, permission: str) -> bool:
        """Whether the actor's role carries the permission."""
        return permission in self.permissions


DOOR = Actor(side=Side.DOOR)
WORKER = Actor(side=Side.WORKER)


def require(actor: Actor, permission: str) -> None:
    """Raise `Forbidden` unless the actor holds the permission."""
    if not actor.may(permission):
        raise Forbidden


def require_side(actor: Actor, side: Side) -> int:
    """The actor's organisation, if it is on this side; raises `Forbidden` otherwise."""
    if actor.side is not side:
        raise Forbidden
    return actor.tenant


def owned_by(
    actor: Actor,
    creditor_id: InstrumentedAttribute[int],
    agency_id: InstrumentedAttribute[int] | InstrumentedAttribute[int | None],
) -> ColumnElement[bool]:
    """The first wall of a query on rows two sides share: the actor's own; raises `Forbidden` for other sides."""
    if actor.side is Side.CREDITOR:
        return creditor_id == actor.tenant
    if actor.side is Side.AGENCY:
        return agency_id == actor.tenant
    raise Forbidden


def bind(session: Session, actor: Actor) -> None:
    """Let every later transaction of this session run as the actor; ends a read that is still open."""
    if session.new or session.dirty or session.deleted:
        raise NoActor("the actor may not change in the middle of a change")
    session.rollback()
    session.info["actor"] = actor


def bound_actor(session: Session) -> Actor:
    """The actor this session runs as; raises `NoActor` when none was bound."""
    try:
        actor: Actor = session.info["actor"]
    except KeyError as missing:
        raise NoActor("no actor is bound to this session") from missing
    return actor


def _enter(connection: Connection, role: str, organisation_id: int | None) -> None:
    connection.execute(
        text("select set_config('role', :role, true), set_config('app.organisation', :organisation, true)"),
        {"role": role, "organisation": "" if organisation_id is None else str(organisation_id)},
    )


@event.listens_for(Session, "after_begin")
def _enter_as_actor(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    actor = bound_actor(session)
    _enter(connection, DATABASE_ROLE[actor.side], actor.organisation_id)
    if actor.is_read_only:
        connection.execute(text("set transaction read only"))


@contextmanager
def as_loader(session: Session) -> Iterator[Any]:
    """The raw driver connection under the loader's role, inside the current transaction."""
    actor = bound_actor(session)
    connection = session.connection()
    _enter(connection, LOADER_ROLE, actor.organisation_id)
    yield connection.connection.driver_connection
    # On an error the caller gives the transaction up, and its role with it.
    _enter(connection, DATABASE_ROLE[actor.side], actor.organisation_id)
