"""A creditor brings agencies onto its panel, which every mandate, lot and attestation stands on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
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


@dataclass(frozen=True)
class Candidate:
    """An agency on the platform, and since when it is on the creditor's panel."""

    agency_id: int
    name: str
    tax_id: str
    country: str
    state: OrganisationState
    joined_at: datetime | None


def candidates(session: Session, actor: Actor) -> list[Candidate]:
    """Every agency a creditor can deal with: its panel first, then those that may work, by name."""
    require(actor, Permission.STANDING_VIEW)
    creditor_id = require_side(actor, Side.CREDITOR)
    rows = session.execute(
        select(
            Organisation.id,
            Organisation.name,
            Organisation.tax_id,
            Organisation.country,
            Organisation.state,
            PanelMember.joined_at,
        )
        .outerjoin(PanelMember, and_(PanelMember.creditor_id == creditor_id, PanelMember.agency_id == Organisation.id))
        .where(
            Organisation.kind == OrganisationKind.AGENCY,
            or_(PanelMember.joined_at.is_not(None), Organisation.state == OrganisationState.APPROVED),
        )
        .order_by(PanelMember.joined_at.is_(None), func.lower(Organisation.name), Organisation.id)
    )
    return [Candidate(*row) for row in rows]
