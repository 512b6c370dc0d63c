"""The page of reports: the same standing on both sides, and what an agency can do about it."""

from __future__ import annotations

import re
from datetime import UTC, timedelta

import pytest
from sqlalchemy import create_engine, select, update

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role
from assignments.reports import service
from assignments.reports.models import Report
from assignments.reports.queries import list_reports
from tests import loop


@pytest.fixture
def owed(world) -> list[str]:
    """Cases placed two months ago, so that the reports of two months are open; their references."""
    creditor, manager = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    now = utc_now()
    placed = (now.replace(day=1) - timedelta(days=40)).astimezone(UTC)
    loop.place_with(world.ports, creditor, manager, [loop.NewCase("A-1", 100_000)], now=placed)
    with world.ports.session(creditor) as session, transaction(session):
        service.open_periods(session, creditor, now=now)
    with world.ports.session(manager) as session:
        rows = list_reports(session, manager, now=now).rows
    return [world.ports.references.encode("report", row.id) for row in rows]


def standings(page: str) -> list[str]:
    return re.findall(r'class="state state-(\w+)"', page)


def test_both_sides_see_what_is_owed(world, owed, sign_in) -> None:
    assert len(owed) == 2
    creditor, agency = sign_in(Role.ANALYST).get("/reports/").text, sign_in(Role.MANAGER).get("/reports/").text
    assert "Cobranzas 0" in creditor
    assert "Banco 0" in agency
    assert standings(creditor) == standings(agency)
    assert standings(agency)[-1] == "bad"


def test_an_agency_goes_to_a_file_with_its_report_chosen(owed, sign_in) -> None:
    agency = sign_in(Role.MANAGER)
    [first, *_] = re.findall(r'href="(/uploads/new\?kind=payments[^"]+)"', agency.get("/reports/").text)
    page = agency.get(first.replace("&amp;", "&")).text
    assert f'<option selected value="{owed[0]}">' in page
    assert '<option selected value="payments">' in page


def test_only_the_agency_hands_in(owed, sign_in) -> None:
    director = sign_in(Role.DIRECTOR)
    assert "/uploads/new" not in director.get("/reports/").text
    assert director.post(f"/reports/{owed[0]}/nothing", {"kind": "payments"}).status_code == 403


def test_a_month_without_anything_is_declared_once(world, owed, sign_in) -> None:
    agency = sign_in(Role.MANAGER)
    address = f"/reports/{owed[0]}/nothing"
    assert agency.post(address, {"kind": "payments"}).status_code == 303
    assert agency.post(address, {"kind": "activities"}).status_code == 303
    assert agency.post(address, {"kind": "payments"}).status_code == 409
    with world.ports.session(agency.person.actor) as session:
        [row, _] = list_reports(session, agency.person.actor, now=utc_now()).rows
    assert row.submitted_at is not None


def test_the_tabs_show_what_they_say(owed, sign_in) -> None:
    agency = sign_in(Role.MANAGER)
    assert len(standings(agency.get("/reports/?show=open").text)) == 2
    assert set(standings(agency.get("/reports/?show=overdue").text)) == {"bad"}
    assert standings(agency.get("/reports/?show=done").text) == []
    assert len(standings(agency.get("/reports/?show=nonsense").text)) == 2


def test_home_leads_to_exactly_the_reports_it_counts(world, sign_in, database) -> None:
    creditor, manager = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    now = utc_now()
    loop.place_with(world.ports, creditor, manager, [loop.NewCase("A-1", 100_000)], now=now - timedelta(days=200))
    with world.ports.session(creditor) as session, transaction(session):
        service.open_periods(session, creditor, now=now)
    # One on each side of every edge: overdue, due at once, just within the week, just beyond it.
    hours = [-1, 1, 7 * 24 - 1, 7 * 24 + 1]
    engine = create_engine(database.superuser_url)
    with engine.begin() as connection:
        owed = connection.scalars(select(Report.id).order_by(Report.id)).all()
        for report_id, distance in zip(owed[:4], hours, strict=True):
            due = now + timedelta(hours=distance)
            connection.execute(update(Report).where(Report.id == report_id).values(due_at=due))
    engine.dispose()
    for browser in (sign_in(Role.ANALYST, language="en"), sign_in(Role.MANAGER, language="en")):
        [address] = set(re.findall(r'href="(/reports/\?show=due_soon)"', browser.get("/").text))
        assert standings(browser.get(address).text) == ["waiting", "waiting"]


def test_nobody_else_sees_or_answers_a_report(owed, sign_in) -> None:
    for stranger in (sign_in(Role.ANALYST, organisation=1), sign_in(Role.MANAGER, organisation=1)):
        assert standings(stranger.get("/reports/").text) == []
    other = sign_in(Role.MANAGER, organisation=1)
    assert other.post(f"/reports/{owed[0]}/nothing", {"kind": "payments"}).status_code == 404
    assert sign_in(Role.AGENT).get("/reports/").status_code == 403


def test_an_empty_list_says_when_the_first_one_comes(sign_in) -> None:
    assert "empty-state" in sign_in(Role.MANAGER).get("/reports/").text


def test_a_report_has_a_page_with_its_versions_for_both_sides(world, owed, sign_in) -> None:
    agency = sign_in(Role.MANAGER, language="en")
    [address, *_] = re.findall(r'href="(/reports/[a-z2-7]{26})"', agency.get("/reports/").text)
    assert "Not complete yet" in agency.get(address).text
    for kind in ("payments", "activities"):
        agency.post(f"{address}/nothing", {"kind": kind})
    page = agency.get(address).text
    assert page.count("stated to be none") == 2
    assert "Correct payments" in page
    creditor = sign_in(Role.ANALYST, language="en").get(address).text
    assert creditor.count("stated to be none") == 2
    assert "Correct payments" not in creditor
    for stranger in (sign_in(Role.MANAGER, organisation=1), sign_in(Role.ANALYST, organisation=1)):
        assert stranger.get(address).status_code == 404
    assert sign_in(Role.AGENT).get(address).status_code == 403
