"""The investigator's work on one person: look, check what was found, keep it as a draft, hand it in.

Whatever is typed is brought to one spelling and held against what is known before it is kept, so that nobody works for
a finding that is worth nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, exists, func, insert, select, update
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.clock import local_date
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.files import StoredFile
from agencies.kernel.sealing import keyring_of
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.cases.models import Debtor
from assignments.cases.reaching import stops_of
from assignments.contacts.normalising import FAULTS
from assignments.locates.handing_in import tell_creditor
from assignments.locates.knowledge import Check, Knowledge
from assignments.locates.lifecycle import OrderMovedOn
from assignments.locates.models import (
    Confidence,
    Finding,
    FindingKind,
    FindingState,
    LocateOrder,
    LocateSubject,
    OrderOutcome,
    OrderState,
    SourceClass,
)
from assignments.locates.sealed import finding_columns
from assignments.reads import service as reads
from assignments.reads.models import ReadKind, Subject

#: What is older says nothing about where somebody is now.
OLDEST_YEARS = 20


class FindingUnreadable(Invalid):
    """What was typed is no phone, e-mail, address or employer; `code` is one of `normalising.FAULTS`."""

    def __init__(self, code: str) -> None:
        self.code = code
        # The fault's own words say what to do about it.
        self.text = FAULTS[code]  # type: ignore[misc]
        super().__init__()


class SourceMissing(Invalid):
    """A finding without a source proves nothing and may be unlawful (regulation reference, 0.4)."""

    text = msg("Say where it was found: the register, provider or page, and its number or address.")


class CollectsNow(Conflict):
    """An agency that collects sees released points only, also where it located them itself."""

    text = msg("Your agency now collects from this person: it sees what is found once the creditor releases it.")


class FoundInFuture(Invalid):
    """Nobody has seen it yet."""

    text = msg("The day it was seen must lie between twenty years ago and today.")


class FoundBefore(Conflict):
    """The same thing stands in the order already."""

    text = msg("This finding is in the order already.")


class NothingSearched(Invalid):
    """That nothing was found is work when it says where one looked."""

    text = msg("Say which sources were searched.")


class FindingsMissing(Invalid):
    """An order is handed in with findings, or with the word that there are none."""

    text = msg("Add what you found, or say that nothing was found.")


class NothingFoundYetFindings(Invalid):
    """The word and the findings contradict each other."""

    text = msg("There are findings in this order. Remove them, or hand them in.")


@dataclass(frozen=True)
class NewFinding:
    """A finding as it is typed."""

    kind: FindingKind
    raw: str
    source_class: SourceClass
    source_ref: str
    found_on: date
    evidence: str | None = None
    confidence: Confidence = Confidence.MEDIUM
    file: StoredFile | None = None


def look(session: Session, actor: Actor, order_id: int, *, now: datetime) -> LocateSubject:
    """The person of an open order, with all that is known; that somebody looked is recorded.

    Raises `NotFound` when the order is another's, not taken on yet, or over, and `CollectsNow`.
    """
    order, subject = in_sight(session, actor, order_id)
    audit.record(session, actor, "locate.looked", now=now, order_id=order_id)
    what = (Subject.LOCATE_ORDER, order_id)
    reads.note(session, actor, ReadKind.LOCATE, [(order.creditor_id, order.case_id)], subject=what, now=now)
    return subject


def in_sight(session: Session, actor: Actor, order_id: int) -> tuple[LocateOrder, LocateSubject]:
    """An order with its person, as long as the agency may know of it; raises `NotFound` and `CollectsNow`."""
    order = _order(session, _worker(actor), order_id)
    if order.state not in {OrderState.ACKNOWLEDGED, OrderState.SUBMITTED}:
        raise NotFound
    if collects(session, order):
        raise CollectsNow
    subject = session.get(LocateSubject, (order.creditor_id, order.agency_id, order.id))
    if subject is None:
        raise NotFound
    subject.stopped = stops_of(session, order.creditor_id, [order.debtor_id]).of(order.debtor_id)
    return order, subject


def collects(session: Session, order: LocateOrder) -> bool:
    """Whether the order's agency works the debtor now, and so must not see what is not released."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    Debtor.creditor_id == order.creditor_id,
                    Debtor.id == order.debtor_id,
                    Debtor.agency_id == order.agency_id,
                )
            )
        )
    )


def check(session: Session, actor: Actor, order_id: int, kind: FindingKind, raw: str) -> Check:
    """How something typed is read and whether it is known; nothing is kept. Refused where `look` is."""
    order, subject = in_sight(session, actor, order_id)
    here = session.scalars(
        select(Finding).where(Finding.agency_id == order.agency_id, Finding.order_id == order_id, Finding.kind == kind)
    )
    return Knowledge.of(subject).judge(kind, raw, here={one.value for one in here})


