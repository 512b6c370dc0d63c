"""Taking files in: never more than a piece in memory, refused at the limit, and described before anybody waits."""

from __future__ import annotations

import gzip

import pytest

from portal.ports import Ports
from tests.tenants import Tenants, add_tenants
from tests.uploads.opened import look, opened, sent, text_of
from uploads.models import UploadState
from uploads.own import readable_size

ROW = "0001{0}ANA NÚÑEZ{0}1500{0}2026-01-31\r\n"
HEAD = "obligacion{0}nombre{0}saldo total{0}fecha vencimiento\r\n"


@pytest.fixture
def tenants(ports: Ports) -> Tenants:
    return add_tenants(ports)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    ("encoding", "mark", "read_as"),
    [
        ("utf-8", "", "utf-8"),
        ("utf-8", "\ufeff", "utf-8"),
        ("utf-16-le", "\ufeff", "utf-16-le"),
        ("utf-16-be", "\ufeff", "utf-16-be"),
        ("utf-16-le", "", "utf-16-le"),
        ("utf-16-be", "", "utf-16-be"),
        ("cp1252", "", "cp1252"),
        ("latin-1", "", "cp1252"),
    ],
)
def test_text_of_every_encoding_and_separator_is_read_at_once(
    ports: Ports, tenants: Tenants, separator: str, encoding: str, mark: str, read_as: str
):
    data = (mark + (HEAD + ROW * 30).format(separator)).encode(encoding)
    upload = sent(ports, tenants.creditor, data, "cartera.csv")
    assert (upload.state, upload.encoding, upload.delimiter) == (UploadState.RECEIVED, read_as, separator)
    assert upload.header == ["obligacion", "nombre", "saldo total", "fecha vencimiento"]
    assert upload.sample[0] == ["0001", "ANA NÚÑEZ", "1500", "2026-01-31"]


def test_titles_above_the_header_of_a_text_are_passed_over(ports: Ports, tenants: Tenants):
    text = "BANCO UNO S.A.\r\nCartera al 31/01/2026; todas las sucursales\r\n\r\n" + (HEAD + ROW * 3).format(";")
    upload = sent(ports, tenants.creditor, text.encode(), "cartera.csv")
    assert (upload.header[0], upload.offset_line, upload.container["header_row"]) == ("obligacion", 4, 4)
    assert text.encode()[upload.offset_bytes :].startswith(b"0001;")


def test_repeated_and_missing_names_are_told_and_not_refused(ports: Ports, tenants: Tenants):
    upload = sent(ports, tenants.creditor, b"id;valor;;valor\nA1;1;2;3\n", "cartera.csv")
    assert upload.header == ["id", "valor", "(C)", "valor_2"]
    assert [note["code"] for note in upload.container["notes"]] == ["repeated_headers", "unnamed_columns"]


def test_the_program_that_calls_itself_a_table_is_refused_at_once_or_when_opened(ports: Ports, tenants: Tenants):
    upload = opened(ports, tenants.creditor, b"\x7fELF" + bytes(5_000), "cartera.csv")
    assert (upload.state, upload.fault) == (UploadState.REJECTED, "not_text")


def test_progress_of_a_check_is_counted_in_bytes_of_the_text(ports: Ports, tenants: Tenants):
    text = (HEAD + ROW * 500).format(",").encode()
    upload = opened(ports, tenants.creditor, gzip.compress(text), "cartera.csv.gz")
    assert readable_size(look(ports, tenants.creditor, upload.id)) == len(text) == len(text_of(ports, upload).encode())
