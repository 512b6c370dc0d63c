"""What each agency receives, sees and acknowledges."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from agencies.kernel.audit import AuditEvent
from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.session import transaction
from assignments.cases.models import Case
from assignments.placements import service
from assignments.placements.models import Consignment, Placement, PlacementState
from assignments.placements.queries import get_consignment, list_consignments, list_placements, list_waves
from tests.loop import PLACED_AT, add_cases, draft, holders, place, place_with, some_cases


def test_an_agency_without_a_case_receives_no_consignment(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(1))
    wave = place(ports, tenants.creditor, draft(ports, tenants.creditor, panel))
    with ports.session(tenants.creditor) as session:
        assert [row.cases for row in list_consignments(session, tenants.creditor, wave_id=wave.id).rows] == [1]


def test_each_agency_sees_its_own_part_and_no_more(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(20))
    place(ports, tenants.creditor, draft(ports, tenants.creditor, panel))
    held = holders(ports, tenants.creditor)
    for agency in (tenants.agency, tenants.other_agency):
        mine = {ref for ref, holder in held.items() if holder == agency.tenant}
        with ports.session(agency) as session:
            [consignment] = list_consignments(session, agency).rows
            assert (consignment.cases, consignment.state) == (len(mine), PlacementState.SENT)
            assert {row.account_ref for row in list_placements(session, agency, consignment.id).rows} == mine
            assert set(session.scalars(select(Case.account_ref))) == mine
            with pytest.raises(Forbidden):
                list_waves(session, agency)


def test_pages_of_placements_follow_each_other_without_gap(ports, tenants):
    place_with(ports, tenants.creditor, tenants.agency, some_cases(7))
    seen, after = [], None
    with ports.session(tenants.agency) as session:
        while True:
            page = list_placements(session, tenants.agency, after=after, limit=3)
            seen += [row.account_ref for row in page.rows]
            if (after := page.next_cursor) is None:
                break
    assert seen == [f"A{n:05}" for n in range(1, 8)]


def test_an_agency_acknowledges_its_consignment_once(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(10))
    place(ports, tenants.creditor, draft(ports, tenants.creditor, panel))
    later = PLACED_AT + timedelta(hours=3)
    with ports.session(tenants.agency) as session:
        [row] = list_consignments(session, tenants.agency).rows
    for at in (later, later + timedelta(days=1)):
        with ports.session(tenants.agency) as session, transaction(session):
            done = service.acknowledge(session, tenants.agency, row.id, now=at)
            assert (done.state, done.acknowledged_at) == (PlacementState.ACKNOWLEDGED, later)
    with ports.session(tenants.creditor) as session:
        states = session.execute(
            select(Placement.agency_id, Placement.state, func.count()).group_by(Placement.agency_id, Placement.state)
        ).all()
        assert {tuple(one) for one in states} == {
            (tenants.agency.tenant, PlacementState.ACKNOWLEDGED, 5),
            (tenants.other_agency.tenant, PlacementState.SENT, 5),
        }
        assert get_consignment(session, tenants.creditor, row.id).acknowledged_at == later
        told = session.scalars(
            select(AuditEvent.action).where(AuditEvent.organisation_id == tenants.creditor.tenant)
        ).all()
    assert Counter(told)["consignment.acknowledged"] == 1


def test_nobody_acknowledges_what_was_not_sent_to_them(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(10))
    wave = draft(ports, tenants.creditor, panel)
    with ports.session(tenants.creditor) as session:
        drafted = session.scalars(select(Consignment.id).where(Consignment.agency_id == tenants.agency.tenant)).one()
    with ports.session(tenants.agency) as session, pytest.raises(NotFound):
        service.acknowledge(session, tenants.agency, drafted, now=PLACED_AT)
    place(ports, tenants.creditor, wave)
    with ports.session(tenants.other_agency) as session, pytest.raises(NotFound):
        service.acknowledge(session, tenants.other_agency, drafted, now=PLACED_AT)
    with ports.session(tenants.creditor) as session, pytest.raises(Forbidden):
        service.acknowledge(session, tenants.creditor, drafted, now=PLACED_AT)
