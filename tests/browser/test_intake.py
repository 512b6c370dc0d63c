"""Files as they are sent, in a real browser: a workbook with titles, its errors and its undoing; a big file cut."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import python_calamine
import xlsxwriter
from playwright.sync_api import Route, expect
from sqlalchemy import func, select

from agencies.organisations.permissions import Role
from assignments.cases.models import Case
from portal.ports import Ports
from tests.browser.person import HALF_SENT, Person
from tests.browser.site import Site
from tests.entering import next_code
from tests.people import World
from uploads.models import Upload

pytestmark = pytest.mark.browser

HEADER = ["Número de obligación", "Tipo de documento", "Documento", "Nombre deudor", "Saldo total", "Celular", "Ciudad"]
GOOD = [
    ["000123", "CC", "52123456", "Ana Uno", 1500000.5, "3001234567", "Bogotá"],
    ["000124", "CC", "52123457", "Beto Dos", 250000, "3001234568", "Cali"],
]
BAD = [
    ["000125", "CC", "52123458", "Caro Tres", "cinco mil", "3001234569", "Cali"],
    ["000123", "CC", "52123459", "Dora Cuatro", 10, "3001234560", "Cali"],
]
#: The address of a file that was received.
RECEIVED = re.compile(r"/uploads/[a-z2-7]{26}")


def book(folder: Path) -> Path:
    """A workbook as people make them: a title, a date, an empty row, then the header."""
    path = folder / "cartera marzo.xlsx"
    with xlsxwriter.Workbook(path) as written:
        sheet = written.add_worksheet("Marzo")
        sheet.write(0, 0, "Banco 0 S.A.S. · cartera castigada")
        sheet.write(1, 0, "Corte: 28/02/2026")
        for at, row in enumerate([HEADER, *GOOD, *BAD], start=3):
            for column, cell in enumerate(row):
                sheet.write_string(at, column, cell) if isinstance(cell, str) else sheet.write_number(at, column, cell)
    return path


def enter(ports: Ports, people: Callable[..., Person], language: str) -> tuple[Person, World]:
    """An analyst of a creditor, signed in."""
    world = World(ports)
    known = world.person(Role.ANALYST, language=language)
    analyst = people("analyst", language)
    analyst.sign_in(known.email, known.password)
    analyst.prove(next_code(ports, known))
    return analyst, world


def accounts(ports: Ports, world: World) -> list[str]:
    with ports.session(world.actor(Role.ANALYST)) as session:
        return list(session.scalars(select(Case.account_ref).order_by(Case.account_ref)))


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_workbook_with_titles_is_sent_corrected_and_undone(
    ports: Ports, site: Site, people: Callable[..., Person], tmp_path: Path, language: str
) -> None:
    analyst, world = enter(ports, people, language)
    analyst.go("/uploads/new")
    analyst.look(f"80-send-{language}", phone=True)
    analyst.page.set_input_files("input[type=file]", book(tmp_path))
    expect(analyst.page.locator("[data-chosen]")).to_contain_text("cartera marzo.xlsx")
    analyst.press("Send")
    analyst.sees(analyst.say("Confirm and check the rows"), seconds=60)
    analyst.sees("000123")
    analyst.look(f"81-columns-{language}", phone=True)
    analyst.press("Confirm and check the rows")
    analyst.sees(analyst.say("What is wrong"), seconds=60)
    analyst.sees("cinco mil")
    analyst.look(f"82-checked-{language}", phone=True)
    with analyst.page.expect_download() as started:
        analyst.page.get_by_role("link", name=analyst.say("Download the rejected rows with their reasons")).click()
    back = Path(started.value.path())
    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(back.read_bytes())).get_sheet_by_index(0)
    header, *rows = sheet.to_python()
    assert header[: len(HEADER)] == HEADER
    assert [(row[0], row[len(HEADER)]) for row in rows] == [("000125", 7), ("000123", 8)]
    assert zipfile.is_zipfile(back)
    analyst.page.get_by_role(
        "button", name=analyst.count("Take over %(num)s good row", "Take over the %(num)s good rows", 2)
    ).click()
    analyst.sees(analyst.say("Undo this file"), seconds=60)
    assert accounts(ports, world) == ["000123", "000124"]
    analyst.look(f"83-applied-{language}", phone=True)
    analyst.press("Undo this file")
    analyst.sees(
        analyst.say("This file was undone: what it had made was taken back. The same file may be sent again."),
        seconds=60,
    )
    assert accounts(ports, world) == []
    analyst.look(f"84-undone-{language}", phone=True)
    analyst.go("/uploads/?state=undone")
    analyst.sees("cartera marzo.xlsx")
    analyst.look(f"85-files-{language}", phone=True)


def test_a_file_is_dropped_on_its_place(ports: Ports, site: Site, people: Callable[..., Person]) -> None:
    analyst, _ = enter(ports, people, "es")
    analyst.go("/uploads/new")
    analyst.drop("[data-drop]", "soltada.csv", "Obligación;Saldo total\nA-1;1.500,00\n")
    expect(analyst.page.locator("[data-chosen]")).to_contain_text("soltada.csv")
    analyst.press("Send")
    analyst.page.wait_for_url(RECEIVED, timeout=30_000)
    analyst.sees("soltada.csv")


def big(folder: Path, megabytes: int) -> Path:
    path = folder / "grande.csv"
    line = "%09d;52%06d;Persona %06d;1500,50;Calle de la gran avenida número %06d\n"
    with path.open("w") as file:
        file.write("Obligación;Documento;Nombre deudor;Saldo total;Dirección\n")
        number = 0
        while file.tell() < megabytes << 20:
            file.writelines(line % (n, n % 10**6, n % 10**6, n % 10**6) for n in range(number, number + 10_000))
            number += 10_000
    return path


def test_a_big_file_goes_on_after_a_cut_and_after_a_reload(
    ports: Ports, site: Site, people: Callable[..., Person], tmp_path: Path
) -> None:
    analyst, world = enter(ports, people, "es")
    path, sent = big(tmp_path, 40), []

    def wire(route: Route) -> None:
        """The third piece never arrives; from the sixth on nothing does until the page is loaded anew."""
        if route.request.method == "PUT":
            sent.append(route.request.headers["upload-offset"])
            if len(sent) == 3 or (len(sent) >= 6 and not reloaded):
                route.abort("connectionreset")
                return
        route.continue_()

    reloaded: list[bool] = []
    analyst.page.route("**/uploads/transfers/**", wire)
    analyst.go("/uploads/new")
    analyst.page.set_input_files("input[type=file]", path)
    analyst.page.get_by_role("button", name="Enviar", exact=True).click()
    expect(analyst.page.locator("[data-waiting]")).to_contain_text("conexión", timeout=30_000)
    while len(sent) < 6:
        analyst.page.wait_for_timeout(100)
    expect(analyst.page.locator("[data-waiting]")).to_be_visible(timeout=30_000)
    analyst.look("86-cut")
    # Meanwhile the tab knows where to go on: by the file's name and an address, and by nothing that is in it.
    [(half_sent, place)] = analyst.kept().items()
    assert half_sent.startswith(f'{HALF_SENT}["grande.csv",{path.stat().st_size},')
    assert re.fullmatch(r"[0-9a-f-]{36} /uploads/transfers/[a-z2-7]{26}", place)
    analyst.page.reload()
    reloaded.append(True)
    expect(analyst.page.locator("[data-half-sent]")).to_contain_text("grande.csv")
    analyst.look("87-half-sent", phone=True)
    analyst.page.set_input_files("input[type=file]", path)
    analyst.page.get_by_role("button", name="Enviar", exact=True).click()
    analyst.page.wait_for_url(RECEIVED, timeout=90_000)
    assert analyst.kept() == {}
    # Every piece arrived once; only those that were cut were sent again.
    arrived = [offset for at, offset in enumerate(sent) if at != 2 and (at < 5 or offset not in sent[5:at])]
    assert sorted(set(map(int, sent))) == list(range(0, path.stat().st_size, 4 << 20))
    assert len(arrived) == len(set(arrived))
    with ports.session(world.actor(Role.ANALYST)) as session:
        assert session.scalar(select(func.sum(Upload.size_bytes))) == path.stat().st_size
    # The cut itself is what the console may complain of.
    analyst.faults[:] = [fault for fault in analyst.faults if "ERR_CONNECTION_RESET" not in fault]
