"""The comparison of a lot's bids as a file; that it was taken along is recorded before it leaves."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.sheets import csv_bytes
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.permissions import Permission
from assignments.marketplace.models import Lot


def bids_file(
    session: Session, actor: Actor, lot: Lot, rows: Iterable[Iterable[object]], *, now: datetime
) -> Iterator[bytes]:
    """The rows as CSV that a spreadsheet opens and does not run."""
    require(actor, Permission.LOT_VIEW)
    require_side(actor, Side.CREDITOR)
    audit.record(session, actor, "bids.exported", now=now, lot_id=lot.id)
    yield BOM_UTF8
    yield csv_bytes(rows)
