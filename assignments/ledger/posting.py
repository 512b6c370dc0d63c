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
select b.creditor_id, b.agency_id, b.entry_id, m.position, m.source, m.destination, b.currency, m.amount_minor
from booked b
cross join lateral (
    values (1, 'receivable', b.holder, b.amount_minor), (2, b.holder, 'commission', b.commission_minor)
) as m (position, source, destination, amount_minor)
where m.amount_minor > 0
order by b.entry_id, m.position
"""
