"""The pages of attestations: filled in, proved, signed, reviewed, and what a stranger sees of it."""

from __future__ import annotations

import io
import re

import pytest
from sqlalchemy import select

from agencies.attestations.models import Attestation, AttestationState
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role
from agencies.standing import panel
from portal.ports import Ports
from tests.people import MADE_AT, World

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


@pytest.fixture
def partners(world: World):
    """The first creditor has the first agency on its panel."""
    creditor, agency = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    with world.ports.session(creditor) as session, transaction(session):
        panel.bring_in(session, creditor, agency.tenant, now=MADE_AT)
    return creditor, agency


def the_only(ports: Ports, actor) -> Attestation:
    with ports.session(actor) as session:
        return session.scalars(select(Attestation)).one()


def begin(client, ports: Ports, creditor, code: str = "AT-04"):
    other = ports.references.encode("organisation", creditor.tenant)
    return client.post(f"/attestations/with/{other}/begin", data={"code": code})


ANSWERS = {
    "answer_officer": "Oficial de seguridad",
    "answer_contact": "300 000 0000",
    "answer_last_drill_on": "2026-01-15",
    "evidence_on": "2026-01-15",
}
SIGNER = {"signer_name": "Martha Gerente", "signer_id": "52000111", "signer_role": "legal_representative"}


def attach(client, address: str, name: str = "protocolo.pdf", content: bytes = PDF):
    return client.post(f"{address}/evidence", data={"file": (io.BytesIO(content), name)})


def digest_on(page: str) -> str:
    found = re.search(r'name="text_sha256"[^>]*value="([0-9a-f]{64})"', page)
    assert found
    return found[1]


def sign_one(client, ports: Ports, creditor, code: str = "AT-04") -> str:
    """Fill in, prove and sign one; returns the address of its page."""
    address = begin(client, ports, creditor, code).location
    assert client.post(f"{address}/fill", data={**ANSWERS, "then": "sign"}).status_code == 303
    attach(client, address)
    page = client.get(f"{address}/sign").text
    answer = client.post(f"{address}/sign", data={**SIGNER, "text_sha256": digest_on(page), "language": "en"})
    assert answer.status_code == 303, answer.text
    return address


def test_an_agency_fills_in_proves_and_signs_and_the_creditor_accepts(sign_in, world, partners):
    creditor, _ = partners
    manager, reviewer = sign_in(Role.MANAGER, language="en"), sign_in(Role.COMPLIANCE, language="en")

    address = sign_one(manager, world.ports, creditor)
    waiting = reviewer.get("/attestations/").text
    accepted = reviewer.post(f"{address}/accept")

    assert "Waiting for your review" in waiting
    assert accepted.status_code == 303
    row = the_only(world.ports, creditor)
    assert (row.state, row.reviewed_by) == (AttestationState.ACCEPTED, world.actor(Role.COMPLIANCE).user_id)
    page = reviewer.get(address).text
    assert "Martha Gerente" in page
    assert "52000111" in page
    assert "protocolo.pdf" in page
