"""Files of every format, built at test time, and the way from sending one to its columns."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any

import xlsxwriter

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from portal.jobs import tasks
from portal.ports import Ports
from uploads.models import Upload, UploadKind
from uploads.own import own_upload, readable_key
from uploads.receiving import receive

HEADER = ["obligacion", "nombre", "saldo total", "fecha vencimiento"]
ROWS = [["0001", "ANA RUIZ", 1500, "2026-01-31"], ["0002", "LUIS MORA", 2750.5, "2026-02-28"]]


def workbook(
    rows: Sequence[Sequence[Any]] = (HEADER, *ROWS), *, name: str = "Cartera", options: dict[str, Any] | None = None
) -> bytes:
    """One sheet of typed cells."""
    return workbook_of({name: rows}, options)


def workbook_of(sheets: dict[str, Sequence[Sequence[Any]]], options: dict[str, Any] | None = None) -> bytes:
    """Several sheets of typed cells."""
    out = io.BytesIO()
    settings = {"in_memory": True, "default_date_format": "dd/mm/yyyy", "strings_to_formulas": False}
    with xlsxwriter.Workbook(out, settings | (options or {})) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    sheet.write(at, column, cell)
    return out.getvalue()


def zipped(files: dict[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def sent(ports: Ports, actor: Actor, data: bytes, name: str = "cartera.xlsx", **given: Any) -> Upload:
    """A file as it stands once it was received."""
    incoming = ports.storage.incoming()
    incoming.write(data)
    kind = given.pop("kind", UploadKind.PORTFOLIO)
    with ports.session(actor) as session, transaction(session):
        return receive(session, actor, incoming, kind=kind, filename=name, now=ports.now(), **given).upload


def opened(ports: Ports, actor: Actor, data: bytes, name: str = "cartera.xlsx", **given: Any) -> Upload:
    """A file as it stands once it was opened."""
    upload = sent(ports, actor, data, name, **given)
    tasks.perform_due(ports)
    return look(ports, actor, upload.id)


def look(ports: Ports, actor: Actor, upload_id: int) -> Upload:
    """The upload as it stands now."""
    with ports.session(actor) as session:
        return own_upload(session, actor, upload_id)


def text_of(ports: Ports, upload: Upload) -> str:
    """The text whose rows are read."""
    with ports.storage.open(readable_key(upload)) as file:
        return file.read().decode(upload.encoding or "utf-8")
