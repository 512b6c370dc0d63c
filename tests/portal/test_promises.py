"""The pages of promises: both words, filters, the file, the case, and who sees what."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from agencies.kernel.clock import local_date, utc_now
from agencies.organisations.permissions import Role
from assignments.cases.models import Case
from tests import loop
from tests.reporting import report
from uploads.models import UploadKind

TODAY = local_date(utc_now(), "America/Bogota")


@pytest.fixture
def promised(world) -> None:
    """Three promises to one agency: paid in part, due this week, and with a discount nobody allowed."""
    creditor, agency = world.actor(Role.DIRECTOR), world.actor(Role.MANAGER)
    loop.place_with(world.ports, creditor, agency, [loop.NewCase(f"A{n}", 500_000) for n in (1, 2, 3)])
    soon, later = TODAY + timedelta(days=2), TODAY + timedelta(days=60)
    rows = [
        {"promised_on": date(2026, 2, 15), "state": "kept", "promise_ref": "P1"},
        {"promised_on": soon, "plan_ref": "CV-7", "instalment": 1, "instalments": 6},
        {"promised_on": later, "discount_percent": "40%"},
    ]
    rows = [
        {"account_ref": f"A{n}", "made_on": date(2026, 2, 3), "amount": 20_000, **one}
        for n, one in enumerate(rows, start=1)
    ]
    report(world.ports, agency, creditor, UploadKind.PROMISES, rows)
    loop.report_payments(world.ports, agency, creditor, [loop.paid("A1", 5_000, date(2026, 2, 10))])


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


@pytest.mark.parametrize("role", [Role.DIRECTOR, Role.FINANCE, Role.MANAGER])
def test_both_sides_read_both_words(promised, sign_in, role) -> None:
    page = text_of(sign_in(role, language="en").get("/promises/").text)

    assert "Kept in part" in page
    assert "the payments say otherwise" in page
    assert "CV-7 · instalment 1 of 6" in page
    assert "beyond the terms: 0" in page


@pytest.mark.parametrize(
    ("query", "accounts"),
    [
        ("", ["A3", "A2", "A1"]),
        ("outcome=partly_kept", ["A1"]),
        ("outcome=pending", ["A3", "A2"]),
        ("stated=kept", ["A1"]),
        ("week=y", ["A2"]),
        ("beyond=y", ["A3"]),
        ("outcome=broken", []),
        ("outcome=nonsense", []),
    ],
)
def test_the_list_is_narrowed(promised, sign_in, query, accounts) -> None:
    page = sign_in(Role.DIRECTOR).get(f"/promises/?{query}").text

    assert re.findall(r'<th scope="row"><a [^>]*>(A\d)</a>', page) == accounts


def test_the_file_holds_what_the_filter_shows(promised, sign_in) -> None:
    browser = sign_in(Role.MANAGER, language="en")
    answer = browser.get("/promises/listing.csv?stated=kept")
    [head, *rows] = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))

    assert head[0] == "Account"
    assert [(row[0], row[4], row[5], row[6], row[7]) for row in rows] == [
        ("A1", "200.00", "50.00", "Kept in part", "Kept as promised")
    ]
    assert browser.get("/promises/listing.csv?outcome=nonsense").status_code == 400


def test_a_case_shows_its_promises_to_both_sides(promised, world, sign_in) -> None:
    with world.ports.session(world.actor(Role.DIRECTOR)) as session:
        case_id = session.scalars(select(Case.id).where(Case.account_ref == "A1")).one()
    address = f"/cases/{world.ports.references.encode('case', case_id)}"

    for role in (Role.DIRECTOR, Role.AGENT, Role.MANAGER):
        page = text_of(sign_in(role, language="en").get(address).text)
        assert "Promises" in page
        assert "the agency says: kept as promised (the payments say otherwise)" in page


def test_another_agency_finds_nothing_and_an_investigator_no_page(promised, sign_in) -> None:
    assert "A1" not in sign_in(Role.MANAGER, organisation=1).get("/promises/").text
    assert "A1" not in sign_in(Role.MANAGER, organisation=1).get("/promises/listing.csv").text
    assert sign_in(Role.INVESTIGATOR).get("/promises/").status_code == 403
    assert sign_in(Role.INVESTIGATOR).get("/promises/listing.csv").status_code == 403


def test_the_page_speaks_spanish_and_says_what_to_do_first(world, sign_in) -> None:
    world.actor(Role.MANAGER)
    page = text_of(sign_in(Role.MANAGER, language="es").get("/promises/").text)

    assert "Todavía no hay promesas" in page
    assert "Enviar promesas" in page
