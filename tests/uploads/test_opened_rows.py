"""Rows of opened files on their whole way: checked, counted, turned away with their reasons, and applied."""

from __future__ import annotations

import zipfile

import pytest
from sqlalchemy import select

from portal.ports import Ports
from tests import files
from tests.realfiles import real_folder
from tests.tenants import Tenants, add_tenants
from tests.uploads.opened import HEADER, ROWS, opened, workbook
from uploads.checking import errorfile
from uploads.checking.control import Control
from uploads.models import UploadError, UploadState
from uploads.options import Options

METRO2 = {"account number": "account_ref", "current balance": "balance_total", "open date": "open_date"}


@pytest.fixture
def tenants(ports: Ports) -> Tenants:
    return add_tenants(ports)


def faults(ports: Ports, actor, upload_id: int) -> list[tuple[int, str, str]]:
    with ports.session(actor) as session:
        found = select(UploadError.line, UploadError.field, UploadError.code).where(
            UploadError.upload_id == upload_id, UploadError.is_warning.is_(other=False)
        )
        return [tuple(row) for row in session.execute(found.order_by(UploadError.line))]


def metro2(ports: Ports, tenants: Tenants, control: Control | None):
    """The real file as a portfolio, checked."""
    data = next(real_folder("metro2").glob("*.zip")).read_bytes()
    upload = opened(ports, tenants.creditor, data, "m2.zip", control=control)
    names = {name: at for at, name in enumerate(upload.header)}
    mapping = {names[name]: field for name, field in METRO2.items()} | {names["currency"]: "currency"}
    options = Options(currency="USD", date_order="ymd", decimal=".")
    files.confirm(ports, tenants.creditor, upload.id, mapping, options)
    return files.check(ports, tenants.creditor, upload.id)


def test_one_bad_line_of_a_metro_2_file_is_reported_and_the_others_are_cases(ports: Ports, tenants: Tenants):
    upload = metro2(ports, tenants, Control(rows=1_998))
    assert (upload.state, upload.rows_read, upload.rows_good) == (UploadState.CHECKED, 1_998, 1_997)
    assert upload.totals == {"USD": 9_002_379_00}
    with zipfile.ZipFile(next(real_folder("metro2").glob("*.zip"))) as archive:
        lines = archive.read(archive.namelist()[0]).decode("latin-1").split("\n")
    bad = next(number for number, line in enumerate(lines, 1) if line.startswith("UNPARSEABLE"))
    assert faults(ports, tenants.creditor, upload.id) == [(bad, "row", "no_record")]
    loaded = files.apply(ports, tenants.creditor, upload.id)
    assert (loaded.applied, loaded.rejected) == (1_997, 1)


def test_a_metro_2_file_that_was_cut_off_is_stopped_by_its_own_trailer(ports: Ports, tenants: Tenants):
    upload = metro2(ports, tenants, None)
    assert (upload.state, upload.fault) == (UploadState.REJECTED, "control_mismatch")
    assert (upload.fault_params["rows_said"], upload.fault_params["rows_found"]) == (564_618, 1_998)


def test_rejected_rows_of_a_workbook_come_back_with_the_numbers_of_its_rows(ports: Ports, tenants: Tenants):
    rows = [["BANCO UNO"], [], HEADER, ROWS[0], [], ["0003", "EVA", -5, "2026-01-31"], ["0004", "LUZ", "abc", ""]]
    upload = opened(ports, tenants.creditor, workbook(rows))
    files.confirm(ports, tenants.creditor, upload.id)
    upload = files.check(ports, tenants.creditor, upload.id)
    assert (upload.rows_read, upload.rows_good) == (3, 1)
    found = faults(ports, tenants.creditor, upload.id)
    assert found == [(6, "balance_total", "negative"), (7, "balance_total", "unreadable_amount")]
    with ports.session(tenants.creditor) as session:
        back = b"".join(errorfile.error_file(session, tenants.creditor, ports.storage, upload.id))
    assert back
