"""The manifest: whose cases, in which columns, with control totals, and nothing a spreadsheet would run."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from agencies.kernel.audit import AuditEvent
from agencies.kernel.errors import Forbidden, NotFound
from assignments.cases.models import Case
from assignments.manifests import handing as manifests
from assignments.manifests.handing import HEADER, TRAILER, NotAcknowledged
from assignments.placements.models import Consignment
from tests.handing import CASES, download
from tests.loop import PLACED_AT, acknowledge_all, add_cases, add_mandate, draft, place, place_with
from tests.tenants import add_tenants


@pytest.fixture
def tenants(ports):
    return add_tenants(ports)


def test_a_line_per_case_and_the_totals_at_the_end(ports, tenants, monkeypatch):
    monkeypatch.setattr(manifests, "BATCH", 3)
    place_with(ports, tenants.creditor, tenants.agency, CASES)
    [consignment] = acknowledge_all(ports, tenants.agency)
    *lines, trailer = download(ports, tenants.agency, consignment.id)
    assert tuple(trailer) == HEADER
    assert [line["account_ref"] for line in lines] == ["0001", "0002", "0003", "0004"]
    assert [line["balance"] for line in lines] == ["150.05", "99.95", "1000.00", "2000.00"]
    assert (trailer["reference"], trailer["account_ref"], trailer["currency"]) == (TRAILER, "4", "COP")
    assert Decimal(trailer["balance"]) == sum(Decimal(line["balance"]) for line in lines)
    assert lines[0]["phones"] == "+573001112233; 6011234567"
    assert lines[0]["debtor_name"] == "Ana Peña"


def test_our_reference_leads_back_to_the_case(ports, tenants):
    place_with(ports, tenants.creditor, tenants.agency, CASES)
    [consignment] = acknowledge_all(ports, tenants.agency)
    lines = download(ports, tenants.agency, consignment.id)[:-1]
    with ports.session(tenants.agency) as session:
        known = dict(session.execute(select(Case.account_ref, Case.id)).all())
    assert {line["account_ref"]: ports.references.decode("case", line["reference"]) for line in lines} == known


def test_text_that_looks_like_a_formula_is_made_inert(ports, tenants):
    place_with(ports, tenants.creditor, tenants.agency, CASES)
    [consignment] = acknowledge_all(ports, tenants.agency)
    second = download(ports, tenants.agency, consignment.id)[1]
    assert (second["debtor_name"], second["phones"]) == ("'=HYPERLINK(1)", "'@import")


def test_the_download_is_written_down_for_both_sides(ports, tenants):
    place_with(ports, tenants.creditor, tenants.agency, CASES)
    [consignment] = acknowledge_all(ports, tenants.agency)
    at = PLACED_AT + timedelta(hours=1)
    download(ports, tenants.agency, consignment.id, now=at)
    for actor in (tenants.creditor, tenants.agency):
        with ports.session(actor) as session:
            assert (
                "manifest.downloaded"
                in session.scalars(select(AuditEvent.action).where(AuditEvent.organisation_id == actor.tenant)).all()
            )
            assert session.scalars(select(Consignment.manifest_downloaded_at)).one() == at


def test_a_later_download_does_not_move_the_first(ports, tenants):
    place_with(ports, tenants.creditor, tenants.agency, CASES)
    [consignment] = acknowledge_all(ports, tenants.agency)
    first = PLACED_AT + timedelta(hours=1)
    for at in (first, first + timedelta(days=3)):
        download(ports, tenants.agency, consignment.id, now=at)
    with ports.session(tenants.creditor) as session:
        assert session.scalars(select(Consignment.manifest_downloaded_at)).one() == first
        actions = session.scalars(
            select(AuditEvent.action).where(AuditEvent.organisation_id == tenants.creditor.tenant)
        ).all()
    assert actions.count("manifest.downloaded") == 2


def test_an_agency_acknowledges_before_it_downloads(ports, tenants):
    place_with(ports, tenants.creditor, tenants.agency, CASES)
    with ports.session(tenants.agency) as session:
        consignment_id = session.scalars(select(Consignment.id)).one()
    with pytest.raises(NotAcknowledged):
        download(ports, tenants.agency, consignment_id)


def test_nobody_downloads_what_is_anothers(ports, tenants):
    add_cases(ports, tenants.creditor, CASES)
    both = [add_mandate(ports, tenants.creditor, agency) for agency in (tenants.agency, tenants.other_agency)]
    place(ports, tenants.creditor, draft(ports, tenants.creditor, both))
    [mine] = acknowledge_all(ports, tenants.agency)
    [theirs] = acknowledge_all(ports, tenants.other_agency)
    with pytest.raises(NotFound):
        download(ports, tenants.agency, theirs.id)
    with pytest.raises(Forbidden):
        download(ports, tenants.creditor, mine.id)
    accounts = [
        {line["account_ref"] for line in download(ports, agency, one.id)[:-1]}
        for agency, one in ((tenants.agency, mine), (tenants.other_agency, theirs))
    ]
    assert not accounts[0] & accounts[1]
    assert accounts[0] | accounts[1] == {one.account_ref for one in CASES}
