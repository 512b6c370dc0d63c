"""Somebody asks to be let in: one application waits for the operator at the end of the story."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from stdnum.co import nit

from agencies.applications import drafting, links
from agencies.applications.models import Application
from agencies.applications.sections import REQUIRED_DOCUMENTS
from agencies.kernel.files import StoredFile, media_type_of
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations.models import OrganisationKind
from agencies.standing.models import DocumentKind
from portal.demo.cast import OPERATOR
from portal.demo.steps import Step
from portal.demo.world import World
from uploads.stores.keys import evidence_key

_NUMBER = "999000031"
_EMAIL = "gerencia@cocuyera-demo.example"
_COUNTRY = "CO"
#: What the applicant fills in, part by part; a list where a part has rows.
_SAID: Mapping[str, Any] = {
    "company": {
        "legal_name": "Cocuyera Recaudos S.A.S. (empresa inventada)",
        "trade_name": "Cocuyera Recaudos",
        "tax_id": _NUMBER + nit.calc_check_digit(_NUMBER),
        "address": "Carrera 1 # 1-11, oficina 101",
        "city": "Bucaramanga",
        "phone": "+57 607 000 0000",
    },
    "registers": {
        "register_number": "05-999031",
        "register_office": "Cámara de comercio inventada",
        "renewed_on": "2026-03-02",
        "activity_code": "8291",
        "data_register": "registered",
        "data_register_number": "999-0031",
    },
    "principals": [
        {
            "name": "Rosalba Inventada",
            "role": "legal_representative",
            "document_type": "CC",
            "document": "999000131",
            "share_bp": 6_500,
            "background_checked_on": "2026-02-20",
            "is_exposed": "no",
        },
        {
            "name": "Hernando Supuesto",
            "role": "partner",
            "document_type": "CC",
            "document": "999000132",
            "share_bp": 3_500,
            "is_exposed": "yes",
        },
    ],
    "credentials": [
        {
            "kind": "insurance",
            "country": _COUNTRY,
            "title": "Responsabilidad civil profesional",
            "number": "RC-931",
            "issuer": "Seguros Inventados",
            "valid_until": "2027-04-30",
            "limit": 800_000_000_00,
            "currency": "COP",
        }
    ],
    "coverage": {
        "services": ["collect", "field"],
        "countries": [_COUNTRY],
        "regions": "Santander y Norte de Santander",
        "products": ["consumer", "micro", "telecom"],
        "capacity": 4_000,
    },
    "bank": {
        "bank": "Banco Inventado",
        "account_kind": "checking",
        "number": "999 000 310 131",
        "currency": "COP",
        # The operator is shown that this is not the company itself.
        "holder_name": "Rosalba Inventada",
        "holder_tax_id": "999000131",
    },
    "contacts": {
        "complaints_1_name": "Defensoría del consumidor",
        "complaints_1_email": "quejas@cocuyera-demo.example",
        "complaints_2_name": "Gerencia",
        "complaints_2_email": "gerencia@cocuyera-demo.example",
        "incidents_name": "Seguridad de la información",
        "incidents_email": "incidentes@cocuyera-demo.example",
        "notice_hours": 24,
    },
    "data": {
        "locations": "Bogotá, centro de datos contratado; copias en Medellín",
        "iso27001_scope": "En trámite",
        "litigation": "yes",
        "litigation_facts": "Una tutela por hábeas data, resuelta a favor en primera instancia.",
    },
}


def steps(world: World) -> Iterator[Step]:
    """Begun, filled in and handed in on one morning of the last week."""
    yield Step(world.chronology.days_ago(3, 10), partial(_apply, world))


def _apply(world: World, now: datetime) -> None:
    with world.ports.session(world.actor(OPERATOR)) as session, transaction(session):
        if session.scalar(select(Application.id)) is not None:
            return
    with world.ports.session(DOOR) as session, transaction(session):
        row = links.begin(session, kind=OrganisationKind.AGENCY, country=_COUNTRY, email=_EMAIL, language="es", now=now)
        platform_id, handle = row.organisation_id, row.handle
        token = links.enter(session, links.fresh_link(session, row, now=now), now=now)[1]
        for code, told in _SAID.items():
            for part in told if isinstance(told, list) else [told]:
                drafting.write(session, token, code, part, now=now)
        for kind in REQUIRED_DOCUMENTS[OrganisationKind.AGENCY]:
            drafting.attach(session, token, kind, _document(world, platform_id, kind, handle), now=now)
        drafting.submit(session, token, now=now)


def _document(world: World, platform_id: int, kind: DocumentKind, handle: str) -> StoredFile:
    name = f"{kind.value}.txt"
    incoming = world.ports.storage.incoming()
    incoming.write(f"Documento inventado: {kind.value} ({handle[:6]}).\n".encode())
    with incoming.look() as file:
        media_type = media_type_of(name, incoming.size, file)
    stored = StoredFile(
        evidence_key(platform_id, secrets.token_hex(16)), name, media_type, incoming.size, incoming.digest()
    )
    incoming.keep(stored.key)
    return stored
