"""The pages of the contact rules: figures, reasons in words, filters, one person's contacts, and who sees what."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from agencies.kernel.session import transaction
from agencies.organisations.permissions import Role
from assignments.conduct import service
from assignments.conduct.listing import recently_broken
from assignments.conduct.models import ConductVerdict
from assignments.conduct.rules import rulesets
from portal.presenters.conduct import LAWS
from tests import loop

MONDAY = datetime(2026, 3, 2, 14, tzinfo=UTC)
EVENING = datetime(2026, 3, 4, 0, 30, tzinfo=UTC)


@pytest.fixture
def judged(world) -> None:
    """One agency calls at night and hands A1 over on Monday; the other speaks with its debtor that same day."""
    creditor = world.actor(Role.DIRECTOR)
    first, second = (world.actor(Role.MANAGER, organisation=number) for number in (0, 1))
    cases = [loop.NewCase("A1", 100_000, name="Ana Prueba"), loop.NewCase("A2", 100_000)]
    loop.place_with(world.ports, creditor, first, cases)
    loop.end_placement(world.ports, creditor, "A1", MONDAY + timedelta(hours=1))
    loop.place_with(world.ports, creditor, second, [loop.NewCase("B1", 100_000)], now=MONDAY + timedelta(hours=2))
    loop.report_activities(
        world.ports,
        first,
        creditor,
        [
            loop.worked("A1", MONDAY, result="promise"),
            loop.worked("A2", EVENING),
            loop.worked("A2", MONDAY, result="third_party"),
        ],
    )
    loop.report_activities(
        world.ports, second, creditor, [loop.worked("A1", MONDAY + timedelta(hours=3), result="refuses")]
    )
    with world.ports.session(creditor) as session, transaction(session):
        people = service.people_of(session, creditor, {})
        service.judge_people(session, creditor, people, now=EVENING)


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def test_a_creditor_reads_what_each_agency_broke_and_why(judged, sign_in) -> None:
    page = text_of(sign_in(Role.COMPLIANCE, language="en").get("/conduct/").text)

    assert "V01 · Outside the permitted hours: allowed that day 07:00–19:00" in page
    assert "V04 · Second direct contact on a day (another agency's contact is part of it)" in page
    assert "Who was reached is not known" in page
    assert "Ley 2300 de 2023" in page
    assert "Cobranzas 0" in page
    assert "Cobranzas 1" in page


def test_an_agency_reads_its_own_and_not_who_else_was_there(judged, sign_in) -> None:
    page = text_of(sign_in(Role.MANAGER, organisation=1, language="en").get("/conduct/").text)

    assert "V04 · Second direct contact on a day (together with a contact that was not yours)" in page
    assert "Cobranzas 0" not in page
    assert "V01 · Outside" not in page.partition("What does not comply")[2].partition("Filter")[2]
    assert "Ana Prueba" not in page


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("?verdict=violation", "A1", "Who was reached is not known, or contradicts the result A"),
        ("?verdict=not_evaluable", "Somebody else, no message", "Refuses to pay"),
        ("?code=V01", "No answer", "Refuses to pay"),
        ("?code=counterpart", "Somebody else, no message", "No answer"),
        ("?month=2026-03", "No answer", "None of these"),
    ],
)
def test_a_filter_shows_what_it_says(judged, sign_in, query, shown, hidden) -> None:
    page = text_of(sign_in(Role.DIRECTOR, language="en").get(f"/conduct/{query}").text)
    found = page.partition("What does not comply, newest first")[2] or page

    assert shown in found
    assert hidden not in found


@pytest.mark.parametrize("query", ["?verdict=guilty", "?code=V99", "?month=1999-01", "?partner=nobody", "?after=x"])
def test_a_filter_that_cannot_be_read_finds_nothing_and_breaks_nothing(judged, sign_in, query) -> None:
    answer = sign_in(Role.DIRECTOR).get(f"/conduct/{query}")

    assert answer.status_code in {200, 404}
    assert "V01 ·" not in text_of(answer.text).rpartition("Filtrar")[2]


def test_all_that_was_done_with_one_person_stands_in_one_timeline(judged, sign_in) -> None:
    client = sign_in(Role.COMPLIANCE, language="en")
    address = re.search(r'href="(/conduct/person/[^"]+)"', client.get("/conduct/?code=V04").text)[1]
    page = text_of(client.get(address).text)

    assert "Ana Prueba" in page
    assert page.index("Refuses to pay") < page.index("Promise to pay")
    assert "Cobranzas 0" in page
    assert "Cobranzas 1" in page


def test_a_person_s_timeline_is_the_creditor_s_alone(judged, sign_in) -> None:
    page = sign_in(Role.DIRECTOR).get("/conduct/").text
    address = re.search(r'href="(/conduct/person/[^"]+)"', page)[1]

    assert sign_in(Role.MANAGER).get(address).status_code == 403
    assert sign_in(Role.DIRECTOR, organisation=1).get(address).status_code == 404
    assert "/conduct/person/" not in sign_in(Role.MANAGER).get("/conduct/").text


def test_strangers_and_other_roles_see_nothing(judged, sign_in) -> None:
    assert "empty-state" in sign_in(Role.DIRECTOR, organisation=1).get("/conduct/").text
    for role in (Role.AGENT, Role.FINANCE, Role.INVESTIGATOR, Role.OPERATOR):
        assert sign_in(role).get("/conduct/").status_code == 403


def test_the_spanish_page_is_spanish(judged, sign_in) -> None:
    page = text_of(sign_in(Role.DIRECTOR).get("/conduct/").text)

    assert "Reglas de contacto" in page
    assert "V01 · Fuera del horario permitido: ese día se permite 07:00–19:00" in page
    assert "Outside" not in page


def test_a_case_leads_to_all_contacts_with_its_person_for_the_creditor(judged, sign_in) -> None:
    client = sign_in(Role.COMPLIANCE, language="en")
    case = re.search(r'href="(/cases/[^"]+)"', client.get("/conduct/?code=V04").text)[1]
    address = re.search(r'href="(/conduct/person/[^"]+)"', client.get(case).text)[1]

    assert "Ana Prueba" in client.get(address).text
    assert "/conduct/person/" not in sign_in(Role.MANAGER, organisation=1).get(case).text


def test_both_sides_are_told_on_their_home_pages(judged, sign_in, world) -> None:
    # The tests' activities lie in March; the home page looks back thirty days from now.
    for role in (Role.COMPLIANCE, Role.MANAGER):
        assert "Violations of the contact rules" not in sign_in(role, language="en").get("/").text
    with world.ports.session(world.actor(Role.MANAGER)) as session:
        counted = session.scalar(
            select(func.count()).select_from(ConductVerdict).where(recently_broken(world.actor(Role.MANAGER), EVENING))
        )
    assert counted == 1


def test_every_ruleset_names_its_law() -> None:
    assert set(LAWS) == {one.id for one in rulesets()}
