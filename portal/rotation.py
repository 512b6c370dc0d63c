"""Everything that is sealed, sealed anew with the newest key: some rows at a time, by organisation, under its own role.

Whatever is sealed meanwhile has the newest key already, and both keys open until the older one is taken out of the
settings. Rows that were done stay done: whoever goes on after a crash passes over them. Blind indexes are derived from
`INDEX_KEY` alone and do not turn; changing it would mean reading every file again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from agencies.kernel.sealing import Keyring, Place, keyring_of
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor, Side
from portal.ports import Ports
from portal.sealedcolumns import COLUMNS, SealedColumn

ROTATE = "rotate_keys"
BATCH = 2_000


def at_the_door(actor: Actor) -> Actor:
    """The same organisation at the door, where its people's ways in are read and by nobody else."""
    return Actor(side=Side.DOOR, organisation_id=actor.tenant)


def turn(session: Session, actor: Actor) -> Iterator[int]:
    """Seal anew what the actor's organisation has under older keys; yields after each batch how many rows it was.

    Each batch belongs in a transaction of its own; one that is rolled back is done by the next run.
    """
    for one in COLUMNS:
        if actor.side not in one.sides or one.place is None:
            continue
        after: Row[Any] | None = None
        while rows := _older(session, actor, one, after):
            _seal_anew(session, actor, one, [one.place(actor.tenant, row) for row in rows], rows)
            after = rows[-1]
            yield len(rows)


def count_older(session: Session, actor: Actor) -> dict[str, int]:
    """Table -> rows of the actor's organisation under older keys, where there are any."""
    found = Counter[str]()
    for one in COLUMNS:
        if actor.side in one.sides:
            statement = text(f"select count(*) from {one.table} t where {_is_older(one)}")  # noqa: S608
            found[one.table] += session.scalar(statement, _given(session, actor)) or 0
    return {table: rows for table, rows in found.items() if rows}


def left(ports: Ports, actor: Actor) -> dict[str, int]:
    """The same, with what is read at the door."""
    found: dict[str, int] = {}
    for whoever in (actor, at_the_door(actor)):
        with ports.session(whoever) as session:
            found |= count_older(session, whoever)
    return found


def turn_by_itself(ports: Ports, actor: Actor) -> Generator[int, None, None]:
    """Seal anew under the actor's role, a batch in each transaction, which is done when its number is told."""
    with ports.session(actor) as session:
        batches, rows = turn(session, actor), 1
        while rows:
            with transaction(session):
                rows = next(batches, 0)
            if rows:
                yield rows


def _is_older(one: SealedColumn) -> str:
    # The first two bytes are the version of the key.
    is_there = f"{one.only} and octet_length({one.value}) > 0"
    return f"t.{one.tenant} = :tenant and {is_there} and substring({one.value} for 2) < :newest"


def _given(session: Session, actor: Actor) -> dict[str, Any]:
    return {"tenant": actor.tenant, "newest": keyring_of(session).newest.to_bytes(2, "big")}


def _older(session: Session, actor: Actor, one: SealedColumn, after: Row[Any] | None) -> list[Row[Any]]:
    keys = ", ".join(f"t.{name}" for name in one.key)
    given, behind = _given(session, actor), ""
    if after is not None:
        behind = f"and ({keys}) > ({', '.join(f':after_{name}' for name in one.key)})"
        given |= {f"after_{name}": getattr(after, name) for name in one.key}
    # Held, so that nobody seals a row for another place meanwhile.
    statement = f"""
        select {keys}, {one.value} as octets {one.also} from {one.table} t {one.beside}
        where {_is_older(one)} {behind} order by {keys} limit {BATCH} for update of t
    """  # noqa: S608  put together from constants
    return list(session.execute(text(statement), given))


def _seal_anew(session: Session, actor: Actor, one: SealedColumn, places: list[Place], rows: list[Row[Any]]) -> None:
    keyring: Keyring = keyring_of(session)
    made = [keyring.seal(keyring.open(row.octets, place), place) for row, place in zip(rows, places, strict=True)]
    names = ", ".join((*one.key, "octets"))
    arrays = ", ".join(f"cast(:{name} as {kind}[])" for name, kind in (*one.key.items(), ("octets", "bytea")))
    same = " and ".join(f"t.{name} = n.{name}" for name in one.key)
    session.execute(
        text(
            f"update {one.table} t set {one.column} = n.octets from unnest({arrays}) n ({names}) "  # noqa: S608
            f"where t.{one.tenant} = :tenant and {same}"
        ),
        {"tenant": actor.tenant, "octets": made, **{name: [getattr(row, name) for row in rows] for name in one.key}},
    )
