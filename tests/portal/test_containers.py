"""The page of a file that was opened: what it says, and having it read from another sheet or by a layout."""

from __future__ import annotations

import io
import re

from agencies.organisations.permissions import Role
from portal.jobs.tasks import perform_due
from tests.uploads.opened import HEADER, ROWS, workbook, workbook_of
from uploads.models import Upload

TEXT = "multipart/form-data"
OTHER = [["titulo"], [], ["obligacion", "saldo"], ["9", 10]]
FIXED = b"0000000001ANA RUIZ  0001500\n0000000002LUIS MORA 0002750\n"
LAYOUT = "obligacion; 1; 10\nnombre; 11; 10\nsaldo; 21; 7"


def send(browser, data: bytes, name: str):
    return browser.post("/uploads/new", {"file": (io.BytesIO(data), name)}, content_type=TEXT).headers["Location"]


def opened(browser, world, data: bytes, name: str = "cartera.xlsx") -> tuple[str, str]:
    """The address of a file and its page once it is opened."""
    address = send(browser, data, name).partition("?")[0]
    perform_due(world.ports)
    return address, browser.get(address).text


def header_of(world) -> list[str] | None:
    with world.ports.session(world.actor(Role.ANALYST)) as session:
        return session.query(Upload).order_by(Upload.id.desc()).first().header


def test_a_workbook_shows_that_it_is_being_opened_and_then_its_columns(world, sign_in):
    browser = sign_in(Role.ANALYST)
    address = send(browser, workbook(), "cartera.xlsx").partition("?")[0]
    assert address + "/progress" in browser.get(address).text
    perform_due(world.ports)
    page = browser.get(address).text
    assert all(name in page for name in HEADER)
    assert "Libro de Excel (XLSX)" in page
    assert "Dónde está la tabla en el archivo" in page


def test_another_sheet_can_be_taken_and_its_header_is_found(world, sign_in):
    browser = sign_in(Role.ANALYST)
    address, page = opened(browser, world, workbook_of({"Cartera": [HEADER, *ROWS], "Vieja": OTHER}))
    assert re.search(r'<option[^>]*value="Vieja"', page)
    assert re.search(r"Otras hojas</dt>\s*<dd[^>]*>Vieja", page)
    assert browser.post(f"{address}/sheet", {"sheet": "Vieja"}).status_code == 303
    perform_due(world.ports)
    assert header_of(world) == ["obligacion", "saldo"]
    assert "Vieja" in browser.get(address).text


def test_a_row_that_is_no_header_leaves_the_file_as_it_was(world, sign_in):
    browser = sign_in(Role.ANALYST)
    address, _ = opened(browser, world, workbook())
    browser.post(f"{address}/sheet", {"sheet": "Cartera", "header_row": "900"})
    perform_due(world.ports)
    assert header_of(world) == HEADER
    assert "no se pudo leer como usted pidió" in browser.get(address).text


def test_a_sheet_that_is_not_there_is_refused(world, sign_in):
    browser = sign_in(Role.ANALYST)
    address, _ = opened(browser, world, workbook())
    answer = browser.post(f"{address}/sheet", {"sheet": "Otra"})
    assert answer.status_code == 303
    assert "Elija una hoja" in browser.get(address).text
    assert header_of(world) == HEADER


def test_another_organisation_s_file_cannot_be_read_elsewhere(world, sign_in):
    address, _ = opened(sign_in(Role.ANALYST), world, workbook())
    stranger = sign_in(Role.ANALYST, organisation=1)
    assert stranger.post(f"{address}/sheet", {"sheet": "Cartera"}).status_code == 404


def test_a_file_without_separators_waits_for_a_layout_and_is_cut_by_it(world, sign_in):
    browser = sign_in(Role.ANALYST)
    address = send(browser, FIXED, "cartera.txt").partition("?")[0]
    page = browser.get(address).text
    assert "no tienen separadores" in page
    answer = browser.post("/uploads/layouts", {"name": "Núcleo", "columns": LAYOUT, "begins_with": ""})
    assert answer.status_code == 303
    browser.post(f"{address}/sheet", {"layout": "own:Núcleo"})
    perform_due(world.ports)
    assert header_of(world) == ["obligacion", "nombre", "saldo"]
    assert "Texto de ancho fijo" in browser.get(address).text


def test_a_layout_that_makes_no_sense_says_so_and_keeps_what_was_typed(world, sign_in):
    browser = sign_in(Role.ANALYST)
    answer = browser.post("/uploads/layouts", {"name": "Mal", "columns": "obligacion; uno; 10"})
    assert answer.status_code == 400
    assert "La línea 1 no dice" in answer.text
    assert "obligacion; uno; 10" in answer.text
    answer = browser.post("/uploads/layouts", {"name": "Mal", "columns": "a; 1; 5\na; 6; 5"})
    assert answer.status_code == 400
    assert "el mismo nombre" in answer.text


def test_a_layout_of_the_same_name_is_its_next_version_and_another_organisation_sees_none(world, sign_in):
    browser = sign_in(Role.ANALYST)
    for columns in (LAYOUT, LAYOUT + "\nciudad; 28; 10"):
        browser.post("/uploads/layouts", {"name": "Núcleo", "columns": columns})
    page = browser.get("/uploads/layouts").text
    assert re.search(r"Núcleo</th>\s*<td class=\"number\">2</td>\s*<td class=\"number\">4</td>", page)
    assert "Núcleo" not in sign_in(Role.ANALYST, organisation=1).get("/uploads/layouts").text
