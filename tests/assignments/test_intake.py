"""A checked portfolio becomes cases in one transaction, or nothing of it does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import func, select, text

from agencies.kernel.audit import AuditEvent
from agencies.kernel.clock import utc_now
from agencies.kernel.errors import NotFound
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Role
from assignments import intake
from assignments.cases.models import Case, CaseState, Debtor, Portfolio
from assignments.contacts.models import DebtorContact
from portal.ports import Ports
from tests import files
from tests.people import World
from tests.sealing import identity_of
from uploads import service
from uploads.lifecycle import UploadMovedOn
from uploads.models import Upload, UploadState
from uploads.options import Options
from uploads.queries import get_upload, list_errors
from uploads.rows import Loaded

HEADER = (
    "obligacion;tipo documento;cedula;codigo cliente;nombres;apellidos;saldo total;capital;producto;celular;correo\n"
)


@pytest.fixture
def world(ports: Ports) -> World:
    return World(ports)


@pytest.fixture
def analyst(world: World) -> Actor:
    return world.actor(Role.ANALYST)


def applied(ports: Ports, actor: Actor, *rows: str, good_rows_only: bool = True) -> Loaded:
    data = (HEADER + "".join(f"{row}\n" for row in rows)).encode()
    upload = files.checked(ports, actor, data, options=Options(decimal=","))
    return files.apply(ports, actor, upload.id, good_rows_only=good_rows_only)


def all_of(ports: Ports, actor: Actor, model: Any, *order: Any) -> list[Any]:
    with ports.session(actor) as session:
        return list(session.scalars(select(model).order_by(*order)))


def latest(ports: Ports, actor: Actor) -> Upload:
    with ports.session(actor) as session:
        return session.scalars(select(Upload).order_by(Upload.id.desc()).limit(1)).one()


def test_rows_become_cases_debtors_and_contact_points(ports: Ports, analyst: Actor) -> None:
    loaded = applied(
        ports,
        analyst,
        "A1;C.C.;52.123.456;;Ana;Peña;1.500,50;1.000,00;Tarjeta;3001233001;ana@correo.example",
        "A2;CC;52123456;;Ana;Peña;200,00;;Consumo;3001233001;",
        "A3;;;K7;Luis;;300,00;;;3001233002;luis@correo.example",
        "A4;;;;;;400,00;;;;",
    )
    assert loaded == Loaded(applied=4, unchanged=0, rejected=0)
    cases = all_of(ports, analyst, Case, Case.account_ref)
    assert [(one.account_ref, one.line, one.placed_minor, one.balance_minor) for one in cases] == [
        ("A1", 2, 150_050, 150_050),
        ("A2", 3, 20_000, 20_000),
        ("A3", 4, 30_000, 30_000),
        ("A4", 5, 40_000, 40_000),
    ]
    assert {(one.state, one.currency, one.agency_id) for one in cases} == {(CaseState.OPEN, "COP", None)}
    assert (cases[0].principal_minor, cases[0].product) == (100_000, "Tarjeta")
    debtors = all_of(ports, analyst, Debtor, Debtor.name.nulls_first())
    said = ("account:A4", "id:CO:CC:52123456", "ref:K7")
    assert [(one.identity, one.id_number, one.name) for one in debtors] == [
        (identity_of(ports.keyring, analyst.tenant, one), number, name)
        for one, number, name in zip(said, (None, "52123456", None), (None, "Ana Peña", "Luis"), strict=True)
    ]
    assert cases[0].debtor_id == cases[1].debtor_id == debtors[1].id
    points = all_of(ports, analyst, DebtorContact)
    assert sorted((one.debtor_id, one.kind.value, one.value) for one in points) == sorted(
        [
            (debtors[1].id, "email", "ana@correo.example"),
            (debtors[1].id, "phone", "3001233001"),
            (debtors[2].id, "email", "luis@correo.example"),
            (debtors[2].id, "phone", "3001233002"),
        ]
    )
    (portfolio,) = all_of(ports, analyst, Portfolio)
    assert (portfolio.cases, portfolio.placed_minor, portfolio.currency) == (4, 240_050, "COP")
    assert portfolio.facets == {"product": ["Consumo", "Tarjeta"]}
    upload = latest(ports, analyst)
    assert (upload.state, upload.rows_read, upload.rows_applied) == (UploadState.APPLIED, 4, 4)
    with ports.session(analyst) as session:
        actions = set(session.scalars(select(AuditEvent.action)))
    assert {"portfolio.opened", "upload.applied"} <= actions


def test_read_is_applied_and_rejected_together(ports: Ports, analyst: Actor) -> None:
    loaded = applied(ports, analyst, "A1;;;;;;100;;;;", "A1;;;;;;100;;;;", "A2;;;;;;x;;;;", "A3;;;;;;7;;;;", "A4")
    assert loaded == Loaded(applied=2, unchanged=0, rejected=3)
    upload = latest(ports, analyst)
    assert upload.rows_read == upload.rows_applied + upload.rows_unchanged + upload.rows_rejected == 5


def test_all_or_nothing_refuses_a_file_with_bad_rows(ports: Ports, analyst: Actor) -> None:
    with pytest.raises(service.RowsWereRejected):
        applied(ports, analyst, "A1;;;;;;100;;;;", "A2;;;;;;x;;;;", good_rows_only=False)
    assert latest(ports, analyst).state is UploadState.CHECKED
    assert all_of(ports, analyst, Case) == []


def test_a_file_without_a_good_row_cannot_be_applied(ports: Ports, analyst: Actor) -> None:
    with pytest.raises(service.NothingToApply):
        applied(ports, analyst, "A1;;;;;;-1;;;;")


def test_an_account_handed_over_before_is_rejected_while_checking(ports: Ports, analyst: Actor) -> None:
    applied(ports, analyst, "A1;;;;;;100;;;;")
    loaded = applied(ports, analyst, "A1;;;;;;150;;;;", "A2;;;;;;200;;;;")
    assert loaded == Loaded(applied=1, unchanged=0, rejected=1)
    upload = latest(ports, analyst)
    assert (upload.rows_good, upload.value_minor, upload.error_counts) == (1, 20_000, {"account_ref:already_there": 1})
    with ports.session(analyst) as session:
        (fault,) = list_errors(session, analyst, upload.id).rows
    assert (fault.line, fault.code, fault.value) == (2, "already_there", "A1")
    assert [one.placed_minor for one in all_of(ports, analyst, Case, Case.account_ref)] == [10_000, 20_000]


def _two_checked(ports: Ports, actor: Actor) -> tuple[Upload, Upload]:
    first = files.checked(ports, actor, (HEADER + "A1;;;;;;100;;;;\n").encode())
    second = files.checked(ports, actor, (HEADER + "A1;;;;;;150;;;;\nA2;;;;;;200;;;;\n").encode())
    assert (first.rows_good, second.rows_good) == (1, 2)
    return first, second


def test_an_account_that_came_between_check_and_apply_is_rejected(ports: Ports, analyst: Actor) -> None:
    first, second = _two_checked(ports, analyst)
    files.apply(ports, analyst, first.id)
    assert files.apply(ports, analyst, second.id, good_rows_only=True) == Loaded(1, 0, 1)


def test_all_or_nothing_goes_back_to_the_user_when_a_row_turned_bad(ports: Ports, analyst: Actor) -> None:
    first, second = _two_checked(ports, analyst)
    files.apply(ports, analyst, first.id)
    assert files.apply(ports, analyst, second.id, good_rows_only=False) == Loaded(0, 0, 1)
    back = latest(ports, analyst)
    assert (back.state, back.rows_good, back.rows_rejected, back.value_minor) == (UploadState.CHECKED, 1, 1, 20_000)
    assert len(all_of(ports, analyst, Case)) == 1
    with ports.session(analyst) as session:
        body = session.scalars(select(AuditEvent.body).where(AuditEvent.action == "upload.sent_back")).one()
    assert json.loads(body)["details"] == {"upload_id": second.id, "kind": "portfolio", "good": 1, "rejected": 1}
    assert files.apply(ports, analyst, second.id, good_rows_only=True) == Loaded(1, 0, 1)


def test_applying_again_changes_nothing(ports: Ports, analyst: Actor) -> None:
    loaded = applied(ports, analyst, "A1;;;;;;100;;;;", "A2;;;;;;x;;;;")
    upload = latest(ports, analyst)
    assert files.load(ports, analyst, upload.id) == loaded
    assert len(all_of(ports, analyst, Case)) == 1
    with pytest.raises(UploadMovedOn):
        files.apply(ports, analyst, upload.id)


def test_an_interrupted_load_leaves_nothing(ports: Ports, analyst: Actor) -> None:
    upload = files.checked(ports, analyst, (HEADER + "A1;;;;;;100;;;3001233001;\n").encode())
    with ports.session(analyst) as session, transaction(session):
        service.apply(session, analyst, upload.id, good_rows_only=True, now=utc_now())
    with (
        pytest.raises(ZeroDivisionError),
        ports.session(analyst) as session,
        transaction(session),
    ):
        intake.load(session, analyst, upload.id, now=utc_now())
        raise ZeroDivisionError
    for model in (Case, Debtor, DebtorContact, Portfolio):
        assert all_of(ports, analyst, model) == []
    assert files.load(ports, analyst, upload.id) == Loaded(1, 0, 0)


def test_a_known_debtor_gets_the_new_case_and_only_new_contact_points(ports: Ports, analyst: Actor) -> None:
    applied(ports, analyst, "A1;CC;52123456;;Ana;Peña;100;;;3001233001;ana@correo.example")
    with ports.session(analyst) as session, transaction(session):
        session.execute(text("update debtors set agency_id = 4"))
    applied(
        ports,
        analyst,
        "A2;CC;52.123.456;;Anita;;200;;;3001233001;nueva@correo.example",
        "A3;CC;52.123.456;;Anita;;200;;;3001233009;nueva@correo.example",
    )
    (debtor,) = all_of(ports, analyst, Debtor)
    assert debtor.name == "Ana Peña"
    assert {one.debtor_id for one in all_of(ports, analyst, Case)} == {debtor.id}
    points = sorted(all_of(ports, analyst, DebtorContact), key=lambda one: one.value)
    assert [(one.value, one.agency_id) for one in points] == [
        ("3001233001", 4),
        ("3001233009", 4),
        ("ana@correo.example", 4),
        ("nueva@correo.example", 4),
    ]


def test_the_same_accounts_and_people_of_two_creditors_are_strangers(
    ports: Ports, world: World, analyst: Actor
) -> None:
    other = world.actor(Role.ANALYST, organisation=1)
    row = "A1;CC;52123456;;Ana;Peña;100;;;3001233001;"
    assert applied(ports, analyst, row) == applied(ports, other, row) == Loaded(1, 0, 0)
    for actor in (analyst, other):
        (case,) = all_of(ports, actor, Case)
        assert case.creditor_id == actor.tenant
        assert len(all_of(ports, actor, Debtor)) == len(all_of(ports, actor, DebtorContact)) == 1


def test_another_creditor_cannot_load_an_upload(ports: Ports, world: World, analyst: Actor) -> None:
    upload = files.checked(ports, analyst, (HEADER + "A1;;;;;;100;;;;\n").encode())
    stranger = world.actor(Role.ANALYST, organisation=1)
    for attempt in (
        lambda session: intake.load(session, stranger, upload.id, now=utc_now()),
        lambda session: intake.screen(session, stranger, upload.id),
    ):
        with ports.session(stranger) as session, pytest.raises(NotFound):
            attempt(session)
    assert all_of(ports, stranger, Case) == []


def test_a_case_cannot_be_written_without_its_parents(ports: Ports, analyst: Actor) -> None:
    row = "{};CC;52123456;;Ana;Peña;100;;;{};"
    applied(ports, analyst, row.format("A1", 3001233001), row.format("A2", 3001233002))
    case = "creditor_id, portfolio_id, debtor_id, line, account_ref, state, currency, placed_minor, balance_minor"
    other = case.replace("account_ref", "account_ref || 'X'")
    point = "creditor_id, debtor_id, portfolio_id, kind, part, form, sealed"
    lost = point.replace("debtor_id", "debtor_id + 99")
    orphans = [
        f"insert into cases ({case}) select {other.replace('debtor_id', 'debtor_id + 99')} from cases",
        f"insert into cases ({case}) select {other.replace('portfolio_id', 'portfolio_id + 99')} from cases",
        f"insert into contact_points ({point}) select {lost} from contact_points",
        "update cases set debtor_id = debtor_id + 99",
        "update contact_points set debtor_id = debtor_id + 99",
    ]
    for orphan in orphans:
        with ports.session(analyst) as session, pytest.raises(Exception, match=r"is not one of|keeps its parents"):
            session.execute(text(orphan))
    with ports.session(analyst) as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 2


def test_many_rows_in_any_order_keep_every_account(ports: Ports, analyst: Actor) -> None:
    rows = [
        f"B{number * 7919 % 5003:05d};CC;{10_000 + number % 3001};;N;;{number % 50};;;{3_000_000_000 + number % 4000};"
        for number in range(5003)
    ]
    loaded = applied(ports, analyst, *rows)
    assert loaded == Loaded(5003, 0, 0)
    cases = all_of(ports, analyst, Case, Case.line)
    assert [one.account_ref for one in cases] == [row.split(";")[0] for row in rows]
    debtors = {one.id: one.id_number for one in all_of(ports, analyst, Debtor)}
    assert len(debtors) == 3001
    assert all(debtors[one.debtor_id] == rows[one.line - 2].split(";")[2] for one in cases)
    expected = {(row.split(";")[2], row.split(";")[9]) for row in rows}
    points = {(debtors[one.debtor_id], one.value) for one in all_of(ports, analyst, DebtorContact)}
    assert points == expected
    with ports.session(analyst) as session:
        assert get_upload(session, analyst, latest(ports, analyst).id).value_minor == sum(
            one.placed_minor for one in cases
        )
