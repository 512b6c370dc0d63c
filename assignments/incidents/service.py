"""An agency reports once, and every creditor whose data it held is told at once; a creditor may open one itself."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.files import StoredFile
from agencies.kernel.notices import notify
from agencies.kernel.tenancy import Actor, Side, owned_by, require, require_side
from agencies.organisations.permissions import Permission
from agencies.organisations.queries import home_country
from agencies.standing.models import PanelMember
from assignments.incidents import facts as rules
from assignments.incidents.facts import Facts, Scope
from assignments.incidents.holders import creditors_touched
from assignments.incidents.models import Incident, IncidentFile, IncidentState, IncidentStatement


class NobodyTouched(Invalid):
    """No creditor's data were held then."""

    text = msg(
        "Your agency held no case that fits. Check the times and what you narrowed it by; "
        "data of recalled cases count until the recall is closed, those of cases given back for ten working days."
    )


class NotOnThePanel(Invalid):
    """An incident is one's own or that of an agency one deals with."""

    text = msg("Choose one of the agencies on your panel, or none for what happened with you.")


class UsersElsewhere(Invalid):
    """A creditor's own people saw nothing at an agency."""

    text = msg("Your own users narrow what happened with you. For an agency's users, ask the agency to report it.")


class IncidentClosed(Conflict):
    """Nothing is added to what is closed."""

    text = msg("This incident is closed. Report a new one.")


def report(session: Session, actor: Actor, facts: Facts, scope: Scope, *, key: str, now: datetime) -> list[Incident]:
    """Tell every creditor whose cases were held; the same key again tells nobody twice.

    Raises `NobodyTouched` and what `facts.check` raises.
    """
    require(actor, Permission.INCIDENT_REPORT)
    agency_id = require_side(actor, Side.AGENCY)
    rules.check(facts, scope, now=now)
    if known := _sent_before(session, actor, key):
        return known
    creditors = _held(session, actor, facts, scope, now)
    if not creditors:
        raise NobodyTouched
    return [_open(session, actor, creditor, agency_id, facts, scope, key, now) for creditor in creditors]


def open_incident(
    session: Session, actor: Actor, facts: Facts, scope: Scope, *, agency_id: int | None, key: str, now: datetime
) -> Incident:
    """Open an incident as the creditor, one's own or an agency's.

    Raises `NotOnThePanel`, `UsersElsewhere` and what is wrong with it.
    """
    require(actor, Permission.INCIDENT_HANDLE)
    creditor_id = require_side(actor, Side.CREDITOR)
    rules.check(facts, scope, now=now)
    if known := _sent_before(session, actor, key):
        return known[0]
    if agency_id is not None and session.get(PanelMember, (creditor_id, agency_id)) is None:
        raise NotOnThePanel
    if agency_id is not None and scope.user_ids:
        raise UsersElsewhere
    return _open(session, actor, creditor_id, agency_id, facts, scope, key, now)


def amend(session: Session, actor: Actor, incident_id: int, facts: Facts, scope: Scope, *, now: datetime) -> None:
    """Say more, or say it anew: whom it touches is determined again; an agency says it to all it had told.

    Raises `NotFound`, `IncidentClosed`, `AwareLater` and what is wrong with it.
    """
    _may_add(actor)
    rules.check(facts, scope, now=now)
    part = _locked(session, actor, incident_id)
    if facts.aware_at > part.aware_at:
        raise rules.AwareLater
    if actor.side is Side.CREDITOR:
        parts, more = [part], []
    else:
        parts = _of_report(session, actor, part.report_key)
        held = _held(session, actor, facts, scope, now)
        more = [one for one in held if one not in {known.creditor_id for known in parts}]
    standing = [one for one in parts if one.state is not IncidentState.CLOSED]
    if not standing:
        raise IncidentClosed
    for one in standing:
        _state(session, actor, one, facts, scope, now)
        _tell(session, actor, one, "incident.amended", now)
    for creditor in more:
        _open(session, actor, creditor, part.agency_id, facts, scope, part.report_key, now)


def attach(session: Session, actor: Actor, incident_id: int, file: StoredFile, *, now: datetime) -> IncidentFile:
    """Add a file to an incident; raises `NotFound` or `IncidentClosed`."""
    _may_add(actor)
    part = _locked(session, actor, incident_id)
    if part.state is IncidentState.CLOSED:
        raise IncidentClosed
    parts = [part] if actor.side is Side.CREDITOR else _of_report(session, actor, part.report_key)
    added = [
        IncidentFile(
            creditor_id=one.creditor_id,
            agency_id=one.agency_id,
            incident_id=one.id,
            storage_key=file.key,
            name=file.name,
            media_type=file.media_type,
            size_bytes=file.size,
            sha256=file.sha256,
            created_at=now,
            created_by=actor.user_id,
            is_by_agency=actor.side is Side.AGENCY,
        )
        for one in parts
    ]
    session.add_all(added)
    session.flush()
    audit.record(session, actor, "incident.file_added", now=now, incident_id=incident_id)
    return added[0]


