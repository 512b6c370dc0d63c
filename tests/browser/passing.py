"""Lets time pass for what was placed, so that a journey of a minute can tell the story of some months."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import create_engine, select, text

from agencies.kernel.clock import utc_now
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR
from agencies.organisations import service as organisations
from agencies.organisations.models import Organisation, User
from assignments.reports import service as reports
from portal.ports import Ports
from tests.conftest import Database

#: Everything a placement dates itself by, as the superuser, because nobody of the product may do this.
EARLIER = """
update placements set placed_at = placed_at - :days * interval '1 day';
update consignments set sent_at = sent_at - :days * interval '1 day',
                        acknowledged_at = acknowledged_at - :days * interval '1 day';
update placement_waves set created_at = created_at - :days * interval '1 day',
                           committed_at = committed_at - :days * interval '1 day';
update placement_cells set placement_month =
    date_trunc('month', (select min(placed_at) from placements) at time zone 'America/Bogota')::date;
"""


def let_days_pass(database: Database, days: int) -> datetime:
    """Move what was placed back by some days; returns when it was placed."""
    engine = create_engine(database.superuser_url)
    with engine.begin() as connection:
        for statement in EARLIER.strip().rstrip(";").split(";"):
            connection.execute(text(statement), {"days": days} if ":days" in statement else {})
        placed: datetime = connection.execute(text("select min(placed_at) from placements")).scalar_one()
    engine.dispose()
    return placed


def open_reports(ports: Ports, email: str) -> None:
    """Do what the schedule does each morning for the organisation of this person."""
    with ports.session(DOOR) as session:
        user = session.scalars(select(User).where(User.email == email)).one()
        actor = organisations.actor_of(user, session.get_one(Organisation, user.organisation_id))
    with ports.session(actor) as session, transaction(session):
        reports.open_periods(session, actor, now=utc_now())


#: As the superuser and past the triggers, because the database lets nobody shorten the time for bids.
CLOSED = """
set local session_replication_role = replica;
update lots set bids_until = now() - interval '1 minute';
update lot_offers set bids_until = now() - interval '1 minute';
"""


def let_bids_close(database: Database) -> None:
    """Let the time for bids run out now."""
    engine = create_engine(database.superuser_url)
    with engine.begin() as connection:
        for statement in CLOSED.strip().rstrip(";").split(";"):
            connection.execute(text(statement))
    engine.dispose()
