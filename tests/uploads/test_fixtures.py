"""Every file of the real fixtures has its verdict written down here: how it is read, or why it is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.realfiles import real_folder
from tests.uploads.verdicts import Verdict, verdict

#: Files beside the fixtures that are none.
LICENCES = {"LICENSE.md", "LICENSE-MIT.md", "LICENSE.blns", "LICENSE.csv-payload"}


def first(names: tuple[str, ...], count: int) -> tuple[str | int, ...]:
    """A long header by its first names and their number."""
    return (*names, count)


VERDICTS = {
    "calamine/date.xlsb": Verdict("no_header"),
    "calamine/date_1904.xlsx": Verdict("no_header"),
    "calamine/date_iso.xlsx": Verdict("no_header"),
    "calamine/date_quoted_format.xlsx": Verdict("no_header"),
    "calamine/empty_sheet.xlsx": Verdict("no_rows_in_workbook"),
    "calamine/encoded_entities.xlsx": Verdict("header_only"),
    "calamine/errors.xlsx": Verdict("no_header"),
    "calamine/has_x000D_.xlsx": Verdict("header_only"),
    "calamine/header-row.xlsx": Verdict(
        format="xlsx", header=("Columns", "Column A", "Column B", "Column C"), line=9, rows=1
    ),
    "calamine/inlineStr_cdata.xlsx": Verdict(format="xlsx", header=("Hello CDATA", "World"), rows=1),
    "calamine/merged_range.xlsx": Verdict(
        format="xlsx", header=("A1", "B1", "C1", "C1_2", "E1", "F1", "G1", "H1"), line=2, rows=2
    ),
    "calamine/no-header.xlsx": Verdict("no_header"),
    "calamine/pass_protected.xlsx": Verdict("password"),
    "calamine/single-empty.ods": Verdict(format="ods", header=("StringCol",), rows=5),
    "calamine/sst_continue.xls": Verdict(
        format="xls", header=("This is a long string with a serial number at the end 0001",), rows=135
    ),
    "calamine/strict_iso_paths.xlsx": Verdict(
        format="xlsx", header=first(("Item", "Thickness", "Number Off Bends", "Number Off Fold Tracks"), 18), rows=75
    ),
    "calamine/temperature-in-middle.xlsx": Verdict(format="xlsx", header=("label", "value"), line=4, rows=2),
    "calamine/too_small.xls": Verdict("no_separator"),
    "calamine/whitespace_trim.xlsx": Verdict(
        format="xlsx", header=("trimmed value", "value with tabs", "(C)", "clean text"), rows=2
    ),
    "calamine/xls_wrong_decimals.xls": Verdict("no_header"),
    "csv-spectrum/comma_in_quotes.csv": Verdict(header=("first", "last", "address", "city", "zip"), rows=1),
    "csv-spectrum/empty.csv": Verdict(header=("a", "b", "c"), rows=2),
    "csv-spectrum/empty_crlf.csv": Verdict(header=("a", "b", "c"), rows=2),
    "csv-spectrum/escaped_quotes.csv": Verdict(header=("a", "b"), rows=2),
    "csv-spectrum/json.csv": Verdict(header=("key", "val"), rows=1),
    "csv-spectrum/location_coordinates.csv": Verdict(
        header=("Contact Phone Number", "Location Coordinates", "Cities", "Counties"), rows=1
    ),
    "csv-spectrum/newlines.csv": Verdict(header=("a", "b", "c"), rows=3),
    "csv-spectrum/newlines_crlf.csv": Verdict(header=("a", "b", "c"), rows=3),
    "csv-spectrum/quotes_and_newlines.csv": Verdict(header=("a", "b"), rows=2),
    "csv-spectrum/simple_crlf.csv": Verdict(header=("a", "b", "c"), rows=1),
    "csv-spectrum/utf8.csv": Verdict(header=("a", "b", "c"), rows=2),
    "frictionless/accent.csv": Verdict(
        delimiter=";", header=first(("n_amenageur", "n_operateur", "n_enseigne", "id_station"), 17), rows=2
    ),
    "frictionless/ascii-notvalid.csv": Verdict(header=("A", "B", "C"), rows=1),
    "frictionless/blank-headers.csv": Verdict(header=("id", "(B)", "age"), rows=2),
    "frictionless/blank-rows-multiple.csv": Verdict(header=("id", "name", "age"), rows=2),
    "frictionless/blank-rows.csv": Verdict(header=("id", "name", "age"), rows=2),
    "frictionless/bom.csv": Verdict(header=("id", "name"), rows=2),
    "frictionless/defective-rows.csv": Verdict(header=("id", "name", "age"), rows=0, ragged=2),
    "frictionless/delimiter.csv": Verdict(delimiter=";", header=("id", "name"), rows=2),
    "frictionless/doublequote.csv": Verdict(header=first(("INCISO", "NOMBREINCISO", "UE", "NOMBREUE"), 17), rows=5),
    "frictionless/duplicate-headers.csv": Verdict(header=("id", "name", "id_2", "age", "id_3"), rows=2),
    "frictionless/duplicate-rows.csv": Verdict(header=("id", "name", "age"), rows=3),
    "frictionless/empty.csv": Verdict("empty"),
    "frictionless/encoding-issue-274.csv": Verdict(
        header=first(("id", "name", "abbreviation", "other_names"), 17), rows=507
    ),
    "frictionless/escaping.csv": Verdict(header=("ID", "Test"), rows=3),
    "frictionless/implicit-zip.csv": Verdict(header=("id", "name"), rows=2),
    "frictionless/issue-1009-semicolon.csv": Verdict(delimiter=";", header=("fieldNameA", "fieldNameB"), rows=1),
    "frictionless/latin1.csv": Verdict(encoding="cp1252", header=("id", "name"), rows=2),
    "frictionless/leading-zeros.csv": Verdict("no_separator"),
    "frictionless/merged-cells.xls": Verdict("header_only"),
    "frictionless/merged-cells.xlsx": Verdict("header_only"),
    "frictionless/multiline-headers.xlsx": Verdict(
        format="xlsx",
        header=first(
            (
                "Region",
                "Caloric contribution (%)",
                "Cumulative impact of changes on cost of food basket from previous quarter",
                "Cumulative impact of changes on cost of food basket from baseline (%)",
            ),
            4,
        ),
        line=5,
        rows=1,
    ),
    "frictionless/number-format-multicode.xlsx": Verdict(format="xlsx", header=("col1",), rows=3),
    "frictionless/preserve-formatting.xlsx": Verdict("no_header"),
    "frictionless/sheets.xlsx": Verdict(format="xlsx", header=("id", "name"), rows=1),
    "frictionless/skip-rows-before-headers.csv": Verdict(header=("id", "name"), line=2, rows=2),
    "frictionless/skip-rows.xlsx": Verdict(format="xlsx", header=("A", "B"), line=2, rows=2),
    "frictionless/structure-errors.csv": Verdict(header=("id", "name", "age"), rows=2, ragged=1),
    "frictionless/table-infer-iso-8859-7.csv": Verdict(encoding="cp1252", header=("id", "age", "name"), rows=4),
    "frictionless/table-with-accents.csv": Verdict(
        encoding="cp1252",
        delimiter=";",
        header=("Classement", "Quartier", "Date", "Année", "Occupancy rate", "Average Price", "RevPAR", "Source"),
        rows=638,
    ),
    "frictionless/table-with-ints-floats-dates.xls": Verdict(format="xls", header=("Int", "Float", "Date"), rows=3),
    "frictionless/table.ods": Verdict(format="ods", header=("id", "name"), rows=2),
    "frictionless/table.tsv": Verdict(delimiter="\t", header=("id", "name"), rows=3),
    "frictionless/timezone.csv": Verdict(header=("datetime", "time"), rows=4),
    "frictionless/wide.csv": Verdict("no_header"),
    "frictionless/without-headers.csv": Verdict("no_header"),
    "frictionless/without-rows.csv": Verdict("header_only"),
    "strings/blns.txt": Verdict(delimiter="\t", header=("#", "Reserved Strings"), rows=79, ragged=557),
    "strings/csv-payload.txt": Verdict(delimiter="|", header=("@SUM(1+9)*cmd", "' /C calc'!A0"), line=2, rows=4),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_the_file_ends_as_written_down(name: str):
    expected, found = VERDICTS[name], verdict(real_folder("import-fixtures") / name)
    header = found.header
    if expected.header and isinstance(expected.header[-1], int):
        header = (*header[: len(expected.header) - 1], len(header))
    assert replace(found, header=header) == expected


def test_no_file_of_the_fixtures_is_without_a_verdict():
    folder = real_folder("import-fixtures")
    there = {str(path.relative_to(folder)) for path in folder.glob("*/*") if path.name not in LICENCES}
    assert there == set(VERDICTS)
