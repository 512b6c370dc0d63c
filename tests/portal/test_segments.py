"""The pages of segments: saved from a filter, counted, cut by rules, and opened as the same cases everywhere."""

from __future__ import annotations

import html
import re

import pytest

from agencies.organisations.permissions import Role
from tests.loop import NewCase, add_cases, add_mandate
from tests.people import World

CASES = (NewCase("A-1", 100_000, days_past_due=10), NewCase("A-2", 200_000, days_past_due=100), NewCase("A-3", 400_000))


@pytest.fixture
def director(world: World, sign_in, app_ports):
    add_cases(app_ports, world.actor(Role.DIRECTOR), CASES)
    return sign_in(Role.DIRECTOR)


def accounts(page: str) -> list[str]:
    return re.findall(r'<th scope="row" class="nowrap"><a href="/cases/[a-z2-7]{26}">([^<]+)</a>', page)


def links(page: str, start: str) -> list[str]:
    return [html.unescape(one) for one in re.findall(rf'href="({start}[^"]*)"', page)]


def save(browser, **fields: str):
    return browser.post("/segments/new", {"name": "Grandes", "min_balance": "1.500,50", **fields})


def test_a_filter_is_saved_counted_and_opened_as_the_same_list(director, world, app_ports) -> None:
    add_mandate(app_ports, world.actor(Role.DIRECTOR), world.actor(Role.MANAGER))
    page = director.get("/cases/?min_balance=1.500,50&reach=none").text
    (address,) = links(page, "/segments/new")
    assert 'value="1.500,50"' in director.get(address).text
    assert save(director, reach="none").status_code == 303
    listed = director.get("/segments/").text
    assert "6.000,00" in listed
    assert "Por ningún medio" in listed
    (address,) = links(listed, r"/cases/\?")
    assert accounts(director.get(address).text) == ["A-2", "A-3"]
    (address,) = links(listed, r"/placements/new\?")
    assert "6.000,00" in director.get(address, follow_redirects=True).text


def test_an_english_reader_opens_the_same_cases(director, sign_in) -> None:
    save(director)
    browser = sign_in(Role.ANALYST, language="en")
    (address,) = links(browser.get("/segments/").text, r"/cases/\?")
    assert "1,500.50" in address.replace("%2C", ",")
    assert accounts(browser.get(address).text) == ["A-2", "A-3"]


def test_a_name_that_is_taken_is_said_on_the_form(director) -> None:
    save(director)
    answer = save(director, name="grandes")
    assert answer.status_code == 409
    assert "Ya hay un segmento con este nombre" in answer.text


def test_a_segment_is_changed_once_by_two_clicks_and_put_away(director) -> None:
    address = save(director).headers["Location"]
    page = director.get(f"{address}/edit").text
    assert 'value="1.500,50"' in page
    changed = {"name": "Todos", "revision": re.search(r'name="revision"[^>]*value="(\d+)"', page)[1]}
    assert director.post(f"{address}/edit", changed).status_code == 303
    assert director.post(f"{address}/edit", changed).status_code == 409
    assert "Todos" in director.get(address).text
    for _ in range(2):
        assert director.post(f"{address}/archive").status_code == 303
    assert "Todos" not in director.get("/segments/").text
    assert director.post(f"{address}/edit", changed).status_code == 404


@pytest.fixture
def table(director) -> str:
    """The table of the whole book: late ones, then big ones."""
    for revision, (label, chosen) in enumerate((("Tardías", {"min_dpd": "90"}), ("Grandes", {"min_balance": "1.500"}))):
        answer = director.post("/segments/rules", {"label": label, "table": str(revision), **chosen})
        assert answer.status_code == 303
    return director.get("/segments/rules").text


def test_each_micro_segment_opens_as_its_cases_and_no_others(director, table) -> None:
    found = [accounts(director.get(address).text) for address in links(table, r"/cases/\?")]
    assert found == [["A-2"], ["A-3"], ["A-1"]]
    assert "En los demás casos" in table


def test_a_micro_segment_can_be_narrowed_and_saved_as_no_segment(director, table) -> None:
    address = links(table, r"/cases/\?")[1]
    page = director.get(f"{address}&max_balance=1").text
    assert accounts(page) == []
    assert "Microsegmento" in page
    assert 'name="micro"' in page
    answer = director.post("/segments/new", {"name": "x", "micro": address.partition("micro=")[2]})
    assert answer.status_code == 400


def test_a_rule_that_another_covers_is_said_until_it_is_moved_before_it(director, table) -> None:
    director.post("/segments/rules", {"label": "Muy tardías", "table": "2", "min_dpd": "99"})
    page = director.get("/segments/rules").text
    assert "Nunca toma un caso: “Tardías”" in page
    for place in ("2", "1"):
        revision = re.search(r'name="table" value="(\d+)"', page)[1]
        assert director.post("/segments/rules/up", {"place": place, "table": revision}).status_code == 303
        page = director.get("/segments/rules").text
    assert "Nunca toma" not in page
    assert director.post("/segments/rules/up", {"place": "1", "table": revision}).status_code == 409


def test_a_rule_is_taken_out_once_by_two_clicks(director, table) -> None:
    act = {"place": "0", "table": "2"}
    assert director.post("/segments/rules/drop", act).status_code == 303
    assert director.post("/segments/rules/drop", act).status_code == 409
    found = [accounts(director.get(one).text) for one in links(director.get("/segments/rules").text, r"/cases/\?")]
    assert found == [["A-2", "A-3"], ["A-1"]]


def test_a_wave_of_a_micro_segment_says_so_and_holds_its_cases(director, table, world, app_ports) -> None:
    mandate = add_mandate(app_ports, world.actor(Role.DIRECTOR), world.actor(Role.MANAGER))
    micro = links(table, r"/cases/\?")[1].partition("micro=")[2]
    chosen = {"name": "Ola", "micro": micro, "mandates": app_ports.references.encode("mandate", mandate.id)}
    answer = director.post("/placements/new", {**chosen, "bands": "1"})
    assert answer.status_code == 303
    page = director.get(answer.headers["Location"]).text
    assert "Microsegmento" in page
    assert "4.000,00" in page


def test_who_only_looks_sees_and_cannot_change(director, table, sign_in) -> None:
    browser = sign_in(Role.AUDITOR)
    page = browser.get("/segments/rules").text
    assert "Tardías" in page
    assert 'action="/segments/rules' not in page
    assert browser.post("/segments/rules", {"label": "x", "table": "2"}).status_code == 403
    assert save(browser).status_code == 403


def test_an_agency_and_another_creditor_have_no_part_of_it(director, table, sign_in) -> None:
    address = save(director).headers["Location"]
    micro = links(table, r"/cases/\?")[0]
    agency, other = sign_in(Role.MANAGER), sign_in(Role.DIRECTOR, organisation=1)
    assert agency.get("/segments/").status_code == agency.get(micro).status_code == 403
    assert "/segments/" not in agency.get("/cases/").text
    for refused in (address, f"{address}/rules", f"{address}/edit", micro):
        assert other.get(refused).status_code == 404
    assert other.post(f"{address}/archive").status_code == 404
