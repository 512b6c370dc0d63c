"""The file of rejected rows gives back what was sent, with every reason."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import tracemalloc
import zipfile
from functools import partial

import pytest
import python_calamine
import xlsxwriter

from agencies.kernel.tenancy import Actor
from agencies.organisations.permissions import Role
from portal.jobs import tasks
from portal.ports import Ports
from tests import files
from tests.people import World
from uploads.checking.errorfile import error_file
from uploads.checking.errorforms import as_workbook
from uploads.formats.blocks import blocks
from uploads.lifecycle import UploadMovedOn
from uploads.models import Upload
from uploads.options import Options


@pytest.fixture
def analyst(ports: Ports) -> Actor:
    return World(ports).actor(Role.ANALYST)


def bytes_of(ports: Ports, actor: Actor, upload_id: int) -> bytes:
    with ports.session(actor) as session:
        return b"".join(error_file(session, actor, ports.storage, upload_id))


def rejected(
    ports: Ports, actor: Actor, upload_id: int, *, encoding: str = "utf-8", delimiter: str = ";"
) -> list[list[str]]:
    text = bytes_of(ports, actor, upload_id).decode(encoding)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def opened(ports: Ports, actor: Actor, data: bytes, name: str, options: Options) -> Upload:
    """A file that is opened first, then confirmed as proposed and checked."""
    upload = files.send(ports, actor, data, filename=name).upload
    tasks.perform_due(ports)
    files.confirm(ports, actor, upload.id, options=options)
    return files.check(ports, actor, upload.id)


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
    header, *rows = rejected(ports, analyst, done.id, encoding="cp1252")
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
    monkeypatch.setattr("uploads.checking.run.LISTED", 10)
    rows = "".join(f"A{number};{'x' if number % 2 else '1,50'}\n" for number in range(300)) + "A0;1,50\n"
    done = files.checked(ports, analyst, f"obligacion;saldo\n{rows}".encode(), block_bytes=200, options=Options("COP"))
    _, *found = rejected(ports, analyst, done.id)
    assert [row[0] for row in found] == [f"A{number}" for number in range(1, 300, 2)] + ["A0"]
    assert len(found) == done.rows_rejected == 151


def test_a_corrected_error_file_can_be_sent(ports: Ports, analyst: Actor) -> None:
    done = files.checked(ports, analyst, b"obligacion;saldo\nA1;1,50\nA2;x\n", options=Options(decimal=","))
    header, row = rejected(ports, analyst, done.id)
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows([header, ["A2", "7,50", *row[2:]]])
    again = files.checked(ports, analyst, out.getvalue().encode())
    assert (again.rows_good, again.rows_rejected, again.value_minor) == (1, 0, 750)


def test_a_file_that_was_never_checked_has_no_rejected_rows(ports: Ports, analyst: Actor) -> None:
    upload = files.send(ports, analyst, b"obligacion;saldo\nA1;1\n").upload
    with pytest.raises(UploadMovedOn):
        rejected(ports, analyst, upload.id)


@pytest.mark.parametrize(
    ("encoding", "mark", "delimiter"),
    [
        ("utf-8", codecs.BOM_UTF8, ","),
        ("utf-8", b"", "|"),
        ("utf-16-le", codecs.BOM_UTF16_LE, "\t"),
        ("cp1252", b"", ";"),
    ],
)
def test_text_comes_back_in_the_encoding_and_with_the_separator_it_had(
    ports: Ports, analyst: Actor, encoding: str, mark: bytes, delimiter: str
) -> None:
    rows = [["obligacion", "saldo", "nombre"], ["A1", "x", "Peña Núñez"], ["A2", "1.50", "Íñigo"]]
    data = mark + "".join(delimiter.join(row) + "\r\n" for row in rows).encode(encoding)
    done = files.checked(ports, analyst, data, options=Options(decimal="."))
    back = bytes_of(ports, analyst, done.id)
    assert back.startswith(mark)
    header, row = csv.reader(io.StringIO(back[len(mark) :].decode(encoding), newline=""), delimiter=delimiter)
    assert header == [*rows[0], "line", "reasons"]
    assert row[:4] == [*rows[1], "2"]


def book(rows: list[list[object]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"strings_to_formulas": False}) as written:
        sheet = written.add_worksheet("Cartera")
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    return out.getvalue()


def test_rows_of_a_workbook_come_back_in_a_workbook(ports: Ports, analyst: Actor) -> None:
    data = book(
        [
            ["Cartera de marzo"],
            [],
            ["obligacion", "saldo", "nombre"],
            ["000123", 1500.5, "Ana Uno"],
            ["000124", "cinco", "=cmd|' /C calc'!A0"],
        ]
    )
    done = opened(ports, analyst, data, "cartera.xlsx", Options(decimal="."))
    assert (done.rows_good, done.rows_rejected) == (1, 1)
    back = bytes_of(ports, analyst, done.id)
    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(back)).get_sheet_by_index(0)
    header, row = sheet.to_python()
    assert header == ["obligacion", "saldo", "nombre", "line", "reasons"]
    assert row[:4] == ["000124", "cinco", "=cmd|' /C calc'!A0", 5]
    # Text that looks like a formula is text: no cell of the sheet has one.
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(back)).read("xl/worksheets/sheet1.xml")


def test_rows_that_one_sheet_cannot_hold_stand_in_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("uploads.checking.errorforms._MOST_ROWS", 4)
    rows = [[f"A{at}", at] for at in range(7)]
    data = b"".join(as_workbook([[["obligacion", "line"]], rows[:2], rows[2:]], "Rejected"))
    back = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    sheets = [back.get_sheet_by_index(at).to_python() for at in range(len(back.sheet_names))]
    assert all(sheet[0] == ["obligacion", "line"] and len(sheet) <= 4 for sheet in sheets)
    assert [row for sheet in sheets for row in sheet[1:]] == rows
    alone = python_calamine.CalamineWorkbook.from_filelike(
        io.BytesIO(b"".join(as_workbook([[["obligacion"]]], "Rejected")))
    )
    assert alone.get_sheet_by_index(0).to_python() == [["obligacion"]]


def test_a_packed_text_comes_back_as_the_text_it_was(ports: Ports, analyst: Actor) -> None:
    data = gzip.compress("obligacion;saldo\nÑ1;x\nÑ2;1,50\n".encode("cp1252"))
    done = opened(ports, analyst, data, "cartera.csv.gz", Options(decimal=","))
    assert rejected(ports, analyst, done.id, encoding="cp1252")[1][:3] == ["Ñ1", "x", "2"]


def test_many_rejected_rows_need_no_more_memory_than_few(
    ports: Ports, analyst: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("uploads.checking.errorfile.blocks", partial(blocks, size=100_000))

    def most(rows: int) -> int:
        lines = "".join(f"{rows}-{n};{'x' if n % 5 == 0 else '1,50'};Persona {n}\n" for n in range(rows))
        data = f"obligacion;saldo;nombre\n{lines}".encode()
        done = files.checked(ports, analyst, data, options=Options(decimal=","))
        assert done.rows_rejected == rows // 5
        with ports.session(analyst) as session:
            tracemalloc.start()
            found = sum(len(piece) for piece in error_file(session, analyst, ports.storage, done.id))
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        assert found > rows * 10
        return peak

    few, many = most(20_000), most(100_000)
    assert many < 2 * few, (few, many)
