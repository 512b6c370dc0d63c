"""What docs/operations.md tells an operator to do, done: the backup role and a restore."""

import os
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import psycopg
from flask import Flask
from psycopg import sql
from sqlalchemy import create_engine

from portal.app import ports_of
from portal.schema import metadata
from portal.stack.environment import ROOT
from portal.stack.postgres import find_binaries
from portal.stack.provision import plain_url
from tests import people
from tests.conftest import Database
from tests.pipeline.neighbours import Neighbours

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
#: What a restore must bring back besides rows: a name, and what stands there of it.
BESIDE_ROWS = {
    "sequence": "select sequencename, last_value from pg_sequences where schemaname = 'public'",
    "wall": "select relname, relrowsecurity, relforcerowsecurity from pg_class "
    "where relnamespace = 'public'::regnamespace and relkind = 'r'",
    # Their conditions are written a little otherwise each time they are read.
    "policy": "select concat(tablename, '.', policyname), roles::text, cmd, permissive from pg_policies",
    "function": "select oid::regprocedure::text, prosrc, proacl::text from pg_proc "
    "where pronamespace = 'public'::regnamespace",
    "trigger": "select concat(tgrelid::regclass, '.', tgname), pg_get_triggerdef(oid) from pg_trigger "
    "where not tgisinternal",
    "grant": "select concat(table_name, '.', grantee, '.', privilege_type), is_grantable "
    "from information_schema.role_table_grants where table_schema = 'public'",
}


def statements_of_the_page() -> list[str]:
    found = re.findall(r"^    ((?:create role|grant) [^\n]*;)$", PAGE, re.MULTILINE)
    assert len(found) == 3, "the page no longer shows how the backup role is made"
    return found


def contents(connection: psycopg.Connection) -> dict[str, tuple[object, ...]]:
    """Every table, its rows counted and hashed; where every sequence stands; and what keeps tenants apart."""
    tables = connection.execute("select tablename, tableowner from pg_tables where schemaname = 'public'").fetchall()
    found: dict[str, tuple[object, ...]] = {}
    for table, owner in tables:
        asked = sql.SQL("select count(*), md5(string_agg(t::text, '|' order by t::text)) from {} t")
        row = connection.execute(asked.format(sql.Identifier(table))).fetchone()
        assert row is not None
        found[table] = (owner, *row)
    for kind, statement in BESIDE_ROWS.items():
        found |= {f"{kind} {name}": tuple(rest) for name, *rest in connection.execute(statement)}
    return found


def test_a_backup_made_as_documented_holds_everything_and_can_be_restored(
    app: Flask, database: Database, tmp_path: Path
) -> None:
    engine = create_engine(database.superuser_url)
    Neighbours(ports_of(app), people.World(ports_of(app)), engine)
    engine.dispose()
    superuser = plain_url(database.superuser_url)
    restored = f"{database.name}_restored"
    with psycopg.connect(superuser, autocommit=True) as connection:
        for statement in statements_of_the_page():
            connection.execute(statement.replace("database encargo", f"database {database.name}").encode())
        connection.execute(f"create database {restored} owner encargo_owner".encode())
        before = contents(connection)
    host = unquote(database.superuser_url.rpartition("host=")[2])
    tools, dump = find_binaries().folder, tmp_path / "encargo.dump"
    environ = {**os.environ, "PGHOST": host}
    try:
        options = ["-U", "encargo_backup", "-Fc", "-f", str(dump), database.name]
        subprocess.run([str(tools / "pg_dump"), *options], env=environ, check=True)
        options = ["-U", "postgres", "--exit-on-error", "--dbname", restored, str(dump)]
        subprocess.run([str(tools / "pg_restore"), *options], env=environ, check=True)
        address = superuser.replace(f"/{database.name}?", f"/{restored}?")
        with psycopg.connect(address) as connection:
            after = contents(connection)
    finally:
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute(f"drop database {restored} with (force)".encode())
            connection.execute("drop owned by encargo_backup")
            connection.execute("drop role encargo_backup")

    assert after == before
    # Of everything there is something, but for what comes and goes by itself.
    tables = {name: row for name, row in before.items() if " " not in name}
    assert set(metadata.tables) - {"debtor_contacts"} <= set(tables)
    assert {row[0] for row in tables.values()} == {"encargo_owner"}
    assert {name for name, row in tables.items() if not row[1]} == {"passkey_challenges", "schedule_runs"}
    assert any(row[0] for name, row in before.items() if name.startswith("sequence"))


def test_every_setting_of_the_page_is_known_to_the_code_and_the_other_way_round() -> None:
    documented = set(re.findall(r"^\| `([A-Z0-9_]+)` \|", PAGE, re.MULTILINE))
    used = set(re.findall(r"\"([A-Z][A-Z0-9]*_[A-Z0-9_]+)\"", (ROOT / "config.py").read_text(encoding="utf-8")))
    # Read by the library itself, before our code runs.
    assert documented == used | {"POLARS_MAX_THREADS"}
