"""Lists of agencies as the two sides see them: how they came out, and each difference."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, Select, and_, func, select
from sqlalchemy.orm import Session, aliased

from agencies.kernel import audit
from agencies.kernel.errors import NotFound
from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.sheets import csv_bytes
from agencies.kernel.tenancy import Actor, Side, owned_by, require
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.cases.models import Case
from assignments.inventories.models import DifferenceKind, Inventory, InventoryDifference

BATCH = 2_000
_creditor, _agency = aliased(Organisation), aliased(Organisation)


@dataclass(frozen=True)
class InventoryRow:
    """One list with the names of its sides."""

    inventory: Inventory
    creditor_name: str
    agency_name: str

    @property
    def differences(self) -> int:
        """How many there are in all."""
        return sum(self.inventory.counts.values())


@dataclass(frozen=True)
class KindTotal:
    """One kind of difference in one currency: how many, and what each side says they come to."""

    kind: DifferenceKind
    currency: str | None
    count: int
    theirs_minor: int | None
    ours_minor: int | None


@dataclass(frozen=True)
class DifferenceRow:
    """One difference, and the case where the reader may open it."""

    difference: InventoryDifference
    case_id: int | None

    @property
    def gap_minor(self) -> int | None:
        """By how much the list says more than we do, where both speak of the same money."""
        one = self.difference
        if one.theirs_minor is None or one.ours_minor is None or one.their_currency != one.our_currency:
            return None
        return one.theirs_minor - one.ours_minor


def list_inventories(
    session: Session, actor: Actor, *, partner_id: int | None = None, after: int | None = None, limit: int = PAGE
) -> Page[InventoryRow]:
    """The lists of the creditor's agencies, or the agency's own, the newest first."""
    statement = _inventories(actor)
    if partner_id is not None:
        partner = Inventory.agency_id if actor.side is Side.CREDITOR else Inventory.creditor_id
        statement = statement.where(partner == partner_id)
    if after is not None:
        statement = statement.where(Inventory.id < after)
    rows = session.execute(statement.order_by(Inventory.id.desc()).limit(limit + 1)).all()
    return cut([_row(row) for row in rows], limit, lambda row: row.inventory.id)


def get_inventory(session: Session, actor: Actor, inventory_id: int) -> InventoryRow:
    """One list of the actor's organisation; raises `NotFound`."""
    row = session.execute(_inventories(actor).where(Inventory.id == inventory_id)).one_or_none()
    if row is None:
        raise NotFound
    return _row(row)


def inventory_of(session: Session, actor: Actor, upload_id: int) -> int | None:
    """The list an upload of the agency became."""
    require(actor, Permission.REPORT_VIEW)
    return session.scalar(
        select(Inventory.id).where(
            owned_by(actor, Inventory.creditor_id, Inventory.agency_id), Inventory.upload_id == upload_id
        )
    )


def kind_totals(session: Session, actor: Actor, inventory_id: int) -> list[KindTotal]:
    """The differences of a list by kind and currency, with their value on either side."""
    require(actor, Permission.REPORT_VIEW)
    currency = func.coalesce(InventoryDifference.our_currency, InventoryDifference.their_currency)
    same = func.coalesce(InventoryDifference.their_currency, currency) == currency
    rows = session.execute(
        select(
            InventoryDifference.kind,
            currency,
            func.count(),
            # Another currency's amounts are not added to these.
            func.sum(InventoryDifference.theirs_minor).filter(same),
            func.sum(InventoryDifference.ours_minor),
        )
        .where(*_of(actor, inventory_id))
        .group_by(InventoryDifference.kind, currency)
    )
    found = [KindTotal(kind, code, count, _whole(theirs), _whole(ours)) for kind, code, count, theirs, ours in rows]
    order = list(DifferenceKind)
    return sorted(found, key=lambda one: (order.index(one.kind), one.currency or ""))


def list_differences(
    session: Session,
    actor: Actor,
    inventory_id: int,
    *,
    kind: DifferenceKind | None = None,
    after: int | None = None,
    limit: int = PAGE,
) -> Page[DifferenceRow]:
    """The differences of a list in the order of their kinds and accounts."""
    require(actor, Permission.REPORT_VIEW)
    statement = (
        select(InventoryDifference, Case.id)
        # A creditor finds its case under the account, an agency only what it holds.
        .outerjoin(
            Case,
            and_(
                Case.creditor_id == InventoryDifference.creditor_id,
                Case.account_ref == InventoryDifference.account_ref,
                owned_by(actor, Case.creditor_id, Case.agency_id),
            ),
        )
        .where(*_of(actor, inventory_id))
    )
    if kind is not None:
        statement = statement.where(InventoryDifference.kind == kind)
    if after is not None:
        statement = statement.where(InventoryDifference.id > after)
    rows = session.execute(statement.order_by(InventoryDifference.id).limit(limit + 1)).all()
    return cut([DifferenceRow(*row) for row in rows], limit, lambda row: row.difference.id)


def differences_file(
    session: Session,
    actor: Actor,
    inventory_id: int,
    *,
    kind: DifferenceKind | None,
    header: Sequence[str],
    cells: Callable[[DifferenceRow], Sequence[object]],
    now: datetime,
) -> Iterator[bytes]:
    """The differences of a list as CSV in pieces; raises `NotFound` before the first. The export is recorded."""
    get_inventory(session, actor, inventory_id)
    audit.record(session, actor, "inventory.exported", now=now, inventory_id=inventory_id)
    return _pieces(session, actor, inventory_id, kind, header, cells)


def _pieces(
    session: Session,
    actor: Actor,
    inventory_id: int,
    kind: DifferenceKind | None,
    header: Sequence[str],
    cells: Callable[[DifferenceRow], Sequence[object]],
) -> Iterator[bytes]:
    # The mark tells spreadsheets that the text is UTF-8; without it they break Spanish letters.
    yield BOM_UTF8 + csv_bytes([header])
    after = None
    while True:
        page = list_differences(session, actor, inventory_id, kind=kind, after=after, limit=BATCH)
        yield csv_bytes(cells(row) for row in page.rows)
        after = page.next_cursor
        if after is None:
            return


def _inventories(actor: Actor) -> Select[Inventory, str, str]:
    require(actor, Permission.REPORT_VIEW)
    return (
        select(Inventory, _creditor.name, _agency.name)
        .join(_creditor, _creditor.id == Inventory.creditor_id)
        .join(_agency, _agency.id == Inventory.agency_id)
        .where(owned_by(actor, Inventory.creditor_id, Inventory.agency_id))
    )


def _row(row: Row[Inventory, str, str]) -> InventoryRow:
    inventory, creditor_name, agency_name = row
    return InventoryRow(inventory, creditor_name, agency_name)


def _of(actor: Actor, inventory_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        owned_by(actor, InventoryDifference.creditor_id, InventoryDifference.agency_id),
        InventoryDifference.inventory_id == inventory_id,
    )


def _whole(value: object) -> int | None:
    return None if value is None else int(str(value))
