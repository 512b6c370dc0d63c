"""No macro, program or archive that was sent ever leaves: only the text that was read of it does."""

from __future__ import annotations

import codecs
import csv
import io
import zipfile

import pytest

from agencies.organisations.permissions import Role
from portal.jobs.tasks import perform_due
from tests.portal.test_uploads import GOOD, file, send, stored
from tests.uploads.opened import HEADER, ROWS, workbook, zipped

PROGRAM = b"Attribute VB_Name = AutoOpen: Shell calc"
TYPES = "[Content_Types].xml"
ENABLED = b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
PLAIN = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"


def with_parts(parts: dict[str, bytes], types: bytes | None = None) -> bytes:
    """A workbook with further parts, and perhaps other declared types."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook())) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            is_changed = entry.filename == TYPES and types is not None
            target.writestr(entry.filename, types if is_changed else source.read(entry))
        for name, data in parts.items():
            target.writestr(name, data)
    return out.getvalue()


def types() -> bytes:
    with zipfile.ZipFile(io.BytesIO(workbook())) as book:
        return book.read(TYPES)


def ods() -> bytes:
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    rows = "".join(
        f"<table:table-row>{''.join(cell.format(value) for value in row)}</table:table-row>" for row in (HEADER, *ROWS)
    )
    names = "".join(
        f' xmlns:{one}="urn:oasis:names:tc:opendocument:xmlns:{one}:1.0"' for one in ("office", "table", "text")
    )
    sheet = f'<table:table table:name="Cartera">{rows}</table:table>'
    body = f"<office:body><office:spreadsheet>{sheet}</office:spreadsheet></office:body>"
    return zipped(
        {
            "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": f"<office:document-content{names}>{body}</office:document-content>".encode(),
            "META-INF/manifest.xml": b"<manifest:manifest/>",
            "Basic/Standard/Module1.xml": PROGRAM,
        }
    )


@pytest.mark.parametrize(
    "data",
    [
        with_parts({"xl/vbaProject.bin": PROGRAM}),
        with_parts({"xl/other.bin": PROGRAM}, types().decode().encode("utf-16")),
        with_parts({"xl/other.bin": PROGRAM}, types().replace(PLAIN, ENABLED.replace(b"E", b"&#69;"))),
        with_parts({"xl/other.bin": PROGRAM}, types().replace(b"<Types", b"<!--" + b" " * (1 << 20) + b"--><Types", 1)),
        with_parts({"xl/macrosheets/sheet1.xml": PROGRAM}),
        with_parts({"xl/embeddings/oleObject1.bin": PROGRAM}),
        ods(),
        zipped({"data.csv": file(GOOD), "__MACOSX/evil.xlsm": PROGRAM}),
        zipped({"libro.xlsx": with_parts({"xl/vbaProject.bin": PROGRAM})}),
    ],
    ids=[
        "a project",
        "declared in UTF-16",
        "declared by an entity",
        "declared behind a long comment",
        "a macro sheet of Excel 4",
        "embedded",
        "OpenDocument",
        "beside the text in an archive",
        "in an archive",
    ],
)
def test_wherever_a_macro_hides_it_does_not_leave(world, sign_in, data: bytes) -> None:
    analyst = sign_in(Role.ANALYST)
    page = send(analyst, data, name="cartera.xlsm").location
    perform_due(world.ports)
    (upload,) = stored(world)
    assert upload.header, upload.fault
    with analyst.get(f"{page}/original") as answer:
        assert answer.status_code == 200
        assert answer.mimetype == "text/csv"
        assert answer.headers["Content-Disposition"] == "attachment; filename=cartera.csv"
        text = answer.get_data()
    assert text.startswith(codecs.BOM_UTF8)
    assert b"PK" not in text
    assert PROGRAM not in text
    header, *rows = csv.reader(io.StringIO(text.decode("utf-8-sig"), newline=""), delimiter=",")
    assert header == upload.header
    assert [row[0] for row in rows if row] == [row[0] for row in upload.sample]


def test_text_of_a_cell_does_not_become_a_formula_when_it_leaves(world, sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    page = send(analyst, workbook([HEADER, ["=cmd|' /C calc'!A0", *ROWS[0][1:]], *ROWS]), name="cartera.xlsx").location
    perform_due(world.ports)
    with analyst.get(f"{page}/original") as answer:
        assert answer.get_data(as_text=True).splitlines()[1].startswith("'=cmd|")


def test_the_page_says_what_is_handed_out_and_the_trail_what_was(world, sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    page = send(analyst, workbook(), name="cartera.xlsx").location
    assert f"{page}/original" not in analyst.get(page).text
    assert analyst.get(f"{page}/original").status_code == 400
    perform_due(world.ports)
    shown = analyst.get(page).text
    assert f"{page}/original" in shown
    assert "Descargar lo que se leyó (CSV)" in shown
    assert "Descargar el archivo tal como se envió" not in shown
    analyst.get(f"{page}/original").close()
    assert "Descargado como el texto que se leyó" in analyst.get(page).text


def test_no_other_organisation_saves_the_text(world, sign_in) -> None:
    page = send(sign_in(Role.ANALYST), workbook(), name="cartera.xlsx").location
    perform_due(world.ports)
    assert sign_in(Role.ANALYST, organisation=1).get(f"{page}/original").status_code == 404


def test_the_page_answers_whatever_is_wrong_with_a_workbook(sign_in) -> None:
    analyst = sign_in(Role.ANALYST)
    encrypted = bytearray(workbook())
    encrypted[encrypted.index(b"PK\x01\x02") + 8] |= 1
    for data in (bytes(encrypted), workbook()[:-40], zipped({TYPES: b""})[:-30]):
        given = {"file": (io.BytesIO(data), "cartera.xlsx"), "kind": "portfolio"}
        assert analyst.post("/uploads/new", given, content_type="multipart/form-data").status_code == 303
