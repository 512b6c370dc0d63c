"""Proposal and acceptance: terms hold when both sides have signed them, and nobody speaks for the other."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DatabaseError

from agencies.kernel.audit import AuditEvent
from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.notices import Notice
from agencies.kernel.session import transaction
from agencies.mandates import queries, service, signing
from agencies.mandates.lifecycle import MandateEnded, MandateNotInForce, VersionTooEarly
from agencies.mandates.models import Answer, Party
from agencies.mandates.schedule import AgeBand, RateLine, by_age
from agencies.mandates.settlement import Authority
from agencies.mandates.signatures import MandateAnswer, MandateSignature
from agencies.mandates.signing import Signer
from agencies.mandates.terms import Limits, TermSheet
from agencies.organisations.permissions import Role
from tests import agreed
from tests.tenants import add_person, add_tenants

FROM = date(2026, 1, 1)
TERMS = TermSheet(commission_bp=1_850)
OTHER = TermSheet(commission_bp=2_100)


@pytest.fixture
def tenants(ports):
    return add_tenants(ports)


@pytest.fixture
def proposed(ports, tenants, now):
    """A mandate that waits for the agency."""
    with ports.session(tenants.creditor) as session, transaction(session):
        return service.make(
            session,
            tenants.creditor,
            agency_id=tenants.agency.tenant,
            name="Castigada",
            terms=TERMS,
            valid_from=FROM,
            signer=agreed.CREDITOR,
            now=now,
        ).id


def do(ports, actor, verb, *arguments, **options):
    with ports.session(actor) as session, transaction(session):
        return verb(session, actor, *arguments, **options)


def row_of(ports, actor, mandate_id):
    with ports.session(actor) as session:
        return queries.get_mandate(session, actor, mandate_id)


def amend(ports, actor, mandate_id, now, terms=OTHER, **changed):
    return do(
        ports,
        actor,
        service.amend,
        mandate_id,
        **{"terms": terms, "valid_from": FROM, "signer": Signer("Quien Firma", "Cargo"), "now": now, **changed},
    )


def test_nothing_is_in_force_until_the_agency_has_signed(ports, tenants, proposed, now):
    with ports.session(tenants.creditor) as session, pytest.raises(MandateNotInForce):
        queries.version_in_force(session, tenants.creditor, proposed, FROM)
    agreed.accept(ports, tenants.agency, proposed, now=now)
    with ports.session(tenants.creditor) as session:
        assert queries.version_in_force(session, tenants.creditor, proposed, FROM).version == 1


def test_both_signatures_carry_the_digest_of_exactly_these_terms(ports, tenants, proposed, now):
    agreed.accept(ports, tenants.agency, proposed, now=now)
    row = row_of(ports, tenants.agency, proposed)
    [version] = row.versions
    assert [(one.side, one.signer_name, one.signer_position) for one in row.signatures[version.id]] == [
        (Party.CREDITOR, "Directora Uno", "Directora de recuperaciones"),
        (Party.AGENCY, "Gerente Uno", "Gerente general"),
    ]
    assert {one.digest for one in row.signatures[version.id]} == {row.digest(version)}
    assert row.signatures[version.id][1].signed_by == tenants.agency.user_id


def test_every_term_is_in_the_digest(ports, tenants, proposed, now):
    row = row_of(ports, tenants.creditor, proposed)
    version, sheet = row.versions[0], row.terms
    changed = [
        replace(sheet, commission_bp=1),
        replace(sheet, lines=(RateLine(1),)),
        replace(sheet, limits=Limits(direct_bp=1)),
        replace(sheet, authority=Authority(discount_bp=1)),
        replace(sheet, currency="USD"),
        replace(sheet, tail_days=1),
        replace(sheet, plan_tail_days=1),
        replace(sheet, exclusive_days=1),
        replace(sheet, report_due_days=6),
    ]
    parties = signing.Parties(row.creditor_id, row.agency_id, row.name, row.service)
    others = [replace(parties, agency_id=0), replace(parties, name="Otra")]
    digests = [signing.digest_of_version(parties, version, one) for one in (sheet, *changed)]
    digests += [signing.digest_of_version(one, version, sheet) for one in others]
    assert len(set(digests)) == len(digests)
    assert digests[0] == row.digest(version)


def test_terms_come_back_as_they_were_proposed(ports, tenants, proposed, now):
    full = TermSheet(
        commission_bp=1_500,
        lines=(
            RateLine(3_000, tier=2, product="tarjeta", debtor_type="company"),
            RateLine(900, balance_from=100, balance_to=200),
            *by_age([AgeBand(91, 2_000), AgeBand(361, 3_000)]),
        ),
        limits=Limits(100, 90_000, 5_000, 2_500, 10, 1_000_000, 50),
        authority=Authority(1_000, 24, 5_000, "finance"),
        currency="COP",
        tail_days=30,
        plan_tail_days=90,
        exclusive_days=60,
        subcontracting="forbidden",
    )
    agreed.accept(ports, tenants.agency, proposed, now=now)
    agreed.amend(ports, tenants.creditor, tenants.agency, proposed, terms=full, valid_from=FROM, now=now)
    assert row_of(ports, tenants.agency, proposed).terms == full


def test_an_agency_answers_with_terms_of_its_own(ports, tenants, proposed, now):
    amend(ports, tenants.agency, proposed, now)
    row = row_of(ports, tenants.creditor, proposed)
    first = row.versions[1]
    assert (row.proposal.proposed_by, row.proposal.version) == (Party.AGENCY, 2)
    assert (row.answers[first.id].answer, row.answers[first.id].side) == (Answer.DECLINED, Party.AGENCY)
    do(
        ports,
        tenants.creditor,
        service.accept,
        proposed,
        digest=row.digest(row.proposal),
        signer=agreed.CREDITOR,
        now=now,
    )
    assert row_of(ports, tenants.agency, proposed).commission_bp == 2_100


def test_new_terms_of_ones_own_take_back_the_former(ports, tenants, proposed, now):
    amend(ports, tenants.creditor, proposed, now)
    row = row_of(ports, tenants.agency, proposed)
    assert row.answers[row.versions[1].id].answer is Answer.WITHDRAWN
    assert row.proposal.version == 2


def test_declined_terms_never_come_into_force(ports, tenants, proposed, now):
    digest = agreed.read(ports, tenants.agency, proposed)
    do(ports, tenants.agency, service.decline, proposed, digest=digest, reason="La comisión no alcanza.", now=now)
    row = row_of(ports, tenants.creditor, proposed)
    assert (row.is_agreed, row.proposal) == (False, None)
    assert row.answers[row.version_id].reason == "La comisión no alcanza."
    with pytest.raises(signing.AlreadyAnswered):
        do(ports, tenants.agency, service.accept, proposed, digest=digest, signer=agreed.AGENCY, now=now)


def test_terms_in_force_stay_while_others_wait(ports, tenants, proposed, now):
    agreed.accept(ports, tenants.agency, proposed, now=now)
    amend(ports, tenants.agency, proposed, now)
    with ports.session(tenants.creditor) as session:
        assert queries.version_in_force(session, tenants.creditor, proposed, FROM).commission_bp == 1_850
        row = queries.get_mandate(session, tenants.creditor, proposed, on=FROM)
    assert (row.version, row.proposal.version) == (1, 2)


@pytest.mark.parametrize("verb", ["accept", "decline"])
def test_nobody_answers_its_own_proposal(ports, tenants, proposed, now, verb):
    digest = agreed.read(ports, tenants.creditor, proposed)
    said = {"signer": agreed.CREDITOR} if verb == "accept" else {"reason": "No."}
    with pytest.raises(signing.NotYourAnswer):
        do(ports, tenants.creditor, getattr(service, verb), proposed, digest=digest, **said, now=now)
    with pytest.raises(signing.NotYourProposal):
        do(ports, tenants.agency, service.withdraw, proposed, digest=digest, now=now)


def test_nobody_signs_what_it_has_not_read(ports, tenants, proposed, now):
    read = agreed.read(ports, tenants.agency, proposed)
    amend(ports, tenants.creditor, proposed, now)
    with pytest.raises(signing.OtherTerms):
        do(ports, tenants.agency, service.accept, proposed, digest=read, signer=agreed.AGENCY, now=now)
    assert not row_of(ports, tenants.agency, proposed).is_agreed


@pytest.mark.parametrize("signer", [Signer("", "Gerente"), Signer("Ana", "  "), Signer("x" * 121, "Gerente")])
def test_a_signature_is_somebodys_in_an_office(ports, tenants, proposed, now, signer):
    digest = agreed.read(ports, tenants.agency, proposed)
    with pytest.raises(signing.SignerMissing):
        do(ports, tenants.agency, service.accept, proposed, digest=digest, signer=signer, now=now)


def test_a_refusal_needs_a_reason(ports, tenants, proposed, now):
    digest = agreed.read(ports, tenants.agency, proposed)
    with pytest.raises(signing.ReasonMissing):
        do(ports, tenants.agency, service.decline, proposed, digest=digest, reason="  ", now=now)


def test_an_agencys_terms_may_not_begin_before_those_agreed(ports, tenants, proposed, now):
    agreed.accept(ports, tenants.agency, proposed, now=now)
    with pytest.raises(VersionTooEarly):
        amend(ports, tenants.agency, proposed, now, valid_from=FROM - timedelta(days=1))


def test_an_ended_mandate_is_neither_signed_nor_proposed_for(ports, tenants, proposed, now):
    digest = agreed.read(ports, tenants.agency, proposed)
    do(ports, tenants.creditor, service.end, proposed, now=now)
    with pytest.raises(MandateEnded):
        do(ports, tenants.agency, service.accept, proposed, digest=digest, signer=agreed.AGENCY, now=now)
    with pytest.raises(MandateEnded):
        amend(ports, tenants.agency, proposed, now)


def test_other_tenants_do_not_find_it(ports, tenants, proposed, now):
    for stranger in (tenants.other_creditor, tenants.other_agency):
        with pytest.raises(NotFound):
            do(ports, stranger, service.accept, proposed, digest=b"", signer=agreed.AGENCY, now=now)
        with pytest.raises(NotFound):
            amend(ports, stranger, proposed, now)


@pytest.mark.parametrize("role", [Role.ANALYST, Role.FINANCE, Role.COMPLIANCE, Role.AGENT])
def test_only_directors_and_managers_sign(ports, tenants, proposed, now, role):
    person = replace(add_person(ports, role, f"Otra {role}"))
    with pytest.raises(Forbidden):
        do(ports, person, service.accept, proposed, digest=b"", signer=agreed.AGENCY, now=now)


def test_both_sides_are_told_and_have_it_in_their_trails(ports, tenants, proposed, now):
    agreed.accept(ports, tenants.agency, proposed, now=now)
    for actor, kinds in ((tenants.agency, ["mandate.proposed"]), (tenants.creditor, ["mandate.accepted"])):
        with ports.session(actor) as session:
            told = session.scalars(select(Notice.kind).where(Notice.kind.like("mandate.%"))).all()
            kept = session.scalars(
                select(AuditEvent.action)
                .where(AuditEvent.organisation_id == actor.tenant, AuditEvent.action.like("mandate.%"))
                .order_by(AuditEvent.seq)
            ).all()
        assert (told, kept) == (kinds, ["mandate.made", "mandate.accepted"])


def test_of_two_answers_at_the_same_moment_one_holds(ports, tenants, proposed, now):
    digest = agreed.read(ports, tenants.agency, proposed)
    outcomes: list[str] = []

    def answer(verb, **said) -> None:
        try:
            do(ports, tenants.agency, verb, proposed, digest=digest, now=now, **said)
            outcomes.append("done")
        except signing.AlreadyAnswered:
            outcomes.append("refused")

    threads = [
        threading.Thread(target=answer, args=(service.accept,), kwargs={"signer": agreed.AGENCY}),
        threading.Thread(target=answer, args=(service.decline,), kwargs={"reason": "No."}),
        threading.Thread(target=answer, args=(service.accept,), kwargs={"signer": agreed.AGENCY}),
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert sorted(outcomes) == ["done", "refused", "refused"]
    row = row_of(ports, tenants.creditor, proposed)
    assert len(row.signatures[row.version_id]) == (2 if row.is_agreed else 1)


def test_the_database_lets_no_side_speak_for_the_other(ports, tenants, proposed, now):
    """Statements of somebody who has got past the first wall."""
    row = row_of(ports, tenants.creditor, proposed)
    key = {"creditor_id": row.creditor_id, "agency_id": row.agency_id, "mandate_version_id": row.version_id}
    answer = {
        "proposed_by": "creditor",
        "side": "agency",
        "answer": "accepted",
        "reason": "",
        "answered_at": now,
    }
    signature = {"signer_name": "x", "signer_position": "x", "digest": b"0" * 32, "signed_at": now}
    for actor, statement in (
        (tenants.creditor, insert(MandateAnswer).values(**key, **answer)),
        (tenants.creditor, insert(MandateAnswer).values(**key, **{**answer, "side": "creditor"})),
        (tenants.creditor, insert(MandateSignature).values(**key, **signature, side="agency")),
        (tenants.creditor, insert(MandateSignature).values(**key, **signature, side="agency", lot_id=1)),
        (tenants.agency, insert(MandateSignature).values(**key, **signature, side="creditor")),
    ):
        with ports.session(actor) as session, pytest.raises(DatabaseError):
            session.execute(statement)
