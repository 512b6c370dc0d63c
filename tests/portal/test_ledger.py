"""The page of the ledger: balances per counterpart and the entries behind them."""

from __future__ import annotations

import re

import pytest

from agencies.organisations.permissions import Role
from tests import loop


@pytest.fixture
def booked(world) -> None:
    """Two agencies with a payment each; one of them was paid straight to the creditor."""
    creditor = world.actor(Role.DIRECTOR)
    for number, received_by in enumerate(("agency", "creditor")):
        agency = world.actor(Role.MANAGER, organisation=number)
        loop.place_with(world.ports, creditor, agency, [loop.NewCase(f"A-{number}", 1_000_000)], commission_bp=2000)
        loop.report_payments(
            world.ports,
            agency,
            creditor,
            [
                {
                    "account_ref": f"A-{number}",
                    "paid_on": "2026-02-01",
                    "amount": 123_450 + number,
                    "received_by": received_by,
                }
            ],
        )


def rows(page: str, caption: int) -> list[list[str]]:
    """The cells of the body of one table of the page."""
    body = re.findall(r"<tbody>(.*?)</tbody>", page, re.DOTALL)[caption]
    return [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)]
        for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL)
    ]


def test_a_creditor_sees_what_each_agency_collected_earned_and_holds(booked, sign_in) -> None:
    page = sign_in(Role.FINANCE).get("/ledger/").text
    assert rows(page, 0) == [
        ["Cobranzas 0", "COP", "1", "1.234,50", "1.234,50", "0,00", "246,90", "987,60", "0,00"],
        ["Cobranzas 1", "COP", "1", "1.234,51", "0,00", "1.234,51", "246,90", "0,00", "246,90"],
    ]
    assert len(rows(page, 1)) == 2


def test_entries_of_one_agency_alone(booked, world, sign_in) -> None:
    chosen = world.ports.references.encode("organisation", world.agencies[1].id)
    entries = rows(sign_in(Role.DIRECTOR).get(f"/ledger/?agency={chosen}").text, 1)
    assert [entry[1] for entry in entries] == ["A-1"]
    assert sign_in(Role.DIRECTOR).get("/ledger/?agency=nonsense").status_code == 404


def test_an_agency_sees_its_own_account_only(booked, sign_in) -> None:
    page = sign_in(Role.MANAGER, organisation=1).get("/ledger/").text
    assert [row[0] for row in rows(page, 0)] == ["Banco 0"]
    assert [row[1] for row in rows(page, 1)] == ["A-1"]
    assert "Cobranzas 0" not in page


def test_strangers_see_nothing_and_other_roles_are_refused(booked, sign_in) -> None:
    assert "empty-state" in sign_in(Role.FINANCE, organisation=1).get("/ledger/").text
    for role in (Role.ANALYST, Role.AGENT, Role.OPERATOR):
        assert sign_in(role).get("/ledger/").status_code == 403


def test_figures_are_written_as_the_reader_writes_them(booked, sign_in) -> None:
    assert "1,234.50" in sign_in(Role.FINANCE, language="en").get("/ledger/").text
