"""Invented debts and their placement, small enough for a test and the same each time."""

from __future__ import annotations

from datetime import date

from portal.demo import products
from portal.demo.portfolio import Debt, PortfolioPlan, make_debts

CUT_OFF = date(2025, 7, 31)
PLACED_ON = date(2025, 8, 5)
UNTIL = date(2026, 2, 28)
MIX = (
    (products.CREDIT_CARD, 0.5),
    (products.PERSONAL_LOAN, 0.25),
    (products.CAR_LOAN, 0.05),
    (products.MICROCREDIT, 0.2),
)


def plan(debts: int = 3000, *, seed: int = 11, first_number: int = 300_000) -> PortfolioPlan:
    """A bank's hand-over."""
    return PortfolioPlan(seed=seed, debts=debts, products=MIX, first_number=first_number, cut_off=CUT_OFF)


def debts(count: int = 3000, *, seed: int = 11) -> list[Debt]:
    """Its debts."""
    return make_debts(plan(count, seed=seed))
