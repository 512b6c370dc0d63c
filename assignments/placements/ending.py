"""Ends placements: one way for both sides, in which the agency's access ends with the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from agencies.kernel.clock import local_date
from agencies.organisations.models import Organisation
from assignments.cases.models import CaseState, ReturnCode
from assignments.placements.models import PlacementState

_END = text(
    "select end_placements(:creditor, :agency, cast(:ending as bigint[]), :code, :state, :return_code, :now, :on_day, "
    ":placed, :held)"
)


def one_at_a_time(session: Session, creditor_id: int) -> None:
    """Whoever places, recalls or gives back cases of a creditor waits here for whoever came first."""
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended('placing', :creditor))"), {"creditor": creditor_id}
    )


def one_between_at_a_time(session: Session, creditor_id: int, agency_id: int) -> None:
    """Whoever takes on, rejects or reports between the two waits here; after `one_at_a_time`, never before it."""
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended('reports:' || :creditor, :agency))"),
        {"creditor": str(creditor_id), "agency": agency_id},
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
    is_rejected: bool = False,
    is_held: bool = False,
    now: datetime,
) -> int:
    """End what is still live of these placements; returns how many.

    Their cases are free, and with the last of a debtor's cases the debtor and its contact points: the agency sees them
    no more. Its commission goes on for the tail of its terms, but not where it has rejected them. A case that is held
    stays so until its creditor releases it.
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
            "placed": (PlacementState.REJECTED if is_rejected else PlacementState.ENDED).value,
            "held": is_held,
        },
    ).scalar_one()
    return int(ended)
