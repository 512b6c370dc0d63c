"""The pages of attestations: filled in, proved, signed, reviewed, and what a stranger sees of it."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from agencies.attestations.models import Attestation, AttestationState
from agencies.kernel.clock import local_date, utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role
from agencies.standing import panel
from assignments.placements import recalls
from assignments.placements.models import Consignment, RecallReason
from assignments.placements.recall_scope import Scope
from portal.ports import Ports
from tests import loop
from tests.attested import attest_one
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
    other = ports.references.encode("counterpart", creditor.tenant)
    return client.post(f"/attestations/with/{other}/begin", data={"code": code})


ANSWERS = {
    "answer_officer": "Oficial de seguridad",
    "answer_contact": "300 000 0000",
    "answer_last_drill_on": "2026-01-15",
    "evidence_on": "2026-01-15",
}
SIGNER = {"signer_name": "  manáger 0 ", "signer_id": "52000111", "signer_role": "legal_representative"}


def attach(client, address: str, name: str = "protocolo.pdf", content: bytes = PDF):
    return client.post(f"{address}/evidence", data={"file": (io.BytesIO(content), name)})


def digest_on(page: str) -> str:
    found = re.search(r'name="text_sha256"[^>]*value="([0-9a-f]{64})"', page)
    assert found
    return found[1]


def read_by(client, address: str) -> dict[str, str]:
    """What the page sends along with a word on the text that it shows."""
    return {"text_sha256": digest_on(client.get(address).text)}


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
    accepted = reviewer.post(f"{address}/accept", read_by(reviewer, address))

    assert "Waiting for your review" in waiting
    assert accepted.status_code == 303
    row = the_only(world.ports, creditor)
    assert (row.state, row.reviewed_by) == (AttestationState.ACCEPTED, world.actor(Role.COMPLIANCE).user_id)
    page = reviewer.get(address).text
    assert "manáger 0" in page
    assert "52000111" in page
    assert "protocolo.pdf" in page


def test_pages_show_what_is_stopped_and_what_to_do(sign_in, world, partners):
    creditor, agency = partners
    manager, director = sign_in(Role.MANAGER, language="en"), sign_in(Role.DIRECTOR, language="en")
    encode = world.ports.references.encode

    own = manager.get(f"/attestations/with/{encode('counterpart', creditor.tenant)}").text
    theirs = director.get(f"/attestations/with/{encode('counterpart', agency.tenant)}").text

    assert "Stopped now: new placements, downloads of case files, new bids, locate orders" in own
    assert own.count("Fill it in, attach the evidence and sign.") == 13
    assert "Stopped: downloads of case files" in theirs
    assert "Ask the agency for it." in theirs
    assert "Fill in</button>" not in theirs
    assert "AT-14" in theirs


def test_the_home_pages_count_what_is_owed(sign_in, world, partners):
    assert "Attestations that stop your work" in sign_in(Role.MANAGER, language="en").get("/").text
    assert "Agencies with something stopped" in sign_in(Role.DIRECTOR, language="en").get("/").text
    assert "Attestations" not in sign_in(Role.AGENT, language="en").get("/").text
    for code in range(1, 15):
        if code != 8:
            attest_one(world.ports, *partners, f"AT-{code:02}", now=MADE_AT)
    assert "stop your work" not in sign_in(Role.MANAGER, language="en").get("/").text


def test_a_rejection_reaches_the_agency_with_its_reason_and_by_the_bell(sign_in, world, partners):
    creditor, _ = partners
    manager, reviewer = sign_in(Role.MANAGER, language="en"), sign_in(Role.COMPLIANCE, language="en")
    address = sign_one(manager, world.ports, creditor)

    assert reviewer.post(f"{address}/reject", {**read_by(reviewer, address), "reason": ""}).status_code == 400
    told = {**read_by(reviewer, address), "reason": "Falta la firma del anexo."}
    assert reviewer.post(f"{address}/reject", told).status_code == 303

    assert "Falta la firma del anexo." in manager.get(address).text
    assert "1 new notice" in manager.get("/").text
    told = manager.get("/notices/").text
    assert "Banco 0 rejected your AT-04" in told
    assert address in told
    assert manager.post("/notices/seen").status_code == 303
    assert "new notice" not in manager.get("/notices/").text
    assert "1 new notice" in reviewer.get("/").text


def test_a_second_press_changes_nothing(sign_in, world, partners):
    creditor, _ = partners
    manager, reviewer = sign_in(Role.MANAGER, language="en"), sign_in(Role.COMPLIANCE, language="en")
    assert begin(manager, world.ports, creditor).location == begin(manager, world.ports, creditor).location
    address = begin(manager, world.ports, creditor).location
    manager.post(f"{address}/fill", {**ANSWERS, "then": "stay"})
    attach(manager, address)
    attach(manager, address, name="otra-vez.pdf")
    form = {**SIGNER, "text_sha256": digest_on(manager.get(f"{address}/sign").text), "language": "en"}

    assert [manager.post(f"{address}/sign", form).status_code for _ in range(2)] == [303, 303]
    read = read_by(reviewer, address)
    assert [reviewer.post(f"{address}/accept", read).status_code for _ in range(2)] == [303, 303]
    page = reviewer.get(address).text
    assert page.count("52000111") == 1
    assert "otra-vez.pdf" not in page


def test_what_was_not_read_is_not_signed(sign_in, world, partners):
    creditor, _ = partners
    manager = sign_in(Role.MANAGER, language="en")
    address = begin(manager, world.ports, creditor).location
    early = manager.post(f"{address}/sign", {**SIGNER, "text_sha256": "0" * 64, "language": "en"})
    manager.post(f"{address}/fill", {**ANSWERS, "then": "stay"})
    attach(manager, address)

    other = manager.post(f"{address}/sign", {**SIGNER, "text_sha256": "0" * 64, "language": "en"})
    nobody = manager.post(f"{address}/sign", {**SIGNER, "signer_name": "", "text_sha256": "0" * 64, "language": "en"})
    broken = manager.post(f"{address}/sign", {**SIGNER, "text_sha256": "z" * 64, "language": "en"})

    assert early.status_code == 400
    assert (other.status_code, "Read it again and sign then." in other.text) == (409, True)
    assert (nobody.status_code, broken.status_code) == (400, 400)
    assert the_only(world.ports, partners[1]).state is AttestationState.DRAFT


def test_what_was_not_read_is_not_judged(sign_in, world, partners):
    manager, reviewer = sign_in(Role.MANAGER, language="en"), sign_in(Role.COMPLIANCE, language="en")
    address = sign_one(manager, world.ports, partners[0])
    read = read_by(reviewer, address)
    assert manager.post(f"{address}/withdraw").status_code == 303
    manager.post(f"{address}/fill", {**ANSWERS, "answer_officer": "Otra persona", "then": "stay"})
    again = digest_on(manager.get(f"{address}/sign").text)
    manager.post(f"{address}/sign", {**SIGNER, "text_sha256": again, "language": "en"})

    for tail in ("accept", "reject"):
        late = reviewer.post(f"{address}/{tail}", {**read, "reason": "Falta el anexo."})
        assert (late.status_code, "signed another text" in late.text) == (409, True)
        assert digest_on(late.text) == again
        for broken in ({}, {"text_sha256": "z" * 64}):
            assert reviewer.post(f"{address}/{tail}", {**broken, "reason": "Falta el anexo."}).status_code == 400
    assert the_only(world.ports, partners[1]).state is AttestationState.SUBMITTED
    assert reviewer.post(f"{address}/accept", read_by(reviewer, address)).status_code == 303


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("evil.svg", b"<svg onload=alert(1)></svg>"),
        ("evil.pdf", PDF + b"<< /S /JavaScript /JS (app.alert(1)) >>"),
        ("evil.pdf", b"<html><script>alert(1)</script></html>"),
        ("evil.html", b"<script>alert(1)</script>"),
        ("evil.exe", b"MZ\x90"),
        ("evil.csv", b"<script>alert(1)</script>"),
        ("empty.pdf", b""),
    ],
)
def test_hostile_evidence_is_refused_with_the_reason_and_nothing_is_kept(sign_in, world, partners, name, content):
    manager = sign_in(Role.MANAGER, language="en")
    address = begin(manager, world.ports, partners[0]).location

    assert attach(manager, address, name, content).status_code == 303

    page = manager.get(address).text
    assert "notice-error" in page
    assert "No file is attached." in page
    assert not [path for path in world.ports.settings.storage_folder.rglob("*") if path.is_file()]


def test_a_file_larger_than_a_document_is_cut_off(sign_in, world, partners):
    manager = sign_in(Role.MANAGER, language="en")
    address = begin(manager, world.ports, partners[0]).location

    assert attach(manager, address, content=PDF + b"0" * (22 * 1024 * 1024)).status_code == 413
    assert not [path for path in world.ports.settings.storage_folder.rglob("*") if path.is_file()]


def test_evidence_leaves_as_an_attachment_only_and_with_a_trace(sign_in, world, partners):
    manager, reviewer = sign_in(Role.MANAGER, language="en"), sign_in(Role.COMPLIANCE, language="en")
    address = begin(manager, world.ports, partners[0]).location
    attach(manager, address, name="../línea<b>.txt", content="señal".encode())
    link = re.search(rf'{address}/evidence/[a-z2-7]{{26}}(?=")', manager.get(address).text)[0]

    answer = manager.get(link)

    assert answer.data == "señal".encode()
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.mimetype == "text/plain"
    # The draft, and what is attached to it, are the agency's own.
    assert reviewer.get(link).status_code == 404
    assert reviewer.get(address).status_code == 404
    assert "downloaded a file of evidence" in manager.get("/audit/").text


def test_evidence_can_be_taken_away_before_it_is_signed_and_not_after(sign_in, world, partners):
    manager = sign_in(Role.MANAGER, language="en")
    address = begin(manager, world.ports, partners[0]).location
    attach(manager, address)
    link = re.search(rf'{address}/evidence/[a-z2-7]{{26}}(?=")', manager.get(address).text)[0]

    assert manager.post(f"{link}/remove").status_code == 303
    assert manager.get(link).status_code == 404
    assert not [path for path in world.ports.settings.storage_folder.rglob("*") if path.is_file()]
    signed = sign_one(manager, world.ports, partners[0])
    link = re.search(rf'{signed}/evidence/[a-z2-7]{{26}}(?=")', manager.get(signed).text)[0]
    assert manager.post(f"{link}/remove").status_code == 409
    assert manager.get(link).data == PDF


@pytest.mark.parametrize("role", [Role.AGENT, Role.INVESTIGATOR, Role.FINANCE, Role.ANALYST, Role.DIRECTOR])
def test_only_a_manager_signs(sign_in, world, partners, role):
    other = world.ports.references.encode("counterpart", partners[0].tenant)

    assert sign_in(role).post(f"/attestations/with/{other}/begin", {"code": "AT-01"}).status_code == 403


@pytest.mark.parametrize("role", [Role.AGENT, Role.FINANCE, Role.OPERATOR])
def test_not_everybody_looks_at_attestations(sign_in, role):
    assert sign_in(role).get("/attestations/").status_code == 403


def test_an_unknown_template_a_stranger_and_a_recall_s_template_are_refused(sign_in, world, partners):
    manager, stranger = sign_in(Role.MANAGER), sign_in(Role.MANAGER, organisation=1)

    assert begin(manager, world.ports, partners[0], "AT-99").status_code == 404
    assert begin(manager, world.ports, partners[0], "AT-08").status_code == 400
    assert begin(stranger, world.ports, partners[0]).status_code == 404
    # A recall that is not there, or not with this agency.
    other = world.ports.references.encode("counterpart", partners[0].tenant)
    recall = world.ports.references.encode("recall", 1)
    named = manager.post(f"/attestations/with/{other}/begin", {"code": "AT-08", "recall": recall})
    assert named.status_code == 404


def test_what_was_accepted_can_be_revoked_with_a_reason_by_either_side(sign_in, world, partners):
    manager, director = sign_in(Role.MANAGER, language="en"), sign_in(Role.DIRECTOR, language="en")
    attest_one(world.ports, *partners, "AT-02", now=MADE_AT)
    address = f"/attestations/{world.ports.references.encode('attestation', the_only(world.ports, partners[0]).id)}"

    assert manager.post(f"{address}/revoke", {"reason": ""}).status_code == 400
    assert manager.post(f"{address}/revoke", {"reason": "Cambio de certificador"}).status_code == 303
    assert "Cambio de certificador" in director.get(address).text


def recall_on(world, partners, effective_on):
    creditor, agency = partners
    loop.place_with(world.ports, creditor, agency, loop.some_cases(2))
    with world.ports.session(creditor) as session, transaction(session):
        consignment = session.scalars(select(Consignment.id)).one()
        scope, reason = Scope(consignment_id=consignment), RecallReason.STRATEGY
        [recall] = recalls.request(session, creditor, scope, reason=reason, effective_on=effective_on, now=utc_now())
        return recall


def begin_for(client, world, creditor, recall):
    encode = world.ports.references.encode
    told = {"code": "AT-08", "recall": encode("recall", recall.id)}
    return client.post(f"/attestations/with/{encode('counterpart', creditor.tenant)}/begin", told)


def test_a_recall_s_template_is_begun_from_the_recall_it_is_for_once_its_cases_are_back(sign_in, world, partners):
    creditor, agency = partners
    manager, today = sign_in(Role.MANAGER, language="en"), local_date(utc_now(), creditor.time_zone)
    recall = recall_on(world, partners, today + timedelta(days=20))
    early = begin_for(manager, world, creditor, recall)
    with world.ports.session(agency) as session, transaction(session):
        recalls.accept(session, agency, recall.id, now=utc_now())

    begun = begin_for(manager, world, creditor, recall)

    assert (early.status_code, "not back yet" in early.text, begun.status_code) == (409, True, 303)
    with world.ports.session(agency) as session:
        made = session.scalars(select(Attestation).where(Attestation.code == "AT-08")).one()
    assert made.recall_id == recall.id

    filled = {"answer_records": "2", "answer_method": "erased", "evidence_on": today.isoformat(), "then": "stay"}
    for days, status in ((-1, 400), (1, 400), (0, 303)):
        day = (today + timedelta(days=days)).isoformat()
        answer = manager.post(f"{begun.location}/fill", {**filled, "answer_erased_on": day})
        assert (answer.status_code, "The day on which it was done" in answer.text) == (status, status == 400)
    attach(manager, begun.location)
    text = manager.get(f"{begun.location}/sign").text
    assert f"Recall: {world.ports.references.encode('recall', recall.id)}" in text
