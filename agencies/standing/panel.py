"""A creditor brings agencies onto its panel, which every mandate, lot and attestation stands on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.errors import Invalid, NotFound, msg
from agencies.kernel.tenancy import Actor, Side, owned_by, require, require_side
from agencies.organisations.models import Organisation, OrganisationKind, OrganisationState
from agencies.organisations.permissions import Permission
from agencies.standing.models import PanelMember


class AgencyNotApproved(Invalid):
    """Creditors deal with agencies that may work."""

    text = msg("This agency is not approved to work.")


def bring_in(session: Session, actor: Actor, agency_id: int, *, now: datetime) -> None:
    """Add an agency to the creditor's panel; a second time changes nothing.

    Raises `NotFound` and `AgencyNotApproved`.
    """
    require(actor, Permission.MANDATE_MAKE)
    creditor_id = require_side(actor, Side.CREDITOR)
    agency = session.scalar(
        select(Organisation).where(Organisation.id == agency_id, Organisation.kind == OrganisationKind.AGENCY)
    )
    if agency is None:
        raise NotFound
    if agency.state is not OrganisationState.APPROVED:
        raise AgencyNotApproved
    joined = session.scalar(
        insert(PanelMember)
        .values(creditor_id=creditor_id, agency_id=agency_id, joined_at=now, joined_by=actor.user_id)
        .on_conflict_do_nothing()
        .returning(PanelMember.agency_id)
    )
    if joined is not None:
        audit.record(
            session, actor, "panel.joined", now=now, organisations=[creditor_id, agency_id], organisation_id=agency_id
        )


def members(session: Session, actor: Actor) -> list[PanelMember]:
    """The panel's relations the actor's organisation is part of, whichever side it is on."""
    return list(
        session.scalars(
            select(PanelMember)
            .where(owned_by(actor, PanelMember.creditor_id, PanelMember.agency_id))
            .order_by(PanelMember.creditor_id, PanelMember.agency_id)
        )
    )
