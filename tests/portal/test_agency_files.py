"""An agency keeps its file; creditors on whose panel it is read it; what it says is checked before cases move."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agencies.kernel.clock import utc_now
from agencies.organisations.permissions import Role
from tests import loop


def bring_in(browser, world, number: int = 0):
    agency = world.ports.references.encode("organisation", world.actor(Role.MANAGER, organisation=number).tenant)
    return browser.post(f"/panel/{agency}")


def test_a_creditor_brings_an_agency_onto_its_panel_once(sign_in, world):
    director = sign_in(Role.DIRECTOR, language="en")
    world.actor(Role.MANAGER)
    assert "Bring onto the panel" in director.get("/panel/").text

    assert [bring_in(director, world).status_code for _ in range(2)] == [303, 303]

    page = director.get("/panel/").text
    assert "Cobranzas 0" in page
    assert page.count("Bring onto the panel<span") == 1
    assert director.get("/audit/").text.count("brought an agency onto the panel") == 1


@pytest.mark.parametrize("role", [Role.ANALYST, Role.COMPLIANCE, Role.MANAGER])
def test_only_the_director_chooses_the_panel(sign_in, world, role):
    browser = sign_in(role)

    assert browser.get("/panel/").status_code == 403
    assert bring_in(browser, world).status_code == 403


def test_an_organisation_that_is_no_agency_does_not_join(sign_in, world):
    other = world.ports.references.encode("organisation", world.creditors[1].id)

    assert sign_in(Role.DIRECTOR).post(f"/panel/{other}").status_code == 404


def test_the_agency_writes_and_the_creditor_of_its_panel_reads(sign_in, world):
    manager, director = sign_in(Role.MANAGER, language="en"), sign_in(Role.DIRECTOR, language="en")
    ends = utc_now().date() + timedelta(days=20)
    stated = {"services": ["collect", "locate"], "countries": ["CO"], "capacity": "5000", "regions": "Bogotá y Cali"}
    licence = {"kind": "licence", "country": "CO", "title": "RNBD", "number": "77-1", "issuer": "SIC",
               "valid_until": ends.isoformat(), "limit": "", "currency": "COP"}  # fmt: skip
    policy = {**licence, "kind": "insurance", "title": "Responsabilidad", "limit": "1,500.50", "currency": "COP"}

    assert manager.post("/agency-file/edit", stated).status_code == 303
    assert manager.post("/agency-file/credentials", licence).status_code == 303
    assert manager.post("/agency-file/credentials", policy).status_code == 303
    address = f"/agency-file/{world.ports.references.encode('counterpart', world.actor(Role.MANAGER).tenant)}"
    assert director.get(address).status_code == 404
    bring_in(director, world)

    page = director.get(address).text
    for word in ("Collection, Locating people", "Colombia", "Bogotá y Cali", "5,000", "RNBD", "COP 1,500.50", "About"):
        assert word in page, word
    assert "Take off" not in page
    assert sign_in(Role.DIRECTOR, organisation=1).get(address).status_code == 404
    assert sign_in(Role.MANAGER, organisation=1).get(address).status_code == 404
    assert sign_in(Role.AGENT).get("/agency-file/").status_code == 403


@pytest.mark.parametrize(
    "form",
    [
        {"capacity": "0"},
        {"capacity": "muchos"},
        {"countries": ["XX"]},
        {"services": ["hypnosis"]},
        {"regions": "x" * 501},
    ],
)
def test_what_does_not_fit_is_said_on_the_form(sign_in, form):
    answer = sign_in(Role.MANAGER, language="en").post("/agency-file/edit", form)

    assert answer.status_code == 400
    assert "nothing was saved yet" in answer.text


def test_a_licence_is_taken_off_by_its_own_agency_only(sign_in, world):
    manager = sign_in(Role.MANAGER, language="en")
    form = {"kind": "licence", "country": "CO", "title": "RNBD", "number": "1", "issuer": "SIC", "currency": "COP"}
    assert manager.post("/agency-file/credentials", {**form, "title": ""}).status_code == 400
    manager.post("/agency-file/credentials", form)
    address = f"/agency-file/credentials/{world.ports.references.encode('credential', 1)}/remove"

    assert sign_in(Role.MANAGER, organisation=1).post(address).status_code == 404
    assert [manager.post(address).status_code for _ in range(2)] == [303, 303]
    assert "Take off" not in manager.get("/agency-file/").text


def test_a_service_that_is_not_offered_stops_the_placement_with_its_reason_on_the_page(sign_in, world):
    ports, director_actor, manager_actor = world.ports, world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    loop.add_cases(ports, director_actor, loop.some_cases(6))
    wave = loop.draft(ports, director_actor, [loop.add_mandate(ports, director_actor, manager_actor)])
    manager, director = sign_in(Role.MANAGER, language="en"), sign_in(Role.DIRECTOR, language="en")
    manager.post("/agency-file/edit", {"services": ["locate"], "capacity": "5"})
    address = f"/placements/{ports.references.encode('wave', wave.id)}"

    page = director.get(address).text
    refused = director.post(f"{address}/place", {"digest": wave.digest, "is_sure": "y"})

    assert "These agencies cannot receive cases now" in page
    assert "Its file does not offer this service." in page
    assert "These cases go beyond the capacity in its file." in page
    assert refused.status_code == 409
    manager.post("/agency-file/edit", {"services": ["locate", "collect"], "capacity": "6"})
    assert "cannot receive" not in director.get(address).text
    assert director.post(f"{address}/place", {"digest": wave.digest, "is_sure": "y"}).status_code == 302
