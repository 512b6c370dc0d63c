"""The agencies attest to their creditors, and again before what holds for half a year runs out."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.attestations import reminding, reviewing, service, signing
from agencies.attestations.catalogue import to_sign
from agencies.attestations.models import Attestation, AttestationState, SignerRole
from agencies.attestations.queries import get_attestation, standings
from agencies.attestations.rules import Standing
from agencies.attestations.templates import FieldKind, Template, TemplateField
from agencies.kernel.clock import local_date
from agencies.kernel.files import StoredFile, media_type_of
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations.models import Organisation, User
from agencies.organisations.permissions import Role
from assignments.placements.models import Recall
from portal.demo.agencies import GUADUVIO, MARIMONDE, PIRANDELA, TINTALUZ, Firm
from portal.demo.cast import BANK, CREDITORS, CreditorProfile, agency_members
from portal.demo.chronology import ZONE
from portal.demo.disclosing import approve, disclose
from portal.demo.steps import Step
from portal.demo.terms import Terms
from portal.demo.world import World
from portal.ports import Ports
from uploads.stores.keys import evidence_key

#: What holds for less than this is signed anew.
_SOON = timedelta(days=60)
_NOT_YET = timedelta(0)
_YEARS = timedelta(days=730)
#: What is written into the fields that need more than a word.
_ANSWERS: dict[str, Any] = {
    "agreement": "Contrato de transmisión 2026-014",
    "policy_version": "4.1",
    "purpose": "Cobranza prejurídica de las obligaciones asignadas.",
    "data_kinds": "Identificación, contacto, obligación y pagos.",
    "scope": "Sistemas de cobranza, marcador y correo.",
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

#: What ends around the end of the story, in days from it: creditor and agency, template, the answer that says so.
_ENDS = {
    ((BANK.key, PIRANDELA.key), "AT-01", "agreement_until"): -6,
    ((BANK.key, GUADUVIO.key), "AT-01", "agreement_until"): 21,
    ((BANK.key, MARIMONDE.key), "AT-12", "policy_until"): 12,
    ((BANK.key, TINTALUZ.key), "AT-12", "policy_until"): -12,
}
#: What is not signed at first.
_LEFT_OUT = {(BANK.key, MARIMONDE.key): ("AT-13",)}
_REJECTION = "El soporte no dice cómo se borran las grabaciones al cumplir el plazo. Adjunte el procedimiento."


def steps(world: World) -> Iterator[Step]:
    """Once at the beginning, and again for what holds for half a year; in the last days some of it is not in order."""
    days, ago = world.chronology.business_day, world.chronology.days_ago
    relations = [(creditor, terms) for creditor in CREDITORS for terms in creditor.mandates]
    for turn, (whom, terms) in enumerate(relations):
        for at, soon in ((days(9, 5, 9, turn), _SOON), (days(4, 2, 9, turn), _SOON), (days(1, 1, 9, turn), _NOT_YET)):
            yield Step(at, partial(_attest, world, whom, terms, soon))
    yield Step(ago(4, 9), partial(_sign_late, world, MARIMONDE, "AT-13"))
    yield Step(ago(3, 9), partial(_reject, world, MARIMONDE, "AT-13"))
    yield Step(ago(1, 9, 30), partial(_sign_late, world, PIRANDELA, "AT-01"))
    yield Step(world.chronology.end, partial(_warn, world))


def attest(
    ports: Ports,
    creditor: Actor,
    agency: Actor,
    *,
    now: datetime,
    answers: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    leave_out: Collection[str] = (),
    soon: timedelta = _SOON,
) -> None:
    """Let an agency sign whatever does not hold or soon will not, and the creditor accept it, as people do.

    `answers` by code of template are written instead of the usual ones.
    """
    with ports.session(agency) as session, transaction(session):
        today = local_date(now, agency.time_zone)
        home = session.get_one(Organisation, creditor.tenant)
        [own] = standings(session, agency, creditor_id=creditor.tenant, now=now)
        for one in own.templates:
            is_soon_over = one.valid_until is not None and one.valid_until - today < soon
            is_wanted = one.code not in leave_out and one.state is not Standing.SUBMITTED
            if is_wanted and (not one.is_holding or is_soon_over):
                template = to_sign(session, home.id, one.code, home.country, today)
                _sign(ports, session, agency, home, template, now, answers=answers.get(one.code, {}))
    _accept(ports, creditor, agency.tenant, now)


def certify_recall(world: World, creditor: CreditorProfile, agency: Firm, recall: Recall, *, now: datetime) -> None:
    """Let an agency declare what became of a recall's data, and the creditor accept it."""
    manager, reviewer = agency_members(agency)[0], world.actor(creditor.member(Role.COMPLIANCE))
    today = local_date(now, ZONE)
    ended_on = local_date(recall.ended_at or now, ZONE)
    answers = {"records": recall.cases, "erased_on": max(ended_on, today - timedelta(days=1)), "method": "both"}
    with world.acting(manager) as (session, actor):
        known = select(Attestation.id).where(Attestation.agency_id == actor.tenant, Attestation.recall_id == recall.id)
        if session.scalar(known.limit(1)) is None:
            home = session.get_one(Organisation, reviewer.tenant)
            template = to_sign(session, home.id, "AT-08", home.country, today)
            _sign(world.ports, session, actor, home, template, now, answers=answers, recall=recall)
    _accept(world.ports, reviewer, world.actor(manager).tenant, now)


