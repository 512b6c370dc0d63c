"""Cells of workbooks by their types, headers wherever they stand, and the sheet that fits best."""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta

import pytest
import xlsxwriter

from tests.realfiles import real_folder
from tests.uploads.opened import HEADER, ROWS, workbook_of
from uploads.formats.headerrows import find_header, known_names, letters, tidy
from uploads.formats.limits import LIMITS
from uploads.formats.workbooks import _TEXT, Workbook, joined
from uploads.models import UploadKind
from uploads.schemas.registry import SCHEMAS

KNOWN = known_names(SCHEMAS[UploadKind.PORTFOLIO])


@pytest.fixture
def read(tmp_path):
    """A workbook's chosen sheet: the taken facts, and its rows."""

    def opened(data: bytes, sheet: str | None = None, header_row: int | None = None):
        path = tmp_path / "book.xlsx"
        path.write_bytes(data)
        book = Workbook(str(path), KNOWN, LIMITS)
        long: list[int] = []
        taken = book.take(sheet, header_row)
        return taken, list(book.rows(taken, long.append)), long

    return opened


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("0012345", "0012345"),
        (1500.0, "1500"),
        (-3.0, "-3"),
        (2750.5, "2750.5"),
        (29.020000000000003, "29.02"),
        (0.1 + 0.2, "0.3"),
        (1234567890.12, "1234567890.12"),
        (0.00001, "0.00001"),
        (123456789012345.0, "123456789012345"),
        (1234567890123456.0, "1.23456789012346E+15"),
        (float("nan"), ""),
        (7, "7"),
        (True, "TRUE"),
        (date(2026, 1, 31), "2026-01-31"),
        (datetime(2026, 1, 31), "2026-01-31"),  # noqa: DTZ001 - cells know no zone
        (datetime(2026, 1, 31, 14, 5, 6), "2026-01-31 14:05:06"),  # noqa: DTZ001 - cells know no zone
        (time(14, 5), "14:05:00"),
        (timedelta(hours=26, minutes=3), "26:03:00"),
        ("a\nb", "a\nb"),
        ("\n".join("a" * 60), " ".join("a" * 60)),
    ],
)
def test_a_cell_is_written_as_the_spreadsheet_shows_it(cell: object, text: str):
    assert _TEXT[type(cell)](cell) == text


@pytest.mark.parametrize("name", ["date_1904.xlsx", "date.xlsb", "date_iso.xlsx"])
def test_dates_of_both_systems_and_of_other_formats_are_dates(name: str):
    book = Workbook(str(real_folder("import-fixtures") / "calamine" / name), KNOWN, LIMITS)
    first = next(iter(book._load(book.sheets[0].name).iter_rows()))
    assert _TEXT[type(first[0])](first[0]) == "2021-01-01"


def test_titles_above_the_header_are_passed_over_and_rows_keep_their_numbers(read):
    rows = [["BANCO UNO"], ["Cartera al corte", date(2026, 1, 31)], [], HEADER, *ROWS]
    taken, found, _ = read(workbook_of({"Hoja1": rows}))
    assert (taken.header, taken.header_row, taken.first_row) == (tuple(HEADER), 3, 4)
    assert found[0] == ["0001", "ANA RUIZ", "1500", "2026-01-31"]


def test_blank_rows_keep_their_place(read):
    _, found, _ = read(workbook_of({"Hoja1": [HEADER, ROWS[0], [], ROWS[1]]}))
    assert [row[:1] for row in found] == [["0001"], [], ["0002"]]


def test_the_sheet_whose_header_fits_is_taken_and_hidden_ones_last(read):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        for name, rows in (("Oculta", [HEADER, *ROWS, *ROWS]), ("Resumen", [["mes", "total"], ["enero", 1]] * 9)):
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
        book.get_worksheet_by_name("Resumen").activate()
        book.get_worksheet_by_name("Oculta").hide()
        sheet = book.add_worksheet("Cartera")
        for at, row in enumerate([HEADER, *ROWS]):
            sheet.write_row(at, 0, row)
    assert read(out.getvalue())[0].info.name == "Cartera"
    assert read(out.getvalue(), sheet="Oculta")[0].info.is_hidden


def test_a_sheet_without_a_header_does_not_keep_another_from_being_read(read):
    data = workbook_of({"Datos": [[1, 2], [3, 4], [5, 6]], "Hoja2": [["uno", "dos"], ["a", "b"]]})
    assert read(data)[0].header == ("uno", "dos")


def test_long_numbers_are_noticed_by_their_column(read):
    rows = [HEADER, [123456789012, "ANA", 10, ""], [4111111111111111, "LUIS", 20, ""]]
    _, found, long = read(workbook_of({"Hoja1": rows}))
    assert (long, found[0][0], found[1][0]) == ([0, 0], "123456789012", "4.11111111111111E+15")


def test_merged_headings_are_joined_with_what_stands_under_them():
    rows = [["Cuenta", "Saldo", ""], ["", "Capital", "Intereses"], ["1", "10", "2"]]
    assert joined(rows, 0, [((0, 1), (0, 2))]) == (["Cuenta", "Saldo Capital", "Saldo Intereses"], 1)
    assert joined(rows, 0, [((0, 0), (1, 0)), ((0, 1), (0, 2))]) == (["Cuenta", "Saldo Capital", "Saldo Intereses"], 1)
    assert joined(rows, 1, [((0, 1), (0, 2))])[0] == ["Cuenta", "Saldo Capital", "Saldo Intereses"]


def test_a_merged_heading_over_data_is_one_name_for_every_column_it_covers():
    rows = [["Nombre", "", "Saldo"], ["Ana 1", "Ruiz 2", "10"]]
    assert joined(rows, 0, [((0, 0), (0, 1))]) == (["Nombre", "Nombre", "Saldo"], 0)


def test_a_title_merged_over_the_whole_table_is_no_part_of_its_names():
    rows = [["CARTERA", ""], ["Cuenta", "Saldo"], ["1", "10"]]
    assert joined(rows, 1, [((0, 0), (0, 1))]) == (["Cuenta", "Saldo"], 1)


def test_repeated_names_get_a_number_and_missing_ones_their_letter():
    header, changed = tidy(["VALOR", "valor", "VALOR_2", "", "Valor"])
    assert header == ["VALOR", "valor_3", "VALOR_2", "(D)", "Valor_4"]
    assert changed == {"valor_3": "valor", "(D)": "", "Valor_4": "Valor"}
    assert (letters(0), letters(25), letters(26), letters(701), letters(702)) == ("A", "Z", "AA", "ZZ", "AAA")


@pytest.mark.parametrize(
    ("rows", "at"),
    [
        ([HEADER, ["1", "ANA", "10", "2026-01-31"]], 0),
        ([["titulo"], ["", ""], HEADER, ["1", "ANA", "10", "2026-01-31"]], 2),
        ([["Banco", "Uno"], ["Corte", "31/01/2026"], HEADER, ["1", "ANA", "10", "2026-01-31"]], 2),
        ([["x", "y"], ["a", "b"]], 0),
        ([["1", "2"], ["3", "4"]], None),
        ([["", ""]], None),
    ],
)
def test_the_header_is_the_row_that_names_the_columns(rows, at):
    assert find_header(rows, KNOWN) == at
