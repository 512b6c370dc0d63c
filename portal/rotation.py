"""Everything that is sealed, sealed anew with the newest key: some rows at a time, by organisation, under its own role.

Whatever is sealed meanwhile has the newest key already, and both keys open until the older one is taken out of the
settings. Rows that were done stay done: whoever goes on after a crash passes over them. Blind indexes are derived from
`INDEX_KEY` alone and do not turn; changing it would mean reading every file again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from agencies.kernel.sealing import Keyring, Place, keyring_of
from agencies.kernel.tenancy import Actor, Side
from assignments.locates.sealed import place_of_finding, place_of_subject
from uploads.sealed import place_of_fault, place_of_person, place_of_row, place_of_sample

ROTATE = "rotate_keys"
BATCH = 2_000
_BOTH = frozenset({Side.CREDITOR, Side.AGENCY})
_CREDITOR, _AGENCY = frozenset({Side.CREDITOR}), frozenset({Side.AGENCY})


@dataclass(frozen=True)
class SealedColumn:
    """One column of sealed values: whose rows they are, what names a row, and where its value stands."""

    table: str
    tenant: str
    key: Mapping[str, str]
    #: None for history that nobody rewrites: it needs the key it was written with as long as it is kept.
    place: Callable[[int, Row[Any]], Place] | None
    #: The sides that hold such rows as their own, and so may seal them anew.
    sides: frozenset[Side]
    column: str = "sealed"
    #: What the place is made of besides the key: expressions, and what they are joined from.
    also: str = ""
    beside: str = ""


def _staged(table: str) -> Callable[[int, Row[Any]], Place]:
    return lambda tenant, row: place_of_row(tenant, table, row.upload_id, row.line)


_LINE = {"upload_id": "bigint", "line": "bigint"}
COLUMNS: tuple[SealedColumn, ...] = (
    SealedColumn(
        "debtors",
        "creditor_id",
        {"id": "bigint"},
        lambda tenant, row: place_of_person(tenant, row.identity),
        _CREDITOR,
        also=", t.identity",
    ),
    SealedColumn(
        "contact_points",
        "creditor_id",
        {"debtor_id": "bigint", "id": "bigint"},
        lambda tenant, row: place_of_person(tenant, row.identity),
        _CREDITOR,
        also=", d.identity",
        beside="join debtors d on d.creditor_id = t.creditor_id and d.id = t.debtor_id",
    ),
    SealedColumn(
        "findings",
        "creditor_id",
        {"agency_id": "bigint", "id": "bigint"},
        lambda tenant, row: place_of_finding(tenant, row.order_id, row.form),
        _CREDITOR,
        also=", t.order_id, t.form",
    ),
    SealedColumn(
        "locate_subjects",
        "creditor_id",
        {"agency_id": "bigint", "order_id": "bigint"},
        lambda tenant, row: place_of_subject(tenant, row.order_id),
        _CREDITOR,
    ),
    SealedColumn(
        "uploads",
        "organisation_id",
        {"id": "bigint"},
        lambda tenant, row: place_of_sample(tenant, row.sha256),
        _BOTH,
        column="sealed_sample",
        also=", t.sha256",
    ),
    SealedColumn(
        "upload_errors",
        "organisation_id",
        {**_LINE, "field": "text", "code": "text"},
        lambda tenant, row: place_of_fault(tenant, row.upload_id, row.line, row.field, row.code),
        _BOTH,
    ),
    SealedColumn(
        "staged_portfolio",
        "organisation_id",
        _LINE,
        lambda tenant, row: place_of_person(tenant, row.identity),
        _CREDITOR,
        also=", t.identity",
    ),
    SealedColumn("staged_portfolio_update", "organisation_id", _LINE, _staged("staged_portfolio_update"), _CREDITOR),
    SealedColumn("staged_findings", "organisation_id", _LINE, _staged("staged_findings"), _AGENCY),
    SealedColumn("subject_requests", "creditor_id", {"id": "bigint"}, None, _CREDITOR, column="person"),
    SealedColumn("subject_steps", "creditor_id", {"id": "bigint"}, None, _CREDITOR),
    SealedColumn("subject_answers", "creditor_id", {"request_id": "bigint"}, None, _CREDITOR),
)


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
    found = {
        one.table: session.scalar(
            text(f"select count(*) from {one.table} t where {_is_older(one)}"),  # noqa: S608
            _given(session, actor),
        )
        or 0
        for one in COLUMNS
        if actor.side in one.sides
    }
    return {table: rows for table, rows in found.items() if rows}


def _is_older(one: SealedColumn) -> str:
    # The first two bytes are the version of the key.
    is_there = f"octet_length(t.{one.column}) > 0"
    return f"t.{one.tenant} = :tenant and {is_there} and substring(t.{one.column} for 2) < :newest"


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
        select {keys}, t.{one.column} as octets {one.also} from {one.table} t {one.beside}
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
