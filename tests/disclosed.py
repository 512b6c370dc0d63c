"""Lists of sub-processors and templates of creditors, for tests."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

from agencies.attestations import authoring, disclosing
from agencies.attestations.authoring import Wording
from agencies.attestations.disclosed import get_disclosure
from agencies.attestations.entries import Told
from agencies.attestations.subprocessors import SubprocessorList, SubprocessorVerdict
from agencies.attestations.templates import Act
from agencies.kernel.clock import local_date
from agencies.kernel.files import StoredFile
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor
from portal.ports import Ports

CLOUD = Told("Nube Uno S.A.S.", "CO", "830111222-6", "Alojamiento", "Todos", "Bogotá", date(2026, 1, 2))
MESSAGES = Told("Mensajes Dos", "US", "98-7654321", "Mensajes", "Celular", "Ohio")
WORDING = Wording(
    title={"es": "Seguro de crédito", "en": "Credit insurance"},
    statement={"es": "Contamos con seguro de crédito.", "en": "We hold credit insurance."},
    hint={"es": "La póliza.", "en": "The policy."},
    questions=({"es": "Aseguradora", "en": "Insurer"},),
    needs_evidence=False,
    months=6,
    blocks=frozenset({Act.DOWNLOAD}),
    weight=2,
)


def publish(ports: Ports, agency: Actor, creditor: Actor, *told: Told, now) -> SubprocessorList:
    """Let the agency publish a list of exactly these."""
    with ports.session(agency) as session, transaction(session):
        disclosing.begin_list(session, agency, creditor.tenant, now=now)
        known = get_disclosure(session, agency, creditor.tenant, is_draft=True)
        for one in known.entries:
            disclosing.remove_entry(session, agency, one.row.id)
        for one in told:
            disclosing.add_entry(session, agency, creditor.tenant, one, now=now)
        return disclosing.publish_list(session, agency, creditor.tenant, now=now)


def decide_all(ports: Ports, creditor: Actor, agency: Actor, verdict=SubprocessorVerdict.APPROVED, *, now) -> None:
    """Let the creditor say the same of every entry of the list in force."""
    with ports.session(creditor) as session, transaction(session):
        for one in get_disclosure(session, creditor, agency.tenant).entries:
            disclosing.decide(session, creditor, one.row.id, verdict, reason="porque sí", now=now)


def ask_for(ports: Ports, creditor: Actor, wording: Wording = WORDING, *, since: date, code=None, now):
    """Let the creditor publish a template of its own; returns its version."""
    with ports.session(creditor) as session, transaction(session):
        row = authoring.draft_template(session, creditor, wording, code=code, now=now)
        return authoring.publish_template(session, creditor, row.id, valid_from=since, now=now)


def leave_behind(ports: Ports, creditor: Actor, agency: Actor, mark: str) -> None:
    """A published list, with a contract, and a template far in the future, each with a draft after it; all marked."""
    now = ports.now()
    incoming = ports.storage.incoming()
    incoming.write(f"{mark} contrato".encode())
    incoming.keep(key := f"{agency.tenant}/evidence/{mark}-contract")
    file = StoredFile(
        key, f"{mark}.txt", "text/plain", incoming.size, hashlib.sha256(f"{mark} contrato".encode()).digest()
    )
    told = Told(f"{mark} Nube", "CO", "830111222-6", mark, mark, mark)
    with ports.session(agency) as session, transaction(session):
        disclosing.begin_list(session, agency, creditor.tenant, now=now)
        disclosing.add_entry(session, agency, creditor.tenant, told, file, now=now)
        disclosing.publish_list(session, agency, creditor.tenant, now=now)
    decide_all(ports, creditor, agency, now=now)
    with ports.session(agency) as session, transaction(session):
        disclosing.begin_list(session, agency, creditor.tenant, now=now)
    title = {"es": f"{mark} título", "en": f"{mark} title"}
    marked = Wording(title, WORDING.statement, WORDING.hint, (), False, 6, frozenset(), 0)
    ask_for(ports, creditor, marked, since=local_date(now, creditor.time_zone) + timedelta(days=20_000), now=now)
    with ports.session(creditor) as session, transaction(session):
        authoring.draft_template(session, creditor, marked, now=now)
