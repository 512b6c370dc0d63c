"""`flask upload`: a file goes all the way without a browser, in somebody's name and with that person's rights only."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from agencies.kernel.session import transaction
from agencies.organisations.models import Organisation, OrganisationState, User, UserState
from agencies.organisations.permissions import Role
from assignments.cases.models import Case
from assignments.reports.models import Payment
from portal.ports import Ports
from tests import loop, people
from uploads.models import Upload, UploadState

HEADER = "Obligación;Cédula;Nombre deudor;Producto;Saldo total;Fecha mora;Ciudad;Celular"
GOOD = [
    "A-1;52123456;Ana Uno;Libre inversión;1.500.000,50;31/01/2026;Bogotá;3001234567",
    "A-2;52123457;Beto Dos;Tarjeta;250.000,00;15/02/2026;Cali;3001234568",
    "A-3;52123458;Caro Tres;Tarjeta;99.999,99;28/02/2026;Cali;3001234569",
]
BAD = [
    "A-4;52123459;Dora Cuatro;Tarjeta;-5,00;28/02/2026;Cali;3001234560",
    "A-1;52123450;Eva Cinco;Tarjeta;10,00;28/02/2026;Cali;3001234561",
]
OPEN_HEADER = "Cuenta;Cédula;Nombre deudor;Producto;Saldo total;Fecha mora"
OPEN = ["A-1;52123456;Ana Uno;Tarjeta;1500;03/02/2026", "A-2;52123457;Beto Dos;Tarjeta;2500;04/02/2026"]


@pytest.fixture
def run(app: Flask):
    """Run a command of the test's app and return how it ended."""
    return lambda *arguments: app.test_cli_runner().invoke(args=list(map(str, arguments)))


@pytest.fixture
def path(tmp_path: Path):
    """A file on the machine the command runs on."""

    def write(rows: list[str], header: str = HEADER, name: str = "cartera.csv", encoding: str = "utf-8") -> Path:
        file = tmp_path / name
        file.write_bytes(("\n".join([header, *rows]) + "\n").encode(encoding))
        return file

    return write


@pytest.fixture
def analyst(world: people.World) -> people.Person:
    return world.person(Role.ANALYST)


def uploads(ports: Ports, person: people.Person) -> list[Upload]:
    with ports.session(person.actor) as session:
        return list(session.scalars(select(Upload).order_by(Upload.id)))


def cases(ports: Ports, person: people.Person) -> list[str]:
    with ports.session(person.actor) as session:
        return list(session.scalars(select(Case.account_ref).order_by(Case.account_ref)))


def test_a_good_file_is_sent_checked_and_applied_in_one_command(run, path, analyst, world):
    result = run("upload", path(GOOD), "--kind", "portfolio", "--as", analyst.email, "--apply", "all")

    assert result.exit_code == 0, result.output
    assert cases(world.ports, analyst) == ["A-1", "A-2", "A-3"]
    (upload,) = uploads(world.ports, analyst)
    assert upload.state is UploadState.APPLIED
    assert upload.created_by == upload.applied_by == analyst.actor.user_id
    # In the person's language and figures.
    assert "Saldo total" in result.output
    assert "1.850.000,49" in result.output
    assert "Filas leídas: 3. Correctas: 3. Rechazadas: 0." in result.output


def test_an_english_reader_is_told_in_english(run, path, world):
    person = world.person(Role.ANALYST, language="en")

    result = run("upload", path(GOOD), "--kind", "portfolio", "--as", person.email)

    assert result.exit_code == 0, result.output
    assert "Rows read: 3. Good: 3. Rejected: 0." in result.output
    assert "COP 1,850,000.49" in result.output
    assert "account_ref" in result.output
    assert "%" in result.output, "each column with its confidence"


def test_without_apply_it_ends_when_the_file_is_checked(run, path, analyst, world):
    result = run("upload", path(GOOD + BAD), "--kind", "portfolio", "--as", analyst.email)

    assert result.exit_code == 0, result.output
    (upload,) = uploads(world.ports, analyst)
    assert (upload.state, upload.rows_good, upload.rows_rejected) == (UploadState.CHECKED, 3, 2)
    assert cases(world.ports, analyst) == []


