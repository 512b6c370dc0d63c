"""What docs/operations.md tells an operator to do, done: the backup role and a restore."""

import os
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import psycopg

from portal.stack.environment import ROOT
from portal.stack.postgres import find_binaries
from portal.stack.provision import plain_url
from tests.conftest import Database

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def statements_of_the_page() -> list[str]:
    found = re.findall(r"^    ((?:create role|grant) [^\n]*;)$", PAGE, re.MULTILINE)
    assert len(found) == 3, "the page no longer shows how the backup role is made"
    return found


def test_a_backup_made_as_documented_holds_everything_and_can_be_restored(database: Database, tmp_path: Path) -> None:
    superuser = plain_url(database.superuser_url)
    restored = f"{database.name}_restored"
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("create table secret (n int)")
        connection.execute("insert into secret values (1), (2)")
        connection.execute("alter table secret owner to encargo_owner")
        connection.execute("alter table secret enable row level security")
        connection.execute("alter table secret force row level security")
        for statement in statements_of_the_page():
            connection.execute(statement.replace("database encargo", f"database {database.name}"))
        connection.execute(f"create database {restored} owner encargo_owner")
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
            assert connection.execute("select count(*) from secret").fetchone() == (2,)
            owner = connection.execute("select tableowner from pg_tables where tablename = 'secret'").fetchone()
            assert owner == ("encargo_owner",)
    finally:
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute(f"drop database {restored} with (force)")
            connection.execute("drop owned by encargo_backup")
            connection.execute("drop role encargo_backup")


def test_every_setting_of_the_page_is_known_to_the_code_and_the_other_way_round() -> None:
    documented = set(re.findall(r"^\| `([A-Z0-9_]+)` \|", PAGE, re.MULTILINE))
    used = set(re.findall(r"\"([A-Z][A-Z0-9]*_[A-Z0-9_]+)\"", (ROOT / "config.py").read_text(encoding="utf-8")))
    # Read by the library itself, before our code runs.
    assert documented == used | {"POLARS_MAX_THREADS"}
