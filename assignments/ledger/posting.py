"""Which accounts a payment moves money between: an entry is its postings, and their sum is its total."""

from __future__ import annotations

from dataclasses import dataclass

from agencies.kernel.money import Money
from assignments.ledger.models import Account

#: Who received the money -> the account it then lies in.
RECEIVING: dict[str, Account] = {
    "agency": Account.HELD_BY_AGENCY,
    "creditor": Account.RECEIVED_BY_CREDITOR,
}


@dataclass(frozen=True)
class Move:
    """An amount from one account to another."""

    source: Account
    destination: Account
    amount: Money


def payment_moves(received_by: str, amount: Money, commission: Money) -> list[Move]:
    """What a payment moves: it lowers what debtors owe, and the commission comes out of it; nothing moves nothing."""
    holder = RECEIVING[received_by]
    moves = [
        Move(Account.RECEIVABLE, holder, amount),
        Move(holder, Account.COMMISSION, commission),
    ]
    return [move for move in moves if move.amount.minor]


#: The same for a whole file at once, in the order of `payment_moves`; a test holds the two against each other.
POSTINGS_SQL = """
insert into postings (creditor_id, agency_id, entry_id, position, source, destination, currency, amount_minor)
select e.creditor_id, e.agency_id, e.id, m.position, m.source, m.destination, e.currency, m.amount_minor
from payments p
join entries e on e.creditor_id = p.creditor_id and e.agency_id = p.agency_id and e.payment_id = p.id
              and e.kind = 'payment'
cross join lateral (
    select case p.received_by when 'agency' then 'held_by_agency' else 'received_by_creditor' end as account
) holder
cross join lateral (
    values (1, 'receivable', holder.account, p.amount_minor),
           (2, holder.account, 'commission', e.total_minor - p.amount_minor)
) m (position, source, destination, amount_minor)
where p.agency_id = :agency and p.upload_id = :upload and m.amount_minor > 0
  and not exists (
      select from postings t where t.creditor_id = e.creditor_id and t.agency_id = e.agency_id and t.entry_id = e.id
  )
order by e.id, m.position
"""
