"""The page of portfolio indicators: its figures, its file, and who has no part of it."""

from __future__ import annotations

import csv
import io

import pytest

from agencies.organisations.permissions import Role
from tests.loop import NewCase, add_cases
from tests.people import World

CASES = (NewCase("A-1", 300_000, days_past_due=20), NewCase("A-2", 100_000, days_past_due=0), NewCase("A-3", 1_00))
#: Handed over on 12 January 2026; thirty days later the first is 50 days past due.
ADDRESS = "/indicators/?on=2026-02-11&since=2026-01-12"


@pytest.fixture
def director(world: World, sign_in, app_ports):
    add_cases(app_ports, world.actor(Role.DIRECTOR), CASES)
    return sign_in(Role.DIRECTOR)


def test_the_page_says_shares_and_rates_with_their_formula(director) -> None:
    page = director.get(ADDRESS).text
    for said in (
        "3.000,00",
        "31 – 60 días",
        "Tasa de rodamiento",
        "100,0 %",
        "incluidos los de antigüedad desconocida",
    ):
        assert said in page
    assert 'data-chart="bars"' in page


@pytest.mark.parametrize("role", [Role.ANALYST, Role.FINANCE, Role.AUDITOR])
def test_those_who_read_figures_read_these(director, sign_in, role) -> None:
    assert "31 – 60 days" in sign_in(role, language="en").get(ADDRESS).text


def test_the_file_holds_the_same_figures_and_is_written_down(director, sign_in) -> None:
    answer = director.get(ADDRESS.replace("/?", "/listing.csv?"))
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert ["Antigüedad", "COP", "2026-02-11", "", "", "31 – 60 días", "1", "", "3000.00"] in rows
    assert [row[4:8] for row in rows if row[0] == "Movimientos"] == [
        ["Al día", "1 – 30 días", "1", "1000.00"],
        ["1 – 30 días", "31 – 60 días", "1", "3000.00"],
        ["Antigüedad desconocida", "Antigüedad desconocida", "1", "1.00"],
    ]
    assert "descargó los indicadores de cartera" in director.get("/audit/").text


@pytest.mark.parametrize("query", ["?on=2026-02-30", "?on=0001-01-01", "?since=2026-02-11&on=2026-02-11"])
def test_days_that_cannot_be_are_said_and_give_no_file(director, query) -> None:
    page = director.get(f"/indicators/{query}")
    assert page.status_code == 200
    assert "field-error" in page.text
    assert director.get(f"/indicators/listing.csv{query}").status_code == 400


def test_before_the_hand_over_nothing_is_known_and_the_page_says_so(director) -> None:
    assert "Ese día no había nada en los libros" in director.get("/indicators/?on=2026-01-11").text


def test_an_agency_has_no_part_of_it_and_another_creditor_sees_its_own(director, sign_in) -> None:
    agency, other = sign_in(Role.MANAGER), sign_in(Role.DIRECTOR, organisation=1)
    assert agency.get(ADDRESS).status_code == 403
    assert "/indicators/" not in agency.get("/scorecards/").text
    assert "3.000,00" not in other.get(ADDRESS).text
