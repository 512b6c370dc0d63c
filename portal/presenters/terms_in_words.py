"""The terms of a mandate as sentences that both sides can sign, in the language that is spoken when they are asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agencies.kernel.errors import msg
from agencies.kernel.money import BASIS
from agencies.mandates.models import (
    Approver,
    Clause,
    DebtorType,
    FeeClass,
    LocateGrade,
    ReportFrequency,
    Service,
    Subcontracting,
)
from agencies.mandates.schedule import RateLine
from agencies.mandates.terms import Promise, TermSheet
from portal.filters import basis_points, money, number
from portal.i18n import say

FEE_CLASSES = {FeeClass.STANDARD: msg("Standard order"), FeeClass.EXPRESS: msg("Express order")}
GRADES = {
    LocateGrade.VERIFIED_WITH_DEBTOR: msg("Verified with the debtor"),
    LocateGrade.VERIFIED_THIRD_SOURCE: msg("Verified with a third source"),
    LocateGrade.MATCHED_UNVERIFIED: msg("Matches, not verified"),
}
DEBTOR_TYPES = {DebtorType.PERSON: msg("people"), DebtorType.COMPANY: msg("companies")}
APPROVERS = {
    Approver.DIRECTOR: msg("the creditor's director"),
    Approver.ANALYST: msg("the creditor's analyst"),
    Approver.FINANCE: msg("the creditor's finance department"),
}
SUBCONTRACTING = {
    Subcontracting.FORBIDDEN: msg("The agency has no part of the work done by others."),
    Subcontracting.WITH_CONSENT: msg(
        "The agency has work done by others only after the creditor has agreed to each of them, and answers for them."
    ),
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
class Section:
    """A part of the contract under its heading."""

    heading: str
    sentences: tuple[str, ...]


def sections(terms: TermSheet, service: Service, currency: str) -> list[Section]:
    """The whole contract, part by part."""
    parts = [
        (msg("Fees for findings"), _fees(terms, currency))
        if service is Service.LOCATE
        else (msg("Commission"), [*_rates(terms, currency), *_limits(terms, currency), *_times(terms)]),
        *([] if service is Service.LOCATE else [(msg("Settlements and plans"), list(_authority(terms, currency)))]),
        (msg("Reports and service levels"), [_report(terms), *(_promise(one) for one in terms.promises)]),
        (msg("How the work is done"), list(_work(terms))),
    ]
    return [Section(say(heading), tuple(sentences)) for heading, sentences in parts]


def line_in_words(line: RateLine, currency: str) -> str:
    """Which cases a rate line is for."""
    asked = list(_asked(line, currency))
    return ", ".join(asked) if asked else say(msg("every case"))


def _asked(line: RateLine, currency: str) -> Iterator[str]:
    if line.tier is not None:
        yield say(msg("placement number %(tier)s"), {"tier": line.tier})
    if line.asks_age:
        yield _age(line)
    if line.asks_balance:
        yield _balance(line, currency)
    if line.product is not None:
        yield say(msg("product “%(product)s”"), {"product": line.product})
    if line.debtor_type is not None:
        yield say(msg("debts of %(who)s"), {"who": say(DEBTOR_TYPES[line.debtor_type])})


def _age(line: RateLine) -> str:
    if line.age_to is None:
        return say(msg("debts %(start)s days or more past due"), {"start": number(line.age_from)})
    figures = {"start": number(line.age_from or 0), "to": number(line.age_to)}
    return say(msg("debts from %(start)s to %(to)s days past due"), figures)


def _balance(line: RateLine, currency: str) -> str:
    figures = {"start": money(line.balance_from, currency), "to": money(line.balance_to, currency)}
    if line.balance_to is None:
        return say(msg("balances of %(start)s or more"), figures)
    if line.balance_from is None:
        return say(msg("balances of up to %(to)s"), figures)
    return say(msg("balances from %(start)s to %(to)s"), figures)


def _rates(terms: TermSheet, currency: str) -> Iterator[str]:
    if not terms.lines:
        yield say(msg("The agency earns %(rate)s of each payment."), {"rate": basis_points(terms.commission_bp)})
        return
    yield say(msg("The first of these lines that fits a case sets its commission:"))
    for at, line in enumerate(terms.lines, start=1):
        figures = {"line": at, "cases": line_in_words(line, currency), "rate": basis_points(line.rate_bp)}
        yield say(msg("Line %(line)s: %(cases)s: %(rate)s of each payment."), figures)
    yield say(
        msg("Every other case, also one whose age nobody knows: %(rate)s of each payment."),
        {"rate": basis_points(terms.commission_bp)},
    )
    yield say(
        msg("Age, balance and placement number are those on the day of the placement; the commission stays with it.")
    )


def _limits(terms: TermSheet, currency: str) -> Iterator[str]:
    limits = terms.limits
    if limits.floor_minor is not None:
        yield say(
            msg("A payment that earns anything earns at least %(amount)s, but never more than the payment itself."),
            {"amount": money(limits.floor_minor, currency)},
        )
    if limits.cap_minor is not None:
        yield say(msg("No payment earns more than %(amount)s."), {"amount": money(limits.cap_minor, currency)})
    yield (
        say(msg("A payment that the debtor makes to the creditor itself earns the same."))
        if limits.direct_bp == BASIS
        else say(
            msg("A payment that the debtor makes to the creditor itself earns %(share)s of the commission."),
            {"share": basis_points(limits.direct_bp)},
        )
    )
    if limits.discovery_bp != BASIS:
        yield say(
            msg("A payment made before the placement, which the agency finds, earns %(share)s of the commission."),
            {"share": basis_points(limits.discovery_bp)},
        )
    yield say(msg("A payment that is taken back or bounces takes its commission back with it."))
    if limits.bonus_bp:
        yield say(
            msg(
                "In a calendar month in which %(amount)s or more is collected, the agency may invoice a bonus of "
                "%(share)s of it, apart from the commission."
            ),
            {"amount": money(limits.bonus_from_minor or 0, currency), "share": basis_points(limits.bonus_bp)},
        )


def _times(terms: TermSheet) -> Iterator[str]:
    free = terms.limits.recall_free_days
    if free:
        yield say(
            msg("When the creditor takes a case back within %(days)s days of placing it, later payments earn nothing."),
            {"days": number(free)},
        )
    if terms.tail_days:
        yield say(
            msg("A payment up to %(days)s days after a case has gone back still earns the commission."),
            {"days": number(terms.tail_days)},
        )
    else:
        yield say(msg("A payment after a case has gone back earns nothing."))
    if terms.plan_tail_days > terms.tail_days:
        yield say(
            msg("Instalments of a plan agreed before the case went back earn it for up to %(days)s days after."),
            {"days": number(terms.plan_tail_days)},
        )


def _authority(terms: TermSheet, currency: str) -> Iterator[str]:
    authority = terms.authority
    if authority.discount_bp:
        yield say(
            msg("The agency may settle with a discount of up to %(share)s by itself."),
            {"share": basis_points(authority.discount_bp)},
        )
    else:
        yield say(msg("The agency grants no discount without asking."))
    if authority.plan_months is not None:
        yield say(
            msg("It may agree plans of up to %(months)s months by itself."), {"months": number(authority.plan_months)}
        )
    if authority.instalment_minor is not None:
        yield say(
            msg("No instalment is smaller than %(amount)s."), {"amount": money(authority.instalment_minor, currency)}
        )
    yield say(msg("Above that, %(who)s decides beforehand."), {"who": say(APPROVERS[authority.approver])})


def _work(terms: TermSheet) -> Iterator[str]:
    if terms.exclusive_days:
        yield say(
            msg(
                "The placement is exclusive: for %(days)s days the creditor takes a case back only when the law, the "
                "debtor's situation or a breach of this contract asks for it."
            ),
            {"days": number(terms.exclusive_days)},
        )
    else:
        yield say(msg("The creditor may take a case back at any time."))
    yield from _coming_back(terms)
    yield say(SUBCONTRACTING[terms.subcontracting])


def _coming_back(terms: TermSheet) -> Iterator[str]:
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
    for days, text in rules:
        if days:
            yield say(text, {"days": number(days)})


def _report(terms: TermSheet) -> str:
    return say(_REPORTED[terms.report_frequency], {"days": number(terms.report_due_days)})


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
