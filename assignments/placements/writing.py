"""Writes a committed plan: placements, holders of cases, debtors and contact points, in a few statements each.

The plan goes to the database as arrays and every statement runs in the order of the key it writes to; the figures
for doing it otherwise stand in the benchmarks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import CursorResult, text
from sqlalchemy.orm import Session

from assignments.placements.allocation import Arm
from assignments.placements.models import Wave
from assignments.placements.planning import Plan

_PLACEMENTS = """
insert into placements (creditor_id, agency_id, case_id, account_ref, consignment_id, mandate_version_id, service,
                        state, currency, placed_minor, stratum, tier, arm, age_days, commission_bp, placed_at)
select c.creditor_id, k.agency_id, c.id, c.account_ref, k.id, k.mandate_version_id, :service,
       'sent', c.currency, drawn.balance, (cast(:names as text[]))[drawn.stratum], drawn.tier,
       (cast(:arms as text[]))[drawn.arm], nullif(drawn.age, -1), drawn.rate, :now
from unnest(
    cast(:cases as bigint[]), cast(:agencies as bigint[]), cast(:strata as bigint[]), cast(:tiers as bigint[]),
    cast(:at_arms as bigint[]), cast(:balances as bigint[]), cast(:ages as bigint[]), cast(:rates as bigint[])
) as drawn (case_id, agency_id, stratum, tier, arm, balance, age, rate)
join cases c on c.creditor_id = :creditor and c.id = drawn.case_id
join consignments k on k.creditor_id = :creditor and k.wave_id = :wave and k.agency_id = drawn.agency_id
order by drawn.case_id
"""

_CASES = """
update cases c set agency_id = drawn.agency_id, state = 'placed', return_code = null
from unnest(cast(:cases as bigint[]), cast(:agencies as bigint[])) as drawn (case_id, agency_id)
where c.creditor_id = :creditor and c.id = drawn.case_id and c.state = 'open'
"""

_DEBTORS = """
update debtors d set agency_id = drawn.agency_id
from unnest(cast(:debtors as bigint[]), cast(:agencies as bigint[])) as drawn (debtor_id, agency_id)
where d.creditor_id = :creditor and d.id = drawn.debtor_id and d.agency_id is distinct from drawn.agency_id
"""

_CONTACT_POINTS = """
update contact_points p set agency_id = drawn.agency_id
from unnest(cast(:debtors as bigint[]), cast(:agencies as bigint[])) as drawn (debtor_id, agency_id)
where p.creditor_id = :creditor and p.debtor_id = drawn.debtor_id and p.agency_id is distinct from drawn.agency_id
"""

_CONSIGNMENTS = """
update consignments k
set state = 'sent', sent_at = :now, currency = totals.currency, cases = totals.cases, placed_minor = totals.minor
from (
    select agency_id, currency, count(*) as cases, sum(placed_minor)::bigint as minor from placements
    where creditor_id = :creditor
      and consignment_id in (select id from consignments where creditor_id = :creditor and wave_id = :wave)
    group by agency_id, currency
) totals
where k.creditor_id = :creditor and k.wave_id = :wave and k.agency_id = totals.agency_id
returning k.id, k.agency_id, k.cases, k.placed_minor, k.currency
"""

_UNUSED = "delete from consignments where creditor_id = :creditor and wave_id = :wave and state is null"


class PlanNotWritten(RuntimeError):
    """A case of the plan was not there to be placed, although nobody else may place."""


@dataclass(frozen=True)
class Sent:
    """What one agency received."""

    consignment_id: int
    agency_id: int
    cases: int
    placed_minor: int
    currency: str


def hold_placing(session: Session, creditor_id: int) -> None:
    """Until the end of the transaction nobody else places cases of this creditor."""
    lock = text("select pg_advisory_xact_lock(hashtextextended('placing', :creditor))")
    session.execute(lock, {"creditor": creditor_id})


def write(session: Session, wave: Wave, plan: Plan, *, now: datetime) -> list[Sent]:
    """Place the plan's cases; raises `PlanNotWritten` when the database holds something else than was planned."""
    creditor, cases, agencies = wave.creditor_id, plan.case_ids.tolist(), plan.agency_ids.tolist()
    placed = session.execute(
        text(_PLACEMENTS),
        {
            "creditor": creditor,
            "wave": wave.id,
            "service": wave.service.value,
            "cases": cases,
            "agencies": agencies,
            "strata": (plan.strata + 1).tolist(),
            "names": list(plan.names),
            "tiers": plan.tiers.tolist(),
            "at_arms": (plan.arms + 1).tolist(),
            "arms": [arm.name.lower() for arm in (Arm.CONTROL, Arm.STRATEGY, Arm.BOUND)],
            "balances": plan.balances.tolist(),
            "ages": plan.ages.tolist(),
            "rates": plan.rates.tolist(),
            "now": now,
        },
    )
    held = session.execute(text(_CASES), {"creditor": creditor, "cases": cases, "agencies": agencies})
    if row_count(placed) != len(cases) or row_count(held) != len(cases):
        raise PlanNotWritten(f"wave {wave.id}")
    ids, first = np.unique(plan.debtor_ids, return_index=True)
    debtors = {
        "creditor": creditor,
        "debtors": ids.tolist(),
        "agencies": plan.agency_ids[first].tolist(),
    }
    session.execute(text(_DEBTORS), debtors)
    session.execute(text(_CONTACT_POINTS), debtors)
    sent = session.execute(text(_CONSIGNMENTS), {"creditor": creditor, "wave": wave.id, "now": now}).all()
    session.execute(text(_UNUSED), {"creditor": creditor, "wave": wave.id})
    return [Sent(*row) for row in sent]


def row_count(result: object) -> int:
    """How many rows a statement wrote."""
    return result.rowcount if isinstance(result, CursorResult) else -1
