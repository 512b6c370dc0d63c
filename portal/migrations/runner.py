"""Brings a database to the newest revision, as the login that owns the tables.

Not through an app: the portal's own login may not create anything, so migrations have a connection of their own.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from agencies.kernel.sealing import Keyring

_FOLDER = Path(__file__).parent
#: One lock for everybody who migrates this database.
_LOCK = 7_240_911


def upgrade(owner_url: str, keyring: Keyring | None = None) -> None:
    """Apply every revision that is missing; a second caller waits and then finds nothing to do.

    A revision that has rows to seal takes these keys, or those of the environment.
    """
    engine = create_engine(owner_url)
    try:
        with engine.connect() as connection:
            connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": _LOCK})
            connection.commit()
            config = _config(connection)
            config.attributes["keyring"] = keyring
            command.upgrade(config, "head")
            connection.commit()
    finally:
        engine.dispose()


def revision(owner_url: str, message: str, name: str) -> None:
    """Draft a revision from the difference between models and database, for a person to finish."""
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        command.revision(_config(connection), message, autogenerate=True, rev_id=name)


def is_current(connection: Connection) -> bool:
    """Whether the database is at the revision this code was written for."""
    head = ScriptDirectory.from_config(_config(connection)).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == head


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config
