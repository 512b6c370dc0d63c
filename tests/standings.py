"""What an agency has on its file, for tests: all of it, made by the services themselves."""

from __future__ import annotations

from datetime import date, datetime

from agencies.kernel.files import StoredFile
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.standing import accounts, documents, filing, people
from agencies.standing.models import AccountKind, CredentialKind, DocumentKind, OfferedService, PrincipalRole
from portal.ports import Ports
from tests import applying, loop
from uploads.stores.keys import evidence_key

ACCOUNT = accounts.Account(
    "CO", "COP", "Banco Inventado", AccountKind.SAVINGS, "55566677788", accounts.Holder("Otra", "900777333-7")
)


def introduce(ports: Ports, agency: Actor, mark: str, *, now: datetime) -> None:
    """An agency's whole file, with a mark in what only its creditors may read."""
    services = (OfferedService.COLLECT, OfferedService.LOCATE)
    told = filing.Statement(services, ("CO",), regions=mark, complaints_contact=f"{mark}@example.co")
    person = people.PrincipalFacts(f"{mark} Perla", PrincipalRole.PARTNER, "CC", "1012345678", 5_000)
    licence = filing.Credential(CredentialKind.LICENCE, "CO", f"{mark} RNBD", "1", "SIC", date(2026, 4, 1))
    file = stored(ports, agency, mark)
    with ports.session(agency) as session, transaction(session):
        filing.state(session, agency, told, now=now)
        filing.add_credential(session, agency, licence, now=now)
        people.add_principal(session, agency, person, now=now)
        documents.add_document(session, agency, DocumentKind.POLICY, file, now=now)
        accounts.put_in_force(session, agency.tenant, ACCOUNT, now=now)


def settle(ports: Ports, operator: Actor, agency: Actor, mark: str, *, is_first: bool) -> None:
    """A whole file, and the application it came in by."""
    introduce(ports, agency, mark, now=loop.PLACED_AT)
    number = applying.TAX_ID if is_first else "900777222-8"
    applying.joined(ports, operator, agency, tax_id=number, now=loop.PLACED_AT)


def stored(ports: Ports, agency: Actor, mark: str) -> StoredFile:
    """A document whose bytes are kept."""
    incoming = ports.storage.incoming()
    incoming.write(f"{mark} política".encode())
    key = evidence_key(agency.tenant, f"of-{mark}")
    made = StoredFile(key, f"{mark}.txt", "text/plain", incoming.size, incoming.digest())
    incoming.keep(key)
    return made
