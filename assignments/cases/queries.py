"""Cases as the two sides see them: what a filter selects, its totals, a page of it, one case.

The same statement selects for looking and for placing, so that what is placed is what was seen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from agencies.kernel.errors import NotFound
from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.sealing import Keyring, keyring_of
from agencies.kernel.tenancy import Actor, Side, owned_by, require, require_side
from agencies.mandates.models import Mandate
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.cases.models import Case, CaseState, Debtor, Portfolio
from assignments.cases.selecting import selected
from assignments.cases.selection import Selection
from uploads.sealed import open_private

#: What selects and how is told here too, beside what reads it.
__all__ = ["Selection", "selected"]

_MOST_VALUES = 200
#: Where a row of a list has the number of the document.
_NUMBER = 8


@dataclass(frozen=True)
class CaseRow:
    """One case in a list."""

    id: int
    account_ref: str
    creditor_id: int
    creditor_name: str
    agency_id: int | None
    agency_name: str | None
    debtor_name: str | None
    id_type: str | None
    id_number: str | None
    product: str | None
    region: str | None
    city: str | None
    days_past_due: int | None
    currency: str
    placed_minor: int
    balance_minor: int
    state: CaseState
    #: Nobody is to work it, by the creditor's word or because of a flag, whoever holds it.
    is_held: bool


@dataclass(frozen=True)
class Amounts:
    """What the selected cases of one currency come to."""

    currency: str
    cases: int
    placed_minor: int
    balance_minor: int


@dataclass(frozen=True)
class Totals:
    """What a selection comes to, by currency, the one with most cases first; never summed across currencies."""

    by_currency: tuple[Amounts, ...]

    @property
    def cases(self) -> int:
        """How many cases are selected."""
        return sum(one.cases for one in self.by_currency)


@dataclass(frozen=True)
class CaseDetail:
    """One case with its debtor and the names around it."""

    case: Case
    debtor: Debtor
    creditor_name: str
    agency_name: str | None
    #: The creditor's own only: an agency does not see portfolios.
    portfolio: Portfolio | None


@dataclass(frozen=True)
class Facets:
    """What the cases an actor sees can be filtered by; organisations and portfolios as (id, name)."""

    portfolios: tuple[tuple[int, str], ...]
    agencies: tuple[tuple[int, str], ...]
    products: tuple[str, ...]
    regions: tuple[str, ...]
    segments: tuple[str, ...]
    currencies: tuple[str, ...] = ()
    #: Whether it is the creditor who asks: portfolios, other agencies and earlier placements mean something to it only.
    is_creditor: bool = True


_creditor = aliased(Organisation)
_agency = aliased(Organisation)


def list_cases(
    session: Session,
    actor: Actor,
    selection: Selection,
    *,
    without: Collection[int] = (),
    after: int | None = None,
    limit: int = PAGE,
) -> Page[CaseRow]:
    """A page of what is selected, portfolio by portfolio."""
    require(actor, Permission.CASE_VIEW)
    statement: Select[*tuple[Any, ...]] = (
        selected(actor, selection, without=without)
        .join(Debtor, _debtor_of_case())
        .join(_creditor, _creditor.id == Case.creditor_id)
        .outerjoin(_agency, _agency.id == Case.agency_id)
        .with_only_columns(
            Case.id,
            Case.account_ref,
            Case.creditor_id,
            _creditor.name,
            Case.agency_id,
            _agency.name,
            Debtor.name,
            Debtor.id_type,
            Debtor.identity,
            Case.product,
            Case.region,
            Case.city,
            Case.days_past_due,
            Case.currency,
            Case.placed_minor,
            Case.balance_minor,
            Case.state,
            or_(Case.held_since.is_not(None), Case.is_stopped),
            Debtor.sealed,
        )
    )
    if after is not None:
        statement = statement.where(Case.id > after)
    keyring = keyring_of(session)
    rows = [_opened(keyring, row) for row in session.execute(statement.order_by(Case.id).limit(limit + 1))]
    return cut(rows, limit, lambda row: row.id)


def _opened(keyring: Keyring, row: Row[*tuple[Any, ...]]) -> CaseRow:
    """A row whose identity and sealed value become the number of the document."""
    cells: list[Any] = list(row[:-1])
    cells[_NUMBER] = open_private(keyring, row.creditor_id, row.identity, row.sealed).national_id
    return CaseRow(*cells)


def totals(session: Session, actor: Actor, selection: Selection, *, without: Collection[int] = ()) -> Totals:
    """What is selected, counted and summed per currency."""
    require(actor, Permission.CASE_VIEW)
    rows = session.execute(
        selected(actor, selection, without=without)
        .with_only_columns(Case.currency, func.count(), func.sum(Case.placed_minor), func.sum(Case.balance_minor))
        .group_by(Case.currency)
        .order_by(func.count().desc(), Case.currency)
    )
    return Totals(
        tuple(Amounts(currency, cases, int(placed), int(balance)) for currency, cases, placed, balance in rows)
    )


def get_case(session: Session, actor: Actor, case_id: int) -> CaseDetail:
    """One case of the actor's organisation; raises `NotFound`."""
    require(actor, Permission.CASE_VIEW)
    row = session.execute(
        select(Case, Debtor, _creditor.name, _agency.name)
        .join(Debtor, _debtor_of_case())
        .join(_creditor, _creditor.id == Case.creditor_id)
        .outerjoin(_agency, _agency.id == Case.agency_id)
        .where(owned_by(actor, Case.creditor_id, Case.agency_id), Case.id == case_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    case, debtor, creditor_name, agency_name = row
    portfolio = None
    if actor.side is Side.CREDITOR:
        portfolio = session.get(Portfolio, (actor.tenant, case.portfolio_id))
    return CaseDetail(case, debtor, creditor_name, agency_name, portfolio)


def list_portfolios(session: Session, actor: Actor) -> list[Portfolio]:
    """The creditor's portfolios, newest first; an agency has none."""
    if actor.side is not Side.CREDITOR:
        return []
    require(actor, Permission.CASE_VIEW)
    statement = select(Portfolio).where(Portfolio.creditor_id == actor.tenant)
    return list(session.scalars(statement.order_by(Portfolio.id.desc())))


def page_portfolios(session: Session, actor: Actor, *, after: int | None = None) -> Page[Portfolio]:
    """The creditor's portfolios in pages, newest first."""
    require(actor, Permission.CASE_VIEW)
    statement = select(Portfolio).where(Portfolio.creditor_id == require_side(actor, Side.CREDITOR))
    if after is not None:
        statement = statement.where(Portfolio.id < after)
    rows = session.scalars(statement.order_by(Portfolio.id.desc()).limit(PAGE + 1)).all()
    return cut(rows, PAGE, lambda one: one.id)


def portfolios_of(session: Session, actor: Actor, upload_id: int) -> list[Portfolio]:
    """The portfolios an upload became, one for each of its currencies, the one with most cases first."""
    if actor.side is not Side.CREDITOR:
        return []
    require(actor, Permission.CASE_VIEW)
    statement = select(Portfolio).where(Portfolio.creditor_id == actor.tenant, Portfolio.upload_id == upload_id)
    return list(session.scalars(statement.order_by(Portfolio.id)))


def facets(session: Session, actor: Actor) -> Facets:
    """What the actor can filter by: what its portfolios say they hold, or the cases an agency holds."""
    require(actor, Permission.CASE_VIEW)
    if actor.side is Side.AGENCY:
        found = {name: _distinct(session, actor, name) for name in ("product", "region", "segment", "currency")}
        return Facets((), (), found["product"], found["region"], found["segment"], found["currency"], is_creditor=False)
    portfolios = list_portfolios(session, actor)
    return Facets(
        tuple((one.id, _title(one.name, one.created_at)) for one in portfolios),
        _agencies(session, actor),
        _values(portfolios, "product"),
        _values(portfolios, "region"),
        _values(portfolios, "segment"),
        tuple(sorted({one.currency for one in portfolios})),
    )


def _debtor_of_case() -> Any:
    return and_(Debtor.creditor_id == Case.creditor_id, Debtor.id == Case.debtor_id)


def _title(name: str, created_at: datetime) -> str:
    return f"{name} ({created_at:%Y-%m-%d})"


def _agencies(session: Session, actor: Actor) -> tuple[tuple[int, str], ...]:
    rows = session.execute(
        select(_agency.id, _agency.name)
        .where(_agency.id.in_(select(Mandate.agency_id).where(Mandate.creditor_id == actor.tenant)))
        .order_by(_agency.name)
    )
    return tuple((number, name) for number, name in rows)


def _values(portfolios: Iterable[Portfolio], name: str) -> tuple[str, ...]:
    return tuple(sorted({value for one in portfolios for value in one.facets.get(name, ())}))


def _distinct(session: Session, actor: Actor, name: str) -> tuple[str, ...]:
    column = getattr(Case, name)
    statement = selected(actor, Selection()).with_only_columns(column).where(column.is_not(None)).distinct()
    values = session.scalars(statement.order_by(column).limit(_MOST_VALUES + 1)).all()
    return tuple(values) if len(values) <= _MOST_VALUES else ()
