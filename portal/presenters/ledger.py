"""What the ledger's page shows: who received the money in words, and which way a balance leans."""

from __future__ import annotations

from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Side
from assignments.ledger.models import Account
from assignments.ledger.statements import Balance

RECEIVED_BY = {
    Account.HELD_BY_AGENCY: msg("Agency"),
    Account.RECEIVED_BY_CREDITOR: msg("Creditor, directly"),
}


def counterpart(balance: Balance, side: Side) -> str:
    """The name of the other party, as seen from one side."""
    return balance.creditor_name if side is Side.AGENCY else balance.agency_name


def counterpart_id(balance: Balance, side: Side) -> int:
    """The other party, as seen from one side."""
    return balance.creditor_id if side is Side.AGENCY else balance.agency_id


def received_by(account: str) -> str:
    """Who got the money of an entry."""
    return RECEIVED_BY[Account(account)]


def is_owed_by_creditor(balance: Balance) -> bool:
    """Whether commission on direct payments outweighs what the agency holds."""
    return balance.held_by_agency_minor < 0
