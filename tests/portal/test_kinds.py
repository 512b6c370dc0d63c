"""The kinds of files in words, and templates that load with their own example row."""

from __future__ import annotations

import io
import zipfile

import flask_babel
import polars as pl
import pytest
from flask_babel import force_locale
from lxml import etree
from python_calamine import CalamineWorkbook
from xlsxwriter.utility import xl_col_to_name

from agencies.organisations.permissions import Role
from portal.i18n import LOCALES
from portal.kindbooks import template_book
from portal.presenters.kinds import book_of
from uploads.checking.checks import check
from uploads.formats.frames import LINE, Sheet
from uploads.mapping.proposals import propose
from uploads.models import UploadKind
from uploads.options import Options
from uploads.schemas.fields import FieldType, Schema
from uploads.schemas.registry import SCHEMAS

OWN = Options(currency="COP", time_zone="America/Bogota", country="CO")
KINDS = pytest.mark.parametrize("schema", SCHEMAS.values(), ids=lambda schema: schema.kind)
LANGUAGES = pytest.mark.parametrize("language", LOCALES)


def say(text: str, params=None) -> str:
    said = flask_babel.gettext(text)
    return said % params if params else said


@pytest.fixture
def book(app):
    """The template of a kind in a language."""

    def made(schema: Schema, language: str) -> bytes:
        with app.test_request_context(), force_locale(LOCALES[language]):
            return template_book(*book_of(schema, say))

    return made


def sheets(data: bytes) -> list[list[list[str]]]:
    """Every sheet of a workbook as text, as a spreadsheet saves it."""
    found = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return [[[str(cell) for cell in row] for row in found.get_sheet_by_index(at).to_python()] for at in range(2)]


def xml(data: bytes, part: str) -> etree._Element:
    """One part of a workbook as it is written."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return etree.fromstring(archive.read(part))


@KINDS
@LANGUAGES
def test_a_template_loads_with_its_own_example(book, schema: Schema, language: str) -> None:
    header, example, *rest = sheets(book(schema, language))[0]
    assert rest == []
    found = propose(header, [example], schema, None, own=OWN)
    assert {one.header: one.field for one in found.columns} == dict(
        zip(header, (field.name for field in schema.fields), strict=True)
    )
    assert found.questions == ()
    columns = {str(at): pl.Series([cell or None], dtype=pl.String) for at, cell in enumerate(example)}
    sheet = Sheet(pl.DataFrame({LINE: [2], **columns}), (), 1)
    checked = check(sheet, found.mapping, schema, found.options)
    assert checked.errors.rows() == []
    assert len(checked.rows) == 1


@KINDS
@LANGUAGES
def test_a_template_explains_every_column_and_offers_what_is_allowed(book, schema: Schema, language: str) -> None:
    data = book(schema, language)
    explained = sheets(data)[1][1 : len(schema.fields) + 1]
    assert [row[0] for row in explained] == sheets(data)[0][0]
    assert all(row[5] for row in explained)
    lists = xml(data, "xl/worksheets/sheet1.xml").findall(".//{*}dataValidation")
    assert len(lists) == len([field for field in schema.fields if field.type is FieldType.CHOICE])
    assert all(one.get("type") == "list" and "$2:" in one.findtext("{*}formula1") for one in lists)


@KINDS
def test_identity_numbers_and_accounts_keep_their_zeros(book, schema: Schema) -> None:
    data = book(schema, "es")
    styles, sheet = xml(data, "xl/styles.xml"), xml(data, "xl/worksheets/sheet1.xml")
    [as_text] = [one.get("numFmtId") for one in styles.iter("{*}numFmt") if one.get("formatCode") == "@"]
    text_shapes = {at for at, one in enumerate(styles.find("{*}cellXfs")) if one.get("numFmtId") == as_text}
    cells = sheet.findall(".//{*}row[@r='2']/{*}c")
    shapes = {one.get("r"): int(one.get("s", 0)) for one in cells}
    for at, field in enumerate(schema.fields):
        if field.type is FieldType.TEXT:
            assert shapes[f"{xl_col_to_name(at)}2"] in text_shapes, field.name
    assert sheet.findall(".//{*}f") == []


@pytest.mark.parametrize(("role", "kind"), [(Role.ANALYST, "portfolio"), (Role.MANAGER, "activities")])
def test_a_sender_reads_of_its_kinds_and_takes_the_template(sign_in, role: Role, kind: str) -> None:
    browser = sign_in(role)
    assert f"/uploads/kind?kind={kind}" in browser.get("/uploads/kinds").text
    page = browser.get(f"/uploads/kind?kind={kind}")
    assert page.status_code == 200
    assert all(field.name in page.text for field in SCHEMAS[UploadKind(kind)].fields)
    answer = browser.get(f"/uploads/template.xlsx?kind={kind}")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert len(sheets(answer.data)[0]) == 2


@pytest.mark.parametrize("kind", ["activities", "no_such_kind", "", "<script>"])
def test_what_one_does_not_send_is_not_found(sign_in, kind: str) -> None:
    analyst = sign_in(Role.ANALYST)
    assert analyst.get("/uploads/kind", query_string={"kind": kind}).status_code == 404
    assert analyst.get("/uploads/template.xlsx", query_string={"kind": kind}).status_code == 404


def test_who_sends_no_files_reads_nothing_of_them(sign_in) -> None:
    assert sign_in(Role.FINANCE).get("/uploads/kinds").status_code == 403
