"""What comes of cases given to an agency: who pays, when, how much, drawn from the agency's strength."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from portal.demo.agencies import Strength
from portal.demo.portfolio import Debt

#: Days before the first payment can come: the file has to be loaded and the debtor found.
HEAD_START = 4
#: Cases of like size are drawn together, so that luck does not decide between agencies.
BLOCK = 12
_METHODS = ("PSE", "Corresponsal bancario", "Oficina", "Datáfono", "Débito automático")
_METHOD_WEIGHTS = (0.42, 0.30, 0.16, 0.07, 0.05)


@dataclass(frozen=True)
class DrawnPayment:
    """One payment a debtor will make; the amount in cents."""

    account: str
    paid_on: date
    amount: int
    received_by: str
    method: str
    #: The debt is settled by it.
    settles: bool


def draw_payments(
    debts: Sequence[Debt], strength: Strength, *, placed_on: date, until: date, seed: Sequence[int]
) -> list[DrawnPayment]:
    """Every payment up to a day on debts placed on another, in order of date; the same seed gives the same ones."""
    rng = np.random.default_rng(list(seed))
    payments: list[DrawnPayment] = []
    by_size = sorted(debts, key=lambda debt: (debt.total, debt.account))
    for debt, luck in zip(by_size, _even_luck(rng, len(by_size)), strict=True):
        first = int(HEAD_START + rng.gamma(1.4, strength.days_to_pay / 1.4))
        way, size, after = rng.random(), rng.random(), rng.integers(26, 34, size=24)
        broken, agency_takes = rng.random(24), rng.random(24)
        method = int(rng.choice(len(_METHODS), p=_METHOD_WEIGHTS))
        if luck >= min(0.6, strength.penetration * debt.propensity):
            continue
        amounts = _amounts(debt.total, strength, way=way, size=size, broken=broken)
        day = placed_on + timedelta(days=first)
        for turn, amount in enumerate(amounts):
            if day > until:
                break
            payments.append(
                DrawnPayment(
                    account=debt.account,
                    paid_on=day,
                    amount=amount,
                    received_by="agency" if agency_takes[turn] < 0.2 else "creditor",
                    method=_METHODS[method],
                    settles=sum(amounts[: turn + 1]) == debt.total,
                )
            )
            day += timedelta(days=int(after[turn]))
    return sorted(payments, key=lambda payment: (payment.paid_on, payment.account))


def _even_luck(rng: np.random.Generator, count: int) -> np.ndarray:
    """Numbers between 0 and 1, each block of neighbours spread evenly over the whole of it."""
    blocks = -(-count // BLOCK)
    spread = rng.permuted(np.tile(np.arange(BLOCK), (blocks, 1)), axis=1)
    return ((spread + rng.random((blocks, BLOCK))) / BLOCK).ravel()[:count]


def _amounts(total: int, strength: Strength, *, way: float, size: float, broken: np.ndarray) -> list[int]:
    """The payments one payer makes, never more than is owed."""
    if way < strength.in_full:
        return [total]
    if way >= strength.in_full + strength.by_plan:
        return [_round(total * (0.06 + 0.34 * size**1.5), total)]
    # A plan over some months clears what it covers; the larger the debt, the longer it runs.
    months = int(min(24, max(3, 3 + size * 9 + np.log10(total / 1e8) * 4)))
    instalment = _round(total * (0.55 + 0.4 * size) / months, total)
    paid: list[int] = []
    for turn in range(months):
        rest = total - sum(paid)
        if rest <= 0 or (turn and broken[turn] > strength.keeps_plan):
            break
        paid.append(min(instalment, rest))
    return paid


def _round(minor: float, most: int) -> int:
    """A debtor's amount: whole thousands of pesos, at least ten thousand, at most what is owed."""
    return min(most, max(1_000_000, round(minor / 100_000) * 100_000))
