"""A creditor's invented debts: who owes what, since when, and how the balance is made up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from portal.demo.people import Person, draw_people
from portal.demo.products import Product

#: Share of debtors who owe on a second account as well.
SECOND_DEBTS = 0.07
#: Banks write a debt off after half a year.
CHARGE_OFF_AFTER = 180
#: Days past due at hand-over: from, to, share.
AGES = ((35, 90, 0.12), (91, 180, 0.23), (181, 360, 0.34), (361, 720, 0.22), (721, 1500, 0.09))


@dataclass(frozen=True)
class PortfolioPlan:
    """What one hand-over of debts looks like; equal plans give equal debts."""

    seed: int
    debts: int
    products: tuple[tuple[Product, float], ...]
    #: Accounts and documents are numbered from here on, so that two hand-overs do not meet.
    first_number: int
    cut_off: date


@dataclass(frozen=True)
class Debt:
    """One debt as its creditor knows it; amounts in cents of the peso."""

    account: str
    customer: str
    debtor: Person
    product: Product
    total: int
    principal: int
    interest: int
    late_interest: int
    fees: int
    original: int
    opened_on: date
    due_on: date
    delinquent_on: date
    charged_off_on: date | None
    last_paid_on: date | None
    last_paid: int
    days_past_due: int
    cut_off: date

    @property
    def stage(self) -> str:
        """The creditor's word for how old the debt is."""
        if self.charged_off_on is not None:
            return "Castigada"
        return "Mora avanzada" if self.days_past_due > 90 else "Mora temprana"

    @property
    def propensity(self) -> float:
        """How readily this debt is paid, about 1 on average: younger and smaller debts more so."""
        age = 1.45 - 0.32 * np.log1p(self.days_past_due / 90)
        size = (self.total / 100 / self.product.median) ** -0.18
        return float(max(0.15, age * size * self.product.propensity))


def make_debts(plan: PortfolioPlan) -> list[Debt]:
    """The plan's debts in the order of the creditor's export, the same ones each time."""
    rng = np.random.default_rng([plan.seed, plan.first_number])
    kinds = [product for product, _share in plan.products]
    weights = np.array([share for _product, share in plan.products])
    drawn = rng.choice(len(kinds), size=plan.debts, p=weights / weights.sum())
    second = round(plan.debts * SECOND_DEBTS / (1 + SECOND_DEBTS))
    owners = np.concatenate(
        [np.arange(plan.debts - second), rng.choice(plan.debts - second, size=second, replace=False)]
    )
    companies = rng.random(plan.debts) < np.array([kinds[kind].companies for kind in drawn])
    people = draw_people(
        rng,
        plan.debts - second,
        first_number=plan.first_number,
        companies=companies[: plan.debts - second],
        on=plan.cut_off,
    )
    ages = _draw_ages(rng, plan.debts)
    balances = np.exp(rng.standard_normal(plan.debts))
    shares = rng.random((plan.debts, 6))
    order = rng.permutation(plan.debts)
    return [
        _debt(
            plan,
            number=int(at),
            owner=int(owners[at]),
            person=people[owners[at]],
            product=kinds[drawn[at]],
            age=int(ages[at]),
            factor=float(balances[at]),
            shares=shares[at],
        )
        for at in order
    ]


def _draw_ages(rng: np.random.Generator, count: int) -> np.ndarray:
    weights = np.array([share for _from, _to, share in AGES])
    band = rng.choice(len(AGES), size=count, p=weights / weights.sum())
    low = np.array([age[0] for age in AGES])[band]
    high = np.array([age[1] for age in AGES])[band]
    return low + (rng.random(count) * (high - low + 1)).astype(int)


def _debt(
    plan: PortfolioPlan,
    *,
    number: int,
    owner: int,
    person: Person,
    product: Product,
    age: int,
    factor: float,
    shares: np.ndarray,
) -> Debt:
    # `factor` is the exponential of a standard normal; the product's spread scales the exponent.
    total = max(40_000, round(product.median * factor**product.spread)) * 100 + int(shares[0] * 100)
    principal = round(total * min(0.97, max(0.45, product.principal - age / 6000 + (shares[1] - 0.5) / 10)))
    rest = total - principal
    interest = round(rest * (0.35 + 0.2 * shares[2]))
    fees = round(rest * 0.12 * shares[3])
    delinquent_on = plan.cut_off - timedelta(days=age)
    opened_on = delinquent_on - timedelta(days=int(150 + shares[4] * 1200))
    has_paid = shares[5] < 0.7
    return Debt(
        account=f"{product.prefix}{plan.first_number + number:09d}",
        customer=f"{plan.first_number + owner:08d}",
        debtor=person,
        product=product,
        total=total,
        principal=principal,
        interest=interest,
        late_interest=rest - interest - fees,
        fees=fees,
        original=round(principal * (1.1 + shares[4]) / 100_000) * 100_000,
        opened_on=opened_on,
        due_on=delinquent_on - timedelta(days=1),
        delinquent_on=delinquent_on,
        charged_off_on=delinquent_on + timedelta(days=CHARGE_OFF_AFTER) if age > CHARGE_OFF_AFTER else None,
        last_paid_on=delinquent_on - timedelta(days=int(5 + shares[5] * 60)) if has_paid else None,
        last_paid=round(principal * 0.03 / 100) * 100 if has_paid else 0,
        days_past_due=age,
        cut_off=plan.cut_off,
    )
