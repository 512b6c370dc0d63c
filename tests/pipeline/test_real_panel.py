"""Four agencies on real loans, three by award and one directly: every figure of the comparison, counted again by hand.

Where the real files are not on the machine these tests are skipped, and pytest says why.
"""

from __future__ import annotations

from collections import Counter
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd
import pytest

from agencies.attestations.templates import Act
from agencies.mandates.models import Clause
from assignments.reports.calendar import Standing
from assignments.sla.queries import compliance
from bench import real_panel
from bench.lendingclub import FILE
from bench.real_panel import DIRECT_PRODUCT, Compared, RealPanel
from tests.realfiles import real_folder

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(1200)]

CENT = Decimal("0.01")
#: The lot was awarded on Sunday 7 October 2007 in the afternoon, so that 48 business hours end with Tuesday: B took six
#: days. D had been sent its cases on Tuesday the 2nd and took them on five days later.
ACKNOWLEDGED_IN_TIME = {"Agencia A": True, "Agencia B": False, "Agencia C": True, "Agencia D": False}
#: Last digits of the accounts that each agency called within a day; the others it called nine days later.
WORKED_SOON = {"Agencia A": "0123456789", "Agencia B": "01234", "Agencia C": "", "Agencia D": "01234567"}
#: A is never late; of the others every 4th, 10th and 3rd report is.
LATE_EVERY = {"Agencia A": None, "Agencia B": 4, "Agencia C": 10, "Agencia D": 3}


@pytest.fixture
def frame() -> pd.DataFrame:
    """The charged-off loans by pandas: product, unpaid and recovered in exact cents."""
    table = pd.read_csv(real_folder("lendingclub") / FILE, dtype=str, keep_default_na=False)
    table = table[table["loan_status"].str.contains("Charged Off")].set_index("id")

    def cents(column: pd.Series) -> pd.Series:
        return column.map(lambda value: int(value.quantize(CENT, ROUND_HALF_UP) * 100))

    unpaid = table["funded_amnt"].map(Decimal) - table["total_rec_prncp"].map(Decimal)
    recovered = cents(table["recoveries"].map(Decimal))
    return pd.DataFrame({"product": table["purpose"], "unpaid": cents(unpaid), "recovered": recovered})


@pytest.fixture
def found(ports) -> RealPanel:
    return real_panel.run(ports, real_folder("lendingclub"))


def test_the_comparison_of_four_agencies_on_real_loans(found: RealPanel, frame: pd.DataFrame) -> None:
    """One run and every figure of it, because the run is what takes the time."""
    assert found.problems == ()
    assert found.differing_cells == 0
    _shares(found, frame)
    for one in found.compared:
        _recovery(one, frame)
        _reports(one)
        _attestations(one)
    _service_levels(found)


def _shares(found: RealPanel, frame: pd.DataFrame) -> None:
    held = {one.plan.name: one.accounts for one in found.compared}
    assert sum(map(len, held.values())) == len(frame) == len(frozenset().union(*held.values()))
    assert held["Agencia D"] == set(frame.index[frame["product"] == DIRECT_PRODUCT])
    offered = len(frame) - len(held["Agencia D"])
    for name, share in (("Agencia A", 0.5), ("Agencia B", 0.3), ("Agencia C", 0.2)):
        # Each of the five balance bands is shared out by itself, so each may round once.
        assert abs(len(held[name]) - share * offered) <= 5


def _recovery(one: Compared, frame: pd.DataFrame) -> None:
    mine = frame.loc[list(one.accounts)]
    paid = mine["recovered"][mine["recovered"] > 0]
    commission = sum(
        (Decimal(int(cents)) * one.plan.commission_bp / 10_000).quantize(Decimal(1), ROUND_HALF_UP) for cents in paid
    )
    assert one.commission_minor == commission
    assert one.gross == pytest.approx(paid.sum() / mine["unpaid"].sum(), abs=1e-9)
    assert one.net == pytest.approx((paid.sum() - int(commission)) / mine["unpaid"].sum(), abs=1e-9)


def _late(one: Compared) -> int:
    every = LATE_EVERY[one.plan.name]
    return len(one.reports) // every if every else 0


def _reports(one: Compared) -> None:
    # From October 2007, when all received their cases, to November 2017, the month after the last payment.
    assert len(one.reports) == 122
    counted = Counter(row.standing for row in one.reports)
    assert counted[Standing.LATE] == _late(one)
    assert counted[Standing.ON_TIME] == 122 - _late(one)


def _attestations(one: Compared) -> None:
    """A and B signed everything again at the end; what C and D signed ten years before has run out."""
    holds = one.plan.name in {"Agencia A", "Agencia B"}
    assert one.standing.score_bp == (10_000 if holds else 0)
    assert len(one.standing.templates) == 13
    assert all(template.is_holding is holds for template in one.standing.templates)
    stopped = set() if holds else {Act.PLACE, Act.BID, Act.ORDER_LOCATE, Act.DOWNLOAD}
    assert set(one.standing.blocked_acts) == stopped


def _service_levels(found: RealPanel) -> None:
    with found.ports.session(found.creditor) as session:
        told = {(row.agency_id, row.clause): row for row in compliance(session, found.creditor, now=found.now)}
    for one in found.compared:
        soon = sum(account[-1] in WORKED_SOON[one.plan.name] for account in one.accounts)
        counted = {
            Clause.ACKNOWLEDGE: (int(ACKNOWLEDGED_IN_TIME[one.plan.name]), 1),
            Clause.FIRST_ACTIVITY: (soon, len(one.accounts)),
            Clause.REPORT_ON_TIME: (122 - _late(one), 122),
        }
        for clause, (met, due) in counted.items():
            row = told[one.agency_id, clause]
            assert (row.met, row.due, row.not_due, row.paused) == (met, due, 0, 0), (one.plan.name, clause)
