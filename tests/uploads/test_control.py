"""What a file is said to hold, by its sender or by its last rows, against what is found in it."""

from __future__ import annotations

import pytest

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Role
from portal.ports import Ports
from tests import files
from tests.people import World
from uploads import receiving
from uploads.checking.control import Control
from uploads.models import Upload, UploadKind, UploadState
from uploads.queries import list_errors

HEADER = "obligacion;nombre;saldo total;moneda\n"
ROWS = [f"A{number};Peña {number};{number}00,50;\n" for number in range(1, 8)]
#: Of the rows above: 2,800 and seven halves.
TOTAL = 280_350


@pytest.fixture
def analyst(ports: Ports) -> Actor:
    return World(ports).actor(Role.ANALYST)


def checked(ports: Ports, actor: Actor, data: str, control: Control | None = None, **how) -> Upload:
    incoming = ports.storage.incoming()
    incoming.write(data.encode())
    with ports.session(actor) as session, transaction(session):
        upload = receiving.receive(
            session,
            actor,
            incoming,
            kind=UploadKind.PORTFOLIO,
            filename="cartera.csv",
            control=control,
            now=utc_now(),
        ).upload
    files.confirm(ports, actor, upload.id)
    return files.check(ports, actor, upload.id, **how)


def told(ports: Ports, actor: Actor, upload: Upload) -> list[tuple[int, str]]:
    with ports.session(actor) as session:
        return [(row.line, row.code) for row in list_errors(session, actor, upload.id, is_warning=True).rows]


@pytest.mark.parametrize(
    "control",
    [Control(rows=7), Control(amount_minor=TOTAL), Control(7, TOTAL), Control(7, TOTAL, "COP"), Control(), None],
)
def test_a_file_that_holds_what_was_said_is_checked(ports: Ports, analyst: Actor, control: Control | None) -> None:
    done = checked(ports, analyst, HEADER + "".join(ROWS), control)
    assert (done.state, done.rows_good, done.totals) == (UploadState.CHECKED, 7, {"COP": TOTAL})


@pytest.mark.parametrize(
    "control", [Control(rows=8), Control(amount_minor=TOTAL + 1), Control(7, TOTAL - 1), Control(7, TOTAL, "USD")]
)
def test_a_file_that_holds_something_else_is_stopped(ports: Ports, analyst: Actor, control: Control) -> None:
    done = checked(ports, analyst, HEADER + "".join(ROWS), control)
    assert (done.state, done.fault) == (UploadState.REJECTED, "control_mismatch")
    params = done.fault_params or {}
    assert (params["rows_said"], params["rows_found"]) == (control.rows, 7)
    assert params["amount_said"] == control.amount_minor
    assert params["amount_found"] == (TOTAL if params["currency"] == "COP" else 0)


def test_rejected_rows_count_in_what_was_said(ports: Ports, analyst: Actor) -> None:
    data = HEADER + "".join(ROWS) + "A1;repetida;10,00;\n;sin obligación;5,00;\nA9;sin columnas\nA8;mal;cinco;\n"
    done = checked(ports, analyst, data, Control(11, TOTAL + 1500))
    assert (done.state, done.rows_read, done.rows_good, done.totals) == (UploadState.CHECKED, 11, 7, {"COP": TOTAL})


@pytest.mark.parametrize("block_bytes", [40, 4 << 20])
@pytest.mark.parametrize(
    "last",
    [
        ";TOTAL;2.803,50;\n",
        "TOTAL;;2.803,50;\n",
        "Total general:;;2.803,50;\n",
        "SUMA;;2.803,50;\n",
        "Totales;;;\n",
        ";;2.803,50;\n",
        ";;;\nTOTAL;7;2803,50\n",
        "Total registros: 7;;2.803,50;\n",
        "Registros: 7\n",
        "Subtotal;;99,00;\nTOTAL;;2.803,50;\n",
    ],
)
def test_a_row_of_totals_is_no_account(ports: Ports, analyst: Actor, last: str, block_bytes: int) -> None:
    done = checked(ports, analyst, HEADER + "".join(ROWS) + last, block_bytes=block_bytes)
    assert (done.state, done.rows_read, done.rows_good, done.rows_rejected) == (UploadState.CHECKED, 7, 7, 0)
    assert (done.totals, done.error_counts) == ({"COP": TOTAL}, {})
    assert {code for _, code in told(ports, analyst, done)} == {"total_row"}


