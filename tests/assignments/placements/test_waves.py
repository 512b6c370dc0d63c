"""Committing waves: what is previewed is what is placed, once, also when two do it at the same moment."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from agencies.kernel.audit import AuditEvent
from agencies.kernel.errors import Conflict
from agencies.kernel.session import transaction
from agencies.mandates.terms import TermSheet
from assignments import performance
from assignments.cases.models import Case, CaseState, Debtor
from assignments.cases.queries import Selection
from assignments.contacts.models import DebtorContact
from assignments.placements import service
from assignments.placements.models import Placement, Wave, WaveState
from assignments.placements.preview import preview_of
from assignments.placements.queries import list_consignments, list_placements
from tests import agreed
from tests.loop import PLACED_AT, add_cases, draft, holders, place, place_with, some_cases


def test_what_is_committed_is_exactly_what_was_previewed(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(101))
    wave = draft(ports, tenants.creditor, panel)
    done = place(ports, tenants.creditor, wave)
    assert (done.state, done.committed_at) == (WaveState.COMMITTED, PLACED_AT)
    preview = preview_of(done)
    with ports.session(tenants.creditor) as session:
        placed = session.execute(
            select(Placement.stratum, Placement.agency_id, func.count(), func.sum(Placement.placed_minor)).group_by(
                Placement.stratum, Placement.agency_id
            )
        ).all()
        consignments = list_consignments(session, tenants.creditor).rows
        assert session.scalar(select(func.count()).where(Placement.ended_at.is_(None))) == 101
    strata = {band.band: band.stratum for band in preview.bands}
    assert {tuple(row) for row in placed} == {
        (strata[cell.band], cell.agency_id, cell.cases, cell.value_minor) for cell in preview.cells
    }
    assert {(row.agency_id, row.cases, row.placed_minor) for row in consignments} == {
        (one.agency_id, one.cases, one.value_minor) for one in preview.agencies
    }


def test_cases_debtors_and_contact_points_know_their_agency_after_placing(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(12))
    place(ports, tenants.creditor, draft(ports, tenants.creditor, panel))
    with ports.session(tenants.creditor) as session:
        rows = session.execute(
            select(Case.agency_id, Case.state, Debtor.agency_id, DebtorContact.agency_id, Placement.agency_id)
            .join(Debtor, Debtor.id == Case.debtor_id)
            .join(DebtorContact, DebtorContact.debtor_id == Debtor.id)
            .join(Placement, Placement.case_id == Case.id)
        ).all()
    assert len(rows) == 12
    assert all(row[1] is CaseState.PLACED and len({row[0], *row[2:]}) == 1 for row in rows)


def test_committing_twice_gives_the_first_result(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(10))
    wave = place(ports, tenants.creditor, draft(ports, tenants.creditor, panel))
    again = place(ports, tenants.creditor, wave, now=PLACED_AT + timedelta(days=1))
    assert (again.id, again.committed_at) == (wave.id, PLACED_AT)
    with ports.session(tenants.creditor) as session:
        assert session.scalar(select(func.count()).select_from(Placement)) == 10
        events = session.scalars(
            select(AuditEvent.action).where(AuditEvent.organisation_id == tenants.creditor.tenant)
        ).all()
    assert Counter(events)["wave.placed"] == 1
    assert Counter(events)["consignment.sent"] == 2


def test_a_committed_wave_is_neither_committed_otherwise_nor_drawn_again(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(10))
    wave = place(ports, tenants.creditor, draft(ports, tenants.creditor, panel))
    with ports.session(tenants.creditor) as session:
        with pytest.raises(service.WaveAlreadyCommitted):
            service.place(session, tenants.creditor, wave.id, digest="0" * 64, now=PLACED_AT)
        with pytest.raises(service.WaveAlreadyCommitted):
            service.redraw(session, tenants.creditor, wave.id, now=PLACED_AT)


def test_another_digest_than_the_previewed_one_is_refused(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(10))
    wave = draft(ports, tenants.creditor, panel)
    with ports.session(tenants.creditor) as session, pytest.raises(service.SelectionMoved):
        service.place(session, tenants.creditor, wave.id, digest="0" * 64, now=PLACED_AT)
    assert set(holders(ports, tenants.creditor).values()) == {None}


def test_a_selection_that_moved_is_refused_until_it_is_looked_at_again(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(10))
    wave = draft(ports, tenants.creditor, panel)
    add_cases(ports, tenants.creditor, some_cases(1, start=11))
    with pytest.raises(service.SelectionMoved):
        place(ports, tenants.creditor, wave)
    with ports.session(tenants.creditor) as session, transaction(session):
        redrawn = service.redraw(session, tenants.creditor, wave.id, now=PLACED_AT)
        assert (redrawn.seed, preview_of(redrawn).cases) == (wave.seed, 11)
    assert place(ports, tenants.creditor, redrawn).state is WaveState.COMMITTED


def test_terms_that_changed_since_the_preview_are_refused(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(10))
    wave = draft(ports, tenants.creditor, panel)
    new = agreed.amend(
        ports,
        tenants.creditor,
        tenants.agency,
        panel[0].id,
        terms=TermSheet(commission_bp=100, report_due_days=5),
        valid_from=date(2025, 6, 1),
        now=PLACED_AT,
    )
    with pytest.raises(service.SelectionMoved):
        place(ports, tenants.creditor, wave)
    with ports.session(tenants.creditor) as session, transaction(session):
        wave = service.redraw(session, tenants.creditor, wave.id, now=PLACED_AT)
    place(ports, tenants.creditor, wave)
    with ports.session(tenants.creditor) as session:
        versions = set(
            session.scalars(select(Placement.mandate_version_id).where(Placement.agency_id == tenants.agency.tenant))
        )
    assert versions == {new.id}


def test_a_placement_keeps_the_terms_it_was_made_under(ports, tenants):
    mandate = place_with(ports, tenants.creditor, tenants.agency, some_cases(3), commission_bp=2500)
    agreed.amend(
        ports,
        tenants.creditor,
        tenants.agency,
        mandate.id,
        terms=TermSheet(commission_bp=100, report_due_days=5),
        valid_from=date(2025, 6, 1),
        now=PLACED_AT,
    )
    with ports.session(tenants.creditor) as session:
        assert {row.commission_bp for row in list_placements(session, tenants.creditor).rows} == {2500}


def test_two_overlapping_waves_committed_at_once_place_no_case_twice(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(400))
    waves = [
        draft(ports, tenants.creditor, panel, seed=1, selection=Selection(max_minor=300_000)),
        draft(ports, tenants.creditor, panel, seed=2, selection=Selection(min_minor=200_000)),
    ]
    start, outcomes = threading.Barrier(2), []

    def commit(wave: Wave) -> None:
        start.wait()
        try:
            outcomes.append(place(ports, tenants.creditor, wave).state)
        except Conflict as refusal:
            outcomes.append(type(refusal))

    threads = [threading.Thread(target=commit, args=[wave]) for wave in waves]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(outcomes) == {WaveState.COMMITTED: 1, service.SelectionMoved: 1}
    with ports.session(tenants.creditor) as session:
        live = session.execute(
            select(func.count(), func.count(func.distinct(Placement.case_id))).where(Placement.ended_at.is_(None))
        ).one()
        held = session.scalar(select(func.count()).where(Case.agency_id.is_not(None)))
        assert live[0] == live[1] == held
        assert performance.differing(session, tenants.creditor) == 0


def test_the_same_wave_committed_twice_at_once_is_one_commit(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(300))
    wave = draft(ports, tenants.creditor, panel)
    start, outcomes = threading.Barrier(3), []

    def commit() -> None:
        start.wait()
        outcomes.append(place(ports, tenants.creditor, wave).committed_at)

    threads = [threading.Thread(target=commit) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [PLACED_AT] * 3
    with ports.session(tenants.creditor) as session:
        assert session.scalar(select(func.count()).select_from(Placement)) == 300
