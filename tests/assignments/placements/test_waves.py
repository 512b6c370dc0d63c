"""Drafting and committing waves: what is previewed is what is placed, once, and nobody else's."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update

from agencies.kernel.audit import AuditEvent
from agencies.kernel.errors import Conflict, Forbidden, NotFound
from agencies.kernel.session import transaction
from agencies.mandates import service as mandates
from agencies.mandates.lifecycle import MandateNotInForce
from agencies.organisations.models import Organisation, OrganisationState
from agencies.organisations.permissions import Role
from assignments import performance
from assignments.cases.models import Case, CaseState, Debtor
from assignments.cases.queries import Selection
from assignments.contacts.models import ContactPoint
from assignments.placements import service
from assignments.placements.models import Consignment, Placement, PlacementState, Wave, WaveState
from assignments.placements.preview import HELD_BACK, HeldBack, preview_of
from assignments.placements.queries import get_consignment, get_wave, list_consignments, list_placements, list_waves
from tests.loop import PLACED_AT, NewCase, add_cases, add_mandate, draft, place, place_with
from tests.tenants import PLATFORM, add_person, add_tenants


@pytest.fixture
def tenants(ports):
    return add_tenants(ports)


@pytest.fixture
def panel(ports, tenants):
    """A mandate with each of the two agencies."""
    return [add_mandate(ports, tenants.creditor, agency) for agency in (tenants.agency, tenants.other_agency)]


def some_cases(number: int, start: int = 1) -> list[NewCase]:
    return [NewCase(f"A{n:05}", 1_000 * n, phones=(f"30000{n:05}",)) for n in range(start, start + number)]


def holders(ports, creditor) -> dict[str, int | None]:
    with ports.session(creditor) as session:
        return dict(session.execute(select(Case.account_ref, Case.agency_id).order_by(Case.account_ref)).all())


def test_a_draft_places_nothing_and_shows_the_split(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(23))
    wave = draft(ports, tenants.creditor, panel)
    preview = preview_of(wave)
    assert (preview.cases, preview.debtors, preview.currency) == (23, 23, "COP")
    assert preview.value_minor == 1_000 * sum(range(1, 24))
    assert [band.stratum for band in preview.bands] == ["1/5", "2/5", "3/5", "4/5", "5/5"]
    assert sum(one.value_minor for one in preview.agencies) == preview.value_minor
    for band in preview.bands:
        shares = [preview.cell(band.band, one.agency_id) for one in preview.agencies]
        assert sum(cell.cases for cell in shares) == band.cases
        assert abs(shares[0].cases - shares[1].cases) <= 1
    assert set(holders(ports, tenants.creditor).values()) == {None}
    with ports.session(tenants.agency) as session:
        assert list_consignments(session, tenants.agency).rows == ()
        assert session.scalar(select(func.count()).select_from(Case)) == 0


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
            select(Case.agency_id, Case.state, Debtor.agency_id, ContactPoint.agency_id, Placement.agency_id)
            .join(Debtor, Debtor.id == Case.debtor_id)
            .join(ContactPoint, ContactPoint.debtor_id == Debtor.id)
            .join(Placement, Placement.case_id == Case.id)
        ).all()
    assert len(rows) == 12
    assert all(row[1] is CaseState.PLACED and len({row[0], *row[2:]}) == 1 for row in rows)


def test_the_same_seed_gives_the_same_split_and_another_one_does_not(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(40))
    first, again, other = (draft(ports, tenants.creditor, panel, seed=seed) for seed in (5, 5, 6))
    assert first.digest == again.digest != other.digest
    assert preview_of(first) == preview_of(again)


def test_a_seed_is_drawn_where_none_is_given(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(4))
    assert len({draft(ports, tenants.creditor, panel, seed=None).seed for _ in range(4)}) > 1


def test_all_debts_of_a_debtor_go_to_one_agency(ports, tenants, panel):
    cases = [NewCase(f"A{n:05}", 1_000 * n, debtor_ref=f"D{n % 17}") for n in range(1, 120)]
    add_cases(ports, tenants.creditor, cases)
    preview = preview_of(place(ports, tenants.creditor, draft(ports, tenants.creditor, panel)))
    assert (preview.debtors, preview.cases) == (17, 119)
    with ports.session(tenants.creditor) as session:
        agencies = session.execute(select(func.count(func.distinct(Case.agency_id))).group_by(Case.debtor_id)).scalars()
        assert set(agencies) == {1}
    for band in preview.bands:
        shares = [preview.cell(band.band, one.agency_id).debtors for one in preview.agencies]
        assert abs(shares[0] - shares[1]) <= 1


def test_a_further_debt_follows_its_debtor(ports, tenants, panel):
    first = [NewCase(f"A{n:05}", 1_000 * n, debtor_ref=f"D{n}") for n in range(1, 31)]
    add_cases(ports, tenants.creditor, first)
    place(ports, tenants.creditor, draft(ports, tenants.creditor, panel))
    add_cases(ports, tenants.creditor, [NewCase(f"B{n:05}", 700, debtor_ref=f"D{n}") for n in range(1, 31)])
    wave = place(ports, tenants.creditor, draft(ports, tenants.creditor, panel, seed=99))
    assert sum(one.kept_debtors for one in preview_of(wave).agencies) == 30
    held = holders(ports, tenants.creditor)
    assert all(held[f"A{n:05}"] == held[f"B{n:05}"] for n in range(1, 31))


def test_every_case_that_takes_no_part_is_counted_with_its_reason(ports, tenants, panel):
    creditor = tenants.creditor
    place_with(
        ports, creditor, tenants.other_agency, [NewCase("ELSEWHERE", 10_000, debtor_ref="D1"), NewCase("TAKEN", 1)]
    )
    add_cases(
        ports,
        creditor,
        [
            NewCase("SIBLING", 5_000, debtor_ref="D1"),
            NewCase("DOLLARS", 5_000, currency="USD"),
            NewCase("PAID", 0),
            NewCase("CLOSED", 9_000),
            NewCase("GOOD", 8_000),
            NewCase("BETTER", 9_000),
        ],
    )
    with ports.session(creditor) as session, transaction(session):
        session.execute(update(Case).where(Case.account_ref == "CLOSED").values(state=CaseState.CLOSED))
    wave = draft(ports, creditor, panel[:1])
    preview = preview_of(wave)
    assert {one.reason: one.cases for one in preview.held_back} == {
        HeldBack.PLACED: 2,
        HeldBack.DEBTOR_ELSEWHERE: 1,
        HeldBack.OTHER_CURRENCY: 1,
        HeldBack.NOTHING_OWED: 1,
        HeldBack.CLOSED: 1,
    }
    assert (preview.cases, preview.held_back_cases) == (2, 6)
    place(ports, creditor, wave)
    held = holders(ports, creditor)
    assert {ref for ref, agency in held.items() if agency == tenants.agency.tenant} == {"GOOD", "BETTER"}


def test_every_reason_has_its_words():
    assert set(HELD_BACK) == set(HeldBack)


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
    with ports.session(tenants.creditor) as session, transaction(session):
        new = mandates.amend(
            session,
            tenants.creditor,
            panel[0].id,
            commission_bp=100,
            report_due_days=5,
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
    with ports.session(tenants.creditor) as session, transaction(session):
        mandates.amend(
            session,
            tenants.creditor,
            mandate.id,
            commission_bp=100,
            report_due_days=5,
            valid_from=date(2025, 6, 1),
            now=PLACED_AT,
        )
    with ports.session(tenants.creditor) as session:
        assert {row.commission_bp for row in list_placements(session, tenants.creditor).rows} == {2500}


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"name": "  "}, service.WaveNameMissing),
        ({"mandate_ids": []}, service.NoAgencies),
        ({"bands": 0}, service.BandsOutOfRange),
        ({"bands": 21}, service.BandsOutOfRange),
        ({"mandate_ids": [999_999]}, NotFound),
    ],
)
def test_a_wave_nobody_can_mean_is_refused(ports, tenants, panel, changes, refusal):
    wanted = {"name": "x", "selection": Selection(), "mandate_ids": [panel[0].id], "now": PLACED_AT} | changes
    with ports.session(tenants.creditor) as session, pytest.raises(refusal):
        service.draft(session, tenants.creditor, **wanted)


def test_an_agency_takes_part_under_one_mandate_only(ports, tenants, panel):
    second = add_mandate(ports, tenants.creditor, tenants.agency)
    with pytest.raises(service.AgencyTwice):
        draft(ports, tenants.creditor, [panel[0], second])


def test_cases_are_placed_only_under_a_mandate_in_force(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(3))
    with pytest.raises(MandateNotInForce):
        draft(
            ports, tenants.creditor, [add_mandate(ports, tenants.creditor, tenants.agency, valid_from=date(2030, 1, 1))]
        )
    wave = draft(ports, tenants.creditor, panel)
    with ports.session(tenants.creditor) as session, transaction(session):
        mandates.end(session, tenants.creditor, panel[0].id, now=PLACED_AT)
    with pytest.raises(MandateNotInForce):
        place(ports, tenants.creditor, wave)


def test_a_mandate_comes_into_force_on_the_creditors_date(ports):
    creditor = add_person(ports, Role.DIRECTOR, "Banco Tres", time_zone="America/Bogota")
    agency = add_person(ports, Role.MANAGER, "Cobros Tres")
    add_cases(ports, creditor, some_cases(1))
    mandate = add_mandate(ports, creditor, agency, valid_from=date(2026, 3, 11))
    midnight = PLACED_AT.replace(month=3, day=11, hour=5, minute=0)
    with pytest.raises(MandateNotInForce):
        draft(ports, creditor, [mandate], now=midnight - timedelta(seconds=1))
    assert draft(ports, creditor, [mandate], now=midnight).state is WaveState.DRAFT


def test_a_suspended_agency_receives_nothing(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(3))
    wave = draft(ports, tenants.creditor, panel)
    with ports.session(PLATFORM) as session, transaction(session):
        session.execute(
            update(Organisation)
            .where(Organisation.id == tenants.agency.tenant)
            .values(state=OrganisationState.SUSPENDED)
        )
    with pytest.raises(service.AgencySuspended):
        place(ports, tenants.creditor, wave)


def test_a_wave_of_nothing_can_be_looked_at_and_not_committed(ports, tenants, panel):
    wave = draft(ports, tenants.creditor, panel)
    assert preview_of(wave).cases == 0
    with pytest.raises(service.NothingToPlace):
        place(ports, tenants.creditor, wave)


def test_an_agency_without_a_case_receives_no_consignment(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(1))
    wave = place(ports, tenants.creditor, draft(ports, tenants.creditor, panel))
    with ports.session(tenants.creditor) as session:
        assert [row.cases for row in list_consignments(session, tenants.creditor, wave_id=wave.id).rows] == [1]


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


@pytest.mark.parametrize("role", [Role.FINANCE, Role.COMPLIANCE, Role.MANAGER, Role.AGENT])
def test_only_those_who_plan_may_draft_and_place(ports, tenants, panel, role):
    add_cases(ports, tenants.creditor, some_cases(2))
    wave = draft(ports, tenants.creditor, panel)
    person = add_person(ports, role, f"Otra {role}")
    with ports.session(person) as session:
        with pytest.raises(Forbidden):
            service.draft(session, person, name="x", selection=Selection(), mandate_ids=[panel[0].id], now=PLACED_AT)
        with pytest.raises(Forbidden):
            service.place(session, person, wave.id, digest=str(wave.digest), now=PLACED_AT)


def test_another_creditor_neither_sees_nor_commits_the_wave(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(2))
    wave = draft(ports, tenants.creditor, panel)
    other = tenants.other_creditor
    with ports.session(other) as session:
        assert list_waves(session, other).rows == ()
        with pytest.raises(NotFound):
            get_wave(session, other, wave.id)
        with pytest.raises(NotFound):
            service.place(session, other, wave.id, digest=str(wave.digest), now=PLACED_AT)
        with pytest.raises(NotFound):
            service.draft(session, other, name="x", selection=Selection(), mandate_ids=[panel[0].id], now=PLACED_AT)


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
