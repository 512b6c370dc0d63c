"""Attestations that are filled in, signed and judged, for the tests of that."""

from __future__ import annotations

import hashlib
from datetime import date

from sqlalchemy import select

from agencies.attestations import reviewing, service, signing
from agencies.attestations.models import AttestationSignature, SignerRole
from agencies.kernel.files import StoredFile
from agencies.kernel.notices import list_notices
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from portal.ports import Ports
from tests.tenants import Tenants

ANSWERS = {"officer": "Oficial de seguridad", "contact": "300 000 0000", "last_drill_on": date(2026, 1, 15)}
SIGNER = signing.Signer("manager Cobros Uno", "52000111", SignerRole.LEGAL_REPRESENTATIVE, "203.0.113.7")
FILE = StoredFile("evidence/abc", "protocolo.pdf", "application/pdf", 120, hashlib.sha256(b"protocolo").digest())


def filled(ports: Ports, partners: Tenants, now, *, code: str = "AT-04", answers=ANSWERS, file=FILE) -> int:
    """A draft with everything in it."""
    agency = partners.agency
    with ports.session(agency) as session, transaction(session):
        draft = service.open_draft(session, agency, creditor_id=partners.creditor.tenant, code=code, now=now)
        service.fill(session, agency, draft.id, answers=answers, evidence_on=date(2026, 1, 15), now=now)
        if file is not None:
            service.attach(session, agency, draft.id, file, now=now)
        return draft.id


def shown(ports: Ports, agency: Actor, draft: int, now, language: str = "es"):
    with ports.session(agency) as session, transaction(session):
        return signing.text_to_sign(session, agency, draft, language=language, references=ports.references, now=now)


def sign(ports: Ports, agency: Actor, draft: int, digest: bytes, now, *, signer=SIGNER, language: str = "es"):
    with ports.session(agency) as session, transaction(session):
        return signing.sign(
            session,
            agency,
            draft,
            signer=signer,
            language=language,
            text_sha256=digest,
            references=ports.references,
            now=now,
        )


def signed(ports: Ports, partners: Tenants, now, **options) -> int:
    draft = filled(ports, partners, now, **options)
    sign(ports, partners.agency, draft, shown(ports, partners.agency, draft, now).sha256, now)
    return draft


def review(ports: Ports, actor: Actor, verb, attestation: int, now, **how):
    if verb in {reviewing.accept, reviewing.reject}:
        how = {"text_sha256": newest(ports, actor, attestation), **how}
    with ports.session(actor) as session, transaction(session):
        return verb(session, actor, attestation, now=now, **how)


def newest(ports: Ports, actor: Actor, attestation: int) -> bytes:
    """The digest of the text that the actor sees; nothing where there is none to be seen."""
    statement = select(AttestationSignature.text_sha256).where(AttestationSignature.attestation_id == attestation)
    with ports.session(actor) as session:
        return session.scalar(statement.order_by(AttestationSignature.id.desc()).limit(1)) or b""


def notices(ports: Ports, actor: Actor) -> list[str]:
    with ports.session(actor) as session:
        return [one.kind for one in list_notices(session, actor).rows]
