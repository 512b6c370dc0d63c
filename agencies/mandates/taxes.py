"""What a creditor pays on an agency's fee: value-added tax on top and withholdings off it, by country and day.

The rates are data (`taxes.json`), each with its legal source and how sure we are of it; they are defaults that the
finance people of both sides confirm. The base of a withholding is the fee, unless the law takes it of the tax.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cache
from pathlib import Path

from agencies.kernel.money import minor

_DATA = Path(__file__).with_name("taxes.json")


class TaxKind(StrEnum):
    """What a tax does to what is paid."""

    VAT = "vat"
    WITHHOLDING = "withholding"


class TaxBase(StrEnum):
    """Of what a tax is reckoned."""

    FEE = "fee"
    VAT = "vat"
    #: The fee with the tax on it.
    TOTAL = "total"


class Payee(StrEnum):
    """Who the agency is."""

    COMPANY = "company"
    INDIVIDUAL = "individual"


class Confidence(StrEnum):
    """How sure we are of a figure."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True)
class Tax:
    """One dated figure of a country."""

    country: str
    kind: TaxKind
    code: str
    #: Exact: two thirds are two thirds.
    rate: Fraction
    base: TaxBase
    #: None for both.
    payee: Payee | None
    valid_from: date
    valid_to: date | None
    #: In major units of the country's currency; below it nothing is withheld.
    threshold: Decimal | None
    confidence: Confidence
    source: str


@dataclass(frozen=True)
class TaxLine:
    """A tax on one fee, in minor units, rounded half up."""

    tax: Tax
    base_minor: int
    amount_minor: int


@dataclass(frozen=True)
class Payable:
    """A fee with its taxes: what is invoiced, what is withheld and what is paid."""

    fee_minor: int
    vat: tuple[TaxLine, ...]
    withheld: tuple[TaxLine, ...]

    @property
    def invoiced_minor(self) -> int:
        """The fee and the tax on it."""
        return self.fee_minor + sum(line.amount_minor for line in self.vat)

    @property
    def net_minor(self) -> int:
        """What the agency is paid."""
        return self.invoiced_minor - sum(line.amount_minor for line in self.withheld)


@cache
def known_taxes() -> tuple[Tax, ...]:
    """Every figure there is."""
    return tuple(_read(one) for one in json.loads(_DATA.read_text(encoding="utf-8")))


def has_taxes(country: str) -> bool:
    """Whether anything is known of a country's taxes."""
    return any(tax.country == country for tax in known_taxes())


def taxes_on(fee_minor: int, currency: str, country: str, payee: Payee, on: date) -> Payable:
    """The taxes on a fee on a day; each is reckoned of exact amounts and rounded once."""
    due = [tax for tax in known_taxes() if tax.country == country and _holds(tax, payee, on)]
    added = [tax for tax in due if tax.kind is TaxKind.VAT]
    exact_vat = sum((fee_minor * tax.rate for tax in added), Fraction())
    bases = {
        TaxBase.FEE: Fraction(fee_minor),
        TaxBase.VAT: exact_vat,
        TaxBase.TOTAL: fee_minor + exact_vat,
    }
    vat = tuple(_line(tax, bases) for tax in added)
    taken = (tax for tax in due if tax.kind is TaxKind.WITHHOLDING and _reaches(tax, bases, currency))
    return Payable(fee_minor, vat, tuple(_line(tax, bases) for tax in taken))


def _holds(tax: Tax, payee: Payee, on: date) -> bool:
    is_valid = tax.valid_from <= on and (tax.valid_to is None or on <= tax.valid_to)
    return is_valid and tax.payee in {None, payee}


def _reaches(tax: Tax, bases: dict[TaxBase, Fraction], currency: str) -> bool:
    return tax.threshold is None or bases[tax.base] > minor(tax.threshold, currency)


def _line(tax: Tax, bases: dict[TaxBase, Fraction]) -> TaxLine:
    base = bases[tax.base]
    return TaxLine(tax, _half_up(base), _half_up(base * tax.rate))


def _half_up(exact: Fraction) -> int:
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


def _read(one: dict[str, str | None]) -> Tax:
    said = {key: str(value) for key, value in one.items() if value is not None}
    return Tax(
        country=said["country"],
        kind=TaxKind(said["kind"]),
        code=said["code"],
        rate=Fraction(said["rate"]),
        base=TaxBase(said["base"]),
        payee=Payee(said["payee"]) if "payee" in said else None,
        valid_from=date.fromisoformat(said["valid_from"]),
        valid_to=date.fromisoformat(said["valid_to"]) if "valid_to" in said else None,
        threshold=Decimal(said["threshold"]) if "threshold" in said else None,
        confidence=Confidence(said["confidence"]),
        source=said["source"],
    )
