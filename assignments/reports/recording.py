"""An agent records, on a page, one thing done on a case the agency holds."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.clock import local_date
from agencies.kernel.errors import Invalid, msg
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from agencies.scorecards.cells import add_recovered
from assignments.placements.history import explain
from assignments.placements.holding import active_by_activity
from assignments.reports.locking import hold_placement
from assignments.reports.models import Activity
from assignments.reports.recovery import worked_by_activity

LONGEST_NOTE = 1_500


class NotYetHappened(Invalid):
    """What is recorded was done."""

    text = msg("The time lies in the future.")


class BeforePlacement(Invalid):
    """What happened before the case was placed was not done for it."""

    text = msg("On that day the case was not with you yet.")


class NoteTooLong(Invalid):
    """A note is a few sentences."""

    text = msg("A note has up to 1,500 characters.")


def record(
    session: Session,
    actor: Actor,
    case_id: int,
    *,
    key: uuid.UUID,
    happened_at: datetime,
    channel: str,
    result: str,
    agent: str | None = None,
    note: str | None = None,
    now: datetime,
    **more: Any,
) -> tuple[Activity, bool]:
    """Record one activity; the same key again gives the first one, and says that nothing is new.

    Raises `NotFound` for a case the agency does not hold. `more` are the further fields of an activity.
    """
    require(actor, Permission.ACTIVITY_RECORD)
    agency_id = require_side(actor, Side.AGENCY)
    placement = hold_placement(session, agency_id, case_id)
    zone = session.scalars(select(Organisation.time_zone).where(Organisation.id == placement.creditor_id)).one()
    if happened_at > now:
        raise NotYetHappened
    if local_date(happened_at, zone) < local_date(placement.placed_at, zone):
        raise BeforePlacement
    if note is not None and len(note) > LONGEST_NOTE:
        raise NoteTooLong
    natural_key = f"ref:portal:{case_id}:{key}"
    made = session.scalar(
        insert(Activity)
        .values(
            creditor_id=placement.creditor_id,
            agency_id=agency_id,
            case_id=case_id,
            placement_id=placement.id,
            natural_key=natural_key,
            happened_at=happened_at,
            channel=channel,
            result=result,
            agent=agent,
            note=note or None,
            recorded_by=actor.user_id,
            reported_at=now,
            **more,
        )
        .on_conflict_do_nothing(index_elements=["creditor_id", "agency_id", "natural_key"])
        .returning(Activity.id)
    )
    activity = session.scalars(
        select(Activity).where(
            Activity.creditor_id == placement.creditor_id,
            Activity.agency_id == agency_id,
            Activity.natural_key == natural_key,
        )
    ).one()
    if made is None:
        return activity, False
    explain(session, actor, "activity.recorded", now=now)
    active_by_activity(session, placement.creditor_id, agency_id, made)
    add_recovered(session, worked_by_activity(agency_id, made, zone))
    audit.record(
        session,
        actor,
        "activity.recorded",
        now=now,
        organisations=[placement.creditor_id, agency_id],
        case_id=case_id,
        activity_id=made,
    )
    return activity, True
