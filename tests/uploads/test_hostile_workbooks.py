"""Workbooks made to do harm: what they define is never expanded or fetched, and whoever opens them goes on."""

from __future__ import annotations

import io
import os
import signal
import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from agencies.kernel.session import transaction
from portal.jobs import tasks
from portal.ports import Ports
from tests.realfiles import real_folder
from tests.tenants import Tenants, add_tenants
from tests.uploads.opened import HEADER, ROWS, look, opened, sent, text_of, workbook, workbook_of
from tests.uploads.test_hostile_archives import fault, measured, with_part
from uploads import opening
from uploads.formats.children import Opener, OpenerDied
from uploads.formats.limits import LIMITS, Limits
from uploads.formats.workbooks import Workbook
from uploads.models import UploadState

SHEET = "xl/worksheets/sheet1.xml"
ROW = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)
LAUGHS = "".join(
    f'<!ENTITY lol{number} "{f"&lol{number - 1};" * 10}">' if number else '<!ENTITY lol0 "lol">' for number in range(12)
)
CELL = '<row r="1"><c r="A1" t="inlineStr"><is><t>{}</t></is></c></row>'


def laughing() -> str:
    """A sheet whose one cell would expand to a terabyte."""
    return f'<?xml version="1.0"?><!DOCTYPE lolz [{LAUGHS}]>' + ROW.format(CELL.format("&lol11;"))


def fetching(port: int, name: str = "x") -> str:
    """A sheet that asks its reader to fetch something."""
    place = f"http://127.0.0.1:{port}/{name}"
    return f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "{place}">]>' + ROW.format(CELL.format("&x;"))


@pytest.fixture
def tenants(ports: Ports) -> Tenants:
    return add_tenants(ports)


@pytest.fixture
def listener():
    """A server that counts who connects."""
    hits: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        stop = threading.Event()

        def listen() -> None:
            while not stop.is_set():
                try:
                    connection, address = server.accept()
                except TimeoutError:
                    continue
                hits.append(address)
                connection.close()

        thread = threading.Thread(target=listen)
        thread.start()
        yield server.getsockname()[1], hits
        stop.set()
        thread.join()


def test_entities_that_multiply_are_refused_in_a_moment():
    code, seconds, megabytes = measured(with_part(SHEET, laughing().encode()))
    assert code == "unsafe_archive"
    assert seconds < 2
    assert megabytes < 100


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "[Content_Types].xml"])
def test_an_external_entity_is_not_fetched(listener, part: str):
    port, hits = listener
    assert fault(with_part(part, fetching(port).encode())) == "unsafe_archive"
    assert fault(with_part(part, fetching(port).encode("utf-16"))) == "unsafe_archive"
    assert hits == []


def test_the_reader_itself_neither_expands_nor_fetches_what_a_sheet_defines(listener, tmp_path):
    """The gate before it is not what we depend on alone."""
    port, hits = listener
    for number, text in enumerate((laughing(), fetching(port))):
        path = tmp_path / f"{number}.xlsx"
        path.write_bytes(with_part(SHEET, text.encode()))
        try:
            book = Workbook(str(path), frozenset(), LIMITS)
            cells = [cell for row in book._load("Cartera").iter_rows() for cell in row]
        except Exception:  # noqa: BLE001 - whatever it says, it did not expand it
            cells = []
        assert all(len(str(cell)) < 100 for cell in cells)
    assert hits == []


def test_a_workbook_with_a_password_says_so():
    assert fault((real_folder("import-fixtures") / "calamine" / "pass_protected.xlsx").read_bytes()) == "password"


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (replace(LIMITS, cells=100), "too_many_cells"),
        (replace(LIMITS, memory_bytes=50 << 20), "too_large_to_open"),
        (replace(LIMITS, wall_seconds=0), "too_slow_to_open"),
    ],
    ids=["cells", "memory", "time"],
)
def test_a_workbook_beyond_a_limit_is_refused_with_a_way_out(limits: Limits, code: str):
    rows = [[f"{row} {column} {row * column}" for column in range(100)] for row in range(5_000)]
    assert fault(workbook(rows), limits) == code


def test_what_a_process_of_ours_is_not_given_cannot_leave(monkeypatch):
    """The process that opens files knows neither the settings nor the secrets of the one that starts it."""
    monkeypatch.setenv("SECRET_KEY", "a-secret-of-the-worker")
    opener = Opener(io.BytesIO(workbook()), {"known": []}, LIMITS, lambda _: None)
    try:
        given = Path(f"/proc/{opener.pid}/environ").read_bytes()
        while not opener.pump(1):
            pass
    finally:
        opener.close()
    assert b"a-secret-of-the-worker" not in given
    assert b"DATABASE_URL" not in given


def test_a_process_that_is_killed_is_no_fault_of_the_file(ports: Ports, tenants: Tenants, monkeypatch):
    upload = sent(ports, tenants.creditor, workbook())
    begin = Opener.__init__

    def begin_and_die(self, *given):
        begin(self, *given)
        os.kill(self.pid, signal.SIGKILL)

    monkeypatch.setattr(Opener, "__init__", begin_and_die)
    with ports.session(tenants.creditor) as session, transaction(session):
        job = opening.Opening(session, tenants.creditor, ports.storage, upload.id)
        with pytest.raises(OpenerDied):
            while job.next_step(ports.now()) is not None:
                pass
        job.close()
    monkeypatch.undo()
    assert look(ports, tenants.creditor, upload.id).state is UploadState.OPENING

    tasks.perform_due(ports)
    assert look(ports, tenants.creditor, upload.id).header == HEADER


def test_a_hostile_file_harms_no_other_and_the_worker_goes_on(ports: Ports, tenants: Tenants):
    bad = sent(ports, tenants.creditor, with_part(SHEET, laughing().encode()), "malo.xlsx")
    good = sent(ports, tenants.other_creditor, workbook(), "bueno.xlsx")
    tasks.perform_due(ports)
    refused = look(ports, tenants.creditor, bad.id)
    assert (refused.state, refused.fault) == (UploadState.REJECTED, "unsafe_archive")
    assert look(ports, tenants.other_creditor, good.id).header == HEADER


def test_a_rejected_workbook_may_be_sent_again(ports: Ports, tenants: Tenants):
    data = workbook_of({"Vacia": []})
    first = opened(ports, tenants.creditor, data)
    assert (first.state, first.fault) == (UploadState.REJECTED, "no_rows_in_workbook")
    assert opened(ports, tenants.creditor, data).id != first.id


def test_macros_stay_behind(ports: Ports, tenants: Tenants):
    data = with_part("xl/vbaProject.bin", b"Attribute VB_Name AutoOpen Shell")
    upload = opened(ports, tenants.creditor, data, "cartera.xlsm")
    assert (upload.container["format"], upload.header) == ("xlsm", HEADER)
    assert {note["code"] for note in upload.container["notes"]} == {"macros_left_out"}
    assert "AutoOpen" not in text_of(ports, upload)


def test_formulas_are_read_as_what_they_gave(ports: Ports, tenants: Tenants):
    rows = [HEADER, ["=cmd|' /C calc'!A0", *ROWS[0][1:]], *ROWS]
    upload = opened(ports, tenants.creditor, workbook(rows))
    assert text_of(ports, upload).splitlines()[1].startswith("=cmd|' /C calc'!A0,")
