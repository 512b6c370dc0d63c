"""Seals what was written before there was anything to seal with, for revision 0098.

The database has no keys, so the rows come out in pieces and go back sealed, in the revision's own transaction: either
all of them are sealed, or none is. An empty database needs no keys for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from agencies.kernel.sealing import Keyring
from assignments.locates.sealed import ToldSubject, finding_columns, seal_subject
from uploads.sealed import (
    BY_DOCUMENT,
    BY_REFERENCE,
    PERSON,
    Private,
    alone,
    index_of_contact,
    index_of_document,
    joined,
    place_of_fault,
    place_of_row,
    place_of_sample,
    seal_private,
)

_PIECE = 2_000
#: Index -> kind of contact, the column as it was written, and the one spelling.
_CONTACTS = {
    "phone_index": ("phone", "phone", "phone_e164"),
    "phone_2_index": ("phone", "phone_2", "phone_2_e164"),
    "email_index": ("email", "email", "email"),
    "address_index": ("address", "address", "address_normal"),
}
Rewrite = Callable[[Row[Any]], dict[str, Any]]


def seal_everything(connection: Connection, keyring: Keyring) -> None:
    """Fill the new columns of every table from its old ones."""

    def debtor(row: Row[Any]) -> dict[str, Any]:
        identity = _identity(keyring, row.creditor_id, row.old_identity)
        told = {name: getattr(row, name) for name in PERSON if name not in {"national_id", "id_check_digit"}}
        private = Private(national_id=row.id_number, **told)
        number = row.id_number
        return {
            "identity": identity,
            "document_index": number and index_of_document(keyring, row.creditor_id, row.country, number),
            "sealed": seal_private(keyring, row.creditor_id, identity, private),
            **_indexes(keyring, row.creditor_id, row),
        }

    def point(row: Row[Any]) -> dict[str, Any]:
        form = index_of_contact(keyring, row.creditor_id, row.kind, row.normal or row.value)
        normal = None if row.kind == "email" else row.normal
        private = alone(row.kind, row.value, normal)
        sealed = seal_private(keyring, row.creditor_id, row.identity, private)
        return {"form": form, "part": row.kind, "sealed": sealed}

    def finding(row: Row[Any]) -> dict[str, Any]:
        return finding_columns(keyring, row.creditor_id, row.order_id, row.kind, row.raw, row.value)

    def subject(row: Row[Any]) -> dict[str, Any]:
        told = ToldSubject(row.id_number, row.known)
        return {"sealed": seal_subject(keyring, row.creditor_id, row.order_id, told)}

    def sample(row: Row[Any]) -> dict[str, Any]:
        shown = json.dumps(row.sample, ensure_ascii=False, separators=(",", ":"))
        return {"sealed_sample": keyring.seal(shown, place_of_sample(row.organisation_id, row.sha256))}

    def fault(row: Row[Any]) -> dict[str, Any]:
        place = place_of_fault(row.organisation_id, row.upload_id, row.line, row.field, row.code)
        return {"sealed": keyring.seal(row.value, place), "value": ""}

    def staged_debtor(row: Row[Any]) -> dict[str, Any]:
        said = f"id:{row.country}:{row.id_type or ''}:{row.national_id}" if row.national_id else None
        said = said or (f"ref:{row.debtor_ref}" if row.debtor_ref else f"account:{row.account_ref}")
        identity = _identity(keyring, row.organisation_id, said)
        private = Private(**{name: getattr(row, name) for name in PERSON})
        sealed = seal_private(keyring, row.organisation_id, identity, private)
        return {"identity": identity, "sealed": sealed, **_indexes(keyring, row.organisation_id, row)}

    def staged(table: str, names: Sequence[str]) -> Rewrite:
        def rewrite(row: Row[Any]) -> dict[str, Any]:
            values = [getattr(row, name, None) for name in names]
            place = place_of_row(row.organisation_id, table, row.upload_id, row.line)
            return {"sealed": keyring.seal(joined(*values), place) if any(values) else None}

        return rewrite

    row_of_file = ("organisation_id", "upload_id", "line")
    country = "join organisations o on o.id = t.organisation_id"
    identity_of = "join debtors d on d.creditor_id = t.creditor_id and d.id = t.debtor_id"
    _each(connection, "debtors", ("creditor_id", "id"), debtor)
    _each(connection, "contact_points", ("creditor_id", "debtor_id", "id"), point, identity_of, "d.identity")
    _each(connection, "findings", ("creditor_id", "agency_id", "id"), finding)
    _each(connection, "locate_subjects", ("creditor_id", "agency_id", "order_id"), subject)
    _each(connection, "uploads", ("organisation_id", "id"), sample, where="t.sample is not null")
    _each(connection, "upload_errors", (*row_of_file, "field", "code"), fault)
    _each(connection, "staged_portfolio", row_of_file, staged_debtor, country, "o.country")
    _each(connection, "staged_portfolio_update", row_of_file, staged("staged_portfolio_update", PERSON))
    _each(connection, "staged_findings", row_of_file, staged("staged_findings", ("value",)))


def _identity(keyring: Keyring, creditor_id: int, said: str) -> bytes:
    """The blind form of an identity that was written as `id:CO:CC:123`, `ref:7` or `account:9`."""
    if said.startswith("id:"):
        _, country, of_type, number = said.split(":", 3)
        return BY_DOCUMENT + index_of_document(keyring, creditor_id, country, number) + of_type.encode()
    return BY_REFERENCE + keyring.index(creditor_id, "identity", said)


def _indexes(keyring: Keyring, creditor_id: int, row: Row[Any]) -> dict[str, bytes | None]:
    found: dict[str, bytes | None] = {}
    for name, (kind, value, normal) in _CONTACTS.items():
        form = getattr(row, normal) or getattr(row, value)
        found[name] = index_of_contact(keyring, creditor_id, kind, form) if form else None
    return found


def _each(
    connection: Connection,
    table: str,
    key: tuple[str, ...],
    rewrite: Rewrite,
    beside: str = "",
    also: str = "",
    where: str = "true",
) -> None:
    """Rewrite a table's rows in the order of its key, some at a time."""
    keys, marks = ", ".join(f"t.{name}" for name in key), ", ".join(f":{name}" for name in key)
    columns = f"t.*, {also}" if also else "t.*"
    read = f"select {columns} from {table} t {beside} where {where}"
    ordered = f" order by {keys} limit {_PIECE}"
    rows = connection.execute(text(read + ordered)).all()
    while rows:
        made = [{**{f"key_{name}": getattr(row, name) for name in key}, **rewrite(row)} for row in rows]
        sets = ", ".join(f"{name} = :{name}" for name in made[0] if not name.startswith("key_"))
        of = " and ".join(f"{name} = :key_{name}" for name in key)
        connection.execute(text(f"update {table} set {sets} where {of}"), made)
        last = {name: getattr(rows[-1], name) for name in key}
        rows = connection.execute(text(f"{read} and ({keys}) > ({marks}){ordered}"), last).all()
