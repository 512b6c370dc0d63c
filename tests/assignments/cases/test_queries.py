"""What a filter selects, seen from both sides, and that nobody sees more."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from agencies.kernel.errors import Forbidden, NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Role
from assignments.cases.models import CaseState
from assignments.cases.queries import (
    Selection,
    facets,
    get_case,
    list_cases,
    list_portfolios,
    portfolios_of,
    totals,
)
from assignments.contacts.queries import list_contacts
from portal.ports import Ports
from tests import files
from tests.loop import add_mandate
from tests.people import World
from uploads.options import Options

HEADER = "obligacion;cedula;nombre;saldo total;producto;departamento;segmento;dias mora;celular\n"
ROWS = (
    "A-100;52000001;Ana;100,00;Tarjeta;Antioquia;A;30;3001234567\n"
    "A-101;52000002;Luis;200,00;Consumo;Valle;B;90;3001234568\n"
    "A-102;52000001;Ana;300,00;Tarjeta;Valle;B;;3001234567\n"
    "B_1%;52000003;Eva;400,00;Tarjeta;Antioquia;;180;3001234569\n"
)


@pytest.fixture
def world(ports: Ports) -> World:
    return World(ports)


@pytest.fixture
def analyst(ports: Ports, world: World) -> Actor:
    actor = world.actor(Role.ANALYST)
    upload = files.checked(ports, actor, (HEADER + ROWS).encode(), options=Options(decimal=","))
    files.apply(ports, actor, upload.id)
    return actor


def accounts(ports: Ports, actor: Actor, **chosen: Any) -> list[str]:
    with ports.session(actor) as session:
        return sorted(row.account_ref for row in list_cases(session, actor, Selection(**chosen)).rows)


def hand_over(ports: Ports, creditor: Actor, agency: Actor, *refs: str) -> None:
    """Let an agency hold cases, as a committed wave does."""
    with ports.session(creditor) as session, transaction(session):
        given = {"agency": agency.tenant, "refs": list(refs)}
        session.execute(
            text("update cases set agency_id = :agency, state = 'placed' where account_ref = any(:refs)"), given
        )
        for table, key in (("debtors", "id"), ("contact_points", "debtor_id")):
            session.execute(
                text(
                    f"update {table} set agency_id = :agency "
                    f"where {key} in (select debtor_id from cases where account_ref = any(:refs))"
                ),
                given,
            )


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, ["A-100", "A-101", "A-102", "B_1%"]),
        ({"product": "Tarjeta"}, ["A-100", "A-102", "B_1%"]),
        ({"region": "Valle"}, ["A-101", "A-102"]),
        ({"segment": "B", "product": "Tarjeta"}, ["A-102"]),
        ({"min_minor": 20_000, "max_minor": 30_000}, ["A-101", "A-102"]),
        ({"min_dpd": 31}, ["A-101", "B_1%"]),
        ({"max_dpd": 90}, ["A-100", "A-101"]),
        ({"search": "A-10"}, ["A-100", "A-101", "A-102"]),
        ({"search": "B_1%"}, ["B_1%"]),
        ({"search": "%"}, []),
        ({"state": CaseState.OPEN}, ["A-100", "A-101", "A-102", "B_1%"]),
        ({"state": CaseState.PLACED}, []),
        ({"portfolio_id": -1}, []),
    ],
)
def test_a_filter_selects(ports: Ports, analyst: Actor, chosen: dict[str, Any], expected: list[str]) -> None:
    assert accounts(ports, analyst, **chosen) == expected
    with ports.session(analyst) as session:
        assert totals(session, analyst, Selection(**chosen)).cases == len(expected)


def test_totals_are_by_currency(ports: Ports, analyst: Actor) -> None:
    with ports.session(analyst) as session:
        (amounts,) = totals(session, analyst, Selection(product="Tarjeta")).by_currency
    assert (amounts.currency, amounts.cases, amounts.placed_minor, amounts.balance_minor) == ("COP", 3, 80_000, 80_000)


def test_a_selection_survives_being_stored() -> None:
    chosen = Selection(product="Tarjeta", state=CaseState.PLACED, min_minor=5)
    assert Selection.from_dict(chosen.to_dict()) == chosen
    assert Selection().to_dict() == {}


def test_pages_follow_each_other_without_gap(ports: Ports, analyst: Actor) -> None:
    seen: list[str] = []
    after = None
    with ports.session(analyst) as session:
        while True:
            page = list_cases(session, analyst, Selection(), after=after, limit=3)
            seen += [row.account_ref for row in page.rows]
            after = page.next_cursor
            if after is None:
                break
    assert sorted(seen) == ["A-100", "A-101", "A-102", "B_1%"]


def test_a_creditor_filters_by_what_its_portfolios_hold(ports: Ports, analyst: Actor) -> None:
    with ports.session(analyst) as session:
        found = facets(session, analyst)
        (portfolio,) = list_portfolios(session, analyst)
        assert portfolios_of(session, analyst, portfolio.upload_id) == [portfolio]
    assert (found.products, found.regions, found.segments) == (
        ("Consumo", "Tarjeta"),
        ("Antioquia", "Valle"),
        ("A", "B"),
    )
    assert [number for number, _ in found.portfolios] == [portfolio.id]


def test_an_agency_sees_the_cases_it_holds(ports: Ports, world: World, analyst: Actor) -> None:
    agency, other = world.actor(Role.MANAGER), world.actor(Role.MANAGER, organisation=1)
    add_mandate(ports, world.actor(Role.DIRECTOR), agency)
    hand_over(ports, analyst, agency, "A-101", "B_1%")
    assert accounts(ports, agency) == ["A-101", "B_1%"]
    assert accounts(ports, other) == []
    assert accounts(ports, analyst, agency_id=agency.tenant) == ["A-101", "B_1%"]
    with ports.session(agency) as session:
        found = facets(session, agency)
        assert (found.products, found.portfolios, found.agencies) == (("Consumo", "Tarjeta"), (), ())
        assert list_portfolios(session, agency) == []
        (row,) = list_cases(session, agency, Selection(product="Consumo")).rows
        detail = get_case(session, agency, row.id)
        assert (detail.debtor.name, detail.portfolio) == ("Luis", None)
        assert [point.value for point in list_contacts(session, agency, detail.debtor.id)] == ["3001234568"]


def test_what_is_not_ones_own_is_not_there(ports: Ports, world: World, analyst: Actor) -> None:
    with ports.session(analyst) as session:
        row = list_cases(session, analyst, Selection()).rows[0]
        debtor_id = get_case(session, analyst, row.id).debtor.id
        upload_id = list_portfolios(session, analyst)[0].upload_id
    for stranger in (world.actor(Role.ANALYST, organisation=1), world.actor(Role.MANAGER)):
        with ports.session(stranger) as session:
            with pytest.raises(NotFound):
                get_case(session, stranger, row.id)
            assert list_contacts(session, stranger, debtor_id) == []
            assert portfolios_of(session, stranger, upload_id) == []
            assert totals(session, stranger, Selection()).cases == 0


def test_only_those_who_may_see_cases_do(ports: Ports, world: World, analyst: Actor) -> None:
    finance = world.actor(Role.FINANCE)
    with ports.session(finance) as session:
        for read in (list_cases, totals):
            with pytest.raises(Forbidden):
                read(session, finance, Selection())
        with pytest.raises(Forbidden):
            facets(session, finance)
