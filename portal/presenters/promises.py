"""What the pages of promises show: both words on a promise, and its list as a file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from agencies.kernel.errors import msg
from agencies.kernel.money import major
from agencies.kernel.tenancy import Side
from assignments.promises.keeping import GRACE_DAYS, Outcome
from assignments.promises.models import PromiseState
from assignments.promises.queries import PromiseRow, Statement
from portal.filters import basis_points
from portal.i18n import say

#: What the payments say of a promise.
OUTCOMES = {
    Outcome.PENDING: msg("Pending"),
    Outcome.KEPT: msg("Kept as promised"),
    Outcome.PARTLY_KEPT: msg("Kept in part"),
    Outcome.BROKEN: msg("Broken"),
}
TONES = {Outcome.PENDING: "waiting", Outcome.KEPT: "good", Outcome.PARTLY_KEPT: "neutral", Outcome.BROKEN: "bad"}
#: What the agency says of it.
STATED = {
    PromiseState.PENDING: msg("Pending"),
    PromiseState.KEPT: msg("Kept as promised"),
    PromiseState.BROKEN: msg("Broken"),
    PromiseState.CANCELLED: msg("Cancelled"),
}
GRACE = GRACE_DAYS
_COLUMNS = (
    msg("Account"),
    msg("Promised on the day"),
    msg("To be paid by"),
    msg("Currency"),
    msg("Amount promised"),
    msg("Paid on it"),
    msg("By the payments"),
    msg("By the agency"),
    msg("Plan reference"),
    msg("Instalment number"),
    msg("Instalments in all"),
    msg("Discount in percent"),
    msg("Largest discount of the terms"),
)


def partner(side: Side, row: PromiseRow) -> str:
    """The other party of a promise."""
    return row.agency_name if side is Side.CREDITOR else row.creditor_name


def plan(row: PromiseRow) -> str:
    """Which instalment of which plan it is; nothing for a promise by itself."""
    if row.instalment is None:
        return row.plan_ref or ""
    if row.instalments is None:
        place = say(msg("instalment %(number)s"), {"number": row.instalment})
    else:
        place = say(msg("instalment %(number)s of %(all)s"), {"number": row.instalment, "all": row.instalments})
    return f"{row.plan_ref} · {place}" if row.plan_ref else place


def discount(row: PromiseRow) -> str:
    """How much is let off; nothing where no discount was promised."""
    if row.discount_bp:
        return say(msg("%(discount)s off"), {"discount": basis_points(row.discount_bp)})
    return say(msg("with a discount")) if row.is_settlement else ""


def words(statements: Iterable[Statement]) -> Mapping[int, list[Statement]]:
    """Promise -> all that was said of it, where it was more than one word."""
    found: dict[int, list[Statement]] = defaultdict(list)
    for one in statements:
        found[one.promise_id].append(one)
    return {number: said for number, said in found.items() if len(said) > 1}


def header(side: Side) -> list[str]:
    """The columns of the file in the reader's language; the last one names the other party."""
    other = msg("Agency") if side is Side.CREDITOR else msg("Creditor")
    return [say(text) for text in (*_COLUMNS, other)]


def cells(side: Side, row: PromiseRow) -> list[object]:
    """One promise, amounts as plain numbers."""
    return [
        row.account_ref,
        row.made_on,
        row.promised_on,
        row.currency,
        major(row.amount_minor, row.currency),
        major(row.paid_on_it_minor, row.currency),
        say(OUTCOMES[row.outcome]),
        say(STATED[row.stated]),
        row.plan_ref,
        row.instalment,
        row.instalments,
        None if row.discount_bp is None else f"{row.discount_bp / 100:.2f}",
        f"{row.authority_bp / 100:.2f}",
        partner(side, row),
    ]


def file_name(today: date) -> str:
    """What the downloaded file is called."""
    name = say(msg("promises"))
    return f"{name}-{today:%Y-%m-%d}.csv"
