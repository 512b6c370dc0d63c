"""Mandates that both sides of a test have signed: proposed by the creditor, accepted by the agency."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from agencies.kernel.session import transaction
from agencies.kernel.tenancy import Actor, Side
from agencies.mandates import queries, service
from agencies.mandates.models import Mandate, MandateVersion
from agencies.mandates.signing import Signer
from agencies.organisations.permissions import PERMISSIONS, Role
from portal.ports import Ports

CREDITOR = Signer("Directora Uno", "Directora de recuperaciones")
AGENCY = Signer("Gerente Uno", "Gerente general")


def make(ports: Ports, creditor: Actor, agency: Actor, *, now: datetime, **mandate: Any) -> Mandate:
    """A mandate in force between the two, with whatever terms are given."""
    with ports.session(creditor) as session, transaction(session):
        made = service.make(session, creditor, agency_id=agency.tenant, signer=CREDITOR, now=now, **mandate)
    accept(ports, agency, made.id, now=now)
    return made


def amend(
    ports: Ports, creditor: Actor, agency: Actor, mandate_id: int, *, now: datetime, **terms: Any
) -> MandateVersion:
    """New terms that both sides have signed."""
    with ports.session(creditor) as session, transaction(session):
        version = service.amend(session, creditor, mandate_id, signer=CREDITOR, now=now, **terms)
    accept(ports, agency, mandate_id, now=now)
    return version


def accept(ports: Ports, actor: Actor, mandate_id: int, *, now: datetime, signer: Signer = AGENCY) -> None:
    """A side signs what waits for it; whoever acts for the agency in a test signs as its manager."""
    if actor.side is Side.AGENCY:
        actor = replace(actor, permissions=PERMISSIONS[Role.MANAGER])
    digest = read(ports, actor, mandate_id)
    with ports.session(actor) as session, transaction(session):
        service.accept(session, actor, mandate_id, digest=digest, signer=signer, now=now)


def read(ports: Ports, actor: Actor, mandate_id: int) -> bytes:
    """The digest of the proposal that waits."""
    with ports.session(actor) as session:
        row = queries.get_mandate(session, actor, mandate_id)
        assert row.proposal is not None
        return row.digest(row.proposal)
