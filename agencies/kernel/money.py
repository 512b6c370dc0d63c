"""Money as integer minor units with its currency: exact, and never summed across currencies.

The exponents are ours, after ISO 4217, not the display data of a locale library, which shows the peso without cents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

#: Digits after the decimal sign, per currency (ISO 4217).
EXPONENT = {
    "COP": 2,
    "PEN": 2,
    "MXN": 2,
    "CLP": 0,
    "USD": 2,
    "ARS": 2,
    "EUR": 2,
    "BRL": 2,
    "UYU": 2,
    "PYG": 0,
    "BOB": 2,
    "CRC": 2,
    "DOP": 2,
    "GTQ": 2,
}
BASIS = 10_000


class CurrencyMismatch(ValueError):
    """Amounts of different currencies met."""


class UnknownCurrency(ValueError):
    """A currency that is not in our table."""


@dataclass(frozen=True, order=False)
class Money:
    """An amount in minor units (cents) of one currency."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        exponent(self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other).minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other).minor

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other).minor

    @property
    def amount(self) -> Decimal:
        """The amount in major units."""
        return major(self.minor, self.currency)

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} cannot be reckoned together")
        return other


def exponent(currency: str) -> int:
    """Digits after the decimal sign; raises `UnknownCurrency`."""
    try:
        return EXPONENT[currency]
    except KeyError as unknown:
        raise UnknownCurrency(currency) from unknown


def major(minor: int, currency: str) -> Decimal:
    """Minor units as an exact decimal in major units."""
    return Decimal(minor).scaleb(-exponent(currency))


def minor(amount: Decimal, currency: str) -> int:
    """Minor units of a decimal amount, half away from zero."""
    scaled = amount.scaleb(exponent(currency))
    return int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def share(amount: Money, basis_points: int) -> Money:
    """`basis_points` ten-thousandths of an amount, rounded half away from zero to the minor unit."""
    product = abs(amount.minor) * basis_points
    rounded = (2 * product + BASIS) // (2 * BASIS)
    return Money(rounded if amount.minor >= 0 else -rounded, amount.currency)


def split(amount: Money, weights: Sequence[int]) -> list[Money]:
    """Divide exactly by largest remainder; equal remainders go to the earlier weight."""
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights must be non-negative and not all zero")
    floors = [amount.minor * weight // total for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(amount.minor * weights[i] % total), i))
    for i in order[: amount.minor - sum(floors)]:
        floors[i] += 1
    return [Money(part, amount.currency) for part in floors]
