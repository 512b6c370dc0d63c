"""The file of a consignment's cases that the agency downloads: one line per case, control totals at the end.

An agency acknowledges first and downloads afterwards: whoever takes the debtors' data away has taken the cases on, and
the creditor can see since when.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, Select, and_, or_, select
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
from assignments.manifests.models import AgencyFileNumber, Manifest
from assignments.placements.models import Consignment, Placement, PlacementState
from assignments.reads import service as reads
from assignments.reads.models import ReadKind, Subject
from assignments.reads.service import Handed
from uploads.sealed import Told, open_private

HEADER = (
    "reference",
    "account_ref",
    "agency_number",
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
#: A sheet has 1,048,576 lines, and the head is one.
MOST_OF_SHEET = 1_000_000


class NotAcknowledged(Conflict):
    """The agency has not taken the consignment on."""

    text = msg("Acknowledge the consignment first, then download its cases.")


class ConsignmentOver(Conflict):
    """Every case of the consignment has gone back."""

    text = msg("All cases of this placement are back with the creditor.")


@dataclass(frozen=True)
class Control:
    """What a receiver checks a manifest by before it processes a line of it."""

    #: The consignment's reference and which manifest of it, such as `kx3…-2`.
    name: str
    made_at: datetime
    lines: int
    #: Currency -> sum of the balances.
    totals: dict[str, int]
    sha256: str


class TooManyForWorkbook(Conflict):
    """A sheet has no more lines."""

    text = msg("A workbook holds up to %(most)s cases. Download this placement as CSV.")


def manifest(
    session: Session, actor: Actor, consignment_id: int, references: References, *, now: datetime
) -> Iterator[bytes]:
    """The manifest as CSV in pieces; raises what `hand_out` raises before the first one."""
    return _csv(hand_out(session, actor, consignment_id, references, now=now))


def _csv(pieces: Iterable[list[list[object]] | Control]) -> Iterator[bytes]:
    # The mark tells spreadsheets that the text is UTF-8; without it they break Spanish letters.
    yield BOM_UTF8 + csv_bytes([HEADER])
    for piece in pieces:
        yield csv_bytes(_trailer(piece) if isinstance(piece, Control) else piece)


def hand_out(
    session: Session,
    actor: Actor,
    consignment_id: int,
    references: References,
    *,
    most: int | None = None,
    now: datetime,
) -> Iterator[list[list[object]] | Control]:
    """The cases of a consignment in batches of lines, and what they add up to; it is read as it is asked for.

    Raises before the first batch: `NotFound`, `NotAcknowledged`, `ConsignmentOver`, `TooManyForWorkbook`, `GateClosed`.
    The download is recorded in the current transaction. Lines that are the same as last time are the same manifest,
    with its number and its time, so that two downloads of the same data do not differ by a byte.
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
    if most is not None and consignment.cases > most:
        raise TooManyForWorkbook(most=most)
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
    return _pieces(session, actor, consignment, references, handed, now)


def _pieces(
    session: Session, actor: Actor, consignment: Consignment, references: References, handed: Handed, now: datetime
) -> Iterator[list[list[object]] | Control]:
    digest = sha256(csv_bytes([HEADER]))
    statement = _lines(consignment.agency_id, consignment.creditor_id, consignment.id)
    after, count = 0, 0
    totals: dict[str, int] = {}
    while rows := session.execute(statement.where(Placement.id > after)).all():
        handed((consignment.creditor_id, row.case_id) for row in rows)
        names = references.encode_many("case", [row.case_id for row in rows])
        points = known_points(session, consignment.creditor_id, {row.debtor_id for row in rows})
        keyring = keyring_of(session)
        numbers = [open_private(keyring, consignment.creditor_id, row.identity, row.sealed).national_id for row in rows]
        batch = [
            _line(name, row, number, points.get(row.debtor_id, ()))
            for name, row, number in zip(names, rows, numbers, strict=True)
        ]
        digest.update(csv_bytes(batch))
        after, count = rows[-1].id, count + len(rows)
        for row in rows:
            totals[row.currency] = totals.get(row.currency, 0) + row.balance_minor
        yield batch
    kept = _kept(session, actor, consignment, count, totals, digest.digest(), now)
    name = f"{references.encode('consignment', consignment.id)}-{kept.number}"
    yield Control(name, kept.made_at, count, totals, digest.hexdigest())


def _kept(
    session: Session,
    actor: Actor,
    consignment: Consignment,
    lines: int,
    totals: dict[str, int],
    digest: bytes,
    now: datetime,
) -> Manifest:
    """The manifest that these lines are: the last one where nothing has changed since, or the next one."""
    # One download of a consignment at a time decides which number comes next.
    session.refresh(consignment, with_for_update=True)
    last = session.scalar(
        select(Manifest)
        .where(
            Manifest.creditor_id == consignment.creditor_id,
            Manifest.agency_id == consignment.agency_id,
            Manifest.consignment_id == consignment.id,
        )
        .order_by(Manifest.number.desc())
        .limit(1)
    )
    if last is not None and last.sha256 == digest:
        return last
    made = Manifest(
        creditor_id=consignment.creditor_id,
        agency_id=consignment.agency_id,
        consignment_id=consignment.id,
        number=1 if last is None else last.number + 1,
        lines=lines,
        totals=totals,
        sha256=digest,
        made_at=now,
        made_by=actor.user_id,
    )
    session.add(made)
    session.flush()
    return made


def _trailer(control: Control) -> list[list[object]]:
    """One line for each currency: how many lines, which manifest, when, their digest, and the sum of the balances."""
    rest = [None] * (len(HEADER) - 9)
    made_at = control.made_at.astimezone(UTC).isoformat(timespec="seconds")
    told = [TRAILER, control.lines, control.name, made_at, control.sha256, None, None]
    sums: list[list[object]] = [[one, major(minor, one)] for one, minor in sorted(control.totals.items())]
    return [[*told, *pair, *rest] for pair in sums or [["", 0]]]


def _lines(agency_id: int, creditor_id: int, consignment_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Placement.id,
            Placement.case_id,
            Case.account_ref,
            AgencyFileNumber.number,
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
            or_(Case.held_since.is_not(None), Case.is_stopped).label("is_held"),
        )
        .join(Case, and_(Case.creditor_id == Placement.creditor_id, Case.id == Placement.case_id))
        .join(Debtor, and_(Debtor.creditor_id == Case.creditor_id, Debtor.id == Case.debtor_id))
        .outerjoin(
            AgencyFileNumber,
            and_(
                AgencyFileNumber.creditor_id == Placement.creditor_id,
                AgencyFileNumber.agency_id == Placement.agency_id,
                AgencyFileNumber.case_id == Placement.case_id,
            ),
        )
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
        row.number,
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
        "yes" if row.is_held else None,
    ]
