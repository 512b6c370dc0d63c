"""Agencies without a valid attestation receive no cases and hand out no file; what they hold stays visible."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from agencies.attestations.gates import GateClosed
from agencies.kernel.session import transaction
from assignments.manifests.handing import manifest
from assignments.placements.admission import admission
from assignments.placements.models import Placement
from assignments.placements.preview import preview_of
from assignments.placements.queries import get_consignment, list_consignments, list_placements
from tests.attested import revoke_one
from tests.loop import PLACED_AT, acknowledge_all, add_cases, draft, holders, place, some_cases


def revoke(ports, creditor, agency, code: str) -> None:
    revoke_one(ports, creditor, agency, code, now=PLACED_AT)


def test_one_agency_s_lapse_stops_the_wave_and_nothing_is_placed_with_anybody(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(8))
    wave = draft(ports, tenants.creditor, panel)
    revoke(ports, tenants.creditor, tenants.other_agency, "AT-06")

    with ports.session(tenants.creditor) as session:
        found = admission(session, tenants.creditor, wave, now=PLACED_AT)
    with pytest.raises(GateClosed) as refusal:
        place(ports, tenants.creditor, wave)

    assert {agency: [one.code for one in reasons] for agency, reasons in found.items()} == {
        tenants.other_agency.tenant: ["AT-06"]
    }
    assert refusal.value.obstacles == found
    assert set(holders(ports, tenants.creditor).values()) == {None}


def test_an_agency_that_is_drawn_nothing_stops_nobody(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(1))
    wave = draft(ports, tenants.creditor, panel)
    drawn = {one.agency_id: one.cases for one in preview_of(wave).agencies}
    idle, busy = sorted((tenants.agency, tenants.other_agency), key=lambda agency: drawn[agency.tenant])
    assert (drawn[idle.tenant], drawn[busy.tenant]) == (0, 1)
    revoke(ports, tenants.creditor, idle, "AT-06")

    with ports.session(tenants.creditor) as session:
        assert admission(session, tenants.creditor, wave, now=PLACED_AT) == {}
    place(ports, tenants.creditor, wave)

    assert list(holders(ports, tenants.creditor).values()) == [busy.tenant]


def test_a_draft_is_drawn_whatever_has_lapsed_because_nothing_moves_yet(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(4))
    revoke(ports, tenants.creditor, tenants.agency, "AT-01")

    assert draft(ports, tenants.creditor, panel).digest


def test_a_lapse_for_information_security_stops_the_file_and_not_the_placement(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(4))
    revoke(ports, tenants.creditor, tenants.agency, "AT-02")
    place(ports, tenants.creditor, draft(ports, tenants.creditor, panel[:1]))
    acknowledge_all(ports, tenants.agency)

    with ports.session(tenants.agency) as session, transaction(session):
        [row] = list_consignments(session, tenants.agency).rows
        with pytest.raises(GateClosed, match="AT-02"):
            manifest(session, tenants.agency, row.id, ports.references, now=PLACED_AT)
    with ports.session(tenants.agency) as session:
        # What is placed already stays visible, and the download was not noted as one.
        assert len(list_placements(session, tenants.agency, row.id).rows) == 4
        assert get_consignment(session, tenants.agency, row.id).manifest_downloaded_at is None


def test_what_is_placed_stays_with_an_agency_whose_attestations_lapse_later(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(4))
    place(ports, tenants.creditor, draft(ports, tenants.creditor, panel[:1]))
    for code in ("AT-01", "AT-02", "AT-10"):
        revoke(ports, tenants.creditor, tenants.agency, code)

    with ports.session(tenants.creditor) as session:
        live = session.scalars(select(Placement.agency_id).where(Placement.ended_at.is_(None))).all()
    assert live == [tenants.agency.tenant] * 4
    assert acknowledge_all(ports, tenants.agency)


def test_a_second_press_on_a_wave_that_was_placed_asks_no_gate(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(4))
    wave = draft(ports, tenants.creditor, panel)
    place(ports, tenants.creditor, wave)
    revoke(ports, tenants.creditor, tenants.agency, "AT-01")

    assert place(ports, tenants.creditor, wave).committed_at == PLACED_AT