@pytest.mark.parametrize(
    "last", ["TOTAL;;2.803,51;\n", ";Total;28,03;\n", "Registros: 8\n", "TOTAL;8;2803,50\n", "Total cuentas: 6;;;\n"]
)
@pytest.mark.parametrize("block_bytes", [40, 4 << 20])
def test_a_total_that_is_not_that_of_the_rows_stops_the_file(
    ports: Ports, analyst: Actor, last: str, block_bytes: int
) -> None:
    done = checked(ports, analyst, HEADER + "".join(ROWS) + last, block_bytes=block_bytes)
    assert (done.state, done.fault) == (UploadState.REJECTED, "control_mismatch")
    assert (done.fault_params or {})["source"] == "totals"


def test_totals_between_the_accounts_are_told_and_not_compared(ports: Ports, analyst: Actor) -> None:
    rows = "".join(ROWS[:3]) + "TOTAL;;1,00;\n" + "".join(ROWS[3:])
    done = checked(ports, analyst, HEADER + rows)
    assert (done.state, done.rows_read, done.control) == (UploadState.CHECKED, 7, None)
    assert told(ports, analyst, done) == [(5, "total_row")]


@pytest.mark.parametrize("row", ['"TOTAL\rsolo"x;1;2;3;4', "TOTAL;" + "9" * 140_000], ids=["return", "endless"])
def test_a_row_that_does_not_fit_is_a_fault_whatever_it_holds(ports: Ports, analyst: Actor, row: str) -> None:
    done = checked(ports, analyst, HEADER + "".join(ROWS) + f"{row}\n")
    assert done.rows_good == len(ROWS)


@pytest.mark.parametrize(
    "row",
    [
        "TOTAL S.A.;Total Energía S.A.;5,00;\n",
        "A8;Total;5,00;\n",
        "A8;Suma;2.803,50;\n",
        "T0TAL1;;5,00;\n",
    ],
)
def test_a_debtor_called_total_is_an_account(ports: Ports, analyst: Actor, row: str) -> None:
    done = checked(ports, analyst, HEADER + "".join(ROWS) + row)
    assert (done.state, done.rows_read, done.rows_good) == (UploadState.CHECKED, 8, 8)


def test_a_row_without_account_whose_amount_is_another_one_is_a_fault(ports: Ports, analyst: Actor) -> None:
    done = checked(ports, analyst, HEADER + "".join(ROWS) + ";;77,00;\n;Ana;2.880,50;\n")
    assert (done.rows_read, done.rows_rejected) == (9, 2)
    assert done.error_counts == {"account_ref:required": 2}


def test_rows_of_several_currencies_have_totals_each(ports: Ports, analyst: Actor) -> None:
    data = HEADER + "A1;x;10,50;USD\nA2;x;20,00;\nA3;x;30,25;usd\nA4;x;7,00;pesos\nTOTAL;;67,75;\n"
    done = checked(ports, analyst, data, block_bytes=50)
    assert (done.state, done.rows_good) == (UploadState.CHECKED, 4)
    assert done.totals == {"COP": 2700, "USD": 4075}
    assert done.value_minor == done.totals[done.currency or ""]


def test_what_the_sender_typed_goes_before_a_row_of_totals(ports: Ports, analyst: Actor) -> None:
    done = checked(ports, analyst, HEADER + "".join(ROWS) + "TOTAL;;1,00;\n", Control(rows=7))
    assert (done.state, (done.control or {})["source"]) == (UploadState.CHECKED, "typed")
