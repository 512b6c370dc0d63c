"""Ends placements: one way for both sides, in which the agency's access ends with the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from agencies.kernel.clock import local_date
from agencies.organisations.models import Organisation
from assignments.cases.models import CaseState, ReturnCode

_END = text(
    "select end_placements(:creditor, :agency, cast(:ending as bigint[]), :code, :state, :return_code, :now, :on_day)"
)


def one_at_a_time(session: Session, creditor_id: int) -> None:
    """Whoever places, recalls or gives back cases of a creditor waits here for whoever came first."""
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended('placing', :creditor))"), {"creditor": creditor_id}
    )


def end_placements(
    session: Session,
    placement_ids: Sequence[int],
    *,
    creditor_id: int,
    agency_id: int,
    code: str,
    case_state: CaseState,
    return_code: ReturnCode | None = None,
    now: datetime,
) -> int:
    """End what is still live of these placements; returns how many.

    Their cases are free, and with the last of a debtor's cases the debtor and its contact points: the agency sees them
    no more. Its commission goes on for the tail of its terms.
    """
    zone = session.scalars(select(Organisation.time_zone).where(Organisation.id == creditor_id)).one()
    session.flush()
    ended = session.execute(
        _END,
        {
            "creditor": creditor_id,
            "agency": agency_id,
            "ending": list(placement_ids),
            "code": code,
            "state": case_state.value,
            "return_code": return_code.value if return_code else None,
            "now": now,
            "on_day": local_date(now, zone),
        },
    ).scalar_one()
    return int(ended)
