"""What is signed is what was shown; it is judged once, by the other side; nobody edits it afterwards."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import ProgrammingError

from agencies.attestations import reviewing, service, signing
from agencies.attestations.answers import AnswerUnfit
from agencies.attestations.lifecycle import AttestationMovedOn
from agencies.attestations.models import Attestation, AttestationSignature, AttestationState, SignerRole
from agencies.attestations.queries import get_attestation, list_history, list_to_review
from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.files import StoredFile
from agencies.kernel.notices import list_notices
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import PERMISSIONS, Role
from portal.ports import Ports
from tests.attested import attest_one
from tests.tenants import Tenants

ANSWERS = {"officer": "Oficial de seguridad", "contact": "300 000 0000", "last_drill_on": date(2026, 1, 15)}
SIGNER = signing.Signer("Martha Gerente", "52000111", SignerRole.LEGAL_REPRESENTATIVE, "203.0.113.7")
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
        return signing.text_to_sign(session, agency, draft, language=language, now=now)


def sign(ports: Ports, agency: Actor, draft: int, digest: bytes, now, *, signer=SIGNER, language: str = "es"):
    with ports.session(agency) as session, transaction(session):
        return signing.sign(session, agency, draft, signer=signer, language=language, text_sha256=digest, now=now)


def signed(ports: Ports, partners: Tenants, now, **options) -> int:
    draft = filled(ports, partners, now, **options)
    sign(ports, partners.agency, draft, shown(ports, partners.agency, draft, now).sha256, now)
    return draft


def review(ports: Ports, actor: Actor, verb, attestation: int, now, **how):
    with ports.session(actor) as session, transaction(session):
        return verb(session, actor, attestation, now=now, **how)


def notices(ports: Ports, actor: Actor) -> list[str]:
    with ports.session(actor) as session:
        return [one.kind for one in list_notices(session, actor).rows]


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
        "Martha Gerente",
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


def test_a_later_acceptance_replaces_the_earlier_one(ports: Ports, partners: Tenants, now):
    creditor, agency = partners.creditor, partners.agency
    first = signed(ports, partners, now)
    review(ports, creditor, reviewing.accept, first, now)
    second = signed(ports, partners, now + timedelta(days=1))
    review(ports, creditor, reviewing.accept, second, now + timedelta(days=1))
    review(ports, creditor, reviewing.accept, second, now + timedelta(days=2))

    with ports.session(agency) as session:
        states = {row.id: row.state for row in list_history(session, agency, creditor.tenant).rows}
    assert states == {first: AttestationState.SUPERSEDED, second: AttestationState.ACCEPTED}
    assert notices(ports, agency) == ["attestation.accepted"] * 2


def test_a_rejection_says_why_and_a_new_one_begins_with_the_old_answers(ports: Ports, partners: Tenants, now):
    creditor, agency = partners.creditor, partners.agency
    draft = signed(ports, partners, now)
    with pytest.raises(reviewing.ReasonMissing):
        review(ports, creditor, reviewing.reject, draft, now, reason="  ")
    review(ports, creditor, reviewing.reject, draft, now, reason="Falta el anexo.")
    with pytest.raises(AttestationMovedOn):
        review(ports, creditor, reviewing.accept, draft, now)
    with ports.session(agency) as session, transaction(session):
        again = service.open_draft(session, agency, creditor_id=creditor.tenant, code="AT-04", now=now)

    assert again.id != draft
    assert again.answers == {**ANSWERS, "last_drill_on": "2026-01-15"}
    assert notices(ports, agency) == ["attestation.rejected"]


@pytest.mark.parametrize("side", ["creditor", "agency"])
def test_either_side_may_end_it_and_the_other_is_told(ports: Ports, partners: Tenants, now, side):
    actor = getattr(partners, side)
    other = partners.agency if side == "creditor" else partners.creditor
    attest_one(ports, partners.creditor, partners.agency, "AT-04", now=now)
    with ports.session(actor) as session:
        row = session.scalars(select(Attestation)).one()
    review(ports, actor, reviewing.revoke, row.id, now, reason="Incidente")

    assert notices(ports, other) == ["attestation.revoked"]
    with ports.session(other) as session:
        assert session.scalars(select(Attestation.state)).one() is AttestationState.REVOKED


def test_what_expired_while_it_waited_is_not_accepted(ports: Ports, partners: Tenants, now):
    draft = signed(ports, partners, now)

    with pytest.raises(reviewing.AlreadyExpired):
        review(ports, partners.creditor, reviewing.accept, draft, now + timedelta(days=400))


def test_only_those_who_may_sign_and_judge(ports: Ports, partners: Tenants, now):
    draft = signed(ports, partners, now)
    agent = Actor(partners.agency.side, partners.agency.tenant, 1, "agent", PERMISSIONS[Role.AGENT])
    analyst = Actor(partners.creditor.side, partners.creditor.tenant, 1, "analyst", PERMISSIONS[Role.ANALYST])

    for person, verb, how in (
        (agent, signing.withdraw, {}),
        (partners.creditor, signing.withdraw, {}),
        (analyst, reviewing.accept, {}),
        (analyst, reviewing.reject, {"reason": "x"}),
        (partners.agency, reviewing.accept, {}),
        (partners.agency, reviewing.reject, {"reason": "x"}),
    ):
        with pytest.raises(Forbidden):
            review(ports, person, verb, draft, now, **how)


def test_another_s_attestation_is_not_there(ports: Ports, partners: Tenants, now):
    draft = signed(ports, partners, now)

    for stranger, verb, how in (
        (partners.other_creditor, reviewing.accept, {}),
        (partners.other_creditor, reviewing.reject, {"reason": "x"}),
        (partners.other_creditor, reviewing.revoke, {"reason": "x"}),
        (partners.other_agency, signing.withdraw, {}),
        (partners.other_agency, reviewing.revoke, {"reason": "x"}),
    ):
        with pytest.raises(NotFound):
            review(ports, stranger, verb, draft, now, **how)
    with ports.session(partners.other_agency) as session, pytest.raises(NotFound):
        # It is not on this creditor's panel, and cannot write to it.
        service.open_draft(session, partners.other_agency, creditor_id=partners.creditor.tenant, code="AT-04", now=now)


@pytest.mark.parametrize(
    ("side", "statement"),
    [
        ("agency", "update attestations set state = 'accepted'"),
        ("agency", ("insert into attestations (creditor_id, agency_id, code, template_version, country, state, answers,"
         " valid_until, created_at) select creditor_id, agency_id, 'AT-01', 1, 'CO', 'accepted', '{}', '2099-01-01',"
         " now() from panel_members")),
        ("creditor", "update attestations set state = 'submitted', review_reason = 'x' where state <> 'submitted'"),
        ("creditor", "update attestations set answers = '{}'"),
        ("agency", "update attestation_signatures set signer_name = 'Otro'"),
        ("agency", "delete from attestation_signatures"),
        ("agency", "delete from attestation_files"),
    ],
)  # fmt: skip
def test_the_database_holds_each_side_to_its_moves(ports: Ports, partners: Tenants, now, side, statement):
    draft = signed(ports, partners, now)
    if "<> 'submitted'" in statement:
        review(ports, partners.creditor, reviewing.accept, draft, now)
    actor = getattr(partners, side)

    with ports.session(actor) as session, transaction(session), pytest.raises(ProgrammingError):
        session.execute(text(statement))


def test_a_signature_is_not_edited_even_by_the_owner_of_the_tables(database, ports: Ports, partners: Tenants, now):
    signed(ports, partners, now)
    engine = create_engine(database.superuser_url)

    with engine.connect() as connection, pytest.raises(ProgrammingError, match="append-only"):
        connection.execute(text("update attestation_signatures set text = 'otra cosa'"))
    engine.dispose()
