"""Locate fees as both sides see them: what is owed between each two, and the findings behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Select, and_, func, select
from sqlalchemy.orm import Session, aliased

from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor, owned_by, require
from agencies.mandates.models import FeeClass, LocateGrade
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.ledger.models import Account, Entry, EntryKind, Posting
from assignments.locates.models import Finding, FindingKind, LocateBatch, LocateOrder


@dataclass(frozen=True)
class FeeBalance:
    """What findings have earned between one creditor and one agency, in one currency."""

    creditor_id: int
    creditor_name: str
    agency_id: int
    agency_name: str
    currency: str
    findings: int
    #: What the creditor owes the agency for them.
    owed_minor: int


@dataclass(frozen=True)
class FeeRow:
    """One booked fee with the finding that earned it."""

    id: int
    occurred_on: date
    booked_at: datetime
    creditor_name: str
    agency_name: str
    finding_id: int
    account_ref: str
    batch_name: str
    kind: FindingKind
    grade: LocateGrade
    fee_class: FeeClass
    currency: str
    amount_minor: int


_creditor = aliased(Organisation)
_agency = aliased(Organisation)


def fee_balances(session: Session, actor: Actor) -> list[FeeBalance]:
    """What is owed for findings, per creditor, agency and currency; never summed across currencies."""
    require(actor, Permission.LEDGER_VIEW)
    owed = func.sum(Posting.amount_minor).cast(BigInteger)
    statement: Select[*tuple[Any, ...]] = (
        select(
            Posting.creditor_id,
            _creditor.name,
            Posting.agency_id,
            _agency.name,
            Posting.currency,
            func.count(),
            owed,
        )
        .join(_creditor, _creditor.id == Posting.creditor_id)
        .join(_agency, _agency.id == Posting.agency_id)
        .where(
            owned_by(actor, Posting.creditor_id, Posting.agency_id),
            Posting.source == Account.FEES_PAYABLE,
            Posting.destination == Account.LOCATE_FEES,
        )
        .group_by(Posting.creditor_id, _creditor.name, Posting.agency_id, _agency.name, Posting.currency)
        .order_by(_creditor.name, _agency.name, Posting.currency)
    )
    return [FeeBalance(*row) for row in session.execute(statement)]


def list_fees(
    session: Session, actor: Actor, *, agency_id: int | None = None, after: int | None = None, limit: int = PAGE
) -> Page[FeeRow]:
    """Booked fees, the latest first."""
    require(actor, Permission.LEDGER_VIEW)
    statement: Select[*tuple[Any, ...]] = (
        select(
            Entry.id,
            Entry.occurred_on,
            Entry.booked_at,
            _creditor.name,
            _agency.name,
            Finding.id,
            LocateOrder.account_ref,
            LocateBatch.name,
            Finding.kind,
            Finding.grade,
            LocateBatch.fee_class,
            Entry.currency,
            Entry.total_minor,
        )
        .join(
            Finding,
            and_(
                Finding.creditor_id == Entry.creditor_id,
                Finding.agency_id == Entry.agency_id,
                Finding.id == Entry.finding_id,
            ),
        )
        .join(
            LocateOrder,
            and_(
                LocateOrder.creditor_id == Finding.creditor_id,
                LocateOrder.agency_id == Finding.agency_id,
                LocateOrder.id == Finding.order_id,
            ),
        )
        .join(
            LocateBatch,
            and_(
                LocateBatch.creditor_id == LocateOrder.creditor_id,
                LocateBatch.agency_id == LocateOrder.agency_id,
                LocateBatch.id == LocateOrder.batch_id,
            ),
        )
        .join(_creditor, _creditor.id == Entry.creditor_id)
        .join(_agency, _agency.id == Entry.agency_id)
        .where(owned_by(actor, Entry.creditor_id, Entry.agency_id), Entry.kind == EntryKind.LOCATE_FEE)
        .order_by(Entry.id.desc())
        .limit(limit + 1)
    )
    if agency_id is not None:
        statement = statement.where(Entry.agency_id == agency_id)
    if after is not None:
        statement = statement.where(Entry.id < after)
    return cut([FeeRow(*row) for row in session.execute(statement)], limit, lambda row: row.id)
