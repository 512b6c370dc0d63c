"""The mandates of the story: what each creditor agreed with each agency."""

from __future__ import annotations

from dataclasses import dataclass, replace

from agencies.mandates.models import FeeClass, LocateGrade, ReportFrequency, Service
from agencies.mandates.schedule import AgeBand, RateLine, by_age
from agencies.mandates.settlement import Authority
from agencies.mandates.terms import CUSTOMARY_PROMISES, Fee, Limits, TermSheet
from portal.demo.agencies import BAQUIANELA, GUADUVIO, MARIMONDE, OCARIMBA, PIRANDELA, TINTALUZ, Firm

#: Collection on debts of more than one and of more than two years earns so much more.
_OLDER = ((361, 400), (721, 900))
_LOCATE_FEES = {
    FeeClass.STANDARD: (18_000_00, 12_000_00, 6_000_00),
    FeeClass.EXPRESS: (30_000_00, 20_000_00, 9_000_00),
}


@dataclass(frozen=True)
class Terms:
    """A mandate of a creditor with an agency."""

    agency: Firm
    sheet: TermSheet
    service: Service = Service.COLLECT


def collecting(
    commission_bp: int,
    *,
    due_days: int = 5,
    frequency: ReportFrequency = ReportFrequency.MONTHLY,
    discount_bp: int = 2_000,
    tail_days: int = 30,
) -> TermSheet:
    """What is customary, at a commission on debts of up to a year; older debts earn more."""
    return TermSheet(
        commission_bp=commission_bp,
        report_due_days=due_days,
        report_frequency=frequency,
        lines=by_age(AgeBand(days, commission_bp + more) for days, more in _OLDER),
        promises=CUSTOMARY_PROMISES,
        authority=Authority(discount_bp=discount_bp),
        tail_days=tail_days,
    )


def _locating() -> TermSheet:
    grades = (
        LocateGrade.VERIFIED_WITH_DEBTOR,
        LocateGrade.VERIFIED_THIRD_SOURCE,
        LocateGrade.MATCHED_UNVERIFIED,
    )
    return TermSheet(
        fees=tuple(
            Fee(fee_class, grade, amount)
            for fee_class, amounts in _LOCATE_FEES.items()
            for grade, amount in zip(grades, amounts, strict=True)
        ),
        promises=tuple(one for one in CUSTOMARY_PROMISES if one.clause.value == "acknowledge"),
    )


#: What the bank proposes to an agency next: everything that can be agreed.
FULL = replace(
    collecting(1800, discount_bp=1_500),
    lines=(
        RateLine(3_000, tier=2),
        RateLine(1_200, balance_from=50_000_000_00),
        *by_age([AgeBand(361, 2_200), AgeBand(721, 2_700)]),
    ),
    limits=Limits(
        floor_minor=5_000_00,
        cap_minor=8_000_000_00,
        direct_bp=5_000,
        discovery_bp=5_000,
        recall_free_days=10,
        bonus_from_minor=400_000_000_00,
        bonus_bp=100,
    ),
    authority=Authority(1_500, 24, 50_000_00),
    plan_tail_days=180,
    exclusive_days=90,
)

BANK_TERMS = (
    Terms(GUADUVIO, collecting(2400, discount_bp=2_500)),
    Terms(TINTALUZ, collecting(1900)),
    Terms(OCARIMBA, collecting(1700)),
    Terms(MARIMONDE, collecting(1500)),
    Terms(PIRANDELA, collecting(1200, discount_bp=0, tail_days=15)),
    Terms(BAQUIANELA, _locating(), Service.LOCATE),
)
TELCO_TERMS = (
    # No month has more than 23 business days, and this agency is two days early: its last period is always open.
    Terms(TINTALUZ, collecting(2500, due_days=26)),
    Terms(MARIMONDE, collecting(2000)),
    Terms(PIRANDELA, collecting(1800)),
    Terms(BAQUIANELA, _locating(), Service.LOCATE),
)
