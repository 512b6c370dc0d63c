"""What the creditor's later word changed of a case, as events of its story."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from agencies.kernel.errors import msg
from assignments.cases.changes import BalanceAdjustment, CaseUpdate
from assignments.reports.creditor_payments import ReceivedByCreditor
from assignments.reports.models import Payment
from portal.filters import day, money, number
from portal.i18n import say
from portal.presenters.cases import Event

#: Field of a case -> what people call it, in the order in which changes are told.
FIELDS = {
    "days_past_due": msg("Days past due"),
    "delinquent_on": msg("In arrears since"),
    "last_payment_on": msg("Last payment on"),
    "principal_minor": msg("Principal"),
    "interest_minor": msg("Interest"),
    "late_interest_minor": msg("Late interest"),
    "fees_minor": msg("Fees"),
    "product": msg("Product"),
    "segment": msg("Segment"),
    "region": msg("Region"),
    "city": msg("City"),
}
_AMOUNTS = frozenset({"principal_minor", "interest_minor", "late_interest_minor", "fees_minor"})
_DATES = frozenset({"delinquent_on", "last_payment_on"})


@dataclass(frozen=True)
class Change:
    """What one file changed of a case besides its balance."""

    #: True where it was put on hold, False where it was set free, None where neither.
    is_held: bool | None
    reason: str | None
    #: Name, before, after, each as the reader writes it.
    lines: tuple[tuple[str, str, str], ...]
    contacts: int
    takes_back: bool


def events(
    adjustments: Iterable[BalanceAdjustment],
    updates: Iterable[CaseUpdate],
    received: Iterable[ReceivedByCreditor],
    currency: str,
    local_day: Callable[[datetime], date],
) -> list[Event]:
    """Adjustments, updates and payments to the creditor, for the story of a case."""
    told = [Event(local_day(one.made_at), one.made_at, "adjusted", one) for one in adjustments]
    told += [Event(local_day(one.made_at), one.made_at, "updated", change(one, currency)) for one in updates]
    told += [Event(one.paid_on, None, "received", one) for one in received]
    return told


def paid_minor(payments: Iterable[Payment], received: Iterable[ReceivedByCreditor]) -> int:
    """What was paid on a case, each payment once."""
    told = sum(one.amount_minor for one in payments)
    return told + sum(one.amount_minor for one in received if not one.is_matched)


def change(update: CaseUpdate, currency: str) -> Change:
    """One update in words."""
    before, after = update.before, update.after
    names = [name for name in FIELDS if name in after]
    return Change(
        is_held=(after["held_since"] is not None) if "held_since" in after else None,
        reason=after.get("hold_reason"),
        lines=tuple(
            (say(FIELDS[name]), _written(name, before.get(name), currency), _written(name, after[name], currency))
            for name in names
        ),
        contacts=after.get("contacts", 0),
        takes_back=update.takes_back,
    )


def _written(name: str, value: Any, currency: str) -> str:
    if value is None:
        return "–"
    if name in _AMOUNTS:
        return money(value, currency)
    if name in _DATES:
        return day(date.fromisoformat(value))
    return number(value) if isinstance(value, int) else str(value)
