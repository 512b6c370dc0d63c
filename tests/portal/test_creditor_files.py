"""A creditor's later files on the pages: what they made is shown, to either side what it may see."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from agencies.kernel.clock import local_date, utc_now
from agencies.organisations.permissions import Role
from assignments.placements.models import Consignment
from tests import creditor_files
from tests.creditor_files import case
from tests.loop import NewCase, acknowledge_all, add_cases, place_with

HEADER = "obligacion,saldo total,retenido,motivo retencion,ciudad,celular"


@pytest.fixture
def placed(world):
    """A case with the first agency, and a free one."""
    director, agency = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    place_with(world.ports, director, agency, [NewCase("A1", 100_000, phones=("3005550101",))])
    add_cases(world.ports, director, [NewCase("A6", 100_000)])
    return world


def address(world, kind: str, number: int) -> str:
    folder = {"case": "cases", "upload": "uploads", "recall": "recalls"}[kind]
    return f"/{folder}/{world.ports.references.encode(kind, number)}"


def plain(page: str) -> str:
    """The words of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.replace("\xa0", " ")))


def test_a_case_shows_what_the_creditor_s_files_changed_to_both_sides(placed, sign_in):
    director = placed.actor(Role.DIRECTOR)
    creditor_files.update(placed.ports, director, "A1,800.00,SI,Reclamo <b>7</b>,Cali,3105550199", header=HEADER)
    creditor_files.pay(placed.ports, director, "A1,R1,2026-02-03,50.00,COP")
    page_of = address(placed, "case", case(placed.ports, director, "A1").id)
    for role in (Role.DIRECTOR, Role.MANAGER):
        page = sign_in(role, language="en").get(page_of).text
        words = plain(page)
        assert "this case is not to be worked" in words
        assert "Balance changed from" in words
        assert "Payment of" in words
        assert "to the creditor" in words
        assert "Put on hold by the creditor" in words
        assert "City: – → Cali" in words
        assert "1 new way to reach the debtor" in words
        assert "<b>7</b>" not in page
        assert "800" in words
    held = sign_in(Role.AGENT).get("/worklist/").text
    assert "A1" in held
    assert "En pausa" in held


def test_the_lists_of_cases_say_which_are_not_to_be_worked(placed, sign_in):
    director = placed.actor(Role.DIRECTOR)
    creditor_files.update(placed.ports, director, "A1,,SI,Reclamo,,", header=HEADER)
    for role in (Role.DIRECTOR, Role.MANAGER):
        browser = sign_in(role)
        rows = re.findall(r"<tr>.*?</tr>", browser.get("/cases/?search=A").text, re.DOTALL)
        assert ["En pausa" in row for row in rows if ">A1<" in row] == [True]
        assert not any("En pausa" in row for row in rows if ">A1<" not in row)
        told = list(csv.DictReader(io.StringIO(browser.get("/cases/listing.csv").data.decode("utf-8-sig"), newline="")))
        assert {row["Obligación"]: row["En pausa"] for row in told if row["En pausa"]} == {"A1": "Sí"}
    with placed.ports.session(placed.actor(Role.MANAGER)) as session:
        consignment = placed.ports.references.encode("consignment", session.scalars(select(Consignment.id)).one())
    acknowledge_all(placed.ports, placed.actor(Role.MANAGER))
    answer = sign_in(Role.MANAGER).get(f"/placements/consignments/{consignment}/manifest.csv")
    lines = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    assert [line["account_ref"] for line in lines if line["on_hold"] == "yes"] == ["A1"]


def test_the_hold_is_lifted_on_the_page_by_the_creditor_alone(placed, sign_in):
    director = placed.actor(Role.DIRECTOR)
    creditor_files.update(placed.ports, director, "A1,,SI,Reclamo,,", "A6,,SI,,,", header=HEADER)
    for account in ("A1", "A6"):
        number = placed.ports.references.encode("case", case(placed.ports, director, account).id)
        release = f"/returns/{number}/release"
        assert sign_in(Role.MANAGER).post(release).status_code == 403
        browser = sign_in(Role.ANALYST)
        assert release in browser.get(f"/cases/{number}").text
        assert browser.post(release).status_code in {302, 303}
        assert case(placed.ports, director, account).held_since is None
        assert release not in browser.get(f"/cases/{number}").text


def test_a_list_leads_to_the_recalls_it_became(placed, sign_in):
    director = placed.actor(Role.DIRECTOR)
    day = local_date(utc_now(), director.time_zone) + timedelta(days=5)
    upload, _ = creditor_files.recall(placed.ports, director, f"A1,Cambio de estrategia,{day},")
    browser = sign_in(Role.ANALYST, language="en")
    page = browser.get(address(placed, "upload", upload.id)).text
    [recall] = re.findall(r'href="(/recalls/[^"/]+)"[^>]*>[^<]*Cobranzas', page)
    assert browser.get(recall).status_code == 200
    assert "Each agency was asked once" in page


@pytest.mark.parametrize("kind", ["portfolio_update", "creditor_payments"])
def test_an_applied_file_says_what_became_of_it(placed, sign_in, kind):
    director = placed.actor(Role.DIRECTOR)
    if kind == "portfolio_update":
        upload, _ = creditor_files.update(placed.ports, director, "A1,800.00,COP,")
    else:
        upload, _ = creditor_files.pay(placed.ports, director, "A1,R1,2026-02-03,50.00,COP")
    page = sign_in(Role.ANALYST, language="en").get(address(placed, "upload", upload.id)).text
    assert ("each case shows what changed" in page) == (kind == "portfolio_update")
    assert ("They count as nobody" in page) == (kind == "creditor_payments")
    assert "Back to the reports" not in page


def test_the_agency_is_told_in_its_notices_and_both_in_their_trail(placed, sign_in):
    director = placed.actor(Role.DIRECTOR)
    creditor_files.update(placed.ports, director, "A1,800.00,SI,Reclamo,,", header=HEADER)
    creditor_files.pay(placed.ports, director, "A1,R1,2026-02-03,50.00,COP")
    manager = sign_in(Role.MANAGER, language="en")
    told = plain(manager.get("/notices/").text)
    assert "puts 1 of your cases on hold" in told
    assert "received payments on 1 of your cases itself" in told
    assert "The creditor changed balances, data or holds" in plain(manager.get("/audit/").text)
    trail = plain(sign_in(Role.DIRECTOR, language="en").get("/audit/").text)
    assert "An update of the portfolio was taken over" in trail
    assert "Payments to the creditor were taken over" in trail
