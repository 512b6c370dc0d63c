"""A PostgreSQL of our own that keeps its promises (fsync on) for the time of a benchmark, and ports on it."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import select

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR, Actor, Side
from agencies.mandates import service as mandates
from agencies.mandates.queries import get_mandate
from agencies.mandates.signing import Signer
from agencies.organisations import service as organisations
from agencies.organisations import signing_in
from agencies.organisations.factors import Factor
from agencies.organisations.models import OrganisationKind, User
from agencies.organisations.permissions import Role
from config import Settings
from portal.migrations import runner
from portal.ports import Ports, open_ports
from portal.stack import postgres
from portal.stack.provision import provision

PASSWORD = "una frase larga para el banco de pruebas 9"  # noqa: S105  it opens nothing
DIRECTOR = "directora@banco.example"
SIGNER = Signer("Directora", "Directora de recuperaciones")
#: Half of what a small database server would be given, and the same for both sides of every comparison.
SERVER = {"shared_buffers": "1GB", "max_wal_size": "8GB", "maintenance_work_mem": "256MB"}


@contextlib.contextmanager
def server() -> Iterator[postgres.PostgresServer]:
    """A durable server in a temporary folder; stopped and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="encargo-bench-", dir="/tmp"))
    postgres.SETTINGS.update(SERVER)
    running = postgres.PostgresServer(folder / "data", folder, folder / "postgres.log", durable=True)
    try:
        running.start(follow=True)
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


def ports(running: postgres.PostgresServer, database: str, files: Path) -> Ports:
    """A fresh, migrated database of the product on the server."""
    provision(running.url(), database)
    runner.upgrade(running.url("encargo_owner", database))
    return open_ports(Settings.from_env(environment(running, database, files)))


def environment(running: postgres.PostgresServer, database: str, files: Path) -> dict[str, str]:
    """The settings of an instance on that database."""
    return {
        "DATABASE_URL": running.url("encargo_app", database),
        "REDIS_URL": "redis://127.0.0.1:1/0",  # Nothing here rings.
        "SECRET_KEY": "only-for-benchmarks-0123456789-abcdefghijkl",
        "REFERENCE_KEY": "6f" * 32,
        "DATA_KEYS": "1:" + "d1" * 32,
        "INDEX_KEY": "1d" * 32,
        "MAIL_URL": (files.parent / "mail").as_uri(),
        "MAIL_FROM": "Encargo <portal@encargo.example>",
        "STORAGE_URL": f"file://{files}",
        "PUBLIC_URL": "http://127.0.0.1:8080",
        "POLARS_MAX_THREADS": "1",
    }


def creditor(opened: Ports, now: datetime) -> Actor:
    """The director of a new creditor, made by the services."""
    with opened.session(Actor(side=Side.PLATFORM)) as session, transaction(session):
        made = organisations.create_operator(
            session, email="operadora@encargo.example", name="Operadora", password=PASSWORD, now=now
        )
        operator_id = made.id
    return neighbour(opened, actor_of(opened, operator_id), "Banco de Pruebas", "900123456-8", DIRECTOR, now)


def neighbour(opened: Ports, by: Actor, name: str, tax_id: str, email: str, now: datetime) -> Actor:
    """The director of one more creditor, registered by the operator."""
    with opened.session(by) as session, transaction(session):
        bank = organisations.register(
            session,
            by,
            kind=OrganisationKind.CREDITOR,
            name=name,
            legal_name=f"{name} S.A.",
            tax_id=tax_id,
            country="CO",
            now=now,
        )
        invited = organisations.invite(session, by, email=email, role=Role.DIRECTOR, organisation_id=bank.id, now=now)
    with opened.session(DOOR) as session, transaction(session):
        user = organisations.accept_invitation(session, invited.token, name="Directora", password=PASSWORD, now=now)
        return organisations.actor_of(user, bank)


def colleague(opened: Ports, by: Actor, role: Role, email: str, now: datetime) -> Actor:
    """One more person of an organisation, invited by somebody of it."""
    with opened.session(by) as session, transaction(session):
        invited = organisations.invite(session, by, email=email, role=role, now=now)
    with opened.session(DOOR) as session, transaction(session):
        user = organisations.accept_invitation(session, invited.token, name="Colega", password=PASSWORD, now=now)
        return organisations.actor_of(user, session.get_one(organisations.Organisation, user.organisation_id))


def operator(opened: Ports) -> Actor:
    """The platform's operator, once there is one."""
    with opened.session(DOOR) as session:
        found = session.scalars(select(User.id).where(User.role == Role.OPERATOR)).one()
    return actor_of(opened, found)


def actor_of(opened: Ports, user_id: int) -> Actor:
    """The actor a user is, read as at sign-in."""
    with opened.session(DOOR) as session:
        user = session.get_one(organisations.User, user_id)
        return organisations.actor_of(user, session.get_one(organisations.Organisation, user.organisation_id))


def sign_in(opened: Ports, client: FlaskClient, email: str) -> None:
    """Give a client a session in which password and second factor were proved."""
    with opened.session(DOOR) as session, transaction(session):
        user = session.scalars(select(User).where(User.email == email)).one()
        token = signing_in.open_session(
            session, user, address="127.0.0.1", user_agent="bench", now=opened.now(), factor=Factor.CODE
        )
    with client.session_transaction() as cookie:
        cookie.update({"_user_id": token, "_fresh": True})


def agree(ports: Ports, agency: Actor, mandate_id: int) -> None:
    """The agency signs the terms that wait for it."""
    with ports.session(agency) as session, transaction(session):
        row = get_mandate(session, agency, mandate_id)
        if row.proposal is not None:
            signed = {"digest": row.digest(row.proposal), "signer": Signer("Gerente", "Gerente general")}
            mandates.accept(session, agency, mandate_id, **signed, now=ports.now())