def test_faults_are_told_by_kind_with_line_and_value(run, path, world):
    person = world.person(Role.ANALYST, language="en")

    result = run("upload", path(GOOD + BAD), "--kind", "portfolio", "--as", person.email)

    assert "What is wrong:" in result.output
    assert "row 5: -5,00" in result.output
    assert "row 6: A-1" in result.output


def test_all_or_nothing_refuses_a_file_with_bad_rows_and_good_rows_go_alone(run, path, analyst, world):
    refused = run("upload", path(GOOD + BAD), "--kind", "portfolio", "--as", analyst.email, "--apply", "all")
    assert refused.exit_code == 1
    assert cases(world.ports, analyst) == []

    # The same file again goes on from where it stands.
    taken = run("upload", path(GOOD + BAD), "--kind", "portfolio", "--as", analyst.email, "--apply", "good")

    assert taken.exit_code == 0, taken.output
    assert cases(world.ports, analyst) == ["A-1", "A-2", "A-3"]
    assert len(uploads(world.ports, analyst)) == 1
    again = run("upload", path(GOOD + BAD), "--kind", "portfolio", "--as", analyst.email, "--apply", "good")
    assert again.exit_code == 0
    assert cases(world.ports, analyst) == ["A-1", "A-2", "A-3"], "nothing is applied twice"


def test_what_is_open_is_not_guessed_but_asked_for_and_nothing_is_checked(run, path, analyst, world):
    file = path(OPEN, OPEN_HEADER)

    result = run("upload", file, "--kind", "portfolio", "--as", analyst.email, "--apply", "all")

    assert result.exit_code == 1
    assert "--map 'Cuenta=account_ref'" in result.output, "the word means several things"
    assert "--option date_order=dmy|mdy|ymd" in result.output, "3/2 and 4/2 can be read both ways"
    assert "\n{" not in result.stdout, "logs are no part of what is told"
    (upload,) = uploads(world.ports, analyst)
    assert upload.state is UploadState.RECEIVED


def test_signs_are_told_between_quotes_and_rows_in_the_readers_language(run, path, analyst):
    mistyped = run("upload", path(GOOD), "--kind", "portfolio", "--as", analyst.email, "--option", "decimal=x")
    assert "«,» o «.»" in mistyped.output

    told = run("upload", path(GOOD + BAD), "--kind", "portfolio", "--as", analyst.email)
    assert "fila 5: -5,00" in told.output


def test_what_is_open_can_be_settled_on_the_command_line(run, path, analyst, world):
    file = path(OPEN, OPEN_HEADER)
    said = ("--map", "Cuenta=account_ref", "--option", "date_order=dmy", "--option", "decimal=,")

    result = run("upload", file, "--kind", "portfolio", "--as", analyst.email, "--apply", "all", *said)

    assert result.exit_code == 0, result.output
    with world.ports.session(analyst.actor) as session:
        assert {str(day) for day in session.scalars(select(Case.delinquent_on))} == {"2026-02-03", "2026-02-04"}


def test_a_column_can_be_left_out_and_a_required_one_is_missed(run, path, world):
    person = world.person(Role.ANALYST, language="en")

    result = run("upload", path(GOOD), "--kind", "portfolio", "--as", person.email, "--map", "Saldo total=")

    assert result.exit_code == 1
    assert "--map 'HEADER=balance_total'" in result.output


@pytest.mark.parametrize(
    "said",
    [
        ("--map", "Nobody=account_ref"),
        ("--map", "Celular=telephone"),
        ("--map", "Celular"),
        ("--option", "date_order=dym"),
        ("--option", "colour=red"),
        ("--option", "decimal"),
        ("--code", "product=x"),
        ("--apply", "some"),
        ("--kind", "secrets"),
    ],
)
def test_what_was_mistyped_is_said_and_nothing_is_confirmed(run, path, analyst, world, said):
    result = run("upload", path(GOOD), "--kind", "portfolio", "--as", analyst.email, *said)

    assert result.exit_code == 2, result.output
    assert all(one.state is UploadState.RECEIVED for one in uploads(world.ports, analyst))


