"""The terms of one version of a mandate as a value: what is typed, proposed in a bid, shown and written down."""

from __future__ import annotations

from dataclasses import dataclass

from agencies.kernel.errors import Invalid, msg
from agencies.mandates.models import PAYING_GRADES, Clause, FeeClass, LocateGrade, ReportFrequency

MAX_BASIS_POINTS = 10_000
MAX_DUE_DAYS = 60
MAX_TAIL_DAYS = 365
#: Days after which cases come back by themselves: less than a week leaves nobody time to work, more is a slip.
RETURN_DAYS = (7, 1_825)
MAX_HOURS = 24 * 30


class CommissionOutOfRange(Invalid):
    """A share of a payment lies between nothing and all of it."""

    text = msg("The commission must lie between 0 % and 100 %.")


class DueDaysOutOfRange(Invalid):
    """A report is due some working days after its period."""

    text = msg("The days until a report is due must lie between 1 and 60.")


class BandsOutOfOrder(Invalid):
    """Each age begins one band, after the first day of arrears."""

    text = msg("Each age band must begin at its own day, later than day 0.")


class DiscountOutOfRange(Invalid):
    """A discount lies between nothing and the whole balance."""

    text = msg("The largest discount must lie between 0 % and 100 %.")


class TailOutOfRange(Invalid):
    """A commission tail is days, not years."""

    text = msg("The days of commission after a recall must lie between 0 and 365.")


class ReturnDaysOutOfRange(Invalid):
    """Cases come back by themselves after weeks or months."""

    text = msg("The days after which cases come back must lie between 7 and 1,825; leave them empty for never.")


class FeeOutOfRange(Invalid):
    """Only grades that say something new are paid."""

    text = msg("A fee is an amount of zero or more, and only for grades that may be paid.")


class ClauseOutOfRange(Invalid):
    """A promise has a time and a share."""

    text = msg("A service level needs up to 720 business hours and a share between 0 % and 100 %.")


@dataclass(frozen=True)
class AgeBand:
    """Commission on debts at least so many days past due when placed."""

    from_days: int
    commission_bp: int


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
class TermSheet:
    """Everything a version says; the commission is that of debts younger than the first band, or of unknown age."""

    commission_bp: int = 0
    report_due_days: int = 5
    report_frequency: ReportFrequency = ReportFrequency.MONTHLY
    bands: tuple[AgeBand, ...] = ()
    fees: tuple[Fee, ...] = ()
    #: Of the fees; the creditor's own when empty.
    currency: str | None = None
    promises: tuple[Promise, ...] = ()
    settlement_discount_bp: int = 0
    tail_days: int = 0
    #: Days after which cases come back by themselves; 0 is never.
    term_days: int = 0
    no_work_days: int = 0
    no_payment_days: int = 0


#: What a new mandate proposes: 48 hours and 5 days are the trade's customary figures (market reference, 2.6).
CUSTOMARY_PROMISES = (
    Promise(Clause.ACKNOWLEDGE, 48),
    Promise(Clause.FIRST_ACTIVITY, 72),
    Promise(Clause.REPORT_ON_TIME, 0),
    Promise(Clause.RECALL_ANSWERED, 24),
)


def check_terms(terms: TermSheet) -> None:
    """Raise the `Invalid` of the first term that no mandate can have."""
    rates = (terms.commission_bp, *(band.commission_bp for band in terms.bands))
    if not all(0 <= rate <= MAX_BASIS_POINTS for rate in rates):
        raise CommissionOutOfRange
    if not 1 <= terms.report_due_days <= MAX_DUE_DAYS:
        raise DueDaysOutOfRange
    starts = [band.from_days for band in terms.bands]
    if len(set(starts)) < len(starts) or any(start < 1 for start in starts):
        raise BandsOutOfOrder
    if not 0 <= terms.settlement_discount_bp <= MAX_BASIS_POINTS:
        raise DiscountOutOfRange
    if not 0 <= terms.tail_days <= MAX_TAIL_DAYS:
        raise TailOutOfRange
    shortest, longest = RETURN_DAYS
    returning = (terms.term_days, terms.no_work_days, terms.no_payment_days)
    if any(one and not shortest <= one <= longest for one in returning):
        raise ReturnDaysOutOfRange
    if any(fee.amount_minor < 0 or fee.grade not in PAYING_GRADES for fee in terms.fees):
        raise FeeOutOfRange
    if any(not 0 <= one.hours <= MAX_HOURS or not 0 <= one.target_bp <= MAX_BASIS_POINTS for one in terms.promises):
        raise ClauseOutOfRange


def rate_for_age(terms: TermSheet, days: int | None) -> int:
    """The commission, in basis points, on a debt so many days past due when placed; the base rate when unknown."""
    reached = [band for band in terms.bands if days is not None and band.from_days <= days]
    return max(reached, key=lambda band: band.from_days).commission_bp if reached else terms.commission_bp
