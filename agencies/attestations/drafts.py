"""What the steps with an attestation share: finding it, its template, files, newest signature and trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.attestations.catalogue import to_sign
from agencies.attestations.lifecycle import AttestationMovedOn
from agencies.attestations.models import Attestation, AttestationFile, AttestationSignature, AttestationState
from agencies.attestations.templates import Template
from agencies.kernel import audit
from agencies.kernel.clock import local_date
from agencies.kernel.errors import NotFound
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from agencies.standing.models import PanelMember


def signing_agency(actor: Actor) -> int:
    """The agency whose person may sign; raises `Forbidden`."""
    require(actor, Permission.ATTESTATION_SIGN)
    return require_side(actor, Side.AGENCY)


def find_own(session: Session, actor: Actor, attestation_id: int) -> Attestation:
    """An attestation of the actor's agency, locked; raises `NotFound`."""
    row = session.scalar(
        select(Attestation)
        .where(Attestation.agency_id == signing_agency(actor), Attestation.id == attestation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound
    return row


def find_draft(session: Session, actor: Actor, attestation_id: int) -> Attestation:
    """One that can still be changed, locked; raises `NotFound` and `AttestationMovedOn`."""
    row = find_own(session, actor, attestation_id)
    if row.state is not AttestationState.DRAFT:
        raise AttestationMovedOn
    return row


def find_creditor(session: Session, creditor_id: int, agency_id: int) -> Organisation:
    """A creditor on whose panel the agency is; raises `NotFound`."""
    found = session.scalar(
        select(Organisation)
        .join(PanelMember, PanelMember.creditor_id == Organisation.id)
        .where(PanelMember.agency_id == agency_id, Organisation.id == creditor_id)
    )
    if found is None:
        raise NotFound
    return found


def template_of(session: Session, row: Attestation, now: datetime) -> tuple[Template, Organisation]:
    """The template as it would be signed today, and the creditor it is made to."""
    home = find_creditor(session, row.creditor_id, row.agency_id)
    return to_sign(session, row.creditor_id, row.code, row.country, local_date(now, home.time_zone)), home


def files_of(session: Session, row: Attestation) -> list[AttestationFile]:
    """The evidence of an attestation, oldest first."""
    statement = select(AttestationFile).where(
        AttestationFile.creditor_id == row.creditor_id,
        AttestationFile.agency_id == row.agency_id,
        AttestationFile.attestation_id == row.id,
    )
    return list(session.scalars(statement.order_by(AttestationFile.id)))


def last_signature(session: Session, row: Attestation) -> AttestationSignature:
    """The newest signature of an attestation that was signed."""
    statement = select(AttestationSignature).where(
        AttestationSignature.creditor_id == row.creditor_id,
        AttestationSignature.agency_id == row.agency_id,
        AttestationSignature.attestation_id == row.id,
    )
    return session.scalars(statement.order_by(AttestationSignature.id.desc()).limit(1)).one()


def record(session: Session, actor: Actor, action: str, row: Attestation, now: datetime, **details: Any) -> None:
    """Write a step to the trails of both sides; what is only begun stays the agency's own."""
    both = action != "attestation.begun"
    audit.record(
        session,
        actor,
        action,
        now=now,
        organisations=[row.creditor_id, row.agency_id] if both else [row.agency_id],
        attestation_id=row.id,
        code=row.code,
        organisation_id=row.creditor_id,
        **details,
    )
