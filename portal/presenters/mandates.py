"""What the pages of mandates show: the terms in plain words, a payment tried on them, and what may still be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from agencies.kernel.errors import msg
from agencies.kernel.money import Money, major
from agencies.kernel.tenancy import Actor, Side
from agencies.mandates.models import (
    Clause,
    FeeClass,
    LocateGrade,
    MandateState,
    MandateVersion,
    ReportFrequency,
    Service,
)
from agencies.mandates.queries import MandateRow
from agencies.mandates.terms import CUSTOMARY_PROMISES, AgeBand, Promise, TermSheet, rate_for_age
from agencies.organisations.permissions import Permission
from assignments.ledger.commission import commission_due
from portal.filters import basis_points, money, number
from portal.i18n import say

STATES = {MandateState.IN_FORCE: msg("In force"), MandateState.ENDED: msg("Ended")}
#: Badge tone per state; the words say the same.
TONES = {MandateState.IN_FORCE: "good", MandateState.ENDED: "neutral"}
SERVICES = {Service.COLLECT: msg("Collection"), Service.LOCATE: msg("Locating debtors")}
FREQUENCIES = {
    ReportFrequency.WEEKLY: msg("Every week, Monday to Sunday"),
    ReportFrequency.FORTNIGHTLY: msg("Twice a month, to the 15th and to the end"),
    ReportFrequency.MONTHLY: msg("Every month"),
}
FEE_CLASSES = {FeeClass.STANDARD: msg("Standard order"), FeeClass.EXPRESS: msg("Express order")}
GRADES = {
    LocateGrade.VERIFIED_WITH_DEBTOR: msg("Verified with the debtor"),
    LocateGrade.VERIFIED_THIRD_SOURCE: msg("Verified with a third source"),
    LocateGrade.MATCHED_UNVERIFIED: msg("Matches, not verified"),
}
CLAUSES = {
    Clause.ACKNOWLEDGE: msg("Acknowledge what is sent"),
    Clause.FIRST_ACTIVITY: msg("First activity on each case"),
    Clause.REPORT_ON_TIME: msg("Report by the due date"),
    Clause.RECALL_ANSWERED: msg("Answer a recall"),
}
_PROMISED = {
    Clause.ACKNOWLEDGE: msg("The agency acknowledges what is sent within %(hours)s business hours, in %(target)s."),
    Clause.FIRST_ACTIVITY: msg("It begins on each case within %(hours)s business hours, in %(target)s of the cases."),
    Clause.REPORT_ON_TIME: msg("It reports by the due date, in %(target)s of the reports."),
    Clause.RECALL_ANSWERED: msg("It answers a recall within %(hours)s business hours, in %(target)s."),
}
_REPORTED = {
    ReportFrequency.WEEKLY: msg("It reports every week, at most %(days)s business days after Sunday."),
    ReportFrequency.FORTNIGHTLY: msg(
        "It reports twice a month, at most %(days)s business days after the 15th and after the end of the month."
    ),
    ReportFrequency.MONTHLY: msg("It reports every month, at most %(days)s business days after its end."),
}


@dataclass(frozen=True)
class VersionLine:
    """One version in the history of a mandate."""

    version: MandateVersion
    is_current: bool
    is_future: bool


@dataclass(frozen=True)
class Trial:
    """What the agency would earn on a payment, and why, in one sentence."""

    commission: Money
    sentence: str


def counterpart(row: MandateRow, side: Side) -> str:
    """The name of the other party, as seen from one side."""
    return row.creditor_name if side is Side.AGENCY else row.agency_name


def history(row: MandateRow, today: date) -> list[VersionLine]:
    """The versions, newest first, with the one in force marked."""
    return [
        VersionLine(one, one.id == row.version_id and one.valid_from <= today, one.valid_from > today)
        for one in row.versions
    ]


def may_change(row: MandateRow, actor: Actor) -> bool:
    """Whether the person may amend or end the mandate."""
    return row.state is MandateState.IN_FORCE and actor.may(Permission.MANDATE_MAKE)


def standing(rows: Sequence[MandateRow]) -> list[MandateRow]:
    """The mandates under which cases can be placed."""
    return [row for row in rows if row.state is MandateState.IN_FORCE]


def rates(terms: TermSheet) -> str:
    """The commission in short: one rate, or from the lowest to the highest."""
    all_rates = {terms.commission_bp, *(band.commission_bp for band in terms.bands)}
    return between(min(all_rates), max(all_rates))


def between(low: int, high: int) -> str:
    """One commission, or the lowest and the highest."""
    if low == high:
        return basis_points(low)
    return say(msg("%(low)s to %(high)s"), {"low": basis_points(low), "high": basis_points(high)})


def price(row: MandateRow) -> str:
    """What the service costs, in short."""
    return say(msg("Fee by finding")) if row.service is Service.LOCATE else rates(row.terms)


def in_words(row: MandateRow) -> list[str]:
    """The terms as sentences that both sides can sign."""
    terms = row.terms
    told = _fees(terms, row.currency) if row.service is Service.LOCATE else _commission(terms)
    told.append(say(_REPORTED[terms.report_frequency], {"days": number(terms.report_due_days)}))
    told += [_promise(one) for one in terms.promises]
    return told


def trial(row: MandateRow, payment: Money, age: int | None, gone: int | None) -> Trial:
    """What a payment earns: on a debt of an age, and so many days after the case went back, if it did."""
    terms = row.terms
    facts = {
        "payment": money(payment.minor, payment.currency),
        "age": number(age) if age is not None else "",
        "gone": number(gone) if gone is not None else "",
        "tail": number(terms.tail_days),
    }
    if gone is not None and gone > terms.tail_days:
        text = msg(
            "A payment of %(payment)s, %(gone)s days after the case went back, earns nothing: the commission ends "
            "%(tail)s days after it."
        )
        return Trial(Money(0, payment.currency), say(text, facts))
    rate = rate_for_age(terms, age)
    earned = commission_due(payment, rate)
    facts |= {
        "earned": money(earned.minor, earned.currency),
        "rate": basis_points(rate),
        "band": _band_in_words(terms, age),
    }
    text = (
        msg("A payment of %(payment)s on a debt of unknown age earns %(earned)s: %(band)s earn %(rate)s.")
        if age is None
        else msg(
            "A payment of %(payment)s on a debt %(age)s days past due when placed earns %(earned)s: %(band)s earn "
            "%(rate)s."
        )
    )
    return Trial(earned, say(text, facts))


def as_proposed(today: date) -> dict[str, Any]:
    """What the form for a new mandate begins with: the service levels the trade is used to."""
    return {"valid_from": today, "tail_days": 30, **_promises_typed(CUSTOMARY_PROMISES)}


def as_typed(row: MandateRow, today: date) -> dict[str, Any]:
    """The present terms as the first values of the form for new ones."""
    terms = row.terms
    bands = sorted(terms.bands, key=lambda band: band.from_days)
    return {
        "commission": Decimal(terms.commission_bp) / 100,
        "band_from": [band.from_days for band in bands],
        "band_rate": [Decimal(band.commission_bp) / 100 for band in bands],
        "tail_days": terms.tail_days,
        "term_days": terms.term_days or None,
        "no_work_days": terms.no_work_days or None,
        "no_payment_days": terms.no_payment_days or None,
        "settlement_discount": Decimal(terms.settlement_discount_bp) / 100,
        "report_frequency": terms.report_frequency.value,
        "report_due_days": terms.report_due_days,
        "valid_from": max(today, row.versions[0].valid_from),
        **{f"fee_{fee.fee_class}_{fee.grade}": major(fee.amount_minor, row.currency) for fee in terms.fees},
        **_promises_typed(terms.promises),
    }


def _promises_typed(promises: Sequence[Promise]) -> dict[str, Any]:
    hours = {f"hours_{one.clause}": one.hours for one in promises}
    return hours | {f"target_{one.clause}": Decimal(one.target_bp) / 100 for one in promises}


def _commission(terms: TermSheet) -> list[str]:
    told = []
    if not terms.bands:
        text = msg("The agency earns %(rate)s of each payment.")
        told.append(say(text, {"rate": basis_points(terms.commission_bp)}))
    for at in [None, *sorted(band.from_days for band in terms.bands)] if terms.bands else []:
        rate = basis_points(rate_for_age(terms, at))
        told.append(
            say(
                msg("%(band)s earn the agency %(rate)s of each payment."),
                {
                    "band": _capital(_band_in_words(terms, at)),
                    "rate": rate,
                },
            )
        )
    if terms.bands:
        told.append(say(msg("The age is that on the day of the placement, and the commission stays with the case.")))
    tail, discount = terms.tail_days, terms.settlement_discount_bp
    told.append(
        say(
            msg("A payment up to %(days)s days after a case has gone back still earns the commission."),
            {"days": number(tail)},
        )
        if tail
        else say(msg("A payment after a case has gone back earns nothing."))
    )
    told.append(
        say(
            msg("The agency may settle with a discount of up to %(share)s by itself."),
            {"share": basis_points(discount)},
        )
        if discount
        else say(msg("The agency grants no discount without asking."))
    )
    return [*told, *_coming_back(terms)]


def _coming_back(terms: TermSheet) -> list[str]:
    """When cases go back to the creditor by themselves."""
    rules = (
        (
            terms.term_days,
            msg(
                "A case goes back %(days)s days after it was taken on, unless something was paid or promised"
                " in the last 30 days or a promise is still to come."
            ),
        ),
        (
            terms.no_work_days,
            msg("A case of which nothing was reported in %(days)s days goes back, unless a promise is still to come."),
        ),
        (
            terms.no_payment_days,
            msg("A case on which nothing was paid in %(days)s days goes back, unless a promise is still to come."),
        ),
    )
    return [say(text, {"days": number(days)}) for days, text in rules if days]


def _band_in_words(terms: TermSheet, age: int | None) -> str:
    """The band an age falls in; the base rate's is that of young debts and unknown ages."""
    bands = sorted(terms.bands, key=lambda band: band.from_days)
    if not bands:
        return say(msg("debts of any age"))
    reached: list[AgeBand] = [band for band in bands if age is not None and band.from_days <= age]
    if not reached:
        text = msg("debts less than %(to)s days past due, or of unknown age,")
        return say(text, {"to": number(bands[0].from_days)})
    start = reached[-1].from_days
    later = [band.from_days for band in bands if band.from_days > start]
    if not later:
        return say(msg("debts %(start)s days or more past due"), {"start": number(start)})
    return say(
        msg("debts from %(start)s to %(to)s days past due"), {"start": number(start), "to": number(later[0] - 1)}
    )


def _fees(terms: TermSheet, currency: str) -> list[str]:
    if not terms.fees:
        return [say(msg("No fee is agreed for any finding."))]
    told = [
        say(
            msg("%(fee_class)s: an accepted finding “%(grade)s” earns %(fee)s."),
            {
                "fee_class": say(FEE_CLASSES[fee.fee_class]),
                "grade": say(GRADES[fee.grade]),
                "fee": money(fee.amount_minor, currency),
            },
        )
        for fee in terms.fees
    ]
    return [*told, say(msg("Nothing is due for what is stale, wrong or known already."))]


def _promise(one: Promise) -> str:
    return say(_PROMISED[one.clause], {"hours": number(one.hours), "target": basis_points(one.target_bp)})


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
