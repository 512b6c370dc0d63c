"""What is not plain text is opened by a job, and read like any other file from then on."""

from __future__ import annotations

import gzip

import pytest

from agencies.kernel.session import transaction
from portal.jobs import tasks
from portal.ports import Ports
from tests.tenants import Tenants, add_tenants
from tests.uploads.opened import HEADER, ROWS, look, opened, sent, text_of, workbook, workbook_of, zipped
from uploads import service
from uploads.models import UploadState
from uploads.opening import choose_sheet

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
    [zipped({"cartera.csv": CSV}), gzip.compress(CSV, mtime=0), zipped({"__MACOSX/._c": b"x", "a/b/cartera.csv": CSV})],
    ids=["zip", "gzip", "zip of a Mac"],
)
def test_a_packed_text_is_read_like_the_text(ports: Ports, tenants: Tenants, data: bytes):
    upload = opened(ports, tenants.creditor, data, "cartera.csv")
    assert (upload.state, upload.header) == (UploadState.RECEIVED, HEADER)
    assert text_of(ports, upload).encode() == CSV


def test_a_packed_workbook_is_opened_too(ports: Ports, tenants: Tenants):
    upload = opened(ports, tenants.creditor, zipped({"cartera.dat": workbook()}))
    assert (upload.container["archive"], upload.container["format"], upload.header) == ("zip", "xlsx", HEADER)


def test_each_upload_of_the_same_bytes_is_read_from_its_own_sheet(ports: Ports, tenants: Tenants):
    actor = tenants.creditor
    data = workbook_of({"Enero": [HEADER, *ROWS], "Febrero": [HEADER, ["0003", "EVA PAZ", 1, "2026-02-01"]]})
    first = opened(ports, actor, data)
    with ports.session(actor) as session, transaction(session):
        service.reject(session, actor, first.id, now=ports.now())
    second = opened(ports, actor, data)
    with ports.session(actor) as session, transaction(session):
        choose_sheet(session, actor, second.id, sheet="Febrero", now=ports.now())
    tasks.perform_due(ports)

    second = look(ports, actor, second.id)
    assert (first.container["sheet"], second.container["sheet"]) == ("Enero", "Febrero")
    assert second.storage_key == first.storage_key
    assert "EVA PAZ" in text_of(ports, second)
    assert "ANA RUIZ" in text_of(ports, look(ports, actor, first.id))
