"""Formulas that failed: their cells are read as empty, and the sender is told before anything is confirmed."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Callable

import pytest
import xlsxwriter

from portal.ports import Ports
from tests.tenants import Tenants, add_tenants
from tests.uploads.opened import HEADER, ROWS, opened, text_of, workbook, zipped
from uploads.formats.formulaerrors import failed_cells
from uploads.models import UploadState


@pytest.fixture
def tenants(ports: Ports) -> Tenants:
    return add_tenants(ports)


def book(name: str = "Cartera", *, errors: dict[str, str], top: int = 0, left: int = 0) -> bytes:
    """A sheet behind another one, with formulas that gave these errors at these cells."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as made:
        made.add_worksheet("Notas").write_formula("B3", "=1/0", None, "#DIV/0!")
        sheet = made.add_worksheet(name)
        for at, row in enumerate([HEADER, *ROWS]):
            sheet.write_row(top + at, left, row)
        for cell, error in errors.items():
            sheet.write_formula(cell, "=VLOOKUP(A2,Z:Z,1,0)", None, error)
    return out.getvalue()


def rewritten(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return zipped({name: change(name, archive.read(name)) for name in archive.namelist()})


def test_failed_formulas_are_counted_by_column_below_the_header() -> None:
    data = book(errors={"C2": "#N/A", "C3": "#REF!", "D2": "#DIV/0!", "A1": "#NAME?"})
    assert failed_cells(io.BytesIO(data), "Cartera", 1, 0) == Counter({2: 2, 3: 1})
    assert failed_cells(io.BytesIO(data), "Notas", 0, 1) == Counter({0: 1})
    assert failed_cells(io.BytesIO(data), "Otra", 0, 0) == Counter()


def test_a_sheet_is_found_by_its_name_however_its_part_is_called() -> None:
    name = 'Cartera "A" & <B>'
    data = book(name, errors={"C2": "#N/A"})

    def absolute(part: str, text: bytes) -> bytes:
        return text.replace(b'Target="worksheets/', b'Target="/xl/worksheets/') if part.endswith(".rels") else text

    assert failed_cells(io.BytesIO(rewritten(data, absolute)), name, 1, 0) == Counter({2: 1})


@pytest.mark.parametrize("ahead", [(1 << 20) - 40, (1 << 20) - 20, (1 << 20) - 3])
def test_a_cell_that_lies_across_two_pieces_is_seen(ahead: int) -> None:
    def filled(part: str, text: bytes) -> bytes:
        at = text.find(b'<c r="C2"')
        return text[:at] + b" " * (ahead - at) + text[at:] if part.endswith("sheet2.xml") else text

    data = rewritten(book(errors={"C2": "#N/A"}), filled)
    assert failed_cells(io.BytesIO(data), "Cartera", 1, 0) == Counter({2: 1})


def test_a_part_that_names_nothing_is_no_end_of_the_opening() -> None:
    data = book(errors={"C2": "#N/A"})

    def without(part: str, text: bytes) -> bytes:
        return b"<Relationships/>" if part == "xl/_rels/workbook.xml.rels" else text

    assert failed_cells(io.BytesIO(rewritten(data, without)), "Cartera", 1, 0) == Counter()


def test_the_sender_is_told(ports: Ports, tenants: Tenants) -> None:
    upload = opened(ports, tenants.creditor, book(errors={"E7": "#N/A", "E8": "#REF!", "F8": "#N/A"}, top=5, left=2))
    assert upload.state is UploadState.RECEIVED
    assert upload.container["notes"] == [
        {"code": "failed_formulas", "names": "saldo total, fecha vencimiento", "count": 3}
    ]
    assert "#" not in text_of(ports, upload)


def test_a_workbook_without_errors_says_nothing(ports: Ports, tenants: Tenants) -> None:
    assert opened(ports, tenants.creditor, workbook()).container["notes"] == []
