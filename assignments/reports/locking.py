"""Keeps what one agency reports to one creditor in a line, so that new means new and nothing is counted twice."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session


def one_report_at_a_time(session: Session, creditor_id: int, agency_id: int) -> None:
    """Wait until no other transaction takes in, ends or measures anything between the two."""
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended('reports:' || :creditor, :agency))"),
        {"creditor": str(creditor_id), "agency": agency_id},
    )
