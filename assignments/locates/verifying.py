"""The creditor says of each finding whether it is correct and whether it may be used, and releases what is both.

The two axes are kept apart, because in Colombia finding a number does not permit calling it. What is released becomes a
contact point of whoever works the debtor; when the authorisation goes, the point goes with it, at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from agencies.kernel import audit, notices
from agencies.kernel.errors import Conflict, NotFound, msg
from agencies.kernel.money import Money
from agencies.kernel.sealing import keyring_of
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.mandates.models import LocateGrade
from agencies.mandates.queries import terms_of
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.cases.models import Debtor
from assignments.cases.reaching import stops_of
from assignments.contacts.models import Authorisation, ContactKind, ContactPoint
from assignments.locates.lifecycle import NotToBeReleased, OrderMovedOn, fee_due, may_be_released
from assignments.locates.models import (
    Finding,
    FindingState,
    LocateBatch,
    LocateOrder,
    OrderEnd,
    OrderOutcome,
    OrderState,
    Verification,
    VerificationAct,
    VerificationMethod,
)
from assignments.locates.ordering import forget_subjects
from uploads.sealed import alone, seal_private


class GradedBefore(Conflict):
    """A grade is given once, because it is paid by."""

    text = msg("This finding has been graded already.")


@dataclass(frozen=True)
class Graded:
    """A finding with its grade, and what that earned under which terms."""

    finding: Finding
    batch: LocateBatch
    fee: Money


def grade(
    session: Session,
    actor: Actor,
    finding_id: int,
    *,
    grade: LocateGrade,
    method: VerificationMethod,
    note: str | None = None,
    now: datetime,
) -> Graded:
    """Say whether a finding is correct and how that was seen; the last one of an order closes it.

    Raises `NotFound`, and `GradedBefore` for any other grade than the one it has. The fee is booked by the ledger.
    """
    finding = locked_finding(session, actor, finding_id)
    batch, order = _around(session, finding)
    if finding.grade is not None:
        if finding.grade is not grade:
            raise GradedBefore
        return Graded(finding, batch, Money(finding.fee_minor or 0, finding.fee_currency or order.currency))
    sheet = terms_of(session, actor, [batch.mandate_version_id])[batch.mandate_version_id]
    home = session.scalars(select(Organisation.currency).where(Organisation.id == finding.creditor_id)).one()
    fee = fee_due(sheet, batch.fee_class, grade, home)
    finding.grade, finding.graded_at = grade, now
    finding.fee_minor, finding.fee_currency = fee.minor, fee.currency
    _step(session, actor, finding, VerificationAct.GRADED, now, method=method, grade=grade, note=note)
    _record(session, actor, "finding.graded", finding, now, grade=grade.value, fee_minor=fee.minor)
    session.flush()
    _close_when_done(session, order, now)
    return Graded(finding, batch, fee)


def set_authorisation(
    session: Session,
    actor: Actor,
    finding_id: int,
    *,
    authorisation: Authorisation,
    note: str | None = None,
    now: datetime,
) -> Finding:
    """Say whether a finding may be used; anything but yes takes a released point back from everybody at once."""
    finding = locked_finding(session, actor, finding_id)
    if finding.authorisation is authorisation:
        return finding
    _step(session, actor, finding, VerificationAct.AUTHORISATION_SET, now, authorisation=authorisation, note=note)
    was_released = finding.released_at is not None
    if authorisation is not Authorisation.AUTHORISED and was_released:
        holder = session.scalar(
            delete(ContactPoint)
            .where(ContactPoint.creditor_id == finding.creditor_id, ContactPoint.finding_id == finding_id)
            .returning(ContactPoint.agency_id)
        )
        finding.released_at = None
        if holder is not None:
            _tell(session, finding, holder, "contact.revoked", now)
    finding.authorisation = authorisation
    action = "finding.revoked" if was_released else "finding.authorisation_set"
    _record(session, actor, action, finding, now, authorisation=authorisation.value)
    return finding


def release(session: Session, actor: Actor, finding_id: int, *, now: datetime) -> Finding:
    """Make a finding a contact point of whoever works the debtor; a second time changes nothing.

    Raises `NotToBeReleased` unless it was confirmed, may be used, and is a way to reach somebody.
    """
    finding = locked_finding(session, actor, finding_id)
    if finding.released_at is not None:
        return finding
    if not may_be_released(finding):
        raise NotToBeReleased
    _, order = _around(session, finding)
    # Nobody is reached by what they asked not to be reached by, whoever finds it again.
    if (order.debtor_id, finding.form) in stops_of(session, finding.creditor_id, [order.debtor_id]):
        raise NotToBeReleased
    # The debtor's row is held, so that a placement made meanwhile either sees the point or is seen here.
    holder, identity = session.execute(
        select(Debtor.agency_id, Debtor.identity)
        .where(Debtor.creditor_id == finding.creditor_id, Debtor.id == order.debtor_id)
        .with_for_update()
    ).one()
    finding.released_at = now
    session.flush()
    kind, value, keyring = finding.kind.value, finding.value, keyring_of(session)
    private = alone(kind, value, value)
    session.add(
        ContactPoint(
            creditor_id=finding.creditor_id,
            agency_id=holder,
            debtor_id=order.debtor_id,
            kind=ContactKind(kind),
            part=kind,
            form=finding.form,
            sealed=seal_private(keyring, finding.creditor_id, identity, private),
            finding_id=finding.id,
            authorisation=finding.authorisation,
            released_at=now,
        )
    )
    _step(session, actor, finding, VerificationAct.RELEASED, now, authorisation=finding.authorisation)
    _record(session, actor, "finding.released", finding, now)
    if holder is not None:
        _tell(session, finding, holder, "contact.released", now)
    return finding


def close_empty(session: Session, actor: Actor, batch_id: int, *, now: datetime) -> int:
    """Close the batch's orders that were handed in with nothing found; returns how many."""
    require(actor, Permission.LOCATE_VERIFY)
    creditor_id = require_side(actor, Side.CREDITOR)
    batch = session.scalar(
        select(LocateBatch).where(LocateBatch.creditor_id == creditor_id, LocateBatch.id == batch_id)
    )
    if batch is None:
        raise NotFound
    ended = session.scalars(
        update(LocateOrder)
        .where(
            LocateOrder.creditor_id == creditor_id,
            LocateOrder.batch_id == batch_id,
            LocateOrder.state == OrderState.SUBMITTED,
            LocateOrder.outcome == OrderOutcome.NONE_FOUND,
        )
        .values(state=OrderState.CLOSED, closed_at=now, ended_as=OrderEnd.NONE_FOUND)
        .returning(LocateOrder.id)
    ).all()
    if not ended:
        raise OrderMovedOn
    forget_subjects(session, creditor_id, batch.agency_id, list(ended))
    audit.record(
        session,
        actor,
        "locate.closed",
        now=now,
        organisations=[creditor_id, batch.agency_id],
        batch_id=batch_id,
        orders=len(ended),
    )
    return len(ended)


