"""What is signed is what was shown, and whole."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from agencies.attestations import service, signing
from agencies.attestations.answers import AnswerUnfit
from agencies.attestations.models import AttestationSignature, SignerRole
from agencies.attestations.queries import get_attestation, list_to_review
from agencies.kernel.errors import NotFound
from agencies.kernel.files import StoredFile
from agencies.kernel.session import transaction
from portal.ports import Ports
from tests.signing import ANSWERS, FILE, filled, notices, review, shown, sign, signed
from tests.tenants import Tenants


def test_the_hash_is_of_every_word_that_was_shown(ports: Ports, partners: Tenants, now):
    draft = filled(ports, partners, now)
    text_shown = shown(ports, partners.agency, draft, now)
    sign(ports, partners.agency, draft, text_shown.sha256, now)

    with ports.session(partners.creditor) as session:
        page = get_attestation(session, partners.creditor, draft, now=now)
    [signature] = page.signatures
    assert signature.text == text_shown.text
    assert signature.text_sha256 == hashlib.sha256(signature.text.encode()).digest()
    assert (signature.signer_name, signature.signer_id, signature.address) == (
        "manager Cobros Uno",
        "52000111",
        "203.0.113.7",
    )
    assert signature.signed_at == now
    for word in ("AT-04", "Cobros Uno S.A.", "Banco Uno S.A.", "24 horas", "Oficial de seguridad", "2026-01-15"):
        assert word in signature.text
    assert FILE.sha256.hex() in signature.text
    assert "Válida hasta: 2027-03-11" in signature.text
    assert page.row.valid_until == date(2027, 3, 11)


def test_both_languages_say_the_same_thing_in_other_words(ports: Ports, partners: Tenants, now):
    draft = filled(ports, partners, now)

    spanish, english = (shown(ports, partners.agency, draft, now, language) for language in ("es", "en"))

    assert "within 24 hours" in english.text
    assert spanish.sha256 != english.sha256
    assert len(spanish.text.splitlines()) == len(english.text.splitlines())
    assert shown(ports, partners.agency, draft, now, "pt").language == "en"


@pytest.mark.parametrize("change", ["answer", "evidence", "language", "day"])
def test_what_changed_since_it_was_read_is_not_signed(ports: Ports, partners: Tenants, now, change):
    agency, draft, later, language = partners.agency, filled(ports, partners, now), now, "es"
    digest = shown(ports, agency, draft, now).sha256
    if change == "answer":
        with ports.session(agency) as session, transaction(session):
            answers = {**ANSWERS, "officer": "Otra persona"}
            service.fill(session, agency, draft, answers=answers, evidence_on=date(2026, 1, 15), now=now)
    elif change == "evidence":
        with ports.session(agency) as session, transaction(session):
            other = StoredFile("evidence/x", "otro.pdf", "application/pdf", 1, hashlib.sha256(b"otro").digest())
            service.attach(session, agency, draft, other, now=now)
    elif change == "language":
        language = "en"
    else:
        later = now + timedelta(days=1)

    with pytest.raises(signing.TextMoved):
        sign(ports, agency, draft, digest, later, language=language)


def test_a_second_press_signs_once_and_tells_once(ports: Ports, partners: Tenants, now):
    draft = filled(ports, partners, now)
    digest = shown(ports, partners.agency, draft, now).sha256
    for seconds in (0, 1, 2):
        sign(ports, partners.agency, draft, digest, now + timedelta(seconds=seconds))

    with ports.session(partners.creditor) as session:
        assert session.scalar(select(func.count()).select_from(AttestationSignature)) == 1
    assert notices(ports, partners.creditor) == ["attestation.signed"]


def test_gaps_are_for_drafts(ports: Ports, partners: Tenants, now):
    agency = partners.agency
    without_answer = filled(ports, partners, now, answers={"officer": "Oficial"})
    without_file = filled(
        ports, partners, now, code="AT-10", answers={"receives": "never", "conflicts": "No"}, file=None
    )
    over = {"insurer": "Póliza 1", "policy_until": date(2026, 3, 10), "tested_on": date(2026, 1, 1)}
    ended = filled(ports, partners, now, code="AT-12", answers=over)

    for draft, refusal in (
        (without_answer, signing.AnswersMissing),
        (without_file, signing.EvidenceMissing),
        (ended, signing.WouldBeExpired),
    ):
        with pytest.raises(refusal):
            shown(ports, agency, draft, now)


@pytest.mark.parametrize("signer", [("", "52"), ("Martha", "  ")])
def test_nobody_signs_without_a_name_and_a_number(ports: Ports, partners: Tenants, now, signer):
    draft = filled(ports, partners, now)
    nameless = signing.Signer(*signer, SignerRole.DATA_OFFICER, "")

    with pytest.raises(signing.NothingSigned):
        sign(ports, partners.agency, draft, shown(ports, partners.agency, draft, now).sha256, now, signer=nameless)


@pytest.mark.parametrize(
    "answers",
    [
        {"officer": 7},
        {"last_drill_on": "ayer"},
        {"unknown": "x"},
        {"officer": "x" * 4_001},
    ],
)
def test_an_answer_fits_its_field(ports: Ports, partners: Tenants, now, answers):
    draft = filled(ports, partners, now)

    with ports.session(partners.agency) as session, pytest.raises(AnswerUnfit):
        service.fill(session, partners.agency, draft, answers=answers, evidence_on=None, now=now)


def test_two_people_who_begin_at_once_get_one_draft(ports: Ports, partners: Tenants, now):
    first = filled(ports, partners, now)
    with ports.session(partners.agency) as session, transaction(session):
        again = service.open_draft(
            session, partners.agency, creditor_id=partners.creditor.tenant, code="AT-04", now=now
        )

    assert again.id == first
    assert again.answers["officer"] == "Oficial de seguridad"


def test_what_was_taken_back_is_signed_anew_and_both_signatures_stay(ports: Ports, partners: Tenants, now):
    draft = signed(ports, partners, now)
    review(ports, partners.agency, signing.withdraw, draft, now)
    review(ports, partners.agency, signing.withdraw, draft, now)
    with ports.session(partners.creditor) as session:
        assert list_to_review(session, partners.creditor) == []
        with pytest.raises(NotFound):
            get_attestation(session, partners.creditor, draft, now=now)
    later = now + timedelta(minutes=5)
    sign(ports, partners.agency, draft, shown(ports, partners.agency, draft, later).sha256, later)

    with ports.session(partners.creditor) as session:
        page = get_attestation(session, partners.creditor, draft, now=later)
    assert [one.signed_at for one in page.signatures] == [later, now]
