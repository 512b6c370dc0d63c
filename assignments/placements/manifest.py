"""The file of a consignment's cases that the agency downloads: one line per case, control totals at the end.

An agency acknowledges first and downloads afterwards: whoever takes the debtors' data away has taken the cases on, and
the creditor can see since when.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, select
from sqlalchemy.orm import Session

from agencies.attestations import gates
from agencies.kernel import audit
from agencies.kernel.errors import Conflict, NotFound, msg
from agencies.kernel.money import major
from agencies.kernel.references import References
from agencies.kernel.sealing import keyring_of
from agencies.kernel.sheets import csv_bytes
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.permissions import Permission
from assignments.cases.models import Case, Debtor
from assignments.cases.reaching import known_points
from assignments.contacts.models import ContactKind
from assignments.placements.models import Consignment, Placement, PlacementState
from assignments.reads import service as reads
from assignments.reads.models import ReadKind, Subject
from assignments.reads.service import Handed
from uploads.sealed import Told, open_private

HEADER = (
    "reference",
    "account_ref",
    "debtor_id_type",
    "debtor_id",
    "debtor_name",
    "product",
    "currency",
    "balance",
    "principal",
    "interest",
    "late_interest",
    "fees",
    "days_past_due",
    "opened_on",
    "due_on",
    "delinquent_on",
    "charged_off_on",
    "last_payment_on",
    "city",
    "phones",
    "emails",
    "addresses",
    "on_hold",
)
TRAILER = "TOTAL"
#: Several phones of one debtor stand in one cell.
BETWEEN = "; "
BATCH = 2_000


class NotAcknowledged(Conflict):
    """The agency has not taken the consignment on."""

    text = msg("Acknowledge the consignment first, then download its cases.")


class ConsignmentOver(Conflict):
    """Every case of the consignment has gone back."""

    text = msg("All cases of this placement are back with the creditor.")


def manifest(
    session: Session, actor: Actor, consignment_id: int, references: References, *, now: datetime
) -> Iterator[bytes]:
    """The manifest as CSV in pieces; raises `NotFound`, `NotAcknowledged` or `GateClosed` before the first one.

    The download is recorded in the current transaction; the pieces are read as they are asked for.
    """
    require(actor, Permission.MANIFEST_DOWNLOAD)
    agency_id = require_side(actor, Side.AGENCY)
    consignment = session.scalar(
        select(Consignment).where(Consignment.agency_id == agency_id, Consignment.id == consignment_id)
    )
    if consignment is None:
        raise NotFound
    if consignment.state is PlacementState.ENDED:
        raise ConsignmentOver
    if consignment.state is not PlacementState.ACKNOWLEDGED:
        raise NotAcknowledged
    gates.pass_gate(
        session, actor, gates.Act.DOWNLOAD, creditor_id=consignment.creditor_id, agency_ids=[agency_id], now=now
    )
    # Since when the agency has had the data: a later download does not move it.
    if consignment.manifest_downloaded_at is None:
        consignment.manifest_downloaded_at = now
    audit.record(
        session,
        actor,
        "manifest.downloaded",
        now=now,
        organisations=[consignment.creditor_id, agency_id],
        consignment_id=consignment_id,
        cases=consignment.cases,
        placed_minor=consignment.placed_minor,
        currency=consignment.currency,
    )
    what = (Subject.CONSIGNMENT, consignment_id)
    handed = reads.handed_out(session, actor, ReadKind.MANIFEST, fields=reads.CONTACTS, subject=what, now=now)
    return _pieces(session, consignment, references, handed)


def _pieces(session: Session, consignment: Consignment, references: References, handed: Handed) -> Iterator[bytes]:
    # The mark tells spreadsheets that the text is UTF-8; without it they break Spanish letters.
    yield BOM_UTF8 + csv_bytes([HEADER])
    statement = _lines(consignment.agency_id, consignment.creditor_id, consignment.id)
    after, cases, total, currency = 0, 0, 0, ""
    while rows := session.execute(statement.where(Placement.id > after)).all():
        handed((consignment.creditor_id, row.case_id) for row in rows)
        names = references.encode_many("case", [row.case_id for row in rows])
        points = known_points(session, consignment.creditor_id, {row.debtor_id for row in rows})
        keyring = keyring_of(session)
        numbers = [open_private(keyring, consignment.creditor_id, row.identity, row.sealed).national_id for row in rows]
        yield csv_bytes(
            _line(name, row, number, points.get(row.debtor_id, ()))
            for name, row, number in zip(names, rows, numbers, strict=True)
        )
        after, currency = rows[-1].id, rows[-1].currency
        cases += len(rows)
        total += sum(row.balance_minor for row in rows)
    shown = major(total, currency) if cases else 0
    yield csv_bytes([[TRAILER, cases, *[None] * 4, currency, shown, *[None] * 15]])


def _lines(agency_id: int, creditor_id: int, consignment_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Placement.id,
            Placement.case_id,
            Case.account_ref,
            Debtor.id_type,
            Case.debtor_id,
            Debtor.identity,
            Debtor.sealed,
            Debtor.name,
            Case.product,
            Case.currency,
            Case.balance_minor,
            Case.principal_minor,
            Case.interest_minor,
            Case.late_interest_minor,
            Case.fees_minor,
            Case.days_past_due,
            Case.opened_on,
            Case.due_on,
            Case.delinquent_on,
            Case.charged_off_on,
            Case.last_payment_on,
            Case.city,
            Case.held_since,
        )
        .join(Case, and_(Case.creditor_id == Placement.creditor_id, Case.id == Placement.case_id))
        .join(Debtor, and_(Debtor.creditor_id == Case.creditor_id, Debtor.id == Case.debtor_id))
        .where(
            Placement.agency_id == agency_id,
            Placement.creditor_id == creditor_id,
            Placement.consignment_id == consignment_id,
            Placement.ended_at.is_(None),
        )
        .order_by(Placement.id)
        .limit(BATCH)
    )


def _line(
    name: str, row: Row[*tuple[Any, ...]], number: str | None, points: Iterable[tuple[str, Told]]
) -> list[object]:
    reached = {kind: BETWEEN.join(told.value for of, told in points if of == kind) or None for kind in ContactKind}

    def money(minor: int | None) -> object:
        return None if minor is None else major(minor, row.currency)

    return [
        name,
        row.account_ref,
        row.id_type,
        number,
        row.name,
        row.product,
        row.currency,
        money(row.balance_minor),
        money(row.principal_minor),
        money(row.interest_minor),
        money(row.late_interest_minor),
        money(row.fees_minor),
        row.days_past_due,
        row.opened_on,
        row.due_on,
        row.delinquent_on,
        row.charged_off_on,
        row.last_payment_on,
        row.city,
        reached[ContactKind.PHONE],
        reached[ContactKind.EMAIL],
        reached[ContactKind.ADDRESS],
        "yes" if row.held_since else None,
    ]
