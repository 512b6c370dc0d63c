"""What is not plain text is opened by a job, and read like any other file from then on."""

from __future__ import annotations

import gzip

import pytest

from portal.ports import Ports
from tests.tenants import Tenants, add_tenants
from tests.uploads.opened import HEADER, opened, sent, text_of, workbook, zipped
from uploads.models import UploadState

CSV = b"obligacion,nombre,saldo total,fecha vencimiento\r\n0001,ANA RUIZ,1500,2026-01-31\r\n"


@pytest.fixture
def tenants(ports: Ports) -> Tenants:
    return add_tenants(ports)


def test_a_workbook_waits_to_be_opened_and_is_then_read_as_text(ports: Ports, tenants: Tenants):
    data = workbook()
    waiting = sent(ports, tenants.creditor, data)
    assert (waiting.state, waiting.header) == (UploadState.OPENING, None)

    upload = opened(ports, tenants.creditor, data)
    assert (upload.id, upload.state) == (waiting.id, UploadState.RECEIVED)
    assert upload.header == HEADER
    assert text_of(ports, upload).splitlines()[1:] == [
        "0001,ANA RUIZ,1500,2026-01-31",
        "0002,LUIS MORA,2750.5,2026-02-28",
    ]
    assert upload.sample[0] == ["0001", "ANA RUIZ", "1500", "2026-01-31"]
    assert (upload.container["format"], upload.container["sheet"]) == ("xlsx", "Cartera")
    assert (upload.encoding, upload.delimiter, upload.offset_line) == ("utf-8", ",", 1)


@pytest.mark.parametrize(
    "data",
    [zipped({"cartera.csv": CSV}), gzip.compress(CSV), zipped({"__MACOSX/._c": b"x", "a/b/cartera.csv": CSV})],
    ids=["zip", "gzip", "zip of a Mac"],
)
def test_a_packed_text_is_read_like_the_text(ports: Ports, tenants: Tenants, data: bytes):
    upload = opened(ports, tenants.creditor, data, "cartera.csv")
    assert (upload.state, upload.header) == (UploadState.RECEIVED, HEADER)
    assert text_of(ports, upload).encode() == CSV


def test_a_packed_workbook_is_opened_too(ports: Ports, tenants: Tenants):
    upload = opened(ports, tenants.creditor, zipped({"cartera.dat": workbook()}))
    assert (upload.container["archive"], upload.container["format"], upload.header) == ("zip", "xlsx", HEADER)
