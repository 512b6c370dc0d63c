"""How fast an incident that touches a hundred thousand people is determined and handed to an authority.

    python -m bench.incident_export [PEOPLE]

The people, their cases and placements are written by SQL into a database of its own on a server of its own; the agency
reports through the service, and the creditor takes the list as CSV and as a workbook. Printed are seconds by the clock
and of the processor, which other work on the machine does not lengthen.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path

import psutil
from sqlalchemy import Connection, create_engine, text

from agencies.kernel import clock
from agencies.kernel.sealing import Keyring
from agencies.kernel.session import transaction
from agencies.kernel.sheets import csv_bytes
from agencies.kernel.tenancy import Actor, Side
from agencies.organisations.permissions import PERMISSIONS, Role
from assignments.incidents import queries, service
from assignments.incidents.facts import Facts, Scope
from assignments.incidents.models import IncidentKind
from bench import throwaway
from portal.workbooks import SheetColumn, workbook
from uploads.sealed import BY_DOCUMENT, Private, index_of_contact, index_of_document, seal_private

PEOPLE = 100_000
_PIECE = 1_000
_COLUMNS = ("name", "country", "id_type", "id_number", "phone", "email", "accounts", "cases", "basis")

FILL = (
    """
    insert into organisations (kind, name, legal_name, tax_id, country, currency, time_zone, language, state,
                               created_at)
    values ('agency', 'Agencia', 'Agencia S.A.S.', 'banco-1', 'CO', 'COP', 'America/Bogota', 'es', 'approved', now())
    """,
    """
    insert into panel_members (creditor_id, agency_id, joined_at, state, state_at, reason)
    select :creditor, id, now(), 'on_panel', now(), '' from organisations where kind = 'agency'
    """,
    """
    insert into cases (creditor_id, portfolio_id, debtor_id, line, account_ref, state, currency, placed_minor,
                       balance_minor, agency_id)
    select :creditor, 1, d.id, d.id, 'C-' || d.id, 'placed', 'COP', 1000, 1000, o.id
    from debtors d cross join organisations o where o.kind = 'agency'
    """,
    """
    insert into placements (creditor_id, agency_id, case_id, account_ref, consignment_id, mandate_version_id, service,
                            state, currency, placed_minor, stratum, commission_bp, placed_at)
    select creditor_id, agency_id, id, account_ref, 1, 1, 'collect', 'acknowledged', 'COP', 1000, '1', 1000,
           now() - interval '90 days' from cases
    """,
    "analyze",
)

PERSON = """
insert into debtors (creditor_id, identity, country, id_type, document_index, name, sealed, phone_index, email_index)
values (:creditor, :identity, 'CO', 'CC', :document, :name, :sealed, :phone, :email)
"""


def add_people(connection: Connection, keyring: Keyring, creditor: int, people: int) -> None:
    """People as a check would have left them: sealed, and with what they are found by."""
    numbers = iter(range(1_000_000, 1_000_000 + people))
    while piece := list(islice(numbers, _PIECE)):
        connection.execute(text(PERSON), [_person(keyring, creditor, number) for number in piece])


def _person(keyring: Keyring, creditor: int, number: int) -> dict[str, object]:
    document = index_of_document(keyring, creditor, "CO", str(number))
    told = Private(
        national_id=str(number), phone=f"300{number}", phone_e164=f"+57300{number}", email=f"p{number}@correo.example"
    )
    identity = BY_DOCUMENT + document + b"CC"
    return {
        "creditor": creditor,
        "identity": identity,
        "document": document,
        "name": f"Persona {number}",
        "sealed": seal_private(keyring, creditor, identity, told),
        "phone": index_of_contact(keyring, creditor, "phone", f"+57300{number}"),
        "email": index_of_contact(keyring, creditor, "email", f"p{number}@correo.example"),
    }


@contextmanager
def measured(what: str) -> Iterator[None]:
    """Print how long something took, here and in the server."""
    here, begins = psutil.Process(), time.perf_counter()
    before = sum(here.cpu_times()[:2])
    yield
    seconds, cpu = time.perf_counter() - begins, sum(here.cpu_times()[:2]) - before
    print(f"{what:<44}{seconds:8.2f} s{cpu:8.2f} s of this process")


def main(people: int) -> None:
    """Fill, report, hand out."""
    with throwaway.server() as running, tempfile.TemporaryDirectory() as folder:
        opened = throwaway.ports(running, "incidents", Path(folder) / "files")
        now = clock.utc_now()
        creditor = throwaway.creditor(opened, now)
        engine = create_engine(running.url(database="incidents"))
        with engine.begin() as connection:
            connection.execute(text("set local session_replication_role = replica"))
            add_people(connection, opened.keyring, creditor.tenant, people)
            for statement in FILL:
                connection.execute(text(statement), {"creditor": creditor.tenant})
            number = connection.scalar(text("select id from organisations where kind = 'agency'"))
        engine.dispose()
        agency = Actor(Side.AGENCY, number, 1, "manager", PERMISSIONS[Role.MANAGER])
        facts = Facts(
            IncidentKind.THEFT, now - timedelta(hours=2), now - timedelta(days=30), now - timedelta(days=1), (),
            "Servidor", "Prueba", "Prueba", "Prueba",
        )  # fmt: skip
        with measured("reported and determined"), opened.session(agency) as session, transaction(session):
            [part] = service.report(session, agency, facts, Scope(), key="bench", now=now)
        if part.subjects != people:
            raise AssertionError(part.subjects)

        def rows() -> Iterator[list[object]]:
            with opened.session(creditor) as session:
                for one in queries.subjects(session, creditor, part.id):
                    yield [getattr(one, name) for name in _COLUMNS]

        handed_out(rows, people)


def handed_out(rows: Callable[[], Iterator[list[object]]], people: int) -> None:
    """The list in both its forms."""
    with measured(f"{people} people as CSV"):
        found, size = rows(), 0
        while piece := list(islice(found, _PIECE)):
            size += len(csv_bytes(piece))
    print(f"{'':<44}{size / 1e6:8.1f} MB")
    with measured(f"{people} people as a workbook"):
        size = len(workbook("Titulares", [SheetColumn(name) for name in _COLUMNS], rows()))
    print(f"{'':<44}{size / 1e6:8.1f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE)
