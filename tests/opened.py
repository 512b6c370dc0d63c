"""Everything that is sealed in a database, opened, and whether any of it stands readable somewhere else."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, text

from agencies.kernel.sealing import Keyring
from portal.sealedcolumns import COLUMNS, SealedColumn
from uploads.sealed import BETWEEN, FORM

#: Key of a value: table, column and octets, tenant, and what names the row.
Opened = dict[tuple[Any, ...], str]
#: What of a fault is somebody's, by the field it was found in.
_PRIVATE = {"national_id", "phone", "phone_2", "email", "address", "value"}
#: Of an application, what is said of a company is readable once it is an organisation.
_SECRET = {"document", "number"}
_PERSONAL = {"id_number", "document", "value", "raw", "normal"}
_SHORTEST = 7
_OCTETS = re.compile(r"\\x((?:[0-9a-f]{2})+)")


def opened(connection: Connection, keyring: Keyring) -> Opened:
    """Every sealed value of every organisation, opened in its place; raises `SealBroken` where one does not open."""
    found: Opened = {}
    for one in COLUMNS:
        if one.place is None:
            continue
        for row in connection.execute(text(_statement(one))):
            key = (one.table, one.column, row.tenant, *(getattr(row, name) for name in one.key))
            found[key] = keyring.open(row.octets, one.place(row.tenant, row))
    return found


def personal(found: Opened) -> set[str]:
    """Documents, telephones, e-mails, addresses, account numbers and secrets among what was opened."""
    words = {word for key, value in found.items() for word in _words(key, value)}
    return {word for word in words if len(word) >= _SHORTEST and re.search(r"\d|@", word)}


def readable(connection: Connection, words: set[str]) -> list[tuple[str, str]]:
    """Table and word of all that stands in any column of any table, also in octets."""
    tables = connection.scalars(
        text("""
            select table_name::text from information_schema.tables
            where table_schema = 'public' and table_type = 'BASE TABLE' order by 1
        """)
    ).all()
    found = []
    for table in tables:
        said = connection.scalar(text(f"select coalesce(string_agg(t::text, ' '), '') from {table} t"))
        octets = b" ".join(bytes.fromhex(one) for one in _OCTETS.findall(said))
        found += [(table, word) for word in _told(_OCTETS.sub("", said) + octets.decode(errors="replace"), words)]
    return found


def _told(said: str, words: set[str]) -> list[str]:
    """Which of many words stand in a long text, by how they begin: one look at each place of it."""
    begins = defaultdict(list)
    for word in words:
        begins[word[:_SHORTEST]].append(word)
    found = {
        word
        for at in range(len(said))
        for word in begins.get(said[at : at + _SHORTEST], ())
        if said.startswith(word, at)
    }
    return sorted(found)


def _statement(one: SealedColumn) -> str:
    keys = ", ".join(f"t.{name}" for name in one.key)
    return (
        f"select t.{one.tenant} as tenant, {keys}, {one.value} as octets {one.also} from {one.table} t {one.beside} "
        f"where {one.only} and octet_length({one.value}) > 0"
    )


def _words(key: tuple[Any, ...], value: str) -> Iterator[str]:
    table, column = key[:2]
    if value.startswith(FORM + BETWEEN):
        yield from value.split(BETWEEN)[1:]
    elif table == "upload_errors" and key[-2] in _PRIVATE:
        yield value
    elif table == "applications" and column == "content":
        yield from _leaves(json.loads(value), _SECRET)
    elif table in {"locate_subjects", "subject_requests"}:
        yield from _leaves(json.loads(value), _PERSONAL)
    elif column in {"document", "number", "seed", "pending_seed", "client_secret"}:
        yield value


def _leaves(told: Any, names: set[str], name: str = "") -> Iterator[str]:
    if isinstance(told, dict):
        for inner, one in told.items():
            yield from _leaves(one, names, inner)
    elif isinstance(told, list):
        for one in told:
            yield from _leaves(one, names, name)
    elif isinstance(told, str) and name in names:
        yield told
