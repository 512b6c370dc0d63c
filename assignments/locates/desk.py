"""Findings as the two sides see them: those of an order, those to be verified, and one with what was done with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session, aliased

from agencies.kernel.errors import NotFound
from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor, Side, owned_by, require, require_side
from agencies.mandates.models import LocateGrade
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.contacts.models import Authorisation
from assignments.locates.investigating import collects
from assignments.locates.models import (
    Finding,
    FindingKind,
    FindingState,
    LocateBatch,
    LocateOrder,
    Verification,
)


@dataclass(frozen=True)
class FindingRow:
    """One finding in a list of the creditor's."""

    id: int
    creditor_id: int
    case_id: int
    kind: FindingKind
    value: str
    detail: str | None
    is_known: bool
    agency_name: str
    account_ref: str
    batch_name: str
    submitted_at: datetime
    grade: LocateGrade | None
    authorisation: Authorisation
    released_at: datetime | None
    fee_currency: str | None
    fee_minor: int | None


@dataclass(frozen=True)
class FindingDetail:
    """One finding with its order, its batch and all that was done with it."""

    finding: Finding
    order: LocateOrder
    batch: LocateBatch
    creditor_name: str
    agency_name: str
    #: The agency that found it works the debtor now, and so sees released points only.
    is_collected: bool
    steps: tuple[Verification, ...]


_creditor = aliased(Organisation)
_agency = aliased(Organisation)


def list_findings(session: Session, actor: Actor, order_id: int) -> list[Finding]:
    """The findings of one order; a creditor sees those that were handed in."""
    require(actor, Permission.LOCATE_VIEW)
    statement = select(Finding).where(
        owned_by(actor, Finding.creditor_id, Finding.agency_id), Finding.order_id == order_id
    )
    if actor.side is Side.CREDITOR:
        statement = statement.where(Finding.state == FindingState.SUBMITTED)
    return list(session.scalars(statement.order_by(Finding.id)))


def list_to_verify(
    session: Session,
    actor: Actor,
    *,
    is_graded: bool = False,
    case_id: int | None = None,
    after: int | None = None,
    limit: int = PAGE,
) -> Page[FindingRow]:
    """Findings handed in to the creditor: those without a grade, the oldest first; or all of one case."""
    require(actor, Permission.LOCATE_VIEW)
    creditor_id = require_side(actor, Side.CREDITOR)
    statement: Select[*tuple[Any, ...]] = (
        select(
            Finding.id,
            Finding.creditor_id,
            LocateOrder.case_id,
            Finding.kind,
            Finding,
            Finding.detail,
            Finding.is_known,
            _agency.name,
            LocateOrder.account_ref,
            LocateBatch.name,
            Finding.submitted_at,
            Finding.grade,
            Finding.authorisation,
            Finding.released_at,
            Finding.fee_currency,
            Finding.fee_minor,
        )
        .join(LocateOrder, _order_of(Finding))
        .join(LocateBatch, _batch_of(LocateOrder))
        .join(_agency, _agency.id == Finding.agency_id)
        .where(Finding.creditor_id == creditor_id, Finding.state == FindingState.SUBMITTED)
        .order_by(Finding.id)
        .limit(limit + 1)
    )
    if case_id is not None:
        statement = statement.where(LocateOrder.creditor_id == creditor_id, LocateOrder.case_id == case_id)
    else:
        statement = statement.where(Finding.grade.is_not(None) if is_graded else Finding.grade.is_(None))
    if after is not None:
        statement = statement.where(Finding.id > after)
    return cut([_finding_row(*row) for row in session.execute(statement)], limit, lambda row: row.id)


def _finding_row(finding_id: int, creditor_id: int, case_id: int, kind: FindingKind, *rest: Any) -> FindingRow:
    finding, *cells = rest
    return FindingRow(finding_id, creditor_id, case_id, kind, finding.value, *cells)


def get_finding(session: Session, actor: Actor, finding_id: int) -> FindingDetail:
    """One finding; a creditor's only once it was handed in. Raises `NotFound`."""
    require(actor, Permission.LOCATE_VIEW)
    statement = (
        select(Finding, LocateOrder, LocateBatch, _creditor.name, _agency.name)
        .join(LocateOrder, _order_of(Finding))
        .join(LocateBatch, _batch_of(LocateOrder))
        .join(_creditor, _creditor.id == Finding.creditor_id)
        .join(_agency, _agency.id == Finding.agency_id)
        .where(owned_by(actor, Finding.creditor_id, Finding.agency_id), Finding.id == finding_id)
    )
    if actor.side is Side.CREDITOR:
        statement = statement.where(Finding.state == FindingState.SUBMITTED)
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFound
    finding, order, batch, creditor, agency = row
    steps = session.scalars(
        select(Verification)
        .where(
            Verification.creditor_id == finding.creditor_id,
            Verification.agency_id == finding.agency_id,
            Verification.finding_id == finding_id,
        )
        .order_by(Verification.id)
    )
    is_collected = collects(session, order)
    return FindingDetail(finding, order, batch, creditor, agency, is_collected, tuple(steps))


def _order_of(finding: type[Finding]) -> Any:
    return and_(
        LocateOrder.creditor_id == finding.creditor_id,
        LocateOrder.agency_id == finding.agency_id,
        LocateOrder.id == finding.order_id,
    )


def _batch_of(order: type[LocateOrder]) -> Any:
    return and_(
        LocateBatch.creditor_id == order.creditor_id,
        LocateBatch.agency_id == order.agency_id,
        LocateBatch.id == order.batch_id,
    )
