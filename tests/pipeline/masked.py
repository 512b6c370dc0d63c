"""People whose every number is known to the tests, so that it is seen wherever it stands in full."""

from __future__ import annotations

import io
import zipfile

from sqlalchemy import select

from agencies.kernel.tenancy import Actor
from assignments.cases.models import Case
from assignments.cases.queries import Selection
from assignments.locates.people import People
from portal.ports import Ports
from tests import files, locating, loop, market
from uploads.options import Options

DOCUMENT, PHONE, EMAIL, STREET = "1098765431", "3159998877", "sentinela.unica@pii.example", "987 # 65-43"
#: What was found of somebody, as it is typed.
FOUND = "3126665544"
SECRETS = (DOCUMENT, PHONE, EMAIL, STREET, FOUND)
#: The accounts of a lot on which the agency bids and has won nothing begin so.
OFFERED = "OFRECIDOS"
HEADER = "obligacion;tipo documento;cedula;nombre;saldo total;celular;correo;direccion;ciudad;otra"
_ROW = "{account};CC;" + f"{DOCUMENT};Sara Sentinela;{{balance}};{PHONE};{EMAIL};Calle {STREET};Cali;{PHONE}"
#: Files that are there to hand out personal data, each to those who work with it; every other page covers them.
IN_FULL = {
    # What an agency works with, once it has taken the cases or the orders on.
    "placements.download",
    "manifests.download",
    "locates.download",
    # What the reader's own organisation sent, to whoever may send such files.
    "uploads.original",
    "uploads.error_file",
    # What was found about somebody, as it is shown to be true: to who verifies it or still works it.
    "findings.evidence",
    # A list taken away for a purpose.
    "cases.full_file",
}


def plant(ports: Ports, creditor: Actor, agency: Actor) -> None:
    """A person whose case the agency holds, one it looks for and has found, and a file that waits with a bad row."""
    _portfolio(ports, creditor, "CENTINELA-1")
    mandate = loop.add_mandate(ports, creditor, agency)
    loop.place(ports, creditor, loop.draft(ports, creditor, [mandate]))
    loop.acknowledge_all(ports, agency)
    _portfolio(ports, creditor, "CENTINELA-2")
    mandate = locating.locate_mandate(ports, creditor, agency)
    people = People(Selection(search="CENTINELA-2"))
    batch = locating.order(ports, creditor, mandate, people, due_on=locating.soon(), now=ports.now())
    for order in locating.take_on(ports, agency, batch):
        locating.find(ports, agency, order.id, [locating.phone(FOUND)], now=ports.now())
    market.settle(ports, creditor, agency, OFFERED)
    rows = [_ROW.format(account="CENTINELA-3", balance="mucho")]
    files.send(ports, creditor, "\n".join([HEADER, *rows]).encode(), filename="por-confirmar.csv")
    files.checked(ports, creditor, "\n".join([HEADER, *rows, ""]).encode(), options=Options(decimal=","))


def leaks(endpoint: str, body: bytes) -> list[str]:
    """The secrets that stand in an answer whose endpoint is none of those that hand them out."""
    if endpoint in IN_FULL:
        return []
    text = _text(body)
    digits = "".join(letter for letter in text if letter not in " .()-")
    return [one for one in SECRETS if one in text or (one.isdigit() and one in digits)]


def shows(body: bytes) -> bool:
    """Whether an answer holds any of the secrets, so that the walk is known to look at what could be seen."""
    return any(one in _text(body) for one in SECRETS)


def _portfolio(ports: Ports, creditor: Actor, account: str) -> None:
    document = DOCUMENT if account.endswith("1") else f"{DOCUMENT[:-1]}9"
    row = _ROW.format(account=account, balance="900000,00").replace(DOCUMENT, document)
    upload = files.checked(ports, creditor, f"{HEADER}\n{row}\n".encode(), options=Options(decimal=","))
    files.apply(ports, creditor, upload.id)
    with ports.session(creditor) as session:
        assert session.scalar(select(Case.id).where(Case.account_ref == account)) is not None


def _text(body: bytes) -> str:
    """What an answer says; a workbook's parts are read out of it."""
    if not body.startswith(b"PK"):
        return body.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(body)) as package:
        return "".join(package.read(name).decode("utf-8", "replace") for name in package.namelist())
