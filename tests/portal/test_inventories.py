"""The pages of inventories: how a list came out, each kind of difference, the file, the notice, and who sees what."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import date

import pytest
from sqlalchemy import select

from agencies.organisations.permissions import Role
from assignments.inventories.models import Inventory
from tests import loop
from tests.reporting import report
from uploads.models import UploadKind


@pytest.fixture
def address(world) -> str:
    """A list with one right account, one wrong balance, one of nobody, one of the rival, and one left out."""
    creditor, agency = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    rival = world.actor(Role.MANAGER, organisation=1)
    loop.place_with(world.ports, creditor, agency, [loop.NewCase(f"A{n}", 500_000) for n in (1, 2, 3)])
    loop.place_with(world.ports, creditor, rival, [loop.NewCase("RIVAL", 500_000)])
    rows = [("A1", 500_000), ("A2", 450_000), ("NUNCA", 7_000), ("RIVAL", 500_000)]
    rows = [{"account_ref": account, "balance": balance, "status": "=HYPERLINK(1)"} for account, balance in rows]
    report(world.ports, agency, creditor, UploadKind.INVENTORY, rows)
    with world.ports.session(agency) as session:
        number = session.scalars(select(Inventory.id)).one()
    return f"/inventories/{world.ports.references.encode('inventory', number)}"


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


@pytest.mark.parametrize("role", [Role.DIRECTOR, Role.FINANCE, Role.MANAGER])
def test_both_sides_read_how_a_list_came_out(address, sign_in, role) -> None:
    browser = sign_in(role, language="en")
    index, page = text_of(browser.get("/inventories/").text), text_of(browser.get(address).text)

    assert "Inventories, newest first" in index
    for words in ("Never placed with the agency", "Held and not on the list", "Another balance", "NUNCA", "A3"):
        assert words in page
    assert "-500.00" in page or "−500.00" in page or "-$" in page


def test_one_kind_is_looked_at_alone(address, sign_in) -> None:
    page = sign_in(Role.DIRECTOR).get(f"{address}?kind=not_listed").text

    assert re.findall(r'<th scope="row"><a [^>]*>(A\d)</a>', page) == ["A3"]
    assert "NUNCA" not in page


def test_the_agency_is_not_told_that_the_rivals_account_exists(address, sign_in) -> None:
    page = sign_in(Role.MANAGER, language="en").get(f"{address}?kind=never_yours").text
    [never, rival] = [re.sub(account, "X", row) for account, row in _rows(page, ("NUNCA", "RIVAL"))]

    assert re.sub(r"[\d.,]+", "0", never) == re.sub(r"[\d.,]+", "0", rival)
    assert "<a " not in rival


def _rows(page: str, accounts: tuple[str, ...]) -> list[tuple[str, str]]:
    rows = re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
    return [(account, next(row for row in rows if account in row)) for account in accounts]


def test_the_file_holds_every_difference_and_no_formula(address, sign_in) -> None:
    answer = sign_in(Role.DIRECTOR, language="en").get(f"{address}/differences.csv")
    [head, *rows] = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))

    assert head[:2] == ["Difference", "Account"]
    assert {(row[1], row[4], row[6], row[7]) for row in rows} == {
        ("A2", "4500.00", "5000.00", "-500.00"),
        ("A3", "", "5000.00", ""),
        ("NUNCA", "70.00", "", ""),
        ("RIVAL", "5000.00", "", ""),
    }
    assert not any(cell.startswith("=") for row in rows for cell in row)


def test_the_creditor_is_led_to_the_list_by_a_notice(address, sign_in) -> None:
    page = sign_in(Role.DIRECTOR, language="en").get("/notices/").text

    assert "differs from the placements in 4 cases" in text_of(page)
    assert address in page


@pytest.mark.parametrize("path", ["", "/differences.csv"])
def test_strangers_find_no_list(address, sign_in, path) -> None:
    assert sign_in(Role.MANAGER, organisation=1).get(address + path).status_code == 404
    assert sign_in(Role.DIRECTOR, organisation=1).get(address + path).status_code == 404
    assert sign_in(Role.INVESTIGATOR).get(address + path).status_code == 403


def test_the_page_speaks_spanish_and_says_what_to_do_first(world, sign_in) -> None:
    world.actor(Role.MANAGER)
    page = text_of(sign_in(Role.MANAGER, language="es").get("/inventories/").text)

    assert "Todavía no hay inventarios" in page
    assert "Enviar un inventario" in page


@pytest.mark.parametrize(
    ("kind", "row", "leads_to"),
    [
        (
            UploadKind.PROMISES,
            {"promised_on": date(2026, 2, 9), "amount": 1},
            "/promises/",
        ),
        (UploadKind.CLOSURES, {"code": "exhausted"}, "/returns/"),
        (UploadKind.INVENTORY, {"balance": 1}, "/inventories/"),
    ],
)
def test_an_applied_file_leads_to_what_came_of_it(world, sign_in, kind, row, leads_to) -> None:
    creditor, agency = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    loop.place_with(world.ports, creditor, agency, [loop.NewCase("A1", 500_000)])
    upload = report(world.ports, agency, creditor, kind, [{"account_ref": "A1", **row}])
    page = sign_in(Role.MANAGER, language="en").get(f"/uploads/{world.ports.references.encode('upload', upload.id)}")

    assert page.status_code == 200
    assert f'class="btn btn-primary" href="{leads_to}' in page.text
