"""What a payment earns under a mandate, and by which steps: the one rule of simulator, contract and books.

The rate is that of the case on the day of its placement. Everything is multiplied first and rounded once, half up to
the minor unit, as money is everywhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from agencies.kernel.money import BASIS
from agencies.mandates.schedule import CaseFacts, Condition, misfit
from agencies.mandates.terms import Limits, TermSheet


@dataclass(frozen=True)
class PaymentFacts:
    """What of a payment decides what it earns."""

    amount_minor: int
    case: CaseFacts = field(default_factory=CaseFacts)
    #: Of the payment; the mandate's own when None.
    currency: str | None = None
    #: The debtor paid the creditor itself.
    is_direct: bool = False
    #: From the placement to the payment; below zero the debtor had paid before it.
    days_since_placed: int = 0
    #: From the day the case went back to the payment; None while the agency had it.
    days_since_gone: int | None = None
    #: The creditor took it back, rather than the agency giving it back.
    is_recalled: bool = True
    #: It belongs to a plan agreed while the agency had the case.
    is_of_plan: bool = False


class StepCode(StrEnum):
    """A step on the way to a commission."""

    #: A rate line that does not fit, and the condition that says so.
    PASSED = "passed"
    LINE = "line"
    BASE = "base"
    DIRECT = "direct"
    DISCOVERED = "discovered"
    #: The case was recalled too soon after its placement.
    RECALL_FREE = "recall_free"
    TAIL = "tail"
    PLAN_TAIL = "plan_tail"
    TOO_LATE = "too_late"
    #: What the rate and the parts come to, rounded.
    RECKONED = "reckoned"
    FLOOR = "floor"
    CAP = "cap"


@dataclass(frozen=True)
class Step:
    """One step: what it says and the figures it says it with."""

    code: StepCode
    #: The number of the rate line, from 1.
    line: int | None = None
    condition: Condition | None = None
    basis_points: int | None = None
    days: int | None = None
    amount_minor: int | None = None


@dataclass(frozen=True)
class Priced:
    """What a payment earns and the steps that led there, in order."""

    commission_minor: int
    rate_bp: int
    steps: tuple[Step, ...]


def price(sheet: TermSheet, facts: PaymentFacts) -> Priced:
    """The commission on a payment, with every step of the way to it."""
    ended = _too_late(sheet, facts)
    if ended is not None:
        return Priced(0, 0, (ended,))
    steps = list(_rate(sheet, facts.case))
    rate = steps[-1].basis_points or 0
    limits = sheet.limits
    direct, discovered = factors(limits, facts)
    if facts.is_direct:
        steps.append(Step(StepCode.DIRECT, basis_points=direct))
    if facts.days_since_placed < 0:
        steps.append(Step(StepCode.DISCOVERED, basis_points=discovered))
    steps += _tail(sheet, facts)
    reckoned = reckon(facts.amount_minor, rate, direct, discovered)
    steps.append(Step(StepCode.RECKONED, amount_minor=reckoned))
    due = reckoned
    if facts.currency in {None, sheet.currency} or sheet.currency is None:
        earns = rate * direct * discovered > 0
        due = within(limits, reckoned, facts.amount_minor, earns=earns)
        if due != reckoned:
            is_raised = due > reckoned
            agreed = limits.floor_minor if is_raised else limits.cap_minor
            steps.append(Step(StepCode.FLOOR if is_raised else StepCode.CAP, amount_minor=agreed))
    return Priced(due, rate, tuple(steps))


def factors(limits: Limits, facts: PaymentFacts) -> tuple[int, int]:
    """What parts of the commission are due: for who received the payment, and for when it was made."""
    return (
        limits.direct_bp if facts.is_direct else BASIS,
        limits.discovery_bp if facts.days_since_placed < 0 else BASIS,
    )


def reckon(amount_minor: int, rate_bp: int, direct_bp: int = BASIS, discovery_bp: int = BASIS) -> int:
    """A share of a share of a share of an amount, rounded once, half up to the minor unit."""
    whole = BASIS**3
    return (2 * amount_minor * rate_bp * direct_bp * discovery_bp + whole) // (2 * whole)


def within(limits: Limits, reckoned: int, amount_minor: int, *, earns: bool) -> int:
    """Between the least and the most; the least is never more than the payment, and nothing earns no least."""
    if limits.floor_minor is not None and earns:
        reckoned = max(reckoned, min(limits.floor_minor, amount_minor))
    return reckoned if limits.cap_minor is None else min(reckoned, limits.cap_minor)


def _too_late(sheet: TermSheet, facts: PaymentFacts) -> Step | None:
    gone = facts.days_since_gone
    # A payment on the day of the end was still made while the agency had the case.
    if gone is None or gone <= 0:
        return None
    held = facts.days_since_placed - gone
    if facts.is_recalled and held < sheet.limits.recall_free_days:
        return Step(StepCode.RECALL_FREE, days=sheet.limits.recall_free_days)
    tail = _tail_of(sheet, facts)
    return Step(StepCode.TOO_LATE, days=tail) if gone > tail else None


def _tail_of(sheet: TermSheet, facts: PaymentFacts) -> int:
    return max(sheet.tail_days, sheet.plan_tail_days) if facts.is_of_plan else sheet.tail_days


def _tail(sheet: TermSheet, facts: PaymentFacts) -> Iterator[Step]:
    gone = facts.days_since_gone
    if gone is not None and gone > 0:
        code = StepCode.TAIL if gone <= sheet.tail_days else StepCode.PLAN_TAIL
        yield Step(code, days=_tail_of(sheet, facts))


def _rate(sheet: TermSheet, case: CaseFacts) -> Iterator[Step]:
    for number, line in enumerate(sheet.lines, start=1):
        condition = misfit(line, case, sheet.currency)
        if condition is None:
            yield Step(StepCode.LINE, line=number, basis_points=line.rate_bp)
            return
        yield Step(StepCode.PASSED, line=number, condition=condition)
    yield Step(StepCode.BASE, basis_points=sheet.commission_bp)
