"""What a creditor decides and does about an incident: assess it, tell the authority and the people, close it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.clock import COUNTRIES
from agencies.kernel.errors import Invalid, NotFound, msg
from agencies.kernel.notices import notify
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.permissions import Permission
from agencies.organisations.queries import home_country
from assignments.incidents import clocks, lifecycle
from assignments.incidents.facts import LONGEST
from assignments.incidents.lifecycle import SomebodyNotTold
from assignments.incidents.models import Incident, IncidentState, IncidentStep, StepKind


class ReasonMissing(Invalid):
    """A decision is written down with its reasons."""

    text = msg("Write the reasons down, with up to 4,000 characters.")


class NoSuchAuthority(Invalid):
    """Telling is told of somebody."""

    text = msg("Choose the country whose authority was told.")


class ToldInTheFuture(Invalid):
    """What has not happened is not recorded."""

    text = msg("Nothing is recorded before it happened: check the date and time.")


def assess(
    session: Session,
    actor: Actor,
    incident_id: int,
    *,
    tells_authority: bool,
    tells_people: bool,
    reasons: str,
    now: datetime,
) -> IncidentStep:
    """Decide whom to tell, with reasons; may be decided anew until all are told. Raises `IncidentMovedOn`."""
    part = _locked(session, actor, incident_id)
    lifecycle.move(part, IncidentState.ASSESSED)
    part.assessed_at, part.tells_authority, part.tells_people = now, tells_authority, tells_people
    decided = f"authority={tells_authority} people={tells_people}"
    step = _write(session, actor, part, StepKind.ASSESSED, now, note=_said(reasons), reference=decided, now=now)
    _move_if_told(session, actor, part)
    return step


def tell_authority(
    session: Session, actor: Actor, incident_id: int, *, country: str, at: datetime, reference: str, now: datetime
) -> IncidentStep:
    """Record that a country's authority was told, and under which number it knows the matter."""
    part = _telling(session, actor, incident_id, at, now)
    if country not in COUNTRIES:
        raise NoSuchAuthority
    step = _write(
        session, actor, part, StepKind.AUTHORITY_TOLD, at, country=country, reference=_said(reference), now=now
    )
    _move_if_told(session, actor, part)
    return step


def tell_people(
    session: Session,
    actor: Actor,
    incident_id: int,
    *,
    at: datetime,
    how: str,
    scope_no: int | None = None,
    now: datetime,
) -> IncidentStep:
    """Record that the people were told, and how; of the determination that was seen, if it says which that was."""
    part = _telling(session, actor, incident_id, at, now)
    # Nobody was told whom a later determination drew in, and whoever had the page open knows nothing of it.
    if scope_no not in {None, part.scope_no}:
        raise lifecycle.IncidentMovedOn
    step = _write(session, actor, part, StepKind.PEOPLE_TOLD, at, reference=_said(how), now=now)
    _move_if_told(session, actor, part)
    return step


def close(session: Session, actor: Actor, incident_id: int, *, note: str, now: datetime) -> Incident:
    """Close what is decided and told; raises `SomebodyNotTold` or `IncidentMovedOn`."""
    part = _locked(session, actor, incident_id)
    if part.state is IncidentState.ASSESSED and (part.tells_authority or part.tells_people):
        raise SomebodyNotTold
    lifecycle.move(part, IncidentState.CLOSED)
    part.closed_at = now
    _write(session, actor, part, StepKind.CLOSED, now, note=_said(note), now=now)
    if part.agency_id is not None:
        notify(
            session,
            part.agency_id,
            "incident.closed",
            key=f"incident.closed:{part.id}",
            permission=Permission.INCIDENT_VIEW,
            now=now,
            incident_id=part.id,
            about=part.creditor_id,
        )
    return part


def _telling(session: Session, actor: Actor, incident_id: int, at: datetime, now: datetime) -> Incident:
    part = _locked(session, actor, incident_id)
    if part.state not in {IncidentState.ASSESSED, IncidentState.NOTIFIED}:
        raise lifecycle.IncidentMovedOn
    if at > now:
        raise ToldInTheFuture
    return part


def _move_if_told(session: Session, actor: Actor, part: Incident) -> None:
    """Everybody who was to be told was told: the people, and the authority of every country whose law asks for it."""
    if not (part.tells_authority or part.tells_people) or part.state is not IncidentState.ASSESSED:
        return
    session.flush()
    of_part = (IncidentStep.creditor_id == part.creditor_id, IncidentStep.incident_id == part.id)
    steps, home = session.scalars(select(IncidentStep).where(*of_part)).all(), home_country(session, actor)
    if clocks.are_all_told(clocks.clocks(part, steps, home=home, time_zone=actor.time_zone)):
        lifecycle.move(part, IncidentState.NOTIFIED)


def _write(
    session: Session,
    actor: Actor,
    part: Incident,
    kind: StepKind,
    at: datetime,
    *,
    now: datetime,
    country: str | None = None,
    reference: str | None = None,
    note: str | None = None,
) -> IncidentStep:
    step = IncidentStep(
        creditor_id=part.creditor_id,
        incident_id=part.id,
        kind=kind,
        happened_at=at,
        country=country,
        reference=reference,
        note=note,
        recorded_at=now,
        recorded_by=actor.user_id,
    )
    session.add(step)
    session.flush()
    audit.record(session, actor, f"incident.{kind.value}", now=now, incident_id=part.id, country=country)
    return step


def _locked(session: Session, actor: Actor, incident_id: int) -> Incident:
    require(actor, Permission.INCIDENT_HANDLE)
    part = session.scalar(
        select(Incident)
        .where(Incident.creditor_id == require_side(actor, Side.CREDITOR), Incident.id == incident_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if part is None:
        raise NotFound
    return part


def _said(words: str) -> str:
    said = words.strip()
    if not said or len(said) > LONGEST:
        raise ReasonMissing
    return said
