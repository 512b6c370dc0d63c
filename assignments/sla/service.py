"""Starts, moves and feeds the clocks, each in the transaction of the event that it measures."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from agencies.kernel.clock import add_business_hours
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.mandates.models import Clause, SlaClause
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.placements import service as placements
from assignments.placements.models import Consignment, Placement
from assignments.reports.locking import one_report_at_a_time
from assignments.reports.models import Activity
from assignments.sla import measuring
from assignments.sla.models import Enquiry, SlaClock, SlaExtension


def acknowledge(session: Session, actor: Actor, consignment_id: int, *, now: datetime) -> Consignment:
    """The agency takes a consignment on, and the time for its first activities begins; again changes nothing."""
    creditor_id = session.scalar(
        select(Consignment.creditor_id).where(
            Consignment.agency_id == require_side(actor, Side.AGENCY), Consignment.id == consignment_id
        )
    )
    if creditor_id is not None:
        # Before the consignment is locked: whoever ends its cases goes the same way.
        one_report_at_a_time(session, creditor_id, actor.tenant)
    consignment = placements.acknowledge(session, actor, consignment_id, now=now)
    start(session, actor, consignment)
    return consignment


def start(session: Session, actor: Actor, consignment: Consignment) -> SlaClock | None:
    """Start the clock of a consignment just acknowledged, if its terms promise a first activity; once only."""
    agency_id = require_side(actor, Side.AGENCY)
    creditor_id, started = consignment.creditor_id, consignment.acknowledged_at
    key = (creditor_id, agency_id, consignment.id)
    promise = session.get(SlaClause, (creditor_id, agency_id, consignment.mandate_version_id, Clause.FIRST_ACTIVITY))
    if promise is None or started is None or session.get(SlaClock, key) is not None:
        return None
    country, zone = calendar_of(session, creditor_id)
    clock = SlaClock(
        creditor_id=creditor_id,
        agency_id=agency_id,
        consignment_id=consignment.id,
        started_at=started,
        hours=promise.hours,
        due_at=add_business_hours(started, promise.hours, country, zone),
    )
    session.add(clock)
    session.flush()
    # What was asked before the cases were taken on may keep some of them standing still.
    asked = session.scalars(
        select(Placement)
        .join(Enquiry, (Enquiry.creditor_id == Placement.creditor_id) & (Enquiry.placement_id == Placement.id))
        .where(
            Placement.creditor_id == creditor_id,
            Placement.agency_id == agency_id,
            Placement.consignment_id == consignment.id,
        )
        .distinct()
    )
    for placement in asked:
        _extend(session, placement, clock)
    session.execute(
        text(measuring.CLOCK_STARTED),
        {"creditor": creditor_id, "agency": agency_id, "consignment": consignment.id},
    )
    return clock


def count_upload(session: Session, actor: Actor, upload_id: int) -> None:
    """Count an upload's activities against the time of their cases; once, when they are taken in."""
    agency_id = require_side(actor, Side.AGENCY)
    session.execute(text(measuring.UPLOAD_ARRIVED), {"agency": agency_id, "upload": upload_id})


def count_activity(session: Session, actor: Actor, activity_id: int) -> None:
    """Count one activity against the time of its case; once, when it is recorded."""
    agency_id = require_side(actor, Side.AGENCY)
    session.execute(text(measuring.ACTIVITY_ARRIVED), {"agency": agency_id, "activity": activity_id})


def move_clock(session: Session, placement: Placement) -> None:
    """Give a case the time that its enquiries leave it; does nothing where no clock runs."""
    creditor_id, agency_id = placement.creditor_id, placement.agency_id
    clock = session.get(SlaClock, (creditor_id, agency_id, placement.consignment_id))
    if clock is None:
        return
    one_report_at_a_time(session, creditor_id, agency_id)
    one = {"creditor": creditor_id, "agency": agency_id, "placement": placement.id}
    session.execute(text(measuring.CASE_TAKEN_OUT), one)
    _extend(session, placement, clock)
    session.execute(text(measuring.CASE_PUT_BACK), one)


def calendar_of(session: Session, creditor_id: int) -> tuple[str, str]:
    """The country and zone whose business calendar a creditor's clocks follow."""
    country, zone = session.execute(
        select(Organisation.country, Organisation.time_zone).where(Organisation.id == creditor_id)
    ).one()
    return country, zone


def differing(session: Session, actor: Actor) -> int:
    """How many of the creditor's cells do not hold what its records say."""
    require(actor, Permission.SCORECARD_VIEW)
    creditor = {"creditor": require_side(actor, Side.CREDITOR)}
    cells: int = session.execute(text(measuring.DIFFERING), creditor).scalar_one()
    return cells


def _extend(session: Session, placement: Placement, clock: SlaClock) -> None:
    key = (placement.creditor_id, placement.agency_id, placement.id)
    creditor_id, agency_id, placement_id = key
    first = session.scalar(
        select(func.min(Activity.happened_at)).where(
            Activity.creditor_id == creditor_id,
            Activity.case_id == placement.case_id,
            Activity.agency_id == agency_id,
            Activity.placement_id == placement_id,
        )
    )
    asked = session.scalars(
        select(Enquiry).where(
            Enquiry.creditor_id == creditor_id, Enquiry.agency_id == agency_id, Enquiry.placement_id == placement_id
        )
    ).all()
    # What was asked after the first activity held nothing up.
    enquiries = [one for one in asked if first is None or one.asked_at < first]
    country, zone = calendar_of(session, creditor_id)
    stood = [(one.asked_at, one.answered_at) for one in enquiries if one.answered_at is not None]
    due = add_business_hours(clock.started_at, clock.hours, country, zone, stood)
    extension = session.get(SlaExtension, key, populate_existing=True)
    if extension is None:
        extension = SlaExtension(
            creditor_id=creditor_id,
            agency_id=agency_id,
            placement_id=placement_id,
            consignment_id=placement.consignment_id,
        )
        session.add(extension)
    # Nor did what was asked when the time was up.
    extension.is_paused = any(one.answered_at is None and one.asked_at < due for one in enquiries)
    extension.due_at = due
    session.flush()
