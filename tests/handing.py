"""Four cases to be handed out, the manifest as an agency reads it, and the numbers it states."""

from __future__ import annotations

import csv
import io

from sqlalchemy import select

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from assignments.manifests import numbers
from assignments.manifests.handing import manifest
from assignments.placements.models import Consignment
from portal.ports import Ports
from tests.loop import PLACED_AT, NewCase, ask

CASES = [
    NewCase("0001", 150_05, name="Ana Peña", phones=("+573001112233", "6011234567")),
    NewCase("0002", 99_95, name="=HYPERLINK(1)", phones=("@import",)),
    NewCase("0003", 1_000_00, name="Ana Peña", debtor_ref="D1"),
    NewCase("0004", 2_000_00, name="Ana Peña", debtor_ref="D1"),
]


def download(ports, agency, consignment_id, *, now=PLACED_AT) -> list[dict[str, str]]:
    with ports.session(agency) as session, transaction(session):
        data = b"".join(manifest(session, agency, consignment_id, ports.references, now=now))
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def settle(ports: Ports, creditor: Actor, agency: Actor, account: str, mark: str) -> None:
    """The agency has a number of its own for a case, took the file, and asks something about the case."""
    now = ports.now()
    with ports.session(agency) as session, transaction(session):
        numbers.state_numbers(session, agency, creditor.tenant, [numbers.Pair(account, f"{mark}-1")], now=now)
        own = (Consignment.agency_id == agency.tenant, Consignment.creditor_id == creditor.tenant)
        taken = session.scalars(select(Consignment.id).where(*own).order_by(Consignment.id.desc())).first()
        list(manifest(session, agency, taken, ports.references, now=now))
    ask(ports, agency, account, f"{mark}: ¿hay pagaré?")
