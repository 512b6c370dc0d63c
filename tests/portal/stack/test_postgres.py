"""Real throw-away PostgreSQL servers: started, adopted, killed, restarted, provisioned."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from portal.stack import postgres, processes
from portal.stack.environment import StackError, claim_private_folder, short_temporary_folder
from portal.stack.postgres import Disguise, PostgresServer
from portal.stack.provision import plain_url, provision

INSTALLED = sorted({found for folder in postgres._binary_folders() if (found := postgres._major_version(folder))})
GROUPS = {"app_creditor", "app_agency", "app_platform", "app_door", "app_worker", "app_loader"}

MakeServer = Callable[..., PostgresServer]


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[MakeServer]:
    made = []
    sockets = short_temporary_folder() / f"encargo-t-{os.getpid()}"
    claim_private_folder(sockets)

    def make(*, durable: bool = True) -> PostgresServer:
        made.append(PostgresServer(tmp_path / "postgres", sockets, tmp_path / "postgres.log", durable=durable))
        return made[-1]

    yield make
    for server in made:
        server.stop()
    subprocess.run(["rm", "-rf", str(sockets)], check=True)


def rows(server: PostgresServer, statement: str, user: str = "postgres", database: str = "postgres") -> list:
    with psycopg.connect(plain_url(server.url(user, database)), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def use_only(monkeypatch: pytest.MonkeyPatch, major: int) -> None:
    folders = [folder for folder in postgres._binary_folders() if postgres._major_version(folder) == major]
    monkeypatch.setattr(postgres, "_binary_folders", lambda: folders)


@pytest.mark.parametrize("major", INSTALLED)
def test_data_survive_a_restart(make_server: MakeServer, monkeypatch: pytest.MonkeyPatch, major: int) -> None:
    use_only(monkeypatch, major)
    server = make_server()
    server.start(follow=True)
    rows(server, "CREATE TABLE kept AS SELECT 7 AS n")
    server.stop()
    assert not server.answers()
    server.start(follow=True)
    assert rows(server, "SELECT n FROM kept") == [(7,)]
    assert rows(server, "SHOW server_version_num")[0][0].startswith(str(major))
    assert rows(server, "SHOW data_checksums") == [("on",)]
    assert rows(server, "SHOW fsync") == [("on",)]
    assert rows(server, "SHOW listen_addresses") == [("",)]


def test_what_was_acknowledged_survives_a_killed_server(make_server: MakeServer) -> None:
    server = make_server()
    server.start(follow=True)
    rows(server, "CREATE TABLE kept AS SELECT generate_series(1, 100) AS n")
    pid = server._server_pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    processes.wait_until_gone(pid, patience=5)
    assert not server.lives()
    server.start(follow=True)
    assert rows(server, "SELECT count(*) FROM kept") == [(100,)]


def test_a_live_server_is_adopted_and_can_be_stopped(make_server: MakeServer) -> None:
    first, second = make_server(durable=False), make_server(durable=False)
    first.start(follow=True)
    pid = first._server_pid()
    second.start(follow=True)
    assert second._server_pid() == pid
    first._process = None  # Its starter is forgotten, as after the death of the process that held it.
    second.stop()
    assert pid is not None
    assert not processes.is_alive(pid)


def test_an_interrupted_first_start_leaves_nothing_in_the_way(make_server: MakeServer) -> None:
    server = make_server(durable=False)
    half_made = server.data.with_name("postgres.new")
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n")
    server.start(follow=True)
    assert rows(server, "SELECT 1") == [(1,)]


def test_data_of_a_version_that_is_not_installed_are_refused_by_name(make_server: MakeServer) -> None:
    server = make_server()
    server.data.mkdir()
    (server.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(StackError, match="written by PostgreSQL 9"):
        server.start(follow=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs a disguise")
@pytest.mark.parametrize("method", ["namespace", "nobody"])
def test_root_starts_a_server_that_is_not_root(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    disguise = Disguise(method)
    if subprocess.run([*disguise.prefix(None), "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip(f"this machine does not allow the disguise {method}")
    monkeypatch.setattr(Disguise, "for_this_user", lambda: disguise)
    server = make_server(durable=False)
    server.data.parent.chmod(0o700)  # Closed to others, as a project in a home folder is.
    server.start(follow=True)
    assert rows(server, "SELECT 1") == [(1,)]


def test_provision_can_be_repeated_and_gives_each_role_its_rights(make_server: MakeServer) -> None:
    server = make_server(durable=False)
    server.start(follow=True)
    for _ in range(2):
        provision(server.url(), "encargo")
    roles = rows(server, "SELECT rolname, rolcanlogin, rolinherit, rolsuper, rolbypassrls FROM pg_roles")
    found = {name: tuple(rights) for name, *rights in roles if not name.startswith("pg_")}
    assert found["encargo_owner"] == (True, True, False, False)
    assert found["encargo_app"] == (True, False, False, False)
    assert {name: found[name] for name in GROUPS} == {
        name: (False, True, False, name == "app_loader") for name in GROUPS
    }
    extensions = rows(server, "SELECT extname FROM pg_extension", database="encargo")
    assert {"citext", "pg_trgm", "unaccent", "btree_gist"} <= {name for (name,) in extensions}


@pytest.mark.parametrize("major", INSTALLED)
def test_the_application_has_no_right_before_it_puts_on_a_role(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch, major: int
) -> None:
    use_only(monkeypatch, major)
    server = make_server(durable=False)
    server.start(follow=True)
    provision(server.url(), "encargo")
    as_owner = ["CREATE TABLE t (n int)", "INSERT INTO t VALUES (1)", "GRANT SELECT ON t TO app_creditor"]
    for statement in as_owner:
        rows(server, statement, "encargo_owner", "encargo")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        rows(server, "SELECT n FROM t", "encargo_app", "encargo")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        rows(server, "CREATE TABLE mine (n int)", "encargo_app", "encargo")
    with psycopg.connect(plain_url(server.url("encargo_app", "encargo"))) as connection:
        connection.execute("SET LOCAL ROLE app_creditor")
        assert connection.execute("SELECT n FROM t").fetchall() == [(1,)]
