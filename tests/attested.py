"""An agency that has attested to everything, for tests in which that is not the question."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import UTC, date, datetime

from sqlalchemy import insert, select, update

from agencies.attestations import reviewing, service
from agencies.attestations.models import Attestation, AttestationSignature, AttestationState, SignerRole
from agencies.attestations.templates import templates
from agencies.kernel.clock import local_date
from agencies.kernel.files import StoredFile
from agencies.kernel.session import transaction
from agencies.kernel.tenancy import DOOR, Actor, Side
from agencies.organisations import service as organisations
from agencies.organisations.models import Organisation, User
from agencies.standing import filing, panel
from agencies.standing.filing import Credential
from agencies.standing.models import CredentialKind
from portal.ports import Ports
from tests import disclosed

#: Tests are run in any year.
UNTIL = date(2199, 12, 31)
#: What `sign_one` signs.
SIGNED = hashlib.sha256(b"texto").digest()


def attest_all(
    ports: Ports,
    creditor: Actor,
    agency: Actor,
    *,
    now: datetime,
    until: date = UNTIL,
    but: Collection[str] = (),
) -> None:
    """Let an agency of the creditor's panel hold every template but some; what it holds already stays."""
    with ports.session(creditor) as session, transaction(session):
        panel.bring_in(session, creditor, agency.tenant, now=now)
        home = session.get_one(Organisation, creditor.tenant)
        known = set(session.scalars(select(Attestation.code).where(Attestation.agency_id == agency.tenant)))
    country, on = home.country, local_date(now, home.time_zone)
    wanted = [one for one in templates(country, on) if not one.is_per_recall and one.code not in {*known, *but}]
    if wanted:
        _sign(ports, creditor, agency, [one.code for one in wanted], country, now, until)
        accept_all(ports, creditor, agency, now=now)


def attest_panel(ports: Ports, email: str, *, now: datetime) -> None:
    """Let every agency on the panel of this person's creditor hold every template."""
    with ports.session(DOOR) as session:
        user = session.scalars(select(User).where(User.email == email)).one()
        creditor = organisations.actor_of(user, session.get_one(Organisation, user.organisation_id))
    with ports.session(creditor) as session:
        agencies = [one.agency_id for one in panel.members(session, creditor)]
    for agency_id in agencies:
        attest_all(ports, creditor, Actor(side=Side.AGENCY, organisation_id=agency_id), now=now)


def accept_all(ports: Ports, creditor: Actor, agency: Actor, *, now: datetime) -> None:
    """The creditor accepts whatever the agency has signed."""
    with ports.session(creditor) as session, transaction(session):
        session.execute(
            update(Attestation)
            .where(Attestation.agency_id == agency.tenant, Attestation.state == AttestationState.SUBMITTED)
            .values(state=AttestationState.ACCEPTED, reviewed_at=now, reviewed_by=creditor.user_id)
        )


def attest_one(
    ports: Ports,
    creditor: Actor,
    agency: Actor,
    code: str,
    *,
    now: datetime,
    until: date = UNTIL,
    recall_id: int | None = None,
) -> None:
    """Let the agency sign one template, for one recall where it asks for that, and the creditor accept it."""
    sign_one(ports, creditor, agency, code, now=now, until=until, recall_id=recall_id)
    accept_all(ports, creditor, agency, now=now)


def revoke_one(ports: Ports, creditor: Actor, agency: Actor, code: str, *, now: datetime) -> None:
    """Let the creditor end what it has accepted."""
    with ports.session(creditor) as session, transaction(session):
        row = session.scalars(
            select(Attestation).where(
                Attestation.agency_id == agency.tenant,
                Attestation.code == code,
                Attestation.state == AttestationState.ACCEPTED,
            )
        ).one()
        reviewing.revoke(session, creditor, row.id, reason="incidente", now=now)


def sign_one(
    ports: Ports,
    creditor: Actor,
    agency: Actor,
    code: str,
    *,
    now: datetime,
    until: date = UNTIL,
    recall_id: int | None = None,
) -> int:
    """Let the agency sign one template, which then waits for the creditor."""
    with ports.session(creditor) as session:
        country = session.get_one(Organisation, creditor.tenant).country
    return _sign(ports, creditor, agency, [code], country, now, until, recall_id)[0]


def begin_draft(ports: Ports, creditor: Actor, agency: Actor, mark: str) -> None:
    """Let the agency leave a draft, a licence and sub-processors, and the creditor its own template; all marked."""
    now = datetime(2026, 3, 11, 17, tzinfo=UTC)
    name, incoming = f"{mark}.txt", ports.storage.incoming()
    incoming.write(f"{mark} soporte".encode())
    incoming.keep(key := f"evidence/{mark}{agency.tenant}")
    with ports.session(agency) as session, transaction(session):
        draft = service.open_draft(session, agency, creditor_id=creditor.tenant, code="AT-04", now=now)
        answers = {"officer": mark, "contact": mark, "last_drill_on": date(2026, 1, 15)}
        service.fill(session, agency, draft.id, answers=answers, evidence_on=date(2026, 1, 15), now=now)
        digest = hashlib.sha256(f"{mark} soporte".encode()).digest()
        service.attach(session, agency, draft.id, StoredFile(key, name, "text/plain", incoming.size, digest), now=now)
        licence = Credential(CredentialKind.LICENCE, "CO", f"{mark} RNBD", "1", "SIC")
        filing.add_credential(session, agency, licence, now=now)
    disclosed.leave_behind(ports, creditor, agency, mark)


def _sign(
    ports: Ports,
    creditor: Actor,
    agency: Actor,
    codes: list[str],
    country: str,
    now: datetime,
    until: date,
    recall_id: int | None = None,
) -> list[int]:
    with ports.session(agency) as session, transaction(session):
        made = session.scalars(
            insert(Attestation).returning(Attestation.id),
            [
                {
                    "creditor_id": creditor.tenant,
                    "agency_id": agency.tenant,
                    "code": code,
                    "template_version": 1,
                    "country": country,
                    "recall_id": recall_id,
                    "state": AttestationState.SUBMITTED,
                    "answers": {},
                    "evidence_on": local_date(now, "America/Bogota"),
                    "valid_until": until,
                    "created_at": now,
                    "submitted_at": now,
                }
                for code in codes
            ],
        ).all()
        session.execute(
            insert(AttestationSignature),
            [
                {
                    "creditor_id": creditor.tenant,
                    "agency_id": agency.tenant,
                    "attestation_id": one,
                    "text": "texto",
                    "language": "es",
                    "text_sha256": SIGNED,
                    "signer_name": "Gerente",
                    "signer_id": "1",
                    "signer_role": SignerRole.LEGAL_REPRESENTATIVE,
                    "signed_at": now,
                    "address": "127.0.0.1",
                }
                for one in made
            ],
        )
        return list(made)
