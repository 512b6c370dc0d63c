"""The figures an agency is compared by: frozen counts and sums of one creditor, agency and currency."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import date


@dataclass(frozen=True)
class Window:
    """Which placements are looked at: from one month to another, of one balance band; what is empty limits nothing."""

    first_month: date | None = None
    last_month: date | None = None
    stratum: str | None = None
    #: The other organisation: the agency for a creditor, the creditor for an agency.
    partner_id: int | None = None


EVERYTHING = Window()


@dataclass(frozen=True)
class Spread:
    """Sums over cases from which the interval of a rate of money is computed, no case being read again."""

    placed_squares: int = 0
    collected_squares: int = 0
    placed_collected: int = 0
    net_squares: int = 0
    placed_net: int = 0

    def __add__(self, other: Spread) -> Spread:
        return Spread(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True)
class AgencyFacts:
    """What one agency received from one creditor in one currency, and what came of it."""

    creditor_id: int
    agency_id: int
    agency_name: str
    currency: str
    #: Only placements that have completed this many months count, and only what came back within them; or everything.
    months: int | None
    #: First and last month of placement counted; empty when nothing was placed long enough ago.
    first_month: date | None
    last_month: date | None
    cases: int
    placed_minor: int
    payments: int
    collected_minor: int
    commission_minor: int
    #: Cases with at least one payment.
    payers: int
    activities: int
    #: Reports whose due time has passed, and those of them handed in on time; of all periods.
    reports_due: int
    reports_on_time: int
    #: Different months of placement counted.
    placement_months: int = 0
    spread: Spread = Spread()


@dataclass(frozen=True)
class CurvePoint:
    """Recovery up to and including one month since placement."""

    month_on_book: int
    #: Value placed in the months old enough to have completed this age: the denominator.
    placed_minor: int
    #: What came back for it up to this age: the numerator.
    collected_minor: int
    #: Cases that paid up to this age.
    payers: int


@dataclass(frozen=True)
class AgencyCurve:
    """The liquidation curve of one agency with one creditor in one currency."""

    creditor_id: int
    agency_id: int
    agency_name: str
    currency: str
    points: tuple[CurvePoint, ...]
