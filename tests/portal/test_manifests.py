"""The page of handed-out files: downloads, totals and numbers; what each side may do there, and what others see."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from agencies.organisations.permissions import Role
from assignments.manifests import handing
from assignments.manifests.models import AgencyFileNumber
from assignments.placements.models import Consignment
from tests import loop
from tests.handing import CASES, download


@pytest.fixture
def sent(world):
    creditor, agency = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    loop.place_with(world.ports, creditor, agency, CASES)
    with world.ports.session(agency) as session:
        return session.scalars(select(Consignment.id)).one()


@pytest.fixture
def taken(world, sent):
    loop.acknowledge_all(world.ports, world.actor(Role.MANAGER))
    return sent


@pytest.fixture
def page(world, sent):
    return f"/manifests/{world.ports.references.encode('consignment', sent)}"


def state(browser, page, lines="4", total="3250.00", number="1"):
    return browser.post(f"{page}/loaded", {"number": number, "lines": lines, "total": total})


def test_the_workbook_holds_the_lines_of_the_csv_and_their_totals_and_runs_nothing(world, sign_in, taken, page):
    manager = sign_in(Role.MANAGER, language="en")
    answer = manager.get(f"{page}/cases.xlsx")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].endswith(".xlsx")
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    head, *rows = book.get_sheet_by_name("cases").to_python()
    assert tuple(head) == handing.HEADER
    lines = download(world.ports, world.actor(Role.MANAGER), taken)[:-1]
    assert [row[0] for row in rows] == [line["reference"] for line in lines]
    assert [row[head.index("balance")] for row in rows] == [150.05, 99.95, 1000, 2000]
    assert "=HYPERLINK(1)" in [row[head.index("debtor_name")] for row in rows]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as parts:
        assert not any(b"<f>" in parts.read(one) for one in parts.namelist())
    control = dict(book.get_sheet_by_name("control").to_python())
    assert (control["lines"], control["balance COP"]) == (4, 3250)
    assert manager.get(f"{page}/cases.xlsx").data == answer.data


def test_before_the_acknowledgement_there_is_no_workbook(sign_in, page):
    assert sign_in(Role.MANAGER).get(f"{page}/cases.xlsx").status_code == 409


def test_a_placement_larger_than_a_sheet_is_told_to_be_taken_as_csv(monkeypatch, sign_in, taken, page):
    monkeypatch.setattr(handing, "MOST_OF_SHEET", 3)
    answer = sign_in(Role.MANAGER, language="en").get(f"{page}/cases.xlsx")
    assert answer.status_code == 409
    assert "Download this placement as CSV" in answer.text


def test_the_right_totals_confirm_the_file_and_a_double_click_confirms_it_once(world, sign_in, taken, page):
    manager = sign_in(Role.MANAGER, language="en")
    download(world.ports, world.actor(Role.MANAGER), taken)
    assert "Compare with file 1" in manager.get(page).text
    assert [state(manager, page).status_code for _ in range(2)] == [303, 303]
    shown = manager.get(page).text
    assert "Loaded</span>" in shown
    assert "Compare with file" not in shown
    assert state(manager, page, lines="3").status_code == 409


def test_other_totals_are_shown_to_both_sides_with_both_figures(world, sign_in, taken, page):
    manager = sign_in(Role.MANAGER, language="en")
    download(world.ports, world.actor(Role.MANAGER), taken)
    state(manager, page, lines="3", total="1250.00")
    director = sign_in(Role.DIRECTOR, language="en")
    for shown in (manager.get(page).text, director.get(page).text):
        assert "Totals differ" in shown
        assert "It found 3 · COP 1,250.00" in shown
        assert "COP 3,250.00" in shown
    assert "found other totals" in director.get("/notices/").text
    assert "Compare with file" not in director.get(page).text


@pytest.mark.parametrize("typed", [{"lines": "4,5"}, {"total": ""}, {"total": "1.2.3"}, {"number": "0"}])
def test_what_is_no_figure_is_refused_on_the_form(world, sign_in, taken, page, typed):
    download(world.ports, world.actor(Role.MANAGER), taken)
    assert state(sign_in(Role.MANAGER, language="en"), page, **typed).status_code == 400


def test_numbers_are_taken_from_the_page_or_refused_with_what_was_typed(world, sign_in, taken, page):
    manager = sign_in(Role.MANAGER, language="en")
    assert manager.post(f"{page}/numbers", {"pairs": "0001;AG-1\n0002;AG-2"}).status_code == 303
    with world.ports.session(world.actor(Role.MANAGER)) as session:
        assert set(session.scalars(select(AgencyFileNumber.number))) == {"AG-1", "AG-2"}
    refused = manager.post(f"{page}/numbers", {"pairs": "AJENA;AG-9"})
    assert refused.status_code == 400
    assert "You do not hold these accounts of this creditor: AJENA" in refused.text
    assert "AJENA;AG-9</textarea>" in refused.text


@pytest.mark.parametrize("path", ["", "/cases.xlsx"])
def test_another_agency_and_another_creditor_find_nothing(sign_in, taken, page, path):
    for role in (Role.MANAGER, Role.DIRECTOR):
        expected = 403 if path and role is Role.DIRECTOR else 404
        assert sign_in(role, organisation=1).get(f"{page}{path}").status_code == expected
    for act, sent in (("loaded", {"number": "1", "lines": "1", "total": "1"}), ("numbers", {"pairs": "0001;X"})):
        assert sign_in(Role.MANAGER, organisation=1).post(f"{page}/{act}", sent).status_code == 404
        assert sign_in(Role.DIRECTOR).post(f"{page}/{act}", sent).status_code == 403


def test_the_placement_leads_to_its_files(sign_in, taken, page):
    shown = sign_in(Role.MANAGER).get(page.replace("/manifests/", "/placements/consignments/")).text
    assert re.search(rf'href="{page}"', shown)
