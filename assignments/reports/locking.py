"""Keeps what one agency reports to one creditor in a line, so that new means new and nothing is counted twice."""

from __future__ import annotations

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from agencies.kernel.errors import NotFound
from agencies.mandates.models import Service
from assignments.placements.models import Placement


def one_report_at_a_time(session: Session, creditor_id: int, agency_id: int) -> None:
    """Wait until no other transaction takes in, ends or measures anything between the two."""
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended('reports:' || :creditor, :agency))"),
        {"creditor": str(creditor_id), "agency": agency_id},
    )


def hold_placement(session: Session, agency_id: int, case_id: int) -> Placement:
    """The live placement by which an agency holds a case for collection, which stays live until the commit.

    Raises `NotFound`.
    """
    creditor_id = _held(session, agency_id, case_id).creditor_id
    one_report_at_a_time(session, creditor_id, agency_id)
    # Read again now that nobody ends it meanwhile.
    return _held(session, agency_id, case_id)


def _held(session: Session, agency_id: int, case_id: int) -> Placement:
    found = session.scalar(
        select(Placement)
        .where(
            Placement.agency_id == agency_id,
            Placement.case_id == case_id,
            Placement.service == Service.COLLECT,
            Placement.ended_at.is_(None),
        )
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found