def locked_finding(session: Session, actor: Actor, finding_id: int) -> Finding:
    """A finding that was handed in to the creditor, held until the end; raises `NotFound`."""
    require(actor, Permission.LOCATE_VERIFY)
    creditor_id = require_side(actor, Side.CREDITOR)
    finding = session.scalar(
        select(Finding)
        .where(Finding.creditor_id == creditor_id, Finding.id == finding_id, Finding.state == FindingState.SUBMITTED)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if finding is None:
        raise NotFound
    return finding


def _around(session: Session, finding: Finding) -> tuple[LocateBatch, LocateOrder]:
    order = session.get_one(LocateOrder, (finding.creditor_id, finding.agency_id, finding.order_id))
    return session.get_one(LocateBatch, (finding.creditor_id, finding.agency_id, order.batch_id)), order


def _close_when_done(session: Session, order: LocateOrder, now: datetime) -> None:
    """Two people may grade the last two findings at once, so the order's row is held while one looks."""
    session.refresh(order, with_for_update=True)
    is_open = session.scalar(
        select(
            exists().where(
                Finding.creditor_id == order.creditor_id,
                Finding.agency_id == order.agency_id,
                Finding.order_id == order.id,
                Finding.state == FindingState.SUBMITTED,
                Finding.grade.is_(None),
            )
        )
    )
    if order.state is not OrderState.SUBMITTED or is_open:
        return
    order.state, order.closed_at, order.ended_as = OrderState.CLOSED, now, OrderEnd.VERIFIED
    session.flush()
    forget_subjects(session, order.creditor_id, order.agency_id, [order.id])


def _step(
    session: Session,
    actor: Actor,
    finding: Finding,
    act: VerificationAct,
    now: datetime,
    *,
    method: VerificationMethod | None = None,
    grade: LocateGrade | None = None,
    authorisation: Authorisation | None = None,
    note: str | None = None,
) -> None:
    session.add(
        Verification(
            creditor_id=finding.creditor_id,
            agency_id=finding.agency_id,
            finding_id=finding.id,
            act=act,
            method=method,
            grade=grade,
            authorisation=authorisation,
            note=(note or "").strip() or None,
            at=now,
            by=actor.user_id,
        )
    )


def _tell(session: Session, finding: Finding, holder: int, kind: str, now: datetime) -> None:
    """Whoever works the debtor must stop, or may begin, to use a point; which one stands in its case, not here."""
    _, order = _around(session, finding)
    notices.notify(
        session,
        holder,
        kind,
        key=f"{kind}:{finding.id}:{now.isoformat()}",
        permission=Permission.MANIFEST_DOWNLOAD,
        now=now,
        creditor_id=finding.creditor_id,
        case_id=order.case_id,
    )


def _record(session: Session, actor: Actor, action: str, finding: Finding, now: datetime, **details: object) -> None:
    audit.record(
        session,
        actor,
        action,
        now=now,
        organisations=[finding.creditor_id, finding.agency_id],
        finding_id=finding.id,
        order_id=finding.order_id,
        **details,
    )