def test_an_unusable_file_says_why_and_fails(run, tmp_path, analyst, world):
    file = tmp_path / "cartera.csv"
    file.write_bytes(b"")

    result = run("upload", file, "--kind", "portfolio", "--as", analyst.email)

    assert result.exit_code == 1
    (upload,) = uploads(world.ports, analyst)
    assert upload.state is UploadState.REJECTED
    assert upload.fault == "empty"


@pytest.mark.parametrize("role", [Role.FINANCE, Role.MANAGER, Role.OPERATOR])
def test_who_may_not_send_such_a_file_may_not_here_either(run, path, world, role):
    person = world.person(role) if role is not Role.OPERATOR else world.known[Role.OPERATOR, 0]

    result = run("upload", path(GOOD), "--kind", "portfolio", "--as", person.email)

    assert result.exit_code == 1
    folder = world.ports.settings.storage_folder
    assert not [one for one in folder.rglob("*") if one.is_file()], "and nothing of it stays"


def test_nobody_acts_who_could_not_sign_in(run, path, world, analyst):
    with world.ports.session(world.operator) as session, transaction(session):
        session.get_one(User, analyst.actor.user_id).state = UserState.DISABLED
    other = world.person(Role.ANALYST, organisation=1)
    with world.ports.session(world.operator) as session, transaction(session):
        session.get_one(Organisation, other.actor.tenant).state = OrganisationState.SUSPENDED

    for email in ("nobody@encargo.example", analyst.email, other.email):
        result = run("upload", path(GOOD), "--kind", "portfolio", "--as", email)
        assert result.exit_code == 1
        assert "Nobody who may sign in" in result.output


def test_an_agency_says_whose_cases_its_file_speaks_of(run, path, world):
    manager = world.person(Role.MANAGER, language="en")
    file = path(["A-1;P-1;05/02/2026;100"], "Obligación;Recibo;Fecha pago;Valor pagado", "pagos.csv")

    stranger = run("upload", file, "--kind", "payments", "--as", manager.email, "--creditor", "Banco 0")
    assert stranger.exit_code == 1, "no mandate, no creditor"
    assert "--creditor" in stranger.output
    unknown = run("upload", file, "--kind", "payments", "--as", manager.email, "--report", "a" * 26)
    assert unknown.exit_code == 1
    assert [one.kind for one in uploads(world.ports, manager)] == []


def test_too_large_a_file_is_not_even_read(run, world, analyst, tmp_path):
    file = tmp_path / "huge.csv"
    with file.open("wb") as sparse:
        sparse.truncate(world.ports.settings.max_upload_bytes + 1)

    result = run("upload", file, "--kind", "portfolio", "--as", analyst.email)

    assert result.exit_code == 1
    assert uploads(world.ports, analyst) == []


def test_one_person_s_language_does_not_stay_for_the_next(run, path, world):
    english = world.person(Role.ANALYST, language="en")
    run("upload", path(GOOD), "--kind", "portfolio", "--as", english.email)
    spanish = world.person(Role.ANALYST, organisation=1)

    result = run("upload", path(GOOD), "--kind", "portfolio", "--as", spanish.email)

    assert "Rows read" not in result.output
    assert "Filas leídas: 3" in result.output


def test_an_agency_s_payments_are_booked(run, path, world):
    creditor, manager = world.actor(Role.DIRECTOR), world.person(Role.MANAGER)
    loop.place_with(world.ports, creditor, manager.actor, [loop.NewCase("A-1", 100_000)])
    file = path(["A-1,2026-01-20,300.00"], "Obligacion,Fecha pago,Valor pago", "pagos.csv")

    # The only creditor it serves is meant where none is named; here it is, by name.
    named = ("--creditor", world.creditors[0].name, "--kind", "payments", "--apply", "all")
    result = run("upload", file, "--as", manager.email, *named)

    assert result.exit_code == 0, result.output
    with world.ports.session(manager.actor) as session:
        assert session.scalars(select(Payment.amount_minor)).all() == [30_000]
