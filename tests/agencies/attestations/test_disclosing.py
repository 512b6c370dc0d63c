"""The list of sub-processors: versioned, decided entry by entry, and what is signed on it holds while it holds."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from agencies.attestations import disclosing, reviewing, service, signing
from agencies.attestations.disclosed import get_disclosure
from agencies.attestations.entries import AuthorisedLater, EntryIncomplete, checked
from agencies.attestations.gates import Act, obstacles
from agencies.attestations.models import Attestation
from agencies.attestations.queries import get_standing
from agencies.attestations.rules import Standing
from agencies.attestations.subprocessors import SubprocessorDecision, SubprocessorVerdict
from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.session import transaction
from portal.ports import Ports
from tests.attested import attest_all
from tests.disclosed import CLOUD, MESSAGES, decide_all, publish
from tests.signing import FILE, notices, review, shown, sign
from tests.tenants import Tenants

TODAY = date(2026, 3, 11)
OBJECTED = SubprocessorVerdict.OBJECTED


def sign_list(ports: Ports, partners: Tenants, now) -> int:
    """AT-03, filled in and signed on the list in force."""
    agency = partners.agency
    with ports.session(agency) as session, transaction(session):
        draft = service.open_draft(session, agency, creditor_id=partners.creditor.tenant, code="AT-03", now=now)
        service.fill(session, agency, draft.id, answers={"sites": "Bogotá"}, evidence_on=TODAY, now=now)
        service.attach(session, agency, draft.id, FILE, now=now)
    sign(ports, agency, draft.id, shown(ports, agency, draft.id, now).sha256, now)
    return draft.id


def state_of(ports: Ports, partners: Tenants, now) -> Standing:
    with ports.session(partners.creditor) as session:
        standing = get_standing(session, partners.creditor, partners.agency.tenant, now=now)
    return next(one.state for one in standing.templates if one.code == "AT-03")


def may_place(ports: Ports, partners: Tenants, now) -> bool:
    asked = {"creditor_id": partners.creditor.tenant, "agency_ids": [partners.agency.tenant], "now": now}
    with ports.session(partners.creditor) as session:
        return not obstacles(session, partners.creditor, Act.PLACE, **asked)


@pytest.mark.parametrize(
    ("told", "kept", "is_valid"),
    [
        (CLOUD, "8301112226", True),
        (replace(CLOUD, tax_id="830111222-7"), "830111222-7", False),
        (replace(CLOUD, country="mx", tax_id="SAT970701NN3"), "SAT970701NN3", True),
        (MESSAGES, "98-7654321", None),
    ],
)
def test_a_tax_number_is_checked_and_one_that_is_wrong_is_marked_and_kept(told, kept, is_valid):
    entry, found = checked(told, TODAY)

    assert (entry.tax_id, found) == (kept, is_valid)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"name": "  "}, EntryIncomplete),
        ({"hosting": ""}, EntryIncomplete),
        ({"service": "x" * 301}, EntryIncomplete),
        ({"authorised_on": TODAY + timedelta(days=1)}, AuthorisedLater),
    ],
)
def test_an_entry_is_whole(change, refusal):
    with pytest.raises(refusal):
        checked(replace(CLOUD, **change), TODAY)


def test_what_is_signed_names_the_list_by_version_and_hash(ports: Ports, partners: Tenants, now):
    listed = publish(ports, partners.agency, partners.creditor, CLOUD, MESSAGES, now=now)
    made = sign_list(ports, partners, now)

    with ports.session(partners.creditor) as session:
        found = get_disclosure(session, partners.creditor, partners.agency.tenant)
        row = session.scalars(select(Attestation).where(Attestation.id == made)).one()
    assert hashlib.sha256(found.shown.text.encode()).digest() == listed.sha256
    assert "Nube Uno S.A.S." in found.shown.text
    assert row.list_version == 1
    with ports.session(partners.agency) as session:
        signed = signing.last_signature(session, row).text
    assert f"versión 1, SHA-256 {listed.sha256.hex()}" in signed


def test_without_a_list_nothing_is_signed_and_an_empty_one_is_a_list(ports: Ports, partners: Tenants, now):
    agency = partners.agency
    with ports.session(agency) as session, transaction(session):
        draft = service.open_draft(session, agency, creditor_id=partners.creditor.tenant, code="AT-03", now=now)
        service.fill(session, agency, draft.id, answers={"sites": "Bogotá"}, evidence_on=TODAY, now=now)
        service.attach(session, agency, draft.id, FILE, now=now)
    with pytest.raises(signing.ListMissing):
        shown(ports, agency, draft.id, now)

    publish(ports, agency, partners.creditor, now=now)

    assert "versión 1" in shown(ports, agency, draft.id, now).text


def test_the_list_is_approved_entry_by_entry_before_the_declaration_is_accepted(ports: Ports, partners: Tenants, now):
    publish(ports, partners.agency, partners.creditor, CLOUD, MESSAGES, now=now)
    made = sign_list(ports, partners, now)
    with pytest.raises(reviewing.SubprocessorsUndecided):
        review(ports, partners.creditor, reviewing.accept, made, now)

    decide_all(ports, partners.creditor, partners.agency, now=now)
    decide_all(ports, partners.creditor, partners.agency, now=now + timedelta(seconds=1))

    assert review(ports, partners.creditor, reviewing.accept, made, now).reviewed_at == now
    # Twice said is once said.
    with ports.session(partners.agency) as session:
        assert len(session.scalars(select(SubprocessorDecision)).all()) == 2
    assert notices(ports, partners.agency).count("subprocessor.approved") == 2


@pytest.mark.parametrize("how", ["change", "objection"])
def test_a_change_or_an_objection_makes_it_need_renewal_at_once(ports: Ports, partners: Tenants, now, how):
    creditor, agency, later = partners.creditor, partners.agency, now + timedelta(hours=1)
    attest_all(ports, creditor, agency, now=now, but=["AT-03"])
    publish(ports, agency, creditor, CLOUD, now=now)
    made = sign_list(ports, partners, now)
    decide_all(ports, creditor, agency, now=now)
    review(ports, creditor, reviewing.accept, made, now)
    assert (state_of(ports, partners, now), may_place(ports, partners, now)) == (Standing.ACCEPTED, True)

    if how == "change":
        publish(ports, agency, creditor, CLOUD, MESSAGES, now=later)
    else:
        decide_all(ports, creditor, agency, OBJECTED, now=later)

    assert (state_of(ports, partners, later), may_place(ports, partners, later)) == (Standing.OUTDATED, False)
    if how == "objection":
        publish(ports, agency, creditor, now=later)
    again = sign_list(ports, partners, later)
    decide_all(ports, creditor, agency, now=later)
    review(ports, creditor, reviewing.accept, again, later)
    assert may_place(ports, partners, later)


def test_an_approval_is_of_what_the_entry_says_and_not_of_its_place(ports: Ports, partners: Tenants, now):
    publish(ports, partners.agency, partners.creditor, CLOUD, MESSAGES, now=now)
    decide_all(ports, partners.creditor, partners.agency, now=now)
    # The one is the same in the next version, the other hosts elsewhere.
    publish(ports, partners.agency, partners.creditor, CLOUD, replace(MESSAGES, hosting="Texas"), now=now)

    with ports.session(partners.creditor) as session:
        found = get_disclosure(session, partners.creditor, partners.agency.tenant)
    assert {one.row.name: one.is_approved for one in found.entries} == {CLOUD.name: True, MESSAGES.name: False}


def test_what_was_signed_before_the_list_changed_is_not_accepted_after(ports: Ports, partners: Tenants, now):
    publish(ports, partners.agency, partners.creditor, now=now)
    made = sign_list(ports, partners, now)
    publish(ports, partners.agency, partners.creditor, CLOUD, now=now)

    with pytest.raises(reviewing.ListMovedOn):
        review(ports, partners.creditor, reviewing.accept, made, now)


def test_the_same_list_is_not_published_twice(ports: Ports, partners: Tenants, now):
    publish(ports, partners.agency, partners.creditor, CLOUD, MESSAGES, now=now)

    with pytest.raises(disclosing.NothingChanged):
        publish(ports, partners.agency, partners.creditor, MESSAGES, CLOUD, now=now)


def test_two_people_who_begin_at_once_work_on_one_draft(ports: Ports, partners: Tenants, now):
    for _ in range(2):
        with ports.session(partners.agency) as session, transaction(session):
            begun = disclosing.begin_list(session, partners.agency, partners.creditor.tenant, now=now)
        assert begun.version == 1


def test_a_decision_is_on_the_list_in_force_and_says_why_it_objects(ports: Ports, partners: Tenants, now):
    creditor, agency = partners.creditor, partners.agency
    publish(ports, agency, creditor, CLOUD, now=now)
    with ports.session(creditor) as session:
        [old] = get_disclosure(session, creditor, agency.tenant).entries
    with ports.session(creditor) as session, pytest.raises(disclosing.ObjectionWithoutReason):
        disclosing.decide(session, creditor, old.row.id, OBJECTED, reason=" ", now=now)
    publish(ports, agency, creditor, MESSAGES, now=now)

    with ports.session(creditor) as session, pytest.raises(disclosing.ListReplaced):
        disclosing.decide(session, creditor, old.row.id, SubprocessorVerdict.APPROVED, now=now)


def test_a_draft_and_another_s_list_are_not_there(ports: Ports, partners: Tenants, now):
    creditor, agency = partners.creditor, partners.agency
    with ports.session(agency) as session, transaction(session):
        disclosing.begin_list(session, agency, creditor.tenant, now=now)
        entry = disclosing.add_entry(session, agency, creditor.tenant, CLOUD, now=now)

    for stranger, other in (
        (creditor, agency.tenant),
        (partners.other_creditor, agency.tenant),
        (partners.other_agency, creditor.tenant),
    ):
        with ports.session(stranger) as session:
            with pytest.raises(NotFound):
                disclosing.get_entry(session, stranger, entry.id)
            with pytest.raises(NotFound):
                get_disclosure(session, stranger, other, is_draft=True)
    with ports.session(partners.other_agency) as session, pytest.raises(NotFound):
        disclosing.begin_list(session, partners.other_agency, creditor.tenant, now=now)
    with ports.session(creditor) as session, pytest.raises(Forbidden):
        disclosing.publish_list(session, creditor, creditor.tenant, now=now)
    with ports.session(agency) as session, pytest.raises(Forbidden):
        disclosing.decide(session, agency, entry.id, SubprocessorVerdict.APPROVED, now=now)


@pytest.mark.parametrize(
    ("side", "statement"),
    [
        ("agency", "update subprocessors set name = 'Otra'"),
        ("agency", "delete from subprocessors"),
        ("agency", "update subprocessor_lists set text = 'x', sha256 = 'x'"),
        ("agency", "update subprocessor_lists set published_at = null, text = null, sha256 = null"),
        ("agency", "delete from subprocessor_lists"),
        ("agency", "delete from subprocessor_decisions"),
        ("agency", ("insert into subprocessor_decisions (creditor_id, agency_id, fingerprint, verdict, decided_at)"
                    " select creditor_id, agency_id, 'x', 'approved', now() from panel_members")),
        ("agency", "update attestations set outdated_at = null"),
        ("agency", "update attestations set list_version = 9"),
        ("creditor", "update attestations set outdated_at = null"),
        ("creditor", "update attestations set outdated_at = now(), review_reason = 'x'"),
        ("creditor", "update subprocessors set name = 'Otra'"),
    ],
)  # fmt: skip
def test_the_database_keeps_what_was_published_and_who_says_what(ports: Ports, partners: Tenants, now, side, statement):
    publish(ports, partners.agency, partners.creditor, CLOUD, now=now)
    decide_all(ports, partners.creditor, partners.agency, now=now)
    made = sign_list(ports, partners, now)
    review(ports, partners.creditor, reviewing.accept, made, now)
    decide_all(ports, partners.creditor, partners.agency, OBJECTED, now=now)
    actor = getattr(partners, side)

    with ports.session(actor) as session, transaction(session), pytest.raises(ProgrammingError):
        session.execute(text(statement))
