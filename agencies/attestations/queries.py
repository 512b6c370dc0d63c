"""Attestations as the two sides of them see them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from agencies.attestations.models import Attestation, AttestationState
from agencies.attestations.rules import TemplateStanding, blocked_acts, score_bp, stand
from agencies.attestations.templates import Act, templates
from agencies.kernel.clock import local_date
from agencies.kernel.tenancy import Actor, owned_by, require
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from agencies.standing.models import PanelMember


@dataclass(frozen=True)
class AgencyStanding:
    """One agency of a panel with every template of its creditor's country."""

    creditor_id: int
    agency_id: int
    score_bp: int
    templates: tuple[TemplateStanding, ...]
    blocked_acts: frozenset[Act]


def standings(session: Session, actor: Actor, *, creditor_id: int | None = None, now: datetime) -> list[AgencyStanding]:
    """How every relation of the actor's organisation stands today, in two queries whatever their number."""
    require(actor, Permission.ATTESTATION_VIEW)
    relations = (
        select(PanelMember.creditor_id, PanelMember.agency_id, Organisation.country, Organisation.time_zone)
        .join(Organisation, Organisation.id == PanelMember.creditor_id)
        .where(owned_by(actor, PanelMember.creditor_id, PanelMember.agency_id))
        .order_by(PanelMember.creditor_id, PanelMember.agency_id)
    )
    if creditor_id is not None:
        relations = relations.where(PanelMember.creditor_id == creditor_id)
    rows = _rows(session, actor)
    found = []
    for relation in session.execute(relations):
        today = local_date(now, relation.time_zone)
        own = rows[relation.creditor_id, relation.agency_id]
        stood = stand(templates(relation.country, today), own, today)
        found.append(
            AgencyStanding(relation.creditor_id, relation.agency_id, score_bp(stood), stood, blocked_acts(stood))
        )
    return found


def _rows(session: Session, actor: Actor) -> dict[tuple[int, int], list[Attestation]]:
    found: dict[tuple[int, int], list[Attestation]] = defaultdict(list)
    for row in session.scalars(
        select(Attestation).where(
            owned_by(actor, Attestation.creditor_id, Attestation.agency_id),
            Attestation.state.not_in([AttestationState.DRAFT, AttestationState.SUPERSEDED]),
            Attestation.recall_id.is_(None),
        )
    ):
        found[row.creditor_id, row.agency_id].append(row)
    return found
