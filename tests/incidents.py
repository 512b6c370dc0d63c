"""Incidents for tests: an agency that reports, and what its creditors are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from agencies.kernel.files import StoredFile
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from assignments.cases.models import Case
from assignments.incidents import handling, queries, service
from assignments.incidents.facts import Facts, Scope
from assignments.incidents.models import DataCategory, Incident, IncidentKind, IncidentSubject
from portal.ports import Ports
from uploads.stores.keys import evidence_key

NOW = datetime(2026, 3, 11, 17, tzinfo=UTC)
FACTS = Facts(
    kind=IncidentKind.THEFT,
    aware_at=datetime(2026, 3, 11, 10, tzinfo=UTC),
    happened_from=datetime(2026, 3, 1, 5, tzinfo=UTC),
    happened_to=datetime(2026, 3, 10, 5, tzinfo=UTC),
    categories=(DataCategory.IDENTITY, DataCategory.CONTACT),
    systems="Computador portátil del área de gestión",
    cause="Hurto en un taxi",
    measures="Se bloqueó el equipo y se cambiaron las claves",
    contact="Oficial de datos, datos@cobros.example",
)


def report(
    ports: Ports, agency: Actor, scope: Scope | None = None, *, key: str = "r-1", now: datetime = NOW, **facts: Any
) -> list[Incident]:
    """The agency reports."""
    with ports.session(agency) as session, transaction(session):
        return service.report(session, agency, replace(FACTS, **facts), scope or Scope(), key=key, now=now)


def accounts(ports: Ports, creditor: Actor, incident_id: int) -> set[str]:
    """The accounts of everybody the newest determination found."""
    with ports.session(creditor) as session:
        part = session.get_one(Incident, (creditor.tenant, incident_id))
        touched = select(IncidentSubject.debtor_id).where(
            IncidentSubject.incident_id == incident_id, IncidentSubject.scope_no == part.scope_no
        )
        return set(session.scalars(select(Case.account_ref).where(Case.debtor_id.in_(touched))))


def detail(ports: Ports, actor: Actor, incident_id: int) -> queries.Detail:
    """One part as its page shows it."""
    with ports.session(actor) as session:
        return queries.get_incident(session, actor, incident_id)


def settle(ports: Ports, creditor: Actor, agency: Actor, account: str, mark: str) -> None:
    """An incident with its file that touches one account, assessed; everything said carries the mark."""
    [part] = report(ports, agency, Scope(accounts=(account,)), key=mark, cause=mark, systems=mark)
    incoming = ports.storage.incoming()
    incoming.write(mark.encode())
    key = evidence_key(agency.tenant, f"incident-{mark}")
    file = StoredFile(key, f"{mark}.txt", "text/plain", incoming.size, incoming.digest())
    incoming.keep(key)
    with ports.session(agency) as session, transaction(session):
        service.attach(session, agency, part.id, file, now=NOW)
    with ports.session(creditor) as session, transaction(session):
        decided = {"tells_authority": True, "tells_people": False, "reasons": mark}
        handling.assess(session, creditor, part.id, **decided, now=NOW)  # type: ignore[arg-type]
