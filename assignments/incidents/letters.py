"""Letters to a creditor's people who must act on an incident: that one was reported, and that a legal deadline is near.

They name nobody whose data are touched; what happened stands in the portal, behind the door.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel import letters
from agencies.kernel.clock import local_date
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import User, UserState
from agencies.organisations.permissions import PERMISSIONS, Permission
from agencies.organisations.queries import home_country
from assignments.incidents import clocks, queries
from assignments.incidents.models import Incident, IncidentState

#: The work that writes them: asked for with an agency's report (`determine_incident`), and once a day.
WARN = "warn_incidents"
#: Looked at once a day, so that a letter comes a whole day before the deadline at least.
NEAR = timedelta(hours=48)


def write_people(session: Session, actor: Actor, *, now: datetime) -> int:
    """Write to everybody who handles incidents of the creditor, once about each thing; returns how many letters."""
    require(actor, Permission.INCIDENT_VIEW)
    creditor_id = require_side(actor, Side.CREDITOR)
    open_parts = select(Incident).where(Incident.creditor_id == creditor_id, Incident.state != IncidentState.CLOSED)
    parts = list(session.scalars(open_parts.order_by(Incident.id)))
    people = _people(session, creditor_id)
    steps = queries.steps_of(session, actor, parts)
    home, written = home_country(session, actor) if parts else "", 0
    for part in parts:
        due = clocks.next_due(clocks.clocks(part, steps[part.id], home=home, time_zone=actor.time_zone))
        for user_id in people:
            if part.is_by_agency:
                letters.post(
                    session,
                    user_id=user_id,
                    kind="incident.reported",
                    key=f"incident/{part.id}/reported/{user_id}",
                    now=now,
                )
                written += 1
            if due is not None and due <= now + NEAR:
                told: dict[str, Any] = {"due_on": local_date(due, actor.time_zone).isoformat()}
                key = f"incident/{part.id}/due/{due.isoformat()}/{user_id}"
                letters.post(session, user_id=user_id, kind="incident.due", key=key, now=now, **told)
                written += 1
    return written


def _people(session: Session, creditor_id: int) -> list[int]:
    roles = [role for role, may in PERMISSIONS.items() if Permission.INCIDENT_HANDLE in may]
    active = select(User.id).where(
        User.organisation_id == creditor_id, User.role.in_(roles), User.state == UserState.ACTIVE
    )
    return list(session.scalars(active.order_by(User.id)))