def open_file(session: Session, actor: Actor, incident_id: int, file_id: int, *, now: datetime) -> IncidentFile:
    """One file, to be handed out, and recorded; raises `NotFound`."""
    require(actor, Permission.INCIDENT_VIEW)
    owned = owned_by(actor, IncidentFile.creditor_id, IncidentFile.agency_id)
    file = session.scalar(
        select(IncidentFile).where(owned, IncidentFile.incident_id == incident_id, IncidentFile.id == file_id)
    )
    if file is None:
        raise NotFound
    audit.record(session, actor, "incident.file_downloaded", now=now, incident_id=incident_id, file_id=file_id)
    return file


def _may_add(actor: Actor) -> None:
    require(actor, Permission.INCIDENT_HANDLE if actor.side is Side.CREDITOR else Permission.INCIDENT_REPORT)


def _open(
    session: Session,
    actor: Actor,
    creditor_id: int,
    agency_id: int | None,
    facts: Facts,
    scope: Scope,
    key: str,
    now: datetime,
) -> Incident:
    part = Incident(
        creditor_id=creditor_id,
        agency_id=agency_id,
        report_key=key,
        is_by_agency=actor.side is Side.AGENCY,
        state=IncidentState.REPORTED,
        kind=facts.kind,
        aware_at=facts.aware_at,
        reported_at=now,
        reported_by=actor.user_id,
        scope_no=0,
        subjects=0,
        cases=0,
        countries={},
    )
    session.add(part)
    session.flush()
    _state(session, actor, part, facts, scope, now)
    _tell(session, actor, part, "incident.reported", now)
    return part


def _held(session: Session, actor: Actor, facts: Facts, scope: Scope, now: datetime) -> list[int]:
    window = rules.window(facts, now=now)
    return creditors_touched(session, actor.tenant, window, scope, kept_from=_kept_from(session, actor, facts))


def _kept_from(session: Session, actor: Actor, facts: Facts) -> datetime:
    country = home_country(session, actor)
    return rules.kept_from(facts.happened_from, country=country, time_zone=actor.time_zone)


def _state(session: Session, actor: Actor, part: Incident, facts: Facts, scope: Scope, now: datetime) -> None:
    # Of a report to several, a creditor may know that it was known earlier: that stays so for its part.
    facts = replace(facts, aware_at=min(facts.aware_at, part.aware_at))
    session.add(
        IncidentStatement(
            creditor_id=part.creditor_id,
            agency_id=part.agency_id,
            incident_id=part.id,
            facts=facts.to_dict(),
            stated_at=now,
            stated_by=actor.user_id,
            is_by_agency=actor.side is Side.AGENCY,
        )
    )
    part.kind, part.aware_at = facts.kind, facts.aware_at
    session.flush()
    begins, ends = rules.window(facts, now=now)
    kept_from = _kept_from(session, actor, facts).isoformat()
    wanted = {**scope.to_dict(), "from": begins.isoformat(), "to": ends.isoformat(), "kept_from": kept_from}
    # No agency may read whose case it was once it is gone, so the owner counts for whoever asks.
    session.execute(
        text("select determine_incident(:creditor, :incident, cast(:wanted as jsonb), :user, :now)"),
        {
            "creditor": part.creditor_id,
            "incident": part.id,
            "wanted": json.dumps(wanted),
            "user": actor.user_id,
            "now": now,
        },
    )
    session.refresh(part)


def _tell(session: Session, actor: Actor, part: Incident, action: str, now: datetime) -> None:
    both = [part.creditor_id, *([part.agency_id] if part.agency_id else [])]
    audit.record(
        session, actor, action, now=now, organisations=both, incident_id=part.id, kind=part.kind.value,
        subjects=part.subjects, cases=part.cases,
    )  # fmt: skip
    told = {"incident_id": part.id, "subjects": part.subjects, "about": actor.tenant}
    for receiver in both:
        # The creditor's own people read of it too, for who opened it is one of several who must act.
        if receiver == actor.tenant and actor.side is Side.AGENCY:
            continue
        kind = "incident.opened" if receiver == actor.tenant and action == "incident.reported" else action
        key = f"{action}:{part.id}:{part.scope_no}"
        notify(session, receiver, kind, key=key, permission=Permission.INCIDENT_VIEW, now=now, **told)


def _sent_before(session: Session, actor: Actor, key: str) -> list[Incident]:
    # Of two presses of one button the second waits here, and finds what the first one made.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"incident:{key}", actor.tenant))))
    return _of_report(session, actor, key)


def _of_report(session: Session, actor: Actor, key: str) -> list[Incident]:
    owned = owned_by(actor, Incident.creditor_id, Incident.agency_id)
    return list(session.scalars(select(Incident).where(owned, Incident.report_key == key).order_by(Incident.id)))


def _locked(session: Session, actor: Actor, incident_id: int) -> Incident:
    owned = owned_by(actor, Incident.creditor_id, Incident.agency_id)
    part = session.scalar(
        select(Incident)
        .where(owned, Incident.id == incident_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if part is None:
        raise NotFound
    return part
