"""Who did what, when: append-only, one hash chain per organisation, written in the transaction of the change.

An event's hash covers the hash before it and the event's canonical text, so that an edited or removed row breaks the
chain at that place. A cut tail is visible only against a head kept elsewhere (`heads`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, PrimaryKeyConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from agencies.kernel.base import Base
from agencies.kernel.tenancy import Actor
from agencies.kernel.tracing import request_of

GENESIS = bytes(32)


class AuditEvent(Base):
    """One thing that happened, as one organisation's chain tells it."""

    __tablename__ = "audit_events"
    __table_args__ = (PrimaryKeyConstraint("organisation_id", "seq"),)

    organisation_id: Mapped[int]
    seq: Mapped[int]
    at: Mapped[datetime]
    action: Mapped[str]
    actor_organisation_id: Mapped[int | None]
    actor_user_id: Mapped[int | None]
    #: Canonical JSON of everything said above and the details; what the hash covers.
    body: Mapped[str]
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditHead(Base):
    """The end of an organisation's chain; its row lock puts the chain's writers in a line."""

    __tablename__ = "audit_heads"

    organisation_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int]
    hash: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass(frozen=True)
class _Pending:
    organisation_id: int
    actor: Actor
    action: str
    at: datetime
    body: str


@dataclass(frozen=True)
class Anchor:
    """The end of a chain as it was once, kept outside the database."""

    organisation_id: int
    seq: int
    hash: bytes


@dataclass(frozen=True)
class BrokenLink:
    """Where a chain does not hold, and why (`edited`, `missing`, `unlinked`, `cut`, `rewritten`)."""

    organisation_id: int
    seq: int
    reason: str


def record(
    session: Session,
    actor: Actor,
    action: str,
    *,
    now: datetime,
    organisations: Iterable[int] | None = None,
    **details: Any,
) -> None:
    """Queue an event for the chains of `organisations` (default: the actor's own); written at commit.

    `action` is past tense with its subject first, such as `placement.acknowledged`. Details carry ids, counts and
    amounts in minor units, never personal data.
    """
    body = json.dumps(
        {
            "action": action,
            "at": now.isoformat(),
            "by": _signature(actor),
            "details": details,
            **({} if (request := request_of(session)) is None else {"request": request}),
        },
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        default=str,
    )
    chains = sorted(set(organisations)) if organisations is not None else [actor.tenant]
    pending = session.info.setdefault("audit", [])
    pending.extend(_Pending(chain, actor, action, now, body) for chain in chains)


def forget(session: Session) -> None:
    """Drop events queued in a transaction that did not happen."""
    session.info.pop("audit", None)


def write_pending(session: Session) -> None:
    """Append the queued events; chains in ascending order, so that two writers cannot wait for each other."""
    pending: list[_Pending] = session.info.pop("audit", [])
    for item in sorted(pending, key=lambda one: one.organisation_id):
        session.execute(
            text("select append_audit_event(:chain, :at, :action, :actor_organisation, :actor_user, :body)"),
            {
                "chain": item.organisation_id,
                "at": item.at,
                "action": item.action,
                "actor_organisation": item.actor.organisation_id,
                "actor_user": item.actor.user_id,
                "body": item.body,
            },
        )


def link(previous: bytes, body: str) -> bytes:
    """The hash of an event that follows `previous`: SHA-256 over both."""
    return hashlib.sha256(previous + body.encode()).digest()


def verify_chain(
    session: Session, organisation_id: int, *, after: tuple[int, bytes] = (0, GENESIS)
) -> Iterator[BrokenLink]:
    """Walk one organisation's chain in order and yield every place where it does not hold.

    `after` is the number and hash of the last event that is taken for granted.
    """
    seq, previous = after
    while True:
        begun = seq
        for row in _events(session, organisation_id, seq):
            if row.seq != seq + 1:
                yield BrokenLink(organisation_id, seq + 1, "missing")
            elif row.previous != previous:
                yield BrokenLink(organisation_id, row.seq, "unlinked")
            if row.hash != link(row.previous, row.body) or not _agrees(row):
                yield BrokenLink(organisation_id, row.seq, "edited")
            seq, previous = row.seq, row.hash
        at, end = _head(session, organisation_id)
        # What was written meanwhile is walked too; a head beyond the last event that there is tells of a cut.
        if at <= seq or seq == begun:
            break
    if (at, end) != (seq, previous):
        yield BrokenLink(organisation_id, max(at, seq), "cut")


def heads(session: Session) -> list[Anchor]:
    """The end of every chain the actor may see, to be kept where nobody who can write here can write."""
    rows = session.scalars(select(AuditHead).order_by(AuditHead.organisation_id))
    return [Anchor(row.organisation_id, row.seq, row.hash) for row in rows]


def verify_anchor(session: Session, anchor: Anchor) -> BrokenLink | None:
    """Whether the chain still passes through the anchor: None, or where history was cut or written anew."""
    found = session.get(AuditEvent, (anchor.organisation_id, anchor.seq))
    if found is None:
        return None if anchor.seq == 0 else BrokenLink(anchor.organisation_id, anchor.seq, "cut")
    return None if found.hash == anchor.hash else BrokenLink(anchor.organisation_id, anchor.seq, "rewritten")


def head_of(session: Session, organisation_id: int) -> Anchor:
    """The end of one chain as it is now; number 0 where nothing was written yet."""
    return Anchor(organisation_id, *_head(session, organisation_id))


def _events(session: Session, organisation_id: int, after: int) -> Iterator[AuditEvent]:
    statement = select(AuditEvent).where(AuditEvent.organisation_id == organisation_id, AuditEvent.seq > after)
    yield from session.scalars(statement.order_by(AuditEvent.seq).execution_options(yield_per=2000))


def _head(session: Session, organisation_id: int) -> tuple[int, bytes]:
    found = session.execute(
        select(AuditHead.seq, AuditHead.hash).where(AuditHead.organisation_id == organisation_id)
    ).one_or_none()
    return (0, GENESIS) if found is None else (found.seq, found.hash)


def _signature(actor: Actor) -> dict[str, Any]:
    """Who acted; a second person, or a key instead of a person, only where there was one."""
    signed = {"organisation": actor.organisation_id, "user": actor.user_id, "role": actor.role}
    besides = {"approved_by": actor.approved_by, "key": actor.key_id}
    return signed | {name: told for name, told in besides.items() if told is not None}


def _agrees(row: AuditEvent) -> bool:
    told = json.loads(row.body)
    return (
        told["action"] == row.action
        and told["by"]["organisation"] == row.actor_organisation_id
        and told["by"]["user"] == row.actor_user_id
        and datetime.fromisoformat(told["at"]) == row.at
    )
