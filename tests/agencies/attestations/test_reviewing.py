"""What is judged is what was read; it is judged once, by the other side; nobody edits it afterwards."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import ProgrammingError

from agencies.attestations import reviewing, service, signing
from agencies.attestations.lifecycle import AttestationMovedOn
from agencies.attestations.models import Attestation, AttestationState
from agencies.attestations.queries import list_history
from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import PERMISSIONS, Role
from portal.ports import Ports
from tests.attested import attest_one
from tests.signing import ANSWERS, newest, notices, review, shown, sign, signed
from tests.tenants import Tenants


@pytest.mark.parametrize("verb", [reviewing.accept, reviewing.reject])
def test_what_was_signed_anew_since_it_was_read_is_not_judged(ports: Ports, partners: Tenants, now, verb):
    creditor, agency, later = partners.creditor, partners.agency, now + timedelta(minutes=5)
    draft = signed(ports, partners, now)
    read = newest(ports, creditor, draft)
    review(ports, agency, signing.withdraw, draft, now)
    with ports.session(agency) as session, transaction(session):
        answers = {**ANSWERS, "officer": "Otra persona"}
        service.fill(session, agency, draft, answers=answers, evidence_on=date(2026, 1, 15), now=later)
    sign(ports, agency, draft, shown(ports, agency, draft, later).sha256, later)
    how = {"reason": "Falta el anexo."} if verb is reviewing.reject else {}

    with pytest.raises(reviewing.SignedAnew):
        review(ports, creditor, verb, draft, later, text_sha256=read, **how)
    with ports.session(creditor) as session:
        assert session.scalars(select(Attestation.state)).one() is AttestationState.SUBMITTED
    assert review(ports, creditor, verb, draft, later, **how).reviewed_at == later


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
        ("creditor", "update attestations set review_reason = 'x'"),
        ("agency", "update attestations set valid_until = '2199-12-31'"),
        ("agency", "update attestations set answers = '{}'"),
        ("agency", "update attestations set evidence_on = '2026-03-11'"),
        ("agency", "update attestations set state = 'draft', answers = '{}'"),
        ("agency", "update attestations set state = 'revoked'"),
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


@pytest.mark.parametrize(
    "change",
    [
        "valid_until = '2199-12-31'",
        "submitted_at = now()",
        "state = 'draft'",
        "state = 'submitted'",
        "state = 'revoked', valid_until = '2199-12-31'",
        "state = 'revoked', answers = '{}'",
        "revocation_reason = 'x'",
    ],
)
def test_what_was_accepted_is_not_lengthened_or_rewritten_even_by_hand(ports: Ports, partners: Tenants, now, change):
    review(ports, partners.creditor, reviewing.accept, signed(ports, partners, now), now)

    with ports.session(partners.agency) as session, transaction(session), pytest.raises(ProgrammingError):
        session.execute(text(f"update attestations set {change}"))


def test_a_signature_is_not_edited_even_by_the_owner_of_the_tables(database, ports: Ports, partners: Tenants, now):
    signed(ports, partners, now)
    engine = create_engine(database.superuser_url)

    with engine.connect() as connection, pytest.raises(ProgrammingError, match="append-only"):
        connection.execute(text("update attestation_signatures set text = 'otra cosa'"))
    engine.dispose()


def test_of_two_reviewers_at_once_one_decides_and_the_other_is_told(ports: Ports, partners: Tenants, now):
    draft = signed(ports, partners, now)
    both = Barrier(2)

    def judge(verb, **how) -> object:
        both.wait(timeout=30)
        try:
            return review(ports, partners.creditor, verb, draft, now, **how).state
        except AttestationMovedOn as late:
            return type(late)

    with ThreadPoolExecutor(2) as reviewers:
        asked = [
            reviewers.submit(judge, reviewing.accept),
            reviewers.submit(judge, reviewing.reject, reason="Falta el anexo."),
        ]
        answers = [one.result(timeout=60) for one in asked]

    assert answers.count(AttestationMovedOn) == 1
    [decided] = [one for one in answers if one is not AttestationMovedOn]
    with ports.session(partners.agency) as session:
        assert session.scalars(select(Attestation.state)).one() is decided
    assert len(notices(ports, partners.agency)) == 1
