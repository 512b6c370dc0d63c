"""Waves that are refused: what nobody can mean, terms not in force, people who may not."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from babel.support import Translations
from sqlalchemy import update

from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.session import transaction
from agencies.mandates import service as mandates
from agencies.mandates.lifecycle import MandateNotInForce
from agencies.mandates.models import FeeClass, LocateGrade, Mandate, Service
from agencies.mandates.terms import Fee, TermSheet
from agencies.organisations.models import Organisation, OrganisationState
from agencies.organisations.permissions import Role
from assignments.cases.queries import Selection
from assignments.placements import service
from assignments.placements.models import WaveState
from assignments.placements.preview import preview_of
from assignments.placements.queries import get_wave, list_waves
from assignments.placements.strategy import BandsOutOfRange
from assignments.placements.taking_part import AgencySuspended, AgencyTwice, NoAgencies, OtherService
from tests import agreed
from tests.loop import PLACED_AT, add_cases, add_mandate, draft, holders, place, some_cases
from tests.tenants import PLATFORM, add_person


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"name": "  "}, service.WaveNameMissing),
        ({"mandate_ids": []}, NoAgencies),
        ({"bands": 0}, BandsOutOfRange),
        ({"bands": 21}, BandsOutOfRange),
        ({"mandate_ids": [999_999]}, NotFound),
    ],
)
def test_a_wave_nobody_can_mean_is_refused(ports, tenants, panel, changes, refusal):
    wanted = {"name": "x", "selection": Selection(), "mandate_ids": [panel[0].id], "now": PLACED_AT} | changes
    with ports.session(tenants.creditor) as session, pytest.raises(refusal):
        service.draft(session, tenants.creditor, **wanted)


def test_an_agency_takes_part_under_one_mandate_only(ports, tenants, panel):
    second = add_mandate(ports, tenants.creditor, tenants.agency)
    with pytest.raises(AgencyTwice):
        draft(ports, tenants.creditor, [panel[0], second])


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Hallazgos is a mandate for another service. Choose a mandate for collection."),
        ("es", "Hallazgos es un mandato para otro servicio. Elija un mandato de cobranza."),
    ],
)
def test_nothing_is_collected_under_a_mandate_to_locate(ports, tenants, panel, language, text):
    add_cases(ports, tenants.creditor, some_cases(3))
    fees = TermSheet(fees=(Fee(FeeClass.STANDARD, LocateGrade.VERIFIED_WITH_DEBTOR, 10_000),))
    locating = agreed.make(
        ports,
        tenants.creditor,
        tenants.agency,
        name="Hallazgos",
        terms=fees,
        valid_from=date(2025, 1, 1),
        service=Service.LOCATE,
        now=PLACED_AT,
    )
    with pytest.raises(OtherService) as refused:
        draft(ports, tenants.creditor, [locating, panel[1]])
    assert (
        Translations.load("portal/translations", [language]).gettext(OtherService.text) % refused.value.params == text
    )
    with ports.session(tenants.creditor) as session:
        assert not list_waves(session, tenants.creditor).rows


def test_a_mandate_smuggled_into_a_draft_places_nothing(ports, tenants, panel):
    add_cases(ports, tenants.creditor, some_cases(3))
    wave = draft(ports, tenants.creditor, panel)
    with ports.session(tenants.creditor) as session, transaction(session):
        session.execute(update(Mandate).where(Mandate.id == panel[0].id).values(service=Service.LOCATE))
    with pytest.raises(OtherService):
        place(ports, tenants.creditor, wave)
    assert set(holders(ports, tenants.creditor).values()) == {None}


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
    with pytest.raises(AgencySuspended):
        place(ports, tenants.creditor, wave)


def test_a_wave_of_nothing_can_be_looked_at_and_not_committed(ports, tenants, panel):
    wave = draft(ports, tenants.creditor, panel)
    assert preview_of(wave).cases == 0
    with pytest.raises(service.NothingToPlace):
        place(ports, tenants.creditor, wave)


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
