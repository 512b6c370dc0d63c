"""The page of service levels: every clause with its figures in words, and what is behind each."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.mandates.terms import CUSTOMARY_PROMISES
from agencies.organisations.permissions import Role
from assignments.reports import service as reports
from tests import loop


@pytest.fixture
def measured(world) -> None:
    """Three cases two months old, of which one was worked in time, and a report that is missing."""
    creditor, manager = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    at = utc_now() - timedelta(days=60)
    loop.place_with(world.ports, creditor, manager, loop.some_cases(3), now=at, promises=CUSTOMARY_PROMISES)
    loop.acknowledge_all(world.ports, manager, now=at)
    row = loop.worked("A00001", at + timedelta(hours=1))
    loop.report_activities(world.ports, manager, creditor, [row], now=at + timedelta(hours=2))
    with world.ports.session(creditor) as session, transaction(session):
        reports.open_periods(session, creditor, now=utc_now())


def links(page: str) -> list[str]:
    found = re.findall(r'href="(/service-levels/[a-z2-7]{26}/[^"]+)"', page)
    return [one.replace("&amp;", "&") for one in found]


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize(("role", "other"), [(Role.ANALYST, "Cobranzas 0"), (Role.MANAGER, "Banco 0")])
def test_both_sides_see_the_same_figures_in_words(sign_in, role, other) -> None:
    page = sign_in(role, language="en").get("/service-levels/").text
    assert other in page
    assert "First activity in time" in page
    assert "1 of 3; between" in page
    assert "33.3" in page
    assert "Below target" in page


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize("role", [Role.ANALYST, Role.MANAGER, Role.FINANCE])
def test_every_figure_leads_to_as_many_things_as_it_says(sign_in, role) -> None:
    browser = sign_in(role, language="en")
    page = browser.get("/service-levels/").text
    figures = re.findall(r'href="(/service-levels/[a-z2-7]{26}/[^"]+)">[^<:]+: (\d+)<', page)
    assert len(figures) >= 4
    for address, count in figures:
        behind = browser.get(address.replace("&amp;", "&")).text
        assert behind.count('<th scope="row"') == int(count), address


@pytest.mark.usefixtures("measured")
def test_strangers_see_nothing_and_agents_have_no_such_page(sign_in) -> None:
    addresses = links(sign_in(Role.MANAGER).get("/service-levels/").text)
    stranger = sign_in(Role.MANAGER, organisation=1)
    assert "empty-state" in stranger.get("/service-levels/").text
    assert {stranger.get(address).status_code for address in addresses} == {404}
    rival = sign_in(Role.DIRECTOR, organisation=1)
    addresses = links(sign_in(Role.DIRECTOR).get("/service-levels/").text)
    assert {rival.get(address).status_code for address in addresses} == {404}
    assert sign_in(Role.AGENT).get("/service-levels/").status_code == 403


def test_without_promises_the_page_says_what_comes(sign_in) -> None:
    assert "empty-state" in sign_in(Role.DIRECTOR).get("/service-levels/").text


@pytest.mark.usefixtures("measured")
def test_an_address_of_nonsense_shows_what_was_missed(sign_in) -> None:
    browser = sign_in(Role.DIRECTOR)
    [address] = {one.split("?")[0] for one in links(browser.get("/service-levels/").text) if "/cases" in one}
    assert browser.get(f"{address}?stands=nonsense").status_code == 200
    assert browser.get(address.replace("/cases", "/everything")).status_code == 404
