"""What the two creditors hand over during the story: five portfolios that become cases, and a sixth that waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from agencies.kernel import clock
from portal.demo.cast import BANK, TELCO, CreditorProfile
from portal.demo.chronology import ZONE, Chronology
from portal.demo.portfolio import Debt, PortfolioPlan, make_debts
from portal.demo.products import (
    CAR_LOAN,
    CREDIT_CARD,
    HANDSET,
    HOME_TELECOM,
    MICROCREDIT,
    MOBILE_TELECOM,
    PERSONAL_LOAN,
    Product,
)

SEED = 2300
_BANK_MIX = ((CREDIT_CARD, 0.46), (PERSONAL_LOAN, 0.27), (MICROCREDIT, 0.20), (CAR_LOAN, 0.07))
_TELCO_MIX = ((MOBILE_TELECOM, 0.50), (HOME_TELECOM, 0.35), (HANDSET, 0.15))


@dataclass(frozen=True)
class Handover:
    """One file of debts of one creditor."""

    key: str
    creditor: CreditorProfile
    at: datetime
    filename: str
    plan: PortfolioPlan
    #: Share of unusable rows.
    dirty: float

    def debts(self) -> list[Debt]:
        """The debts in it."""
        return make_debts(self.plan)

    def file(self, debts: list[Debt]) -> bytes:
        """The file, as the creditor's system exports it."""
        return self.creditor.exporter.export(debts, dirty=self.dirty, seed=SEED)


def handovers(chronology: Chronology, cases: int) -> dict[str, Handover]:
    """The story's hand-overs by key, `cases` debts in all."""
    days = chronology.business_day

    def make(
        key: str, creditor: CreditorProfile, at: datetime, share: float, number: int, dirty: float = 0.005
    ) -> Handover:
        mix: tuple[tuple[Product, float], ...] = _BANK_MIX if creditor is BANK else _TELCO_MIX
        cut_off = clock.first_of_month(clock.local_date(at, ZONE)) - timedelta(days=1)
        plan = PortfolioPlan(SEED, round(cases * share), mix, number, cut_off)
        word = "CARTERA_CASTIGADA" if creditor is BANK else "cartera_cobro_externo"
        return Handover(key, creditor, at, f"{word}_{cut_off:%Y%m}.csv", plan, dirty)

    made = (
        make("bank-1", BANK, days(9, 12, 10, 15), 0.40, 100_000),
        make("telco-1", TELCO, days(8, 3, 9, 40), 0.27, 200_000),
        make("bank-2", BANK, days(4, 2, 11, 5), 0.17, 300_000),
        make("telco-2", TELCO, days(3, 3, 15, 20), 0.08, 400_000),
        make("bank-4", BANK, days(2, 3, 10, 5), 0.06, 600_000),
        # Checked this morning or yesterday, with more mistakes than usual, and nobody has decided yet.
        make("bank-3", BANK, chronology.days_ago(1, 16, 30), 0.02, 500_000, dirty=0.04),
    )
    return {handover.key: handover for handover in made}
