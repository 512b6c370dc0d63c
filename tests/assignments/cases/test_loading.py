"""What a portfolio turns into: a portfolio for each currency, and ways to reach its debtors, each under its walls."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, text

from agencies.kernel import work
from agencies.kernel.audit import AuditEvent
from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Role
from assignments.cases.models import Case, Debtor, Portfolio
from assignments.cases.queries import portfolios_of
from assignments.contacts.models import ContactPoint, DebtorContact
from assignments.contacts.queries import list_contacts
from portal.jobs import tasks
from portal.ports import Ports
from tests import files
from tests.people import World
from uploads import service
from uploads.models import Upload, UploadState
from uploads.options import Options

COMMA = Options(decimal=",")
HEADER = "obligacion;tipo documento;cedula;saldo total;moneda;producto;celular;telefono 2;correo;direccion\n"


@pytest.fixture
def world(ports: Ports) -> World:
    return World(ports)


@pytest.fixture
def analyst(world: World) -> Actor:
    return world.actor(Role.ANALYST)


def applied(ports: Ports, actor: Actor, *rows: str) -> int:
    data = (HEADER + "".join(f"{row}\n" for row in rows)).encode()
    upload = files.checked(ports, actor, data, options=COMMA)
    files.apply(ports, actor, upload.id, good_rows_only=True)
    return upload.id


def all_of(ports: Ports, actor: Actor, *what: Any) -> list[Any]:
    with ports.session(actor) as session:
        return list(session.execute(select(*what)).all())


def reached(ports: Ports, actor: Actor) -> list[tuple[str, str, str | None]]:
    """Kind, value and normal form of every way that the actor may read, debtor by debtor as they were given."""
    with ports.session(actor) as session:
        found = session.scalars(select(DebtorContact).order_by(DebtorContact.debtor_id, DebtorContact.place))
        return [(one.kind.value, one.value, one.normal) for one in found]


def test_a_file_of_two_currencies_opens_a_portfolio_for_each(ports: Ports, analyst: Actor) -> None:
    upload_id = applied(
        ports,
        analyst,
        "A1;CC;52123456;100;COP;Tarjeta;;;;",
        "A2;CC;52123456;30,50;USD;Vivienda;;;;",
        "A3;CC;52123457;200;COP;Consumo;;;;",
    )
    with ports.session(analyst) as session:
        portfolios = portfolios_of(session, analyst, upload_id)
        assert [(one.currency, one.cases, one.placed_minor, one.facets) for one in portfolios] == [
            ("COP", 2, 30_000, {"product": ["Consumo", "Tarjeta"]}),
            ("USD", 1, 3_050, {"product": ["Vivienda"]}),
        ]
        held = session.execute(
            select(Case.currency, Case.portfolio_id, Case.debtor_id).order_by(Case.account_ref)
        ).all()
        assert [(one.currency, one.portfolio_id) for one in held] == [
            ("COP", portfolios[0].id),
            ("USD", portfolios[1].id),
            ("COP", portfolios[0].id),
        ]
        assert held[0].debtor_id == held[1].debtor_id != held[2].debtor_id
        opened = session.scalar(select(func.count()).where(AuditEvent.action == "portfolio.opened"))
        assert opened == 2
        assert session.scalars(select(Upload.rows_applied).where(Upload.id == upload_id)).one() == 3


def test_no_upload_has_two_portfolios_of_one_currency(ports: Ports, analyst: Actor) -> None:
    applied(ports, analyst, "A1;CC;52123456;100;COP;;;;;")
    columns = "creditor_id, upload_id, name, currency, cases, placed_minor, facets, created_at"
    with ports.session(analyst) as session, pytest.raises(Exception, match="uq_portfolios"):
        session.execute(text(f"insert into portfolios ({columns}) select {columns} from portfolios"))


def test_the_first_row_s_points_stand_with_the_debtor_and_only_later_ones_beside_it(
    ports: Ports, analyst: Actor
) -> None:
    applied(
        ports,
        analyst,
        "A1;CC;52123456;100;COP;;300 123 30 01;3001233001;Ana@Correo.example;Calle 7 # 20-5",
        "A2;CC;52123456;100;COP;;3001233002;300 123 30 01;ana@correo.example;Calle 7 # 20-5",
        "A3;CC;52123457;100;COP;;nadie;;;",
    )
    told = reached(ports, analyst)
    # Which of two debtors comes first is drawn by their blind indexes.
    other = told.index(("phone", "nadie", None))
    assert [one for at, one in enumerate(told) if at != other] == [
        ("phone", "300 123 30 01", "+573001233001"),
        ("email", "ana@correo.example", None),
        ("address", "Calle 7 # 20-5", "CL 7 # 20-5"),
        ("phone", "3001233002", "+573001233002"),
    ]
    assert all_of(ports, analyst, ContactPoint.part) == [("phone",)]


def test_the_first_row_of_a_debtor_is_the_one_that_came_first_in_the_file(ports: Ports, analyst: Actor) -> None:
    applied(
        ports,
        analyst,
        *(f"Z{9 - number};CC;52123456;{number + 1};COP;;30012330{number:02};;;" for number in range(4)),
    )
    assert [one.private.phone for (one,) in all_of(ports, analyst, Debtor)] == ["3001233000"]
    assert sorted(value for _, value, _ in reached(ports, analyst)) == [f"30012330{number:02}" for number in range(4)]


def test_every_case_is_its_own_person_s_though_known_and_new_ones_come_mixed(ports: Ports, analyst: Actor) -> None:
    def told(files_rows: range, mark: str) -> list[str]:
        people = [(person, count) for person in files_rows for count in range(person % 3 + 1)]
        return [f"{mark}{person}-{count};CC;{52_000_000 + person};1;COP;;;;;" for person, count in reversed(people)]

    applied(ports, analyst, *told(range(0, 30, 2), "A"))
    applied(ports, analyst, *told(range(30), "B"))
    with ports.session(analyst) as session:
        found = session.execute(
            select(Case.account_ref, Debtor).join(
                Debtor, (Debtor.creditor_id == Case.creditor_id) & (Debtor.id == Case.debtor_id)
            )
        ).all()
    assert len(found) == 30 + 60
    assert all(52_000_000 + int(account[1:].partition("-")[0]) == int(one.id_number) for account, one in found)
    assert all_of(ports, analyst, func.count(Debtor.id)) == [(30,)]


def test_a_second_phone_that_is_the_first_again_is_one(ports: Ports, analyst: Actor) -> None:
    applied(ports, analyst, "A1;CC;52123456;100;COP;;3001233001;3001233001;;")
    assert [value for _, value, _ in reached(ports, analyst)] == ["3001233001"]


def test_nobody_but_the_creditor_and_whoever_works_the_debtor_reads_how_to_reach_it(
    ports: Ports, world: World, analyst: Actor
) -> None:
    applied(
        ports,
        analyst,
        "A1;CC;52123456;100;COP;;3001233001;;;",
        "A2;CC;52123456;100;COP;;3001233002;;;",
        "A3;CC;52123457;100;COP;;3001233003;;;",
    )
    worker, stranger = (world.actor(Role.MANAGER, organisation=number) for number in (0, 1))
    neighbour = world.actor(Role.ANALYST, organisation=1)
    with ports.session(analyst) as session, transaction(session):
        debtor_id = next(one.id for one in session.scalars(select(Debtor)) if one.id_number == "52123456")
        for table, key in (("debtors", "id"), ("contact_points", "debtor_id")):
            session.execute(
                text(f"update {table} set agency_id = :agency where {key} = :debtor"),
                {"agency": worker.tenant, "debtor": debtor_id},
            )
    for actor, values in ((analyst, 3), (worker, 2), (stranger, 0), (neighbour, 0)):
        assert len(reached(ports, actor)) == values
        with ports.session(actor) as session:
            assert len(list_contacts(session, actor, debtor_id)) == min(values, 2)


@pytest.mark.parametrize("table", ["portfolios", "debtor_contacts"])
def test_an_agency_writes_neither(ports: Ports, world: World, analyst: Actor, table: str) -> None:
    applied(ports, analyst, "A1;CC;52123456;100;COP;;3001233001;;;")
    agency = world.actor(Role.MANAGER)
    with ports.session(agency) as session, pytest.raises(Exception, match=r"permission denied|cannot"):
        session.execute(text(f"delete from {table}"))
    assert len(all_of(ports, analyst, Portfolio.id)) == 1


def test_rows_that_turned_bad_are_turned_away_in_a_step_of_their_own_and_the_rest_is_applied_behind_it(
    ports: Ports, analyst: Actor
) -> None:
    later = files.checked(
        ports, analyst, (HEADER + "A1;CC;52123456;1;COP;;;;;\nA2;CC;52123457;2;COP;;;;;\n").encode(), options=COMMA
    )
    applied(ports, analyst, "A1;CC;52123456;100;COP;;;;;")
    with ports.session(analyst) as session, transaction(session):
        service.apply(session, analyst, later.id, good_rows_only=True, now=utc_now())
    with ports.session(analyst) as session:
        work_id = work.find(session, analyst, service.APPLY, str(later.id)).id
    asked = iter([False, True])

    # A worker that has to stop after the first step; the next one takes over where it left.
    assert not tasks.perform(ports, work_id, is_stopping=lambda: next(asked))
    assert (UploadState.APPLYING, 1) in all_of(ports, analyst, Upload.state, Upload.rows_rejected)
    assert all_of(ports, analyst, Case.account_ref, Case.placed_minor) == [("A1", 10000)]
    assert tasks.perform(ports, work_id)
    assert all_of(ports, analyst, Upload.state, Upload.rows_applied) == [(UploadState.APPLIED, 1)] * 2
    assert sorted(all_of(ports, analyst, Case.account_ref, Case.placed_minor)) == [("A1", 10000), ("A2", 200)]
