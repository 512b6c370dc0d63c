"""The register of incidents, one of them with all that was said and done, and the people it touches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import Session

from agencies.approvals import exports
from agencies.approvals.exports import Taken, Taking
from agencies.kernel import audit
from agencies.kernel.errors import NotFound
from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor, Side, owned_by, require, require_side
from agencies.organisations.permissions import Permission
from assignments.cases.models import Case
from assignments.incidents.facts import REPORTED_WITHIN, Facts
from assignments.incidents.models import (
    Incident,
    IncidentFile,
    IncidentKind,
    IncidentScope,
    IncidentState,
    IncidentStatement,
    IncidentStep,
    IncidentSubject,
)
from assignments.incidents.people import Subject, Touched, people
from assignments.reads import service as reads
from assignments.reads.models import Purpose, ReadKind
from assignments.reads.models import Subject as ReadSubject
from assignments.reads.taking import taken_in_full

#: A printed page lists no more people; the files list all.
PRINTED = 500


@dataclass(frozen=True)
class Register:
    """What part of the register is looked at."""

    state: IncidentState | None = None
    kind: IncidentKind | None = None
    agency_id: int | None = None
    is_late: bool = False
    is_open: bool = False


@dataclass(frozen=True)
class Detail:
    """One creditor's part of an incident, whole."""

    part: Incident
    statements: list[IncidentStatement]
    scopes: list[IncidentScope]
    steps: list[IncidentStep]
    files: list[IncidentFile]
    #: For an agency: the parts of the other creditors it told.
    siblings: list[Incident]

    @property
    def facts(self) -> Facts:
        """What was said last."""
        return Facts.from_dict(self.statements[-1].facts)


def list_incidents(
    session: Session, actor: Actor, register: Register, *, after: int | None = None, limit: int = PAGE
) -> Page[Incident]:
    """The actor's part of the register, the latest first."""
    statement = _register(actor, register).limit(limit + 1)
    if after is not None:
        statement = statement.where(Incident.id < after)
    return cut(session.scalars(statement).all(), limit, lambda row: row.id)


def whole_register(session: Session, actor: Actor, register: Register, *, now: datetime) -> list[Incident]:
    """All of the register that fits, to be handed out; recorded."""
    audit.record(session, actor, "incident.register_exported", now=now)
    return list(session.scalars(_register(actor, register)))


def steps_of(session: Session, actor: Actor, parts: list[Incident]) -> dict[int, list[IncidentStep]]:
    """What was done about some incidents, each its own; nothing is told to an agency."""
    found: dict[int, list[IncidentStep]] = {one.id: [] for one in parts}
    if actor.side is Side.CREDITOR and parts:
        for step in session.scalars(
            select(IncidentStep)
            .where(IncidentStep.creditor_id == actor.tenant, IncidentStep.incident_id.in_(found))
            .order_by(IncidentStep.id)
        ):
            found[step.incident_id].append(step)
    return found


def get_incident(session: Session, actor: Actor, incident_id: int) -> Detail:
    """One part with its story; raises `NotFound`."""
    require(actor, Permission.INCIDENT_VIEW)
    owned = owned_by(actor, Incident.creditor_id, Incident.agency_id)
    part = session.scalar(select(Incident).where(owned, Incident.id == incident_id))
    if part is None:
        raise NotFound
    siblings: list[Incident] = []
    if actor.side is Side.AGENCY:
        others = and_(Incident.report_key == part.report_key, Incident.id != part.id)
        siblings = list(session.scalars(select(Incident).where(owned, others).order_by(Incident.id)))
    return Detail(
        part,
        _of(session, part, IncidentStatement, IncidentStatement.id),
        _of(session, part, IncidentScope, IncidentScope.no),
        steps_of(session, actor, [part])[part.id],
        _of(session, part, IncidentFile, IncidentFile.id),
        siblings,
    )


