"""The orders of a batch as a file: who is looked for, and what is known of them."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from agencies.attestations.gates import Act, pass_gate
from agencies.kernel import audit
from agencies.kernel.errors import Conflict, NotFound, msg
from agencies.kernel.sealing import Keyring, keyring_of
from agencies.kernel.sheets import csv_bytes
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.permissions import Permission
from assignments.cases.reaching import Stops, stops_of
from assignments.contacts.normalising import EMPLOYER
from assignments.locates.knowledge import Knowledge, stopper
from assignments.locates.models import LocateBatch, OrderState
from assignments.locates.sealed import open_subject
from assignments.reads import service as reads
from assignments.reads.models import ReadKind, Subject
from assignments.reads.service import Handed

BETWEEN = "; "
BATCH = 2_000
HEADER = (
    "account_ref",
    "due_on",
    "purpose",
    "exclusions",
    "debtor_id_type",
    "debtor_id",
    "debtor_name",
    "birth_date",
    "country",
    "region",
    "city",
    "phones",
    "emails",
    "addresses",
    "known_to_be_wrong",
)


class NotTakenOn(Conflict):
    """Whoever takes people's data away has taken the work on."""

    text = msg("Acknowledge the orders first, then download them.")


def orders_file(session: Session, actor: Actor, batch_id: int, *, now: datetime) -> Iterator[bytes]:
    """The open orders of a batch as CSV in pieces; raises `NotFound`, `NotTakenOn` or `GateClosed` before the first.

    The download is recorded in the current transaction; the pieces are read as they are asked for.
    """
    require(actor, Permission.MANIFEST_DOWNLOAD)
    agency_id = require_side(actor, Side.AGENCY)
    batch = session.scalar(
        select(LocateBatch).where(LocateBatch.agency_id == agency_id, LocateBatch.id == batch_id).with_for_update()
    )
    if batch is None:
        raise NotFound
    if batch.state is not OrderState.ACKNOWLEDGED:
        raise NotTakenOn
    pass_gate(session, actor, Act.DOWNLOAD, creditor_id=batch.creditor_id, agency_ids=[agency_id], now=now)
    if batch.downloaded_at is None:
        batch.downloaded_at = now
    told = [batch.creditor_id, agency_id]
    audit.record(
        session, actor, "locate.downloaded", now=now, organisations=told, batch_id=batch_id, orders=batch.orders
    )
    what = (Subject.LOCATE_BATCH, batch_id)
    handed = reads.handed_out(session, actor, ReadKind.LOCATE, fields=reads.CONTACTS, subject=what, now=now)
    return _pieces(session, batch, handed)


#: People whom the agency collects from meanwhile are left out: it sees released points only.
_PEOPLE = """
select o.id, o.case_id, o.debtor_id, o.account_ref, o.due_on, s.id_type, s.sealed, s.name, s.birth_date, s.country,
       s.region, s.city
from locate_orders o
join locate_subjects s on s.creditor_id = o.creditor_id and s.agency_id = o.agency_id and s.order_id = o.id
where o.agency_id = :agency and o.creditor_id = :creditor and o.batch_id = :batch and o.state = 'acknowledged'
  and not exists (
      select from debtors d where d.creditor_id = o.creditor_id and d.id = o.debtor_id and d.agency_id = o.agency_id
  )
  and o.id > :after
order by o.id limit :most
"""


def _pieces(session: Session, batch: LocateBatch, handed: Handed) -> Iterator[bytes]:
    # The mark tells spreadsheets that the text is UTF-8; without it they break Spanish letters.
    yield BOM_UTF8 + csv_bytes([HEADER])
    mine = {"agency": batch.agency_id, "creditor": batch.creditor_id, "batch": batch.id, "most": BATCH}
    after, keyring = 0, keyring_of(session)
    while rows := session.execute(text(_PEOPLE), {**mine, "after": after}).all():
        after = rows[-1].id
        handed((batch.creditor_id, row.case_id) for row in rows)
        stops = stops_of(session, batch.creditor_id, {row.debtor_id for row in rows})
        yield csv_bytes(_line(keyring, batch, row, stops) for row in rows)


def _line(keyring: Keyring, batch: LocateBatch, row: Row[Any], stops: Stops) -> list[object]:
    told = open_subject(keyring, batch.creditor_id, row.id, row.sealed)
    is_stopped = stopper(keyring, batch.creditor_id, stops.of(row.debtor_id))
    known = Knowledge(row.id, row.country, row.city, told.known, is_stopped).points()

    def points(kind: str) -> str:
        return BETWEEN.join(one.value for one in known if one.kind == kind and not one.is_wrong)

    wrong = BETWEEN.join(one.value for one in known if one.is_wrong and one.kind != EMPLOYER)
    return [
        row.account_ref,
        row.due_on,
        batch.purpose.value,
        batch.exclusions,
        row.id_type,
        told.id_number,
        row.name,
        row.birth_date,
        row.country,
        row.region,
        row.city,
        points("phone"),
        points("email"),
        points("address"),
        wrong,
    ]
