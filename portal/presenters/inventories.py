"""What the pages of inventories show: kinds of difference in words, and the differences as a file."""

from __future__ import annotations

from dataclasses import dataclass

from agencies.kernel.errors import msg
from agencies.kernel.money import EXPONENT, major
from agencies.kernel.tenancy import Side
from assignments.inventories.models import DifferenceKind
from assignments.inventories.queries import DifferenceRow, InventoryRow
from portal.i18n import say

KINDS = {
    DifferenceKind.NEVER_YOURS: msg("Never placed with the agency"),
    DifferenceKind.NO_LONGER_YOURS: msg("Not with the agency any more"),
    DifferenceKind.NOT_LISTED: msg("Held and not on the list"),
    DifferenceKind.CURRENCY_DIFFERS: msg("Another currency"),
    DifferenceKind.BALANCE_DIFFERS: msg("Another balance"),
}
#: What to do about each kind.
ADVICE = {
    DifferenceKind.NEVER_YOURS: msg("The agency works a debt that was never given to it: it must stop at once."),
    DifferenceKind.NO_LONGER_YOURS: msg("The placement had ended by that day: the agency must stop and close it."),
    DifferenceKind.NOT_LISTED: msg("Nobody may be working it: the agency should take it up or give it back."),
    DifferenceKind.CURRENCY_DIFFERS: msg("The agency keeps the debt in the wrong money."),
    DifferenceKind.BALANCE_DIFFERS: msg("A payment or an update is missing on one side: compare the payments."),
}
_COLUMNS = (
    msg("Difference"),
    msg("Account"),
    msg("Row of the list"),
    msg("Currency of the agency"),
    msg("Balance of the agency"),
    msg("Currency of the creditor"),
    msg("Balance of the creditor"),
    msg("Gap"),
    msg("Status"),
    msg("Reference of the case"),
)


@dataclass(frozen=True)
class Sum:
    """What the list and the placements come to in one currency."""

    currency: str
    theirs_minor: int
    ours_minor: int


def partner(side: Side, row: InventoryRow) -> str:
    """The other party of a list."""
    return row.agency_name if side is Side.CREDITOR else row.creditor_name


def sums(row: InventoryRow) -> list[Sum]:
    """The totals by currency."""
    found = sorted(row.inventory.sums.items())
    return [Sum(currency, int(both["theirs"] or 0), int(both["ours"] or 0)) for currency, both in found]


def chosen(asked: str | None) -> DifferenceKind | None:
    """The kind that was asked for; what makes no sense is ignored."""
    return DifferenceKind(asked) if asked in set(DifferenceKind) else None


def header() -> list[str]:
    """The columns of the file in the reader's language."""
    return [say(text) for text in _COLUMNS]


def cells(row: DifferenceRow) -> list[object]:
    """One difference, amounts as plain numbers."""
    one = row.difference
    gap = None if row.gap_minor is None or one.our_currency is None else major(row.gap_minor, one.our_currency)
    return [
        say(KINDS[one.kind]),
        one.account_ref,
        one.line,
        one.their_currency,
        _amount(one.theirs_minor, one.their_currency),
        one.our_currency,
        _amount(one.ours_minor, one.our_currency),
        gap,
        one.stated_status,
        one.stated_ref,
    ]


def file_name(row: InventoryRow) -> str:
    """What the downloaded file is called."""
    name = say(msg("differences"))
    return f"{name}-{row.inventory.as_of:%Y-%m-%d}.csv"


def _amount(minor: int | None, currency: str | None) -> object:
    return None if minor is None or currency not in EXPONENT else major(minor, currency)
