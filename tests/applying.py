"""An organisation that applies, for tests: what it says, part by part, and how it comes to its pages by letter."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from agencies.applications import drafting, letters, links, reviewing
from agencies.applications.models import Application, ApplicationState
from agencies.kernel.clock import utc_now
from agencies.kernel.files import StoredFile
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR, Actor
from agencies.organisations.models import OrganisationKind
from agencies.standing.models import DocumentKind
from portal.jobs import tasks
from portal.ports import Ports
from uploads.stores.keys import evidence_key

#: A valid tax number that belongs to nobody we know.
TAX_ID = "900777111-9"
LINK = re.compile(r"http://127\.0\.0\.1:8080(/apply/open/\S+)")
INVITATION = re.compile(r"http://127\.0\.0\.1:8080(/invitations/\S+)")
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"
#: Part -> what is typed into it; a list of rows where a part has rows.
AGENCY: dict[str, Any] = {
    "company": {
        "legal_name": "Recaudos del Páramo S.A.S.",
        "trade_name": "Recaudos del Páramo",
        "tax_id": TAX_ID,
        "address": "Calle 1 # 2-3",
        "city": "Tunja",
    },
    "registers": {
        "register_number": "00-77",
        "register_office": "Cámara de comercio inventada",
        "renewed_on": "2026-02-10",
        "data_register": "registered",
    },
    "principals": [
        {
            "name": "Perla Principal",
            "role": "legal_representative",
            "document_type": "CC",
            "document": "1012345678",
            "share_bp": 6_000,
            "is_exposed": "no",
        }
    ],
    "credentials": [
        {
            "kind": "insurance",
            "country": "CO",
            "title": "Responsabilidad civil",
            "number": "RC-1",
            "issuer": "Seguros Inventados",
            "valid_until": "2027-01-31",
            "limit": 100_000_000_00,
            "currency": "COP",
        }
    ],
    "coverage": {"services": ["collect"], "countries": ["CO"], "products": ["card"], "capacity": 900},
    "bank": {
        "bank": "Banco Inventado",
        "account_kind": "savings",
        "number": "123-456789-01",
        "currency": "COP",
        "holder_name": "RECAUDOS DEL PARAMO SAS",
        "holder_tax_id": "900777111-9",
    },
    "contacts": {
        "complaints_1_name": "Quejas",
        "complaints_1_email": "quejas@paramo.example",
        "complaints_2_name": "Servicio",
        "complaints_2_email": "servicio@paramo.example",
        "incidents_name": "Seguridad",
        "incidents_email": "seguridad@paramo.example",
        "notice_hours": 24,
    },
    "data": {"locations": "Bogotá, centro de datos propio", "litigation": "no"},
}
CREDITOR: dict[str, Any] = {name: AGENCY[name] for name in ("company", "registers", "principals", "contacts", "data")}
DOCUMENTS = (DocumentKind.INCORPORATION, DocumentKind.TAX_REGISTER, DocumentKind.BANK_LETTER)
EMAIL = "gerencia@paramo.example"


def begin(
    ports: Ports, *, email: str = EMAIL, kind: OrganisationKind = OrganisationKind.AGENCY, now: datetime
) -> tuple[int, str]:
    """An application whose address was confirmed: its id, and the token of the applicant's browser."""
    with ports.session(DOOR) as session, transaction(session):
        row = links.begin(session, kind=kind, country="CO", email=email, language="es", now=now)
        token = links.fresh_link(session, row, now=now)
        number = row.id
    with ports.session(DOOR) as session, transaction(session):
        return number, links.enter(session, token, now=now)[1]


def fill(ports: Ports, visit: str, said: Mapping[str, Any] = AGENCY, *, now: datetime, **changes: Any) -> None:
    """Every part filled in and every document sent along; `changes` by part go over what is usual."""
    for code, told in {**said, **changes}.items():
        for part in told if isinstance(told, list) else [told]:
            with ports.session(DOOR) as session, transaction(session):
                drafting.write(session, visit, code, part, now=now)
    for kind in DOCUMENTS:
        send(ports, visit, kind, now=now)


def send(ports: Ports, visit: str, kind: DocumentKind, *, now: datetime, data: bytes = PDF) -> None:
    """One document sent along."""
    with ports.session(DOOR) as session, transaction(session):
        row = links.visited(session, visit, now=now)
        incoming = ports.storage.incoming()
        incoming.write(data + kind.value.encode())
        key = evidence_key(row.organisation_id, f"test-{row.handle}-{kind.value}")
        file = StoredFile(key, f"{kind.value}.pdf", "application/pdf", incoming.size, incoming.digest())
        incoming.keep(key)
        drafting.attach(session, visit, kind, file, now=now)


def hand_in(ports: Ports, *, now: datetime, **given: Any) -> tuple[int, str]:
    """An application handed in: its id and the applicant's token; `said` and what `begin` takes."""
    said, changes = given.pop("said", AGENCY), given.pop("changes", {})
    number, visit = begin(ports, now=now, **given)
    fill(ports, visit, said, now=now, **changes)
    with ports.session(DOOR) as session, transaction(session):
        drafting.submit(session, visit, now=now)
    return number, visit


def joined(ports: Ports, operator: Actor, agency: Actor, *, tax_id: str, now: datetime) -> None:
    """An approved application of an agency that is here, as if it had come in by it."""
    company = {**AGENCY["company"], "tax_id": tax_id}
    number, _visit = hand_in(ports, email=f"{tax_id}@solicitud.example", changes={"company": company}, now=now)
    with ports.session(operator) as session, transaction(session):
        row = session.get_one(Application, (operator.tenant, number))
        row.state, row.agency_id = ApplicationState.APPROVED, agency.tenant
        for file in drafting.files_of(session, row):
            file.agency_id = agency.tenant


def read(ports: Ports, visit: str, *, now: datetime) -> Application:
    """The application a browser has opened."""
    with ports.session(DOOR) as session:
        return links.visited(session, visit, now=now)


def letters_to(ports: Ports, folder: Path, address: str) -> list[EmailMessage]:
    """The letters that were sent to an address, oldest first, after what is due was done."""
    tasks.perform_due(ports)
    found = [message_from_bytes(file.read_bytes(), policy=default) for file in folder.rglob("*.eml")]
    mine = [one for one in found if isinstance(one, EmailMessage) and one["To"] == address]
    return sorted(mine, key=lambda one: one["Date"].datetime)


def link_in(letters: Sequence[EmailMessage], pattern: re.Pattern[str] = LINK) -> str:
    """The path of the newest link of a kind in some letters."""
    bodies = [str(one.get_body(("plain",)).get_content()) for one in letters]  # type: ignore[union-attr]
    found = [match[1] for body in bodies if (match := pattern.search(body))]
    assert found, bodies
    return found[-1]


def later(now: datetime | None = None, **by: float) -> datetime:
    """An instant after another one."""
    return (now or utc_now()) + timedelta(**by)


def at_the_door(ports, call):
    """One call of somebody who is not signed in."""
    with ports.session(DOOR) as session, transaction(session):
        return call(session)


def by_operator(world, call):
    """One call of the operator."""
    with world.ports.session(world.operator) as session, transaction(session):
        return call(session, world.operator)


def take_up(world, number, now):
    """The operator begins to look at it."""
    return by_operator(world, lambda session, actor: reviewing.take_up(session, actor, number, now=now))


def approve(world, number, now):
    """The operator lets it in."""
    take_up(world, number, now)
    return by_operator(world, lambda session, actor: letters.approve(session, actor, number, now=now))
