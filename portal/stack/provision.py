"""Creates the roles and the database the application expects, as superuser; safe to run again."""

from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

HERE = Path(__file__).parent
ROLES = HERE / "roles.sql"
DATABASE = HERE / "database.sql"


def provision(superuser_url: str, database: str = "encargo") -> None:
    """Bring cluster roles, database, extensions and schema ownership to what the application expects."""
    server = plain_url(superuser_url)
    with psycopg.connect(server, autocommit=True) as connection:
        # Role changes of two provisioners at once would collide in the catalogue.
        connection.execute("SELECT pg_advisory_lock(hashtext('encargo.provision'))")
        connection.execute(ROLES.read_bytes())
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER encargo_owner").format(sql.Identifier(database)))
        with psycopg.connect(make_conninfo(server, dbname=database), autocommit=True) as inside:
            inside.execute(DATABASE.read_bytes())


def plain_url(url: str) -> str:
    """An SQLAlchemy address without the name of its driver, as PostgreSQL's own tools read it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
