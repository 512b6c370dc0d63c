"""Balances and entries as queries over postings, for both sides, and the checks that the books are sound."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, column, func, select, table, text
from sqlalchemy.orm import Session, aliased

from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor, owned_by, require
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.ledger.commission import COMMISSION_SQL, TERMS_SQL
from assignments.ledger.models import Account, Entry, EntryKind, Posting
from assignments.placements.models import Placement

#: Reports stand to the right of the ledger, so their payments are named and not imported.
_payments = table(
    "payments",
    *(column(name, BigInteger) for name in ("creditor_id", "agency_id", "id", "case_id", "placement_id")),
    column("received_by"),
)


@dataclass(frozen=True)
class Balance:
    """Where the money of one creditor and one agency stands, in one currency."""

    creditor_id: int
    creditor_name: str
    agency_id: int
    agency_name: str
    currency: str
    payments: int
    #: Everything debtors paid, whoever received it.
    collected_minor: int
    received_by_agency_minor: int
    received_by_creditor_minor: int
    commission_minor: int
    #: What the agency holds after its commission on it, and owes the creditor.
    held_by_agency_minor: int
    #: Commission on what the creditor received itself, which it owes the agency.
    owed_to_agency_minor: int


@dataclass(frozen=True)
class EntryRow:
    """One booked payment with what it moved."""

    id: int
    occurred_on: date
    booked_at: datetime
    creditor_id: int
    agency_id: int
    agency_name: str
    case_id: int
    account_ref: str
    received_by: str
    currency: str
    amount_minor: int
    commission_bp: int
    commission_minor: int


@dataclass(frozen=True)
class Problem:
    """Something in the books that must not be: a stable code, and the payment or entry it concerns."""

    code: str
    creditor_id: int
    agency_id: int
    subject_id: int


_creditor = aliased(Organisation)
_agency = aliased(Organisation)


def balances(session: Session, actor: Actor, *, agency_id: int | None = None) -> list[Balance]:
    """What was collected, earned and is held, per creditor, agency and currency; never summed across currencies."""
    require(actor, Permission.LEDGER_VIEW)
    receivable, commission = Account.RECEIVABLE, Account.COMMISSION
    held, direct = Account.HELD_BY_AGENCY, Account.RECEIVED_BY_CREDITOR
    received_by_agency, received_by_creditor = _net(receivable, held), _net(receivable, direct)
    statement: Select[*tuple[Any, ...]] = (
        select(
            Posting.creditor_id,
            _creditor.name,
            Posting.agency_id,
            _agency.name,
            Posting.currency,
            func.count().filter(Posting.source == receivable) - func.count().filter(Posting.destination == receivable),
            received_by_agency + received_by_creditor,
            received_by_agency,
            received_by_creditor,
            _sum(Posting.destination == commission) - _sum(Posting.source == commission),
            _sum(Posting.destination == held) - _sum(Posting.source == held),
            _net(direct, commission),
        )
        .join(_creditor, _creditor.id == Posting.creditor_id)
        .join(_agency, _agency.id == Posting.agency_id)
        .where(
            owned_by(actor, Posting.creditor_id, Posting.agency_id),
            # Fees for findings have a statement of their own.
            Posting.destination != Account.LOCATE_FEES,
        )
        .group_by(Posting.creditor_id, _creditor.name, Posting.agency_id, _agency.name, Posting.currency)
        .order_by(_creditor.name, _agency.name, Posting.currency)
    )
    if agency_id is not None:
        statement = statement.where(Posting.agency_id == agency_id)
    return [Balance(*row) for row in session.execute(statement)]


def list_entries(
    session: Session,
    actor: Actor,
    *,
    agency_id: int | None = None,
    case_id: int | None = None,
    after: int | None = None,
    limit: int = PAGE,
) -> Page[EntryRow]:
    """Booked payments, the latest booked first; all, those of one agency, or those on one case."""
    require(actor, Permission.LEDGER_VIEW)
    payment, commission = aliased(Posting), aliased(Posting)
    # What was taken back moved the other way.
    sign = case((Entry.kind == EntryKind.REVERSAL, -1), else_=1)
    statement: Select[*tuple[Any, ...]] = (
        select(
            Entry.id,
            Entry.occurred_on,
            Entry.booked_at,
            Entry.creditor_id,
            Entry.agency_id,
            Organisation.name,
            _payments.c.case_id,
            Placement.account_ref,
            _payments.c.received_by,
            Entry.currency,
            payment.amount_minor * sign,
            Entry.commission_bp,
            func.coalesce(commission.amount_minor, 0) * sign,
        )
        .join(Organisation, Organisation.id == Entry.agency_id)
        .join(
            _payments,
            and_(
                _payments.c.creditor_id == Entry.creditor_id,
                _payments.c.agency_id == Entry.agency_id,
                _payments.c.id == Entry.payment_id,
            ),
        )
        .join(
            Placement,
            and_(
                Placement.creditor_id == _payments.c.creditor_id,
                Placement.agency_id == _payments.c.agency_id,
                Placement.id == _payments.c.placement_id,
            ),
        )
        .join(payment, _of_entry(payment, _touches(payment, Account.RECEIVABLE)))
        .outerjoin(commission, _of_entry(commission, _touches(commission, Account.COMMISSION)))
        .where(owned_by(actor, Entry.creditor_id, Entry.agency_id))
        .order_by(Entry.id.desc())
        .limit(limit + 1)
    )
    if agency_id is not None:
        statement = statement.where(Entry.agency_id == agency_id)
    if case_id is not None:
        statement = statement.where(_payments.c.case_id == case_id)
    if after is not None:
        statement = statement.where(Entry.id < after)
    rows = [EntryRow(*row) for row in session.execute(statement)]
    return cut(rows, limit, lambda row: row.id)


#: Each yields code, creditor, agency and subject of what must not be; none of them yields anything in sound books.
CHECKS = {
    "entry_unbalanced": """
        select e.creditor_id, e.agency_id, e.id from entries e
        left join postings p on p.creditor_id = e.creditor_id and p.agency_id = e.agency_id and p.entry_id = e.id
        group by e.creditor_id, e.agency_id, e.id, e.total_minor, e.currency
        having coalesce(sum(p.amount_minor), 0) <> e.total_minor or bool_or(p.currency <> e.currency)
    """,
    "payment_not_booked": """
        select p.creditor_id, p.agency_id, p.id from payments p
        left join entries e on e.creditor_id = p.creditor_id and e.agency_id = p.agency_id and e.payment_id = p.id
                           and e.kind = 'payment'
        where e.id is null
    """,
    # What was taken back, and nothing else, is booked the other way round too, to the same amount.
    "reversal_differs": """
        select coalesce(r.creditor_id, v.creditor_id), coalesce(r.agency_id, v.agency_id),
               coalesce(r.payment_id, v.payment_id)
        from payment_reversals r
        full join (select * from entries where kind = 'reversal') v
               on v.creditor_id = r.creditor_id and v.agency_id = r.agency_id and v.payment_id = r.payment_id
        left join entries e on e.creditor_id = r.creditor_id and e.agency_id = r.agency_id
                           and e.payment_id = r.payment_id and e.kind = 'payment'
        where r.payment_id is null or v.id is null or v.total_minor <> e.total_minor
    """,
    "payment_booked_twice": """
        select creditor_id, agency_id, payment_id from entries where kind = 'payment'
        group by creditor_id, agency_id, payment_id having count(*) > 1
    """,
    "amount_differs": """
        select p.creditor_id, p.agency_id, p.id from payments p
        join entries e on e.creditor_id = p.creditor_id and e.agency_id = p.agency_id and e.payment_id = p.id
                      and e.kind = 'payment'
        left join postings t on t.creditor_id = e.creditor_id and t.agency_id = e.agency_id and t.entry_id = e.id
                            and t.source = 'receivable'
        where t.amount_minor is distinct from p.amount_minor
           or t.destination is distinct from
              case p.received_by when 'agency' then 'held_by_agency' else 'received_by_creditor' end
    """,
    "commission_differs": f"""
        select e.creditor_id, e.agency_id, e.id from entries e
        join payments p on p.creditor_id = e.creditor_id and p.agency_id = e.agency_id and p.id = e.payment_id
        join placements l on l.creditor_id = p.creditor_id and l.agency_id = p.agency_id and l.id = p.placement_id
        {TERMS_SQL}
        where e.mandate_version_id <> l.mandate_version_id or e.commission_bp <> l.commission_bp
           or e.total_minor - p.amount_minor <> {COMMISSION_SQL}
    """,  # noqa: S608  put together from constants
    # Every finding that earned something is booked, to the amount it earned.
    "fee_differs": """
        select f.creditor_id, f.agency_id, f.id from findings f
        full join (select * from entries where kind = 'locate_fee') e
               on e.creditor_id = f.creditor_id and e.agency_id = f.agency_id and e.finding_id = f.id
        where coalesce(f.fee_minor, 0) <> coalesce(e.total_minor, 0) or f.fee_currency <> e.currency
    """,
    # The rate a placement keeps is the one its terms give for what it keeps of its case: its age and its balance. A
    # line that asks for more may have set it, but none behind the first line that fits and asks for no more.
    "rate_differs": """
        select l.creditor_id, l.agency_id, l.id from placements l
        join mandate_versions v on v.creditor_id = l.creditor_id and v.agency_id = l.agency_id
                               and v.id = l.mandate_version_id
        where not exists (
            select from (
                select c.rate_bp, c.position, min(c.position) filter (where c.is_sure) over () as last_position
                from (
                    select b.rate_bp, b.position,
                           b.tier is null and b.product is null and b.debtor_type is null as is_sure
                    from commission_lines b
                    where b.creditor_id = v.creditor_id and b.agency_id = v.agency_id and b.mandate_version_id = v.id
                      and ((b.age_from is null and b.age_to is null)
                           or l.age_days between coalesce(b.age_from, 0) and coalesce(b.age_to, l.age_days))
                      and ((b.balance_from_minor is null and b.balance_to_minor is null)
                           or (l.currency = v.currency
                               and l.placed_minor between coalesce(b.balance_from_minor, 0)
                                                      and coalesce(b.balance_to_minor, l.placed_minor)))
                    union all
                    select v.commission_bp, 1000000, true
                ) c
            ) known
            where known.position <= known.last_position and known.rate_bp = l.commission_bp
        )
    """,
}


def verify(session: Session) -> list[Problem]:
    """Everything that is wrong in the books the session's actor may see; nothing in sound books."""
    return [Problem(code, *row) for code, statement in CHECKS.items() for row in session.execute(text(statement)).all()]


def _sum(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((and_(*conditions), Posting.amount_minor), else_=0)), 0).cast(BigInteger)


def _net(source: Account, destination: Account) -> ColumnElement[int]:
    """What moved from one account to another, less what was moved back."""
    there = _sum(Posting.source == source, Posting.destination == destination)
    return there - _sum(Posting.source == destination, Posting.destination == source)


def _touches(posting: type[Posting], account: Account) -> ColumnElement[bool]:
    return (posting.source == account) | (posting.destination == account)


def _of_entry(posting: type[Posting], *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(
        posting.creditor_id == Entry.creditor_id,
        posting.agency_id == Entry.agency_id,
        posting.entry_id == Entry.id,
        *conditions,
    )
