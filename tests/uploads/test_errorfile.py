"""The file of rejected rows gives back what was sent, with every reason."""

from __future__ import annotations

import csv
import io

import pytest

from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Role
from portal.ports import Ports
from tests import files
from tests.people import World
from uploads.errorfile import error_file
from uploads.lifecycle import UploadMovedOn
from uploads.options import Options


@pytest.fixture
def analyst(ports: Ports) -> Actor:
    return World(ports).actor(Role.ANALYST)


def rejected(ports: Ports, actor: Actor, upload_id: int) -> list[list[str]]:
    with ports.session(actor) as session:
        data = b"".join(error_file(session, actor, ports.storage, upload_id))
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_every_rejected_row_comes_back_as_it_was_sent(ports: Ports, analyst: Actor) -> None:
    data = (
        "obligacion;nota interna;saldo;nombre\n"
        'A1;"dos\nlíneas; y más";1.500,00;Peña\n'
        "A2; n/a ;cinco;-\n"
        "\n"
        "A1;repetida;2,00;Núñez\n"
        "A3;corta\n"
        "A4;=1+1;-3,00;@cmd\n"
    )
    done = files.checked(ports, analyst, data.encode("cp1252"), options=Options(decimal=","))
    assert (done.rows_read, done.rows_rejected) == (5, 4)
    header, *rows = rejected(ports, analyst, done.id)
    assert header == ["obligacion", "nota interna", "saldo", "nombre", "line", "reasons"]
    assert [row[:5] for row in rows] == [
        ["A2", " n/a ", "cinco", "'-", "3"],
        ["A1", "repetida", "2,00", "Núñez", "5"],
        ["A3", "corta", "", "", "6"],
        ["A4", "'=1+1", "-3,00", "'@cmd", "7"],
    ]
    assert "Total balance is not an amount" in rows[0][5]
    assert "earlier row" in rows[1][5]
    assert "fewer columns" in rows[2][5]
    assert "negative" in rows[3][5]


def test_no_row_is_missing_beyond_the_listed_ones(
    ports: Ports, analyst: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("uploads.checking.LISTED", 10)
    rows = "".join(f"A{number};{'x' if number % 2 else '1,50'}\n" for number in range(300)) + "A0;1,50\n"
    done = files.checked(ports, analyst, f"obligacion;saldo\n{rows}".encode(), block_bytes=200, options=Options("COP"))
    _, *found = rejected(ports, analyst, done.id)
    assert [row[0] for row in found] == [f"A{number}" for number in range(1, 300, 2)] + ["A0"]
    assert len(found) == done.rows_rejected == 151


def test_a_corrected_error_file_can_be_sent(ports: Ports, analyst: Actor) -> None:
    done = files.checked(ports, analyst, b"obligacion;saldo\nA1;1,50\nA2;x\n", options=Options(decimal=","))
    header, row = rejected(ports, analyst, done.id)
    out = io.StringIO()
    csv.writer(out).writerows([header, ["A2", "7,50", *row[2:]]])
    again = files.checked(ports, analyst, out.getvalue().encode())
    assert (again.rows_good, again.rows_rejected, again.value_minor) == (1, 0, 750)


def test_a_file_that_was_never_checked_has_no_rejected_rows(ports: Ports, analyst: Actor) -> None:
    upload = files.send(ports, analyst, b"obligacion;saldo\nA1;1\n").upload
    with pytest.raises(UploadMovedOn):
        rejected(ports, analyst, upload.id)
