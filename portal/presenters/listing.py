"""The list of cases as a file: its columns, and what stands in them."""

from __future__ import annotations

from datetime import date

from agencies.kernel.errors import msg
from agencies.kernel.money import major
from agencies.kernel.tenancy import Side
from assignments.cases.queries import CaseRow
from assignments.contacts.models import ContactKind
from assignments.contacts.queries import Ways
from portal.filters import masked
from portal.i18n import say
from portal.presenters.cases import ACCOUNT, STATES, Chip

_COLUMNS = (
    msg("Account"),
    msg("Debtor"),
    msg("Type of identity document"),
    msg("Identity"),
    msg("Product"),
    msg("Region"),
    msg("City"),
    msg("Days past due"),
    msg("Currency"),
    msg("Handed over"),
    msg("Balance"),
    msg("State"),
    msg("On hold"),
)
_WAYS = {
    ContactKind.PHONE: msg("Phones"),
    ContactKind.EMAIL: msg("E-mails"),
    ContactKind.ADDRESS: msg("Addresses"),
}
#: Where the identity stands in a line.
_IDENTITY = 3
#: Several ways of one kind stand in one cell.
_BETWEEN = "; "


def header(side: Side) -> list[str]:
    """The columns in the reader's language; the last one names the other party."""
    other = msg("Agency") if side is Side.CREDITOR else msg("Creditor")
    return [say(text) for text in (*_COLUMNS, other)]


def cells(side: Side, row: CaseRow) -> list[object]:
    """One case; identities as covered as on the page, amounts as plain numbers."""
    return [
        row.account_ref,
        row.debtor_name,
        row.id_type,
        masked(row.id_number) if row.id_number else None,
        row.product,
        row.region,
        row.city,
        row.days_past_due,
        row.currency,
        major(row.placed_minor, row.currency),
        major(row.balance_minor, row.currency),
        say(STATES[row.state]),
        say(msg("Yes")) if row.is_held else None,
        row.agency_name if side is Side.CREDITOR else row.creditor_name,
    ]


def full_header(side: Side) -> list[str]:
    """The columns where nothing is covered."""
    return [*header(side), *(say(text) for text in _WAYS.values()), say(msg("Taken away by, when, what for"))]


def full_cells(side: Side, mark: str, row: CaseRow, ways: Ways) -> list[object]:
    """One case with nothing covered; each line says who took it away, so that a piece of the file says it too."""
    line = cells(side, row)
    line[_IDENTITY] = row.id_number
    return [*line, *(_BETWEEN.join(ways.get(kind, ())) or None for kind in _WAYS), mark]


def covered(chip: Chip) -> str:
    """What a condition of the filter asks for, as a colleague who lets the list go reads it: no account's number."""
    return "••••" if chip.label == ACCOUNT else chip.value


def file_name(today: date, *, is_full: bool = False) -> str:
    """What the downloaded file is called."""
    name = say(msg("cases-with-contact-data")) if is_full else say(msg("cases"))
    return f"{name}-{today:%Y-%m-%d}.csv"
