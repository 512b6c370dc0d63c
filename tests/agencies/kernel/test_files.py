"""Attached files are what their content says, and nothing that runs is taken."""

from __future__ import annotations

import io
import zipfile

import pytest

from agencies.kernel import files
from agencies.kernel.files import media_type_of, plain_name

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 20


def office(folder: str, *more: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        for name in ("[Content_Types].xml", f"{folder}/document.xml", *more):
            package.writestr(name, "<x/>")
    return made.getvalue()


def bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", "<x/>")
        package.writestr("word/document.xml", b"0" * (files._MOST_UNPACKED + 1))
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("contrato.pdf", PDF, "application/pdf"),
        ("CONTRATO.PDF", PDF, "application/pdf"),
        ("pantalla.png", PNG, "image/png"),
        ("foto.jpg", JPEG, "image/jpeg"),
        ("foto.jpeg", JPEG, "image/jpeg"),
        ("anexo.docx", office("word"), files._KINDS[".docx"][0]),
        ("lista.xlsx", office("xl"), files._KINDS[".xlsx"][0]),
        ("lista.csv", "nombre;nit\nÁrbol;1\n".encode("latin-1"), "text/csv"),
        ("nota.txt", "señal".encode(), "text/plain"),
    ],
)
def test_documents_are_taken_for_what_they_are(name, content, kind):
    assert media_type_of(name, len(content), io.BytesIO(content)) == kind


@pytest.mark.parametrize(
    ("name", "content", "refusal"),
    [
        ("vacio.pdf", b"", files.FileEmpty),
        ("programa.exe", b"MZ", files.FileKindRefused),
        ("pagina.html", b"<html>", files.FileKindRefused),
        ("dibujo.svg", b"<svg onload=alert(1)>", files.FileKindRefused),
        ("sin-nombre", PDF, files.FileKindRefused),
        ("contrato.pdf.exe", PDF, files.FileKindRefused),
        ("contrato.pdf", b"MZ\x90\0", files.FileNotWhatItSays),
        ("contrato.pdf", b"<html><script>1</script>", files.FileNotWhatItSays),
        ("contrato.pdf", PDF + b"<< /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >>", files.FileIsActive),
        ("contrato.pdf", PDF + b"<< /S /J#61vaScript >>", files.FileIsActive),
        ("contrato.pdf", PDF + b"<< /S /Launch /F (cmd.exe) >>", files.FileIsActive),
        ("contrato.pdf", PDF + b"<< /Type /EmbeddedFile >>", files.FileIsActive),
        ("pantalla.png", JPEG, files.FileNotWhatItSays),
        ("foto.jpg", PNG, files.FileNotWhatItSays),
        ("anexo.docx", b"PK\x03\x04not a zip", files.FileNotWhatItSays),
        ("anexo.docx", office("xl"), files.FileNotWhatItSays),
        ("lista.xlsx", office("word"), files.FileNotWhatItSays),
        ("anexo.docx", office("word", "word/vbaProject.bin"), files.FileIsActive),
        ("anexo.docx", office("word", "word/embeddings/oleObject1.bin"), files.FileIsActive),
        ("lista.xlsx", office("xl", "xl/externalLinks/externalLink1.xml"), files.FileIsActive),
        ("anexo.docx", bomb(), files.FileTooLarge),
        ("lista.csv", b"a;b\0c", files.FileNotWhatItSays),
        ("lista.csv", PDF, files.FileNotWhatItSays),
        ("nota.txt", b"#!/bin/sh\nrm -rf /", files.FileNotWhatItSays),
        ("nota.txt", b"  <SCRIPT>alert(1)</SCRIPT>", files.FileIsActive),
    ],
)
def test_what_is_not_what_it_says_or_could_run_is_refused(name, content, refusal):
    with pytest.raises(refusal):
        media_type_of(name, len(content), io.BytesIO(content))


def test_a_file_too_large_is_refused_before_it_is_read():
    with pytest.raises(files.FileTooLarge):
        media_type_of("contrato.pdf", files.LARGEST + 1, io.BytesIO(b""))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("contrato.pdf", "contrato.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\x\\contrato.pdf", "contrato.pdf"),
        ('a"b<c>.pdf', "abc.pdf"),
        ("línea\r\nSet-Cookie: x.pdf", "líneaSet-Cookie x.pdf"),
        ("\u202efdp.exe", "fdp.exe"),
        ("", "file"),
        ("x" * 400 + ".pdf", "x" * 146 + ".pdf"),
    ],
)
def test_a_name_is_only_a_name(given, kept):
    assert plain_name(given) == kept
