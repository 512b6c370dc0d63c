"""The terms of one version of a mandate as a value: what is typed, proposed in a bid, shown and signed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from agencies.kernel.errors import Invalid, msg
from agencies.mandates.models import PAYING_GRADES, Clause, FeeClass, LocateGrade, ReportFrequency, Subcontracting
from agencies.mandates.schedule import MAX_BASIS_POINTS, CaseFacts, CommissionOutOfRange, RateLine, check_lines, misfit
from agencies.mandates.settlement import Authority, check_authority

MAX_DUE_DAYS = 60
MAX_TAIL_DAYS = 365
#: Days after which cases come back by themselves: less than a week leaves nobody time to work, more is a slip.
RETURN_DAYS = (7, 1_825)
MAX_PLAN_TAIL_DAYS = 5 * 365
MAX_RECALL_FREE_DAYS = 180
MAX_EXCLUSIVE_DAYS = 5 * 365
MAX_HOURS = 24 * 30


class DueDaysOutOfRange(Invalid):
    """A report is due some working days after its period."""

    text = msg("The days until a report is due must lie between 1 and 60.")


class TailOutOfRange(Invalid):
    """A commission tail is days, not years."""

    text = msg("The days of commission after a recall must lie between 0 and 365.")


class ReturnDaysOutOfRange(Invalid):
    """Cases come back by themselves after weeks or months."""

    text = msg("The days after which cases come back must lie between 7 and 1,825; leave them empty for never.")


class PlanTailOutOfRange(Invalid):
    """A plan outlives the tail, or has none of its own."""

    text = msg("The days of commission on a plan must be at least those of other payments, and at most 1,825.")


class RecallFreeOutOfRange(Invalid):
    """The creditor thinks better of it within months."""

    text = msg("The days without commission after a placement must lie between 0 and 180.")


class ExclusivityOutOfRange(Invalid):
    """Nobody has a case for ever."""

    text = msg("The days of exclusivity must lie between 0 and 1,825.")


class FloorAboveCap(Invalid):
    """The least is not more than the most."""

    text = msg("The least commission on a payment cannot be above the most, and no amount can be below zero.")


class FactorOutOfRange(Invalid):
    """A part lies between nothing and all of it."""

    text = msg("A part of the commission must lie between 0 % and 100 %.")


class FeeOutOfRange(Invalid):
    """Only grades that say something new are paid."""

    text = msg("A fee is an amount of zero or more, and only for grades that may be paid.")


class ClauseOutOfRange(Invalid):
    """A promise has a time and a share."""

    text = msg("A service level needs up to 720 business hours and a share between 0 % and 100 %.")


@dataclass(frozen=True)
class Fee:
    """Minor units for one accepted finding of a class and grade."""

    fee_class: FeeClass
    grade: LocateGrade
    amount_minor: int


@dataclass(frozen=True)
class Promise:
    """A service level: business hours (0: the reporting calendar sets the time) and the share to keep."""

    clause: Clause
    hours: int
    target_bp: int = 9_500


@dataclass(frozen=True)
class Limits:
    """What a payment that earns anything earns at least and at most, and what parts of it special payments earn."""

    floor_minor: int | None = None
    cap_minor: int | None = None
    #: Of the commission, when the debtor paid the creditor itself.
    direct_bp: int = MAX_BASIS_POINTS
    #: Of the commission, when the payment was made before the placement.
    discovery_bp: int = MAX_BASIS_POINTS
    #: A case recalled within so many days of its placement earns nothing from then on.
    recall_free_days: int = 0
    #: From so much collected in a calendar month, a part of it as a bonus, invoiced apart.
    bonus_from_minor: int | None = None
    bonus_bp: int = 0


@dataclass(frozen=True)
class TermSheet:
    """Everything a version says; the commission is that of cases that no rate line fits."""

    commission_bp: int = 0
    report_due_days: int = 5
    report_frequency: ReportFrequency = ReportFrequency.MONTHLY
    lines: tuple[RateLine, ...] = ()
    limits: Limits = field(default_factory=Limits)
    fees: tuple[Fee, ...] = ()
    #: Of every amount; the creditor's own when None.
    currency: str | None = None
    promises: tuple[Promise, ...] = ()
    authority: Authority = field(default_factory=Authority)
    tail_days: int = 0
    #: Days after which cases come back by themselves; 0 is never.
    term_days: int = 0
    no_work_days: int = 0
    no_payment_days: int = 0
    plan_tail_days: int = 0
    exclusive_days: int = 0
    subcontracting: Subcontracting = Subcontracting.WITH_CONSENT


#: What a new mandate proposes: 48 hours and 5 days are the trade's customary figures (market reference, 2.6).
CUSTOMARY_PROMISES = (
    Promise(Clause.ACKNOWLEDGE, 48),
    Promise(Clause.FIRST_ACTIVITY, 72),
    Promise(Clause.REPORT_ON_TIME, 0),
    Promise(Clause.RECALL_ANSWERED, 24),
)


def check_terms(terms: TermSheet) -> None:
    """Raise the `Invalid` of the first term that no mandate can have."""
    if not 0 <= terms.commission_bp <= MAX_BASIS_POINTS:
        raise CommissionOutOfRange
    if not 1 <= terms.report_due_days <= MAX_DUE_DAYS:
        raise DueDaysOutOfRange
    check_lines(terms.lines)
    _check_limits(terms.limits)
    check_authority(terms.authority)
    if not 0 <= terms.tail_days <= MAX_TAIL_DAYS:
        raise TailOutOfRange
    shortest, longest = RETURN_DAYS
    returning = (terms.term_days, terms.no_work_days, terms.no_payment_days)
    if any(one and not shortest <= one <= longest for one in returning):
        raise ReturnDaysOutOfRange
    if terms.plan_tail_days and not terms.tail_days <= terms.plan_tail_days <= MAX_PLAN_TAIL_DAYS:
        raise PlanTailOutOfRange
    if not 0 <= terms.exclusive_days <= MAX_EXCLUSIVE_DAYS:
        raise ExclusivityOutOfRange
    if any(fee.amount_minor < 0 or fee.grade not in PAYING_GRADES for fee in terms.fees):
        raise FeeOutOfRange
    if any(not 0 <= one.hours <= MAX_HOURS or not 0 <= one.target_bp <= MAX_BASIS_POINTS for one in terms.promises):
        raise ClauseOutOfRange


def _check_limits(limits: Limits) -> None:
    floor, cap = limits.floor_minor, limits.cap_minor
    amounts = (floor, cap, limits.bonus_from_minor)
    if any(one is not None and one < 0 for one in amounts) or (floor and cap is not None and floor > cap):
        raise FloorAboveCap
    if not all(0 <= one <= MAX_BASIS_POINTS for one in (limits.direct_bp, limits.discovery_bp, limits.bonus_bp)):
        raise FactorOutOfRange
    if not 0 <= limits.recall_free_days <= MAX_RECALL_FREE_DAYS:
        raise RecallFreeOutOfRange


def line_for(terms: TermSheet, facts: CaseFacts) -> int | None:
    """The place in the schedule, from 0, of the first line that fits a case; None when it gets the base rate."""
    fitting = (at for at, line in enumerate(terms.lines) if misfit(line, facts, terms.currency) is None)
    return next(fitting, None)


def rate_for(terms: TermSheet, facts: CaseFacts) -> int:
    """The commission on a case, in basis points."""
    at = line_for(terms, facts)
    return terms.commission_bp if at is None else terms.lines[at].rate_bp


def rate_for_age(terms: TermSheet, days: int | None) -> int:
    """The commission where nothing but the age is known of a case: the first placement of a debt of no balance."""
    return rate_for(terms, CaseFacts(age_days=days))


def digest_of(terms: TermSheet, parties: Mapping[str, object]) -> bytes:
    """SHA-256 of the terms and of what they are agreed between, in one canonical form."""
    canonical = json.dumps(
        {"parties": dict(parties), "terms": asdict(terms)}, sort_keys=True, ensure_ascii=False, default=str
    )
    return hashlib.sha256(canonical.encode()).digest()
