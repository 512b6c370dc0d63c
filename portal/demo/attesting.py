"""The agencies attest to their creditors, and again before what holds for half a year runs out."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from agencies.attestations import reviewing, service, signing
from agencies.attestations.models import SignerRole
from agencies.attestations.queries import standings
from agencies.attestations.rules import Standing
from agencies.attestations.templates import FieldKind, Template, TemplateField, get_template
from agencies.kernel.clock import local_date
from agencies.kernel.files import StoredFile, media_type_of
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Role
from portal.demo.cast import CREDITORS, CreditorProfile, agency_members
from portal.demo.steps import Step
from portal.demo.terms import Terms
from portal.demo.world import World
from portal.ports import Ports

#: What holds for less than this is signed anew.
_SOON = timedelta(days=60)
_YEARS = timedelta(days=730)
#: What is written into the fields that need more than a word.
_ANSWERS: dict[str, Any] = {
    "agreement": "Contrato de transmisión 2026-014",
    "policy_version": "4.1",
    "purpose": "Cobranza prejurídica de las obligaciones asignadas.",
    "data_kinds": "Identificación, contacto, obligación y pagos.",
    "scope": "Sistemas de cobranza, marcador y correo.",
    "subprocessors": "Nube Andina S.A.S., NIT 999000901-3, Colombia, alojamiento, todos los datos",
    "sites": "Sede principal, Bogotá",
    "officer": "Oficial de protección de datos",
    "contact": "incidentes@agencia-demo.example",
    "channel": "habeasdata@agencia-demo.example",
    "dialer": "Marcador predictivo con bloqueo por reglas",
    "sources": "Centrales de información con contrato\nDirectorios públicos",
    "conflicts": "Ninguno",
    "register": "RNBD 999-0001",
    "insurer": "Seguros Inventados, póliza 4471",
    "sanctions": "Ninguna",
    "staff": 42,
    "trained": 42,
    "late": 0,
    "recordings_months": 24,
    "logs_months": 60,
    "proceedings": 0,
}


def steps(world: World) -> Iterator[Step]:
    """Once at the beginning, and again for what holds for half a year."""
    days = world.chronology.business_day
    relations = [(creditor, terms) for creditor in CREDITORS for terms in creditor.mandates]
    for turn, (whom, terms) in enumerate(relations):
        for at in (days(9, 5, 9, turn), days(4, 2, 9, turn)):
            yield Step(at, partial(_attest, world, whom, terms))


def attest(ports: Ports, creditor: Actor, agency: Actor, *, signer: str, now: datetime) -> None:
    """Let an agency sign whatever does not hold or soon will not, and the creditor accept it, as people do."""
    with ports.session(agency) as session, transaction(session):
        today = local_date(now, agency.time_zone)
        home = session.get_one(Organisation, creditor.tenant)
        [own] = standings(session, agency, creditor_id=creditor.tenant, now=now)
        signed = [
            _sign(ports, session, agency, home, get_template(one.code, home.country, today), signer, now)
            for one in own.templates
            if not one.is_holding or (one.valid_until and one.valid_until - today < _SOON)
            if one.state is not Standing.SUBMITTED
        ]
    with ports.session(creditor) as session, transaction(session):
        for attestation_id in signed:
            reviewing.accept(session, creditor, attestation_id, now=now)


def _attest(world: World, creditor: CreditorProfile, terms: Terms, now: datetime) -> None:
    manager = agency_members(terms.agency)[0]
    reviewer = world.actor(creditor.member(Role.COMPLIANCE))
    attest(world.ports, reviewer, world.actor(manager), signer=manager.name, now=now)


def _sign(
    ports: Ports,
    session: Session,
    agency: Actor,
    creditor: Organisation,
    template: Template,
    signer: str,
    now: datetime,
) -> int:
    today = local_date(now, creditor.time_zone)
    draft = service.open_draft(session, agency, creditor_id=creditor.id, code=template.code, now=now)
    answers = {field.name: _answer(field, today) for field in template.fields}
    service.fill(session, agency, draft.id, answers=answers, evidence_on=today - timedelta(days=12), now=now)
    service.attach(session, agency, draft.id, _evidence(ports, template, draft.id), now=now)
    text = signing.text_to_sign(session, agency, draft.id, language="es", now=now)
    signing.sign(
        session,
        agency,
        draft.id,
        signer=signing.Signer(signer, "999000777", SignerRole.LEGAL_REPRESENTATIVE, "127.0.0.1"),
        language="es",
        text_sha256=text.sha256,
        now=now,
    )
    return draft.id


def _answer(field: TemplateField, today: date) -> Any:
    if field.name in _ANSWERS:
        return _ANSWERS[field.name]
    match field.kind:
        case FieldKind.DATE:
            return today + _YEARS if field.name in {"agreement_until", "policy_until"} else today - timedelta(days=20)
        case FieldKind.CHOICE:
            return next(iter(field.choices))
        case FieldKind.INTEGER:
            return 3
        case FieldKind.TEXT | FieldKind.PARAGRAPH:
            return "Según el anexo"


def _evidence(ports: Ports, template: Template, attestation_id: int) -> StoredFile:
    name = f"soporte-{template.code.lower()}.txt"
    incoming = ports.storage.incoming()
    incoming.write(f"Soporte inventado de {template.code}, {template.title['es']} ({attestation_id}).\n".encode())
    with incoming.look() as file:
        media_type = media_type_of(name, incoming.size, file)
    key = f"evidence/{secrets.token_hex(16)}"
    stored = StoredFile(key, name, media_type, incoming.size, incoming.digest())
    incoming.keep(key)
    return stored
