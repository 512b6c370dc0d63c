"""A payment tried on the terms of a mandate: every step to what it earns, in words, and the taxes on the fee."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from agencies.kernel.errors import msg
from agencies.mandates.pricing import PaymentFacts, Step, StepCode, price
from agencies.mandates.schedule import Condition
from agencies.mandates.taxes import Confidence, Payable, Payee, TaxBase, TaxLine, has_taxes, taxes_on
from agencies.mandates.terms import TermSheet
from portal.filters import basis_points, money, number, percent
from portal.i18n import say
from portal.presenters.terms_in_words import line_in_words

_STEPS: Mapping[StepCode, str] = {
    StepCode.LINE: msg("Line %(line)s fits (%(cases)s): the rate is %(rate)s."),
    StepCode.BASE: msg("No line fits, so the base rate applies: %(rate)s."),
    StepCode.DIRECT: msg("The debtor paid the creditor itself: %(rate)s of the commission is due."),
    StepCode.DISCOVERED: msg("It was paid before the placement: %(rate)s of the commission is due."),
    StepCode.RECALL_FREE: msg(
        "The creditor took the case back within %(days)s days of placing it, so what is paid later earns nothing."
    ),
    StepCode.TAIL: msg("The case had gone back, but not more than %(days)s days before: the commission is still due."),
    StepCode.PLAN_TAIL: msg(
        "It is of a plan agreed before the case went back, not more than %(days)s days before: the commission is still "
        "due."
    ),
    StepCode.TOO_LATE: msg("The commission ends %(days)s days after the case has gone back: it earns nothing."),
    StepCode.RECKONED: msg("That makes %(amount)s, rounded half up."),
    StepCode.FLOOR: msg("That is less than the least commission on a payment, %(amount)s, which is due instead."),
    StepCode.CAP: msg("That is more than the most a payment earns, %(amount)s, which is due instead."),
}
_PASSED: Mapping[Condition, str] = {
    Condition.TIER: msg("Line %(line)s does not fit: it is for %(cases)s, and this is another placement of the case."),
    Condition.AGE: msg("Line %(line)s does not fit: it is for %(cases)s, and this debt is of another age."),
    Condition.BALANCE: msg("Line %(line)s does not fit: it is for %(cases)s, and this balance is another."),
    Condition.PRODUCT: msg("Line %(line)s does not fit: it is for %(cases)s, and this is another product."),
    Condition.DEBTOR_TYPE: msg("Line %(line)s does not fit: it is for %(cases)s, and this debtor is another."),
}


class Receiver(StrEnum):
    """Who may have received a payment."""

    AGENCY = "agency"
    CREDITOR = "creditor"


PAYEES = {Payee.COMPANY: msg("A company"), Payee.INDIVIDUAL: msg("An individual")}
TAXES = {
    "iva": msg("Value-added tax (IVA)"),
    "igv": msg("Value-added tax (IGV)"),
    "retefuente": msg("Withheld income tax (ReteFuente)"),
    "reteiva": msg("Withheld value-added tax (ReteIVA)"),
    "detraccion": msg("Deposited by the payer (detracción)"),
    "isr": msg("Withheld income tax (ISR)"),
    "iva_retenido": msg("Withheld value-added tax (IVA)"),
    "boleta": msg("Withheld on the fee note (boleta de honorarios)"),
    "renta": msg("Withheld income tax (Renta)"),
}
BASES = {
    TaxBase.FEE: msg("the commission"),
    TaxBase.VAT: msg("the value-added tax"),
    TaxBase.TOTAL: msg("the commission with the tax"),
}
CONFIDENCE = {
    Confidence.HIGH: msg("Well sourced."),
    Confidence.MEDIUM: msg("To be checked."),
    Confidence.LOW: msg("Uncertain."),
}
RECEIVERS = {Receiver.AGENCY: msg("The agency"), Receiver.CREDITOR: msg("The creditor itself")}


@dataclass(frozen=True)
class Trial:
    """What the agency would earn on a payment, the way to it in sentences, and the taxes on it."""

    commission_minor: int
    currency: str
    sentences: tuple[str, ...]
    #: None where nothing is known of the country's taxes.
    taxes: TaxTable | None


@dataclass(frozen=True)
class TaxRow:
    """One line of the invoice: what it is, its amount, and by which law."""

    label: str
    amount_minor: int
    note: str


@dataclass(frozen=True)
class TaxTable:
    """The invoice of one fee: what is added, what is withheld, what is paid."""

    rows: tuple[TaxRow, ...]
    net_minor: int


def trial(sheet: TermSheet, facts: PaymentFacts, currency: str, *, country: str, payee: Payee, on: date) -> Trial:
    """A payment tried on terms, and the taxes of the creditor's country on what it earns on a day."""
    priced = price(sheet, facts)
    taxes = _taxes(taxes_on(priced.commission_minor, currency, country, payee, on)) if has_taxes(country) else None
    return Trial(
        priced.commission_minor,
        currency,
        tuple(_said(step, sheet, currency) for step in priced.steps),
        taxes,
    )


def _taxes(payable: Payable) -> TaxTable:
    rows = [TaxRow(say(msg("Commission")), payable.fee_minor, "")]
    rows += [_tax(line, line.amount_minor) for line in payable.vat]
    rows += [_tax(line, -line.amount_minor) for line in payable.withheld]
    return TaxTable(tuple(rows), payable.net_minor)


def _tax(line: TaxLine, amount_minor: int) -> TaxRow:
    figures = {
        "tax": say(TAXES[line.tax.code]),
        "rate": percent(Decimal(line.tax.rate.numerator) / line.tax.rate.denominator, 2),
        "base": say(BASES[line.tax.base]),
    }
    label = say(msg("%(tax)s, %(rate)s of %(base)s"), figures)
    told = {"source": line.tax.source, "confidence": say(CONFIDENCE[line.tax.confidence])}
    return TaxRow(label, amount_minor, say(msg("%(source)s. %(confidence)s"), told))


def _said(step: Step, sheet: TermSheet, currency: str) -> str:
    figures = {
        "line": step.line,
        "cases": line_in_words(sheet.lines[step.line - 1], currency) if step.line else "",
        "rate": basis_points(step.basis_points),
        "days": number(step.days),
        "amount": money(step.amount_minor, currency),
    }
    if step.code is StepCode.PASSED and step.condition is not None:
        return say(_PASSED[step.condition], figures)
    return say(_STEPS[step.code], figures)
