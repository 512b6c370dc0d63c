"""What nearly every test stands on: a real database of its own, a fixed now, settings and ports.

`python -m portal.stack test` starts throw-away servers and names them in the environment; each test that asks for
`database` gets a fresh copy of a migrated template, so tests commit like the product does.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from config import Settings
from portal.migrations import runner
from portal.ports import Ports, open_ports
from portal.stack.provision import provision
from tests import stores

# How long an example takes says more about what else the machine does than about what is tested.
hypothesis.settings.register_profile("encargo", deadline=None)
hypothesis.settings.load_profile("encargo")

REFERENCE_KEY = "5e" * 32


@dataclass(frozen=True)
class Database:
    """One test's own database, by the two logins."""

    name: str
    app_url: str
    owner_url: str
    superuser_url: str


@pytest.fixture(scope="session")
def server() -> Iterator[Engine]:
    """The throw-away server, as its superuser."""
    url = os.environ.get("TEST_DATABASE_SUPERUSER_URL")
    if not url:
        pytest.fail("no test database server: run the tests with `make test` or `python -m portal.stack test`")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


def _as(server: Engine, user: str, database: str) -> str:
    return make_url(server.url).set(username=user, database=database).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def template(server: Engine) -> Iterator[str]:
    """A migrated, empty database that others are copied from."""
    name = f"template_{secrets.token_hex(4)}"
    provision(server.url.render_as_string(hide_password=False), name)
    runner.upgrade(_as(server, "encargo_owner", name))
    yield name
    with server.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))


@pytest.fixture
def database(server: Engine, template: str) -> Iterator[Database]:
    """A fresh copy of the template; gone after the test."""
    name = f"test_{secrets.token_hex(6)}"
    with server.connect() as connection:
        connection.execute(text(f"create database {name} template {template}"))
    yield Database(
        name,
        _as(server, "encargo_app", name),
        _as(server, "encargo_owner", name),
        _as(server, "postgres", name),
    )
    with server.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))


@pytest.fixture
def now() -> datetime:
    """A Wednesday noon in Bogotá that is a business day in all six countries."""
    return datetime(2026, 3, 11, 17, 0, tzinfo=UTC)


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    """Settings of one test's instance."""
    return Settings.from_env(
        {
            "DATABASE_URL": database.app_url,
            "DATABASE_OWNER_URL": database.owner_url,
            "REDIS_URL": os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0"),
            "SECRET_KEY": "a-key-of-the-tests-0123456789-abcdefghijklm",
            "REFERENCE_KEY": REFERENCE_KEY,
            "DATA_KEYS": "1:" + "d1" * 32,
            "INDEX_KEY": "1d" * 32,
            "MAIL_URL": f"file://{tmp_path}/mail",
            "MAIL_FROM": "Encargo <portal@encargo.example>",
            "STORAGE_URL": f"file://{tmp_path}/files",
            "PUBLIC_URL": "http://127.0.0.1:8080",
        }
    )


@pytest.fixture
def ports(settings: Settings) -> Iterator[Ports]:
    """The database, storage and references of one test's instance."""
    opened = open_ports(settings)
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="session")
def object_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stores.ObjectServer]:
    """A real S3 server, with its credentials where the product looks for them."""
    with pytest.MonkeyPatch.context() as patch, stores.running(tmp_path_factory.mktemp("s3")) as running:
        for name, value in stores.CREDENTIALS.items():
            patch.setenv(name, value)
        yield running