def _attest(world: World, creditor: CreditorProfile, terms: Terms, soon: timedelta, now: datetime) -> None:
    manager = agency_members(terms.agency)[0]
    relation = (creditor.key, terms.agency.key)
    today = world.chronology.today
    attest(
        world.ports,
        world.actor(creditor.member(Role.COMPLIANCE)),
        world.actor(manager),
        now=now,
        answers={
            code: {field: today + timedelta(days=days)}
            for (whose, code, field), days in _ENDS.items()
            if whose == relation
        },
        leave_out=_LEFT_OUT.get(relation, ()),
        soon=soon,
    )


def _accept(ports: Ports, creditor: Actor, agency_id: int, now: datetime) -> None:
    """The creditor accepts what the agency has signed at a time."""
    with ports.session(creditor) as session, transaction(session):
        approve(session, creditor, agency_id, now=now)
        signed = select(Attestation.id).where(
            Attestation.creditor_id == creditor.tenant,
            Attestation.agency_id == agency_id,
            Attestation.state == AttestationState.SUBMITTED,
            Attestation.submitted_at == now,
        )
        for attestation_id in session.scalars(signed.order_by(Attestation.id)).all():
            reviewing.accept(
                session, creditor, attestation_id, text_sha256=_read(session, creditor, attestation_id, now), now=now
            )


def _sign_late(world: World, agency: Firm, code: str, now: datetime) -> None:
    """An agency signs for the bank what it should have signed before; the bank has to look at it."""
    manager, creditor_id = agency_members(agency)[0], world.actor(BANK.members[0]).tenant
    with world.acting(manager) as (session, actor):
        known = select(Attestation.id).where(
            Attestation.agency_id == actor.tenant,
            Attestation.creditor_id == creditor_id,
            Attestation.code == code,
            Attestation.created_at == now,
        )
        if session.scalar(known) is None:
            home = session.get_one(Organisation, creditor_id)
            template = to_sign(session, home.id, code, home.country, local_date(now, ZONE))
            _sign(world.ports, session, actor, home, template, now)


def _reject(world: World, agency: Firm, code: str, now: datetime) -> None:
    agency_id = world.actor(agency_members(agency)[0]).tenant
    with world.acting(BANK.member(Role.COMPLIANCE)) as (session, actor):
        row = session.scalar(
            select(Attestation).where(
                Attestation.creditor_id == actor.tenant,
                Attestation.agency_id == agency_id,
                Attestation.code == code,
                Attestation.state == AttestationState.SUBMITTED,
            )
        )
        if row is not None:
            digest = _read(session, actor, row.id, now)
            reviewing.reject(session, actor, row.id, text_sha256=digest, reason=_REJECTION, now=now)


def _read(session: Session, creditor: Actor, attestation_id: int, now: datetime) -> bytes:
    """The digest of the text that a creditor has before its eyes."""
    return get_attestation(session, creditor, attestation_id, now=now).signatures[0].text_sha256


def _warn(world: World, now: datetime) -> None:
    """What the calendar does every night: both sides are told what runs out."""
    for creditor in CREDITORS:
        with world.acting(creditor.members[0]) as (session, actor):
            reminding.warn_expiries(session, actor, now=now)


def _sign(
    ports: Ports,
    session: Session,
    agency: Actor,
    creditor: Organisation,
    template: Template,
    now: datetime,
    *,
    answers: Mapping[str, Any] = MappingProxyType({}),
    recall: Recall | None = None,
) -> None:
    today, signer = local_date(now, creditor.time_zone), session.get_one(User, agency.user_id).name
    if template.has_list:
        disclose(session, agency, creditor.id, now=now)
    recall_id = recall.id if recall else None
    recalled_on = local_date(recall.ended_at, creditor.time_zone) if recall and recall.ended_at else None
    draft = service.open_draft(
        session, agency, creditor_id=creditor.id, code=template.code, recall_id=recall_id, now=now
    )
    filled = {field.name: _answer(field, today) for field in template.fields} | dict(answers)
    evidence_on = today - timedelta(days=12)
    service.fill(session, agency, draft.id, answers=filled, evidence_on=evidence_on, recalled_on=recalled_on, now=now)
    service.attach(session, agency, draft.id, _evidence(ports, template, agency.tenant, draft.id), now=now)
    text = signing.text_to_sign(session, agency, draft.id, language="es", references=ports.references, now=now)
    signing.sign(
        session,
        agency,
        draft.id,
        signer=signing.Signer(signer, "999000777", SignerRole.LEGAL_REPRESENTATIVE, "192.0.2.10"),
        language="es",
        text_sha256=text.sha256,
        references=ports.references,
        now=now,
    )


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


def _evidence(ports: Ports, template: Template, agency_id: int, attestation_id: int) -> StoredFile:
    name = f"soporte-{template.code.lower()}.txt"
    incoming = ports.storage.incoming()
    incoming.write(f"Soporte inventado de {template.code}, {template.title['es']} ({attestation_id}).\n".encode())
    with incoming.look() as file:
        media_type = media_type_of(name, incoming.size, file)
    key = evidence_key(agency_id, secrets.token_hex(16))
    stored = StoredFile(key, name, media_type, incoming.size, incoming.digest())
    incoming.keep(key)
    return stored
