"""An agency's two files for a period, written by its own system: payments collected, and what it did."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from portal.demo.activities import DrawnActivity
from portal.demo.agencies import AgencyProfile
from portal.demo.outcomes import DrawnPayment


def payments_file(agency: AgencyProfile, payments: Sequence[DrawnPayment], series: str) -> bytes:
    """The payments of a period; `series` keeps the receipt numbers of different reports apart."""
    form = agency.form
    cells: dict[str, Callable[[int, DrawnPayment], str]] = {
        "account_ref": lambda _, one: one.account,
        "payment_ref": lambda turn, _: f"{series}-{turn:05d}",
        "paid_on": lambda _, one: form.style.day(one.paid_on),
        "amount": lambda _, one: form.style.amount(one.amount),
        "received_by": lambda _, one: form.words[one.received_by],
        "method": lambda _, one: one.method,
    }
    rows = [[cells[name](turn, one) for name in form.payments] for turn, one in enumerate(payments, start=1)]
    return form.style.table(list(form.payments.values()), rows)


def activities_file(agency: AgencyProfile, activities: Sequence[DrawnActivity], series: str) -> bytes:
    """The activities of a period, with the agency's own codes."""
    form = agency.form
    cells: dict[str, Callable[[int, DrawnActivity], str]] = {
        "account_ref": lambda _, one: one.account,
        "activity_ref": lambda turn, _: f"{series}-G{turn:06d}",
        "happened_at": lambda _, one: one.happened_at.strftime(form.instant_format),
        "channel": lambda _, one: form.words[one.channel],
        "result": lambda _, one: form.words[one.result],
        "agent": lambda _, one: f"G{one.agent:02d}",
        "note": lambda _, one: one.note,
    }
    rows = [[cells[name](turn, one) for name in form.activities] for turn, one in enumerate(activities, start=1)]
    return form.style.table(list(form.activities.values()), rows)