def add(session: Session, actor: Actor, order_id: int, found: NewFinding, *, now: datetime) -> int:
    """Keep a finding as a draft and return its id; raises what is wrong with it.

    The same finding sent twice, as by a second press of the button, is `FoundBefore`.
    """
    order = _open_order(session, actor, order_id)
    subject = session.get_one(LocateSubject, (order.creditor_id, order.agency_id, order.id))
    read = Knowledge.of(subject).judge(found.kind, found.raw, here=())
    if read.normal is None:
        raise FindingUnreadable(read.fault or "")
    if not found.source_ref.strip():
        raise SourceMissing
    today = _today(session, order.creditor_id, now)
    if not today.replace(year=today.year - OLDEST_YEARS, day=1) <= found.found_on <= today:
        raise FoundInFuture
    file = found.file
    told = finding_columns(
        keyring_of(session), order.creditor_id, order_id, found.kind.value, found.raw, read.normal.value
    )
    # Named columns only: how a finding is judged is not the agency's to write.
    known = session.scalar(
        select(Finding.id).where(
            Finding.agency_id == order.agency_id,
            Finding.order_id == order_id,
            Finding.kind == found.kind,
            Finding.form == told["form"],
        )
    )
    if known is not None:
        raise FoundBefore
    values: dict[str, Any] = {
        "creditor_id": order.creditor_id,
        "agency_id": order.agency_id,
        "order_id": order_id,
        "kind": found.kind,
        "state": FindingState.DRAFT,
        **told,
        "detail": read.normal.detail,
        "source_class": found.source_class,
        "source_ref": found.source_ref.strip(),
        "found_on": found.found_on,
        "evidence": (found.evidence or "").strip() or None,
        "confidence": found.confidence,
        "is_known": read.is_known,
        "file_key": file.key if file else None,
        "file_name": file.name if file else None,
        "file_type": file.media_type if file else None,
        "file_size": file.size if file else None,
        "file_sha256": file.sha256 if file else None,
        "created_at": now,
        "created_by": actor.user_id,
    }
    return session.execute(insert(Finding).values(values).returning(Finding.id)).scalar_one()


def drop(session: Session, actor: Actor, finding_id: int) -> LocateOrder:
    """Take a draft out of its order; raises `NotFound` when it is none."""
    agency_id = _worker(actor)
    order_id = session.scalar(
        delete(Finding)
        .where(Finding.agency_id == agency_id, Finding.id == finding_id, Finding.state == FindingState.DRAFT)
        .returning(Finding.order_id)
    )
    if order_id is None:
        raise NotFound
    return _order(session, agency_id, order_id)


def submit(
    session: Session,
    actor: Actor,
    order_id: int,
    *,
    searched: str,
    is_nothing_found: bool = False,
    now: datetime,
) -> LocateOrder:
    """Hand an order in: its drafts become findings, or it says that nothing was found and where one looked.

    More can be handed in until the creditor has closed the order.
    """
    order = _open_order(session, actor, order_id)
    counts = session.execute(
        select(Finding.state, func.count())
        .where(Finding.agency_id == order.agency_id, Finding.order_id == order_id)
        .group_by(Finding.state)
    )
    of_state = dict(counts.all())
    if is_nothing_found and of_state:
        raise NothingFoundYetFindings
    if not is_nothing_found and not of_state.get(FindingState.DRAFT):
        raise FindingsMissing
    if not searched.strip():
        raise NothingSearched
    hand_in(session, order, now=now)
    order.state = OrderState.SUBMITTED
    order.outcome = OrderOutcome.NONE_FOUND if is_nothing_found else OrderOutcome.FOUND
    order.searched, order.submitted_at, order.submitted_by = searched.strip(), now, actor.user_id
    found = of_state.get(FindingState.DRAFT, 0)
    audit.record(
        session,
        actor,
        "finding.submitted",
        now=now,
        organisations=[order.creditor_id, order.agency_id],
        order_id=order_id,
        findings=found,
    )
    today = _today(session, order.creditor_id, now)
    tell_creditor(session, order.creditor_id, order.agency_id, order.batch_id, today=today, now=now)
    return order


def hand_in(session: Session, order: LocateOrder, *, now: datetime) -> None:
    """Make the order's drafts what they will be from now on."""
    session.execute(
        update(Finding)
        .where(
            Finding.agency_id == order.agency_id,
            Finding.creditor_id == order.creditor_id,
            Finding.order_id == order.id,
            Finding.state == FindingState.DRAFT,
        )
        .values(state=FindingState.SUBMITTED, submitted_at=now)
    )


def _worker(actor: Actor) -> int:
    require(actor, Permission.LOCATE_WORK)
    return require_side(actor, Side.AGENCY)


def _open_order(session: Session, actor: Actor, order_id: int) -> LocateOrder:
    order = _order(session, _worker(actor), order_id, lock=True)
    if order.state not in {OrderState.ACKNOWLEDGED, OrderState.SUBMITTED}:
        raise OrderMovedOn
    if collects(session, order):
        raise CollectsNow
    return order


def _order(session: Session, agency_id: int, order_id: int, *, lock: bool = False) -> LocateOrder:
    query = select(LocateOrder).where(LocateOrder.agency_id == agency_id, LocateOrder.id == order_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    order = session.scalar(query)
    if order is None:
        raise NotFound
    return order


def _today(session: Session, creditor_id: int, now: datetime) -> date:
    zone = session.scalars(select(Organisation.time_zone).where(Organisation.id == creditor_id)).one()
    return local_date(now, zone)
