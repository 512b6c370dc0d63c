"""Four cases to be handed out, and the manifest as an agency reads it."""

from __future__ import annotations

import csv
import io

from agencies.kernel.session import transaction
from assignments.manifests.handing import manifest
from tests.loop import PLACED_AT, NewCase

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
