"""Rate lines: which commission a case earns by how often it was placed, its age, balance, product and debtor.

The first line that fits, in the order in which both sides signed them, sets the rate; where none fits, the base rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from agencies.kernel.errors import Invalid, msg
from agencies.mandates.models import DebtorType

MAX_BASIS_POINTS = 10_000
MAX_TIER = 9
#: As many as anybody reads.
MAX_LINES = 40


class CommissionOutOfRange(Invalid):
    """A share of a payment lies between nothing and all of it."""

    text = msg("The commission must lie between 0 % and 100 %.")


class BandsOutOfOrder(Invalid):
    """Each age begins one band, after the first day of arrears."""

    text = msg("Each age band must begin at its own day, later than day 0.")


class LineOutOfRange(Invalid):
    """A line says a range that nothing can lie in."""

    text = msg("In rate line %(line)s a range ends before it begins, or a figure is below zero.")


class LineNeverReached(Invalid):
    """The first line that fits sets the rate, so a line behind a wider one would mean nothing."""

    text = msg(
        "Rate line %(line)s would never apply: line %(earlier)s fits every case that it fits. Put the narrower line "
        "first."
    )


class TooManyLines(Invalid):
    """A schedule is read by people."""

    text = msg("A mandate has at most %(most)s rate lines.")


class Condition(StrEnum):
    """What a rate line may ask of a case."""

    TIER = "tier"
    AGE = "age"
    BALANCE = "balance"
    PRODUCT = "product"
    DEBTOR_TYPE = "debtor_type"


@dataclass(frozen=True)
class RateLine:
    """A commission for cases that fit everything the line asks; what is None is not asked, both ends are included."""

    rate_bp: int
    #: 1 is the first placement of a case.
    tier: int | None = None
    #: Days past due on the day of the placement.
    age_from: int | None = None
    age_to: int | None = None
    #: Minor units of the mandate's currency, on the day of the placement.
    balance_from: int | None = None
    balance_to: int | None = None
    product: str | None = None
    debtor_type: DebtorType | None = None

    @property
    def asks_age(self) -> bool:
        """Whether the age matters."""
        return self.age_from is not None or self.age_to is not None

    @property
    def asks_balance(self) -> bool:
        """Whether the balance matters."""
        return self.balance_from is not None or self.balance_to is not None


@dataclass(frozen=True)
class CaseFacts:
    """What of a case decides its rate; what nobody knows is None."""

    age_days: int | None = None
    balance_minor: int = 0
    #: Of the balance; the mandate's own when None.
    currency: str | None = None
    tier: int = 1
    product: str | None = None
    debtor_type: str | None = None


@dataclass(frozen=True)
class AgeBand:
    """Commission on debts at least so many days past due when placed."""

    from_days: int
    commission_bp: int


def by_age(bands: Iterable[AgeBand]) -> tuple[RateLine, ...]:
    """Age bands as rate lines, each to the day before the next begins; raises `BandsOutOfOrder`."""
    ordered = sorted(bands, key=lambda band: band.from_days)
    starts = [band.from_days for band in ordered]
    if len(set(starts)) < len(starts) or any(start < 1 for start in starts):
        raise BandsOutOfOrder
    ends = [start - 1 for start in starts[1:]] + [None] if starts else []
    return tuple(
        RateLine(band.commission_bp, age_from=band.from_days, age_to=end)
        for band, end in zip(ordered, ends, strict=True)
    )


def in_bands(lines: Sequence[RateLine]) -> tuple[tuple[RateLine, ...], tuple[AgeBand, ...]]:
    """The lines that are more than age bands, and the bands at the end of the schedule: what `by_age` made of them."""
    for at in range(len(lines) + 1):
        bands = tuple(AgeBand(one.age_from or 0, one.rate_bp) for one in lines[at:])
        if all(band.from_days > 0 for band in bands) and _is_ascending(bands) and by_age(bands) == tuple(lines[at:]):
            return tuple(lines[:at]), bands
    raise AssertionError("no lines at all are bands")


def misfit(line: RateLine, facts: CaseFacts, currency: str | None) -> Condition | None:
    """The first thing a line asks that a case does not have; None when the line fits."""
    if line.tier is not None and line.tier != facts.tier:
        return Condition.TIER
    if line.asks_age and (facts.age_days is None or not _within(facts.age_days, line.age_from, line.age_to)):
        return Condition.AGE
    is_other_money = None not in {facts.currency, currency} and facts.currency != currency
    if line.asks_balance and (is_other_money or not _within(facts.balance_minor, line.balance_from, line.balance_to)):
        return Condition.BALANCE
    if line.product is not None and line.product != facts.product:
        return Condition.PRODUCT
    if line.debtor_type is not None and line.debtor_type != facts.debtor_type:
        return Condition.DEBTOR_TYPE
    return None


def check_lines(lines: Sequence[RateLine]) -> None:
    """Raise the `Invalid` of the first line that nobody can mean."""
    if len(lines) > MAX_LINES:
        raise TooManyLines(most=MAX_LINES)
    for number, line in enumerate(lines, start=1):
        if not 0 <= line.rate_bp <= MAX_BASIS_POINTS:
            raise CommissionOutOfRange
        ranges = ((line.age_from, line.age_to), (line.balance_from, line.balance_to))
        if (line.tier is not None and not 1 <= line.tier <= MAX_TIER) or not all(_is_range(*one) for one in ranges):
            raise LineOutOfRange(line=number)
        for earlier, other in enumerate(lines[: number - 1], start=1):
            if _covers(other, line):
                raise LineNeverReached(line=number, earlier=earlier)


def _is_ascending(bands: Sequence[AgeBand]) -> bool:
    starts = [band.from_days for band in bands]
    return starts == sorted(set(starts))


def _within(value: int, start: int | None, end: int | None) -> bool:
    return (start is None or start <= value) and (end is None or value <= end)


def _is_range(start: int | None, end: int | None) -> bool:
    return all(one is None or one >= 0 for one in (start, end)) and (start is None or end is None or start <= end)


def _covers(wide: RateLine, narrow: RateLine) -> bool:
    """Whether every case that fits the narrow line fits the wide one."""
    same = (("tier", wide.tier, narrow.tier), ("product", wide.product, narrow.product))
    if any(asked is not None and asked != other for _, asked, other in same):
        return False
    if wide.debtor_type is not None and wide.debtor_type != narrow.debtor_type:
        return False
    # A line that asks for an age fits no case of unknown age, whatever its range.
    return _holds(wide.asks_age, (wide.age_from, wide.age_to), (narrow.age_from, narrow.age_to), narrow.asks_age) and (
        _holds(
            wide.asks_balance,
            (wide.balance_from, wide.balance_to),
            (narrow.balance_from, narrow.balance_to),
            narrow.asks_balance,
        )
    )


def _holds(
    asks: bool, wide: tuple[int | None, int | None], narrow: tuple[int | None, int | None], narrow_asks: bool
) -> bool:
    if not asks:
        return True
    starts_before = (wide[0] or 0) <= (narrow[0] or 0)
    ends_after = wide[1] is None or (narrow[1] is not None and narrow[1] <= wide[1])
    return narrow_asks and starts_before and ends_after
