"""The agencies say who else works on the creditors' data, and the creditors say yes."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from agencies.attestations import disclosing
from agencies.attestations.disclosed import entries_of, newest_list
from agencies.attestations.entries import Told
from agencies.attestations.subprocessors import SubprocessorVerdict
from agencies.kernel.clock import local_date
from agencies.kernel.tenancy import Actor

_TOLD = (
    ("Nube Andina S.A.S.", "CO", "999000901-6", "Alojamiento de servidores", "Todos los datos", "Bogotá, Colombia"),
    ("Mensajes del Trópico S.A.S.", "CO", "999000902-3", "Envío de mensajes", "Nombre, celular", "Medellín, Colombia"),
)


def disclose(session: Session, agency: Actor, creditor_id: int, *, now: datetime) -> None:
    """Publish a first list of sub-processors unless there is one."""
    if newest_list(session, creditor_id, agency.tenant) is not None:
        return
    authorised_on = local_date(now, agency.time_zone) - timedelta(days=30)
    disclosing.begin_list(session, agency, creditor_id, now=now)
    for told in _TOLD:
        disclosing.add_entry(session, agency, creditor_id, Told(*told, authorised_on), now=now)
    disclosing.publish_list(session, agency, creditor_id, now=now)


def approve(session: Session, creditor: Actor, agency_id: int, *, now: datetime) -> None:
    """Say yes to whoever is on the list."""
    newest = newest_list(session, creditor.tenant, agency_id)
    for one in entries_of(session, newest) if newest else ():
        if one.decision is None:
            disclosing.decide(session, creditor, one.row.id, SubprocessorVerdict.APPROVED, now=now)