def subjects(session: Session, actor: Actor, incident_id: int, *, limit: int | None = None) -> Iterator[Subject]:
    """Whom the newest determination found, for the creditor alone; raises `NotFound`."""
    require(actor, Permission.INCIDENT_HANDLE)
    creditor_id = require_side(actor, Side.CREDITOR)
    part = session.get(Incident, (creditor_id, incident_id))
    if part is None:
        raise NotFound
    row = IncidentSubject
    statement = (
        select(row.debtor_id, row.country, row.cases, row.basis)
        .where(row.creditor_id == creditor_id, row.incident_id == incident_id, row.scope_no == part.scope_no)
        .order_by(row.debtor_id)
        .limit(limit)
    )
    touched = [Touched(*found) for found in session.execute(statement)]
    yield from people(session, creditor_id, touched)


def note_people(session: Session, actor: Actor, part: Incident, *, limit: int | None = None, now: datetime) -> None:
    """Write down that the actor is shown whom the newest determination found, in full; for a page only the first."""
    reads.note_people(
        session,
        actor,
        ReadKind.FULL_EXPORT,
        _found(part, limit),
        fields=("name", "id_number", "phone", "email"),
        purpose=Purpose.LEGAL,
        subject=(ReadSubject.INCIDENT, part.id),
        now=now,
    )


def taking_of(session: Session, actor: Actor, part: Incident, *, limit: int | None = None, now: datetime) -> Taking:
    """The people of an incident as a file that may take a second person; other people taken that day count with it."""
    require(actor, Permission.INCIDENT_HANDLE)
    rows = part.subjects if limit is None else min(part.subjects, limit)
    found = _found(part, limit)

    def again(creditor_id: ColumnElement[int], case_id: ColumnElement[int]) -> ColumnElement[bool]:
        # Only of whom the newest determination found: an incident that is amended is about other people.
        of_case = (Case.creditor_id == creditor_id, Case.id == case_id)
        return select(Case.id).where(*of_case, Case.debtor_id.in_(found)).exists()

    before = taken_in_full(session, actor, again, now=now)
    return Taking(Taken.PEOPLE, {"incident_id": part.id, "scope": part.scope_no}, rows, before=before)


def let_print(session: Session, actor: Actor, part: Incident, *, now: datetime) -> None:
    """Let the first of the people go on paper, and write down whom; raises `ExportNeedsSecond`."""
    exports.let_go(session, actor, taking_of(session, actor, part, limit=PRINTED, now=now), now=now)
    note_people(session, actor, part, limit=PRINTED, now=now)


def record_export(session: Session, actor: Actor, part: Incident, *, now: datetime) -> None:
    """Let the list of people go, and write down that it left the portal, and of whom; raises `ExportNeedsSecond`."""
    granted = exports.let_go(session, actor, taking_of(session, actor, part, now=now), now=now)
    note_people(session, actor, part, now=now)
    under: dict[str, Any] = {"approval_id": granted.id} if granted else {}
    audit.record(session, actor, "incident.exported", now=now, incident_id=part.id, subjects=part.subjects, **under)


def _found(part: Incident, limit: int | None) -> Select[int]:
    """Whom the newest determination found, or only the first of them."""
    row = IncidentSubject
    return (
        select(row.debtor_id)
        .where(row.creditor_id == part.creditor_id, row.incident_id == part.id, row.scope_no == part.scope_no)
        .order_by(row.debtor_id)
        .limit(limit)
    )


def _register(actor: Actor, register: Register) -> Select[Incident]:
    require(actor, Permission.INCIDENT_VIEW)
    statement = select(Incident).where(owned_by(actor, Incident.creditor_id, Incident.agency_id))
    if register.state is not None:
        statement = statement.where(Incident.state == register.state)
    if register.kind is not None:
        statement = statement.where(Incident.kind == register.kind)
    if register.agency_id is not None:
        statement = statement.where(Incident.agency_id == register.agency_id)
    if register.is_late:
        statement = statement.where(Incident.reported_at > Incident.aware_at + REPORTED_WITHIN)
    if register.is_open:
        statement = statement.where(Incident.state != IncidentState.CLOSED)
    return statement.order_by(Incident.id.desc())


def _of(session: Session, part: Incident, table: Any, order: Any) -> list[Any]:
    of_part = and_(table.creditor_id == part.creditor_id, table.incident_id == part.id)
    return list(session.scalars(select(table).where(of_part).order_by(order)))
