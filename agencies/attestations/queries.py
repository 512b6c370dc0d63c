"""Attestations as the two sides of them see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from agencies.attestations.models import Attestation, AttestationFile, AttestationSignature, AttestationState
from agencies.attestations.rules import TemplateStanding, blocked_acts, score_bp, stand
from agencies.attestations.templates import Act, Template, get_template, template_as_signed, templates
from agencies.kernel.clock import local_date
from agencies.kernel.errors import NotFound
from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor, Side, owned_by, require
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
    #: How many wait for the creditor's word, those for recalls included.
    waiting: int
    #: Of the creditor: its country's wording, on its day.
    country: str
    today: date


@dataclass(frozen=True)
class AttestationPage:
    """Everything one attestation holds."""

    row: Attestation
    template: Template
    files: tuple[AttestationFile, ...]
    #: Every signature under it, the newest first; an earlier one was taken back.
    signatures: tuple[AttestationSignature, ...]
    creditor_name: str
    agency_name: str


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
            AgencyStanding(
                creditor_id=relation.creditor_id,
                agency_id=relation.agency_id,
                score_bp=score_bp(stood),
                templates=stood,
                blocked_acts=blocked_acts(stood),
                waiting=sum(row.state is AttestationState.SUBMITTED for row in own),
                country=relation.country,
                today=today,
            )
        )
    return found


def get_standing(session: Session, actor: Actor, other_id: int, *, now: datetime) -> AgencyStanding:
    """How the relation with one counterpart stands; raises `NotFound`."""
    for one in standings(session, actor, now=now):
        if other_id == (one.agency_id if actor.side is Side.CREDITOR else one.creditor_id):
            return one
    raise NotFound


def get_attestation(session: Session, actor: Actor, attestation_id: int, *, now: datetime) -> AttestationPage:
    """One attestation with its evidence and signatures; raises `NotFound`, as for another's draft."""
    require(actor, Permission.ATTESTATION_VIEW)
    row = session.scalar(_visible(actor).where(Attestation.id == attestation_id))
    if row is None:
        raise NotFound
    homes = {
        one.id: one
        for one in session.scalars(select(Organisation).where(Organisation.id.in_([row.creditor_id, row.agency_id])))
    }
    files = session.scalars(
        select(AttestationFile)
        .where(
            AttestationFile.creditor_id == row.creditor_id,
            AttestationFile.agency_id == row.agency_id,
            AttestationFile.attestation_id == row.id,
        )
        .order_by(AttestationFile.id)
    )
    signatures = session.scalars(
        select(AttestationSignature)
        .where(
            AttestationSignature.creditor_id == row.creditor_id,
            AttestationSignature.agency_id == row.agency_id,
            AttestationSignature.attestation_id == row.id,
        )
        .order_by(AttestationSignature.id.desc())
    )
    if row.state is AttestationState.DRAFT:
        template = get_template(row.code, row.country, local_date(now, homes[row.creditor_id].time_zone))
    else:
        template = template_as_signed(row.code, row.country, row.template_version)
    return AttestationPage(
        row, template, tuple(files), tuple(signatures), homes[row.creditor_id].name, homes[row.agency_id].name
    )


def list_to_review(session: Session, actor: Actor) -> Sequence[Attestation]:
    """What waits for the creditor's word, the longest-waiting first."""
    require(actor, Permission.ATTESTATION_VIEW)
    waiting = _visible(actor).where(Attestation.state == AttestationState.SUBMITTED)
    return session.scalars(waiting.order_by(Attestation.submitted_at, Attestation.id).limit(PAGE)).all()


def open_rows(session: Session, actor: Actor, other_id: int) -> dict[str, Attestation]:
    """By code: what is begun or waits for review between the actor and a counterpart, recalls left out."""
    require(actor, Permission.ATTESTATION_VIEW)
    rows = session.scalars(
        _with(actor, other_id).where(
            Attestation.state.in_([AttestationState.DRAFT, AttestationState.SUBMITTED]), Attestation.recall_id.is_(None)
        )
    )
    return {row.code: row for row in rows}


def list_history(session: Session, actor: Actor, other_id: int, *, before: int | None = None) -> Page[Attestation]:
    """Every attestation ever made between the actor and a counterpart, the newest first."""
    require(actor, Permission.ATTESTATION_VIEW)
    statement = _with(actor, other_id).order_by(Attestation.id.desc()).limit(PAGE + 1)
    if before is not None:
        statement = statement.where(Attestation.id < before)
    return cut(session.scalars(statement).all(), PAGE, lambda row: row.id)


def _visible(actor: Actor) -> Select[Attestation]:
    rows = select(Attestation).where(owned_by(actor, Attestation.creditor_id, Attestation.agency_id))
    # A draft is nobody's business but the agency's.
    return rows if actor.side is Side.AGENCY else rows.where(Attestation.state != AttestationState.DRAFT)


def _with(actor: Actor, other_id: int) -> Select[Attestation]:
    other = Attestation.agency_id if actor.side is Side.CREDITOR else Attestation.creditor_id
    return _visible(actor).where(other == other_id)


def _rows(session: Session, actor: Actor) -> dict[tuple[int, int], list[Attestation]]:
    found: dict[tuple[int, int], list[Attestation]] = defaultdict(list)
    for row in session.scalars(
        select(Attestation).where(
            owned_by(actor, Attestation.creditor_id, Attestation.agency_id),
            Attestation.state.not_in([AttestationState.DRAFT, AttestationState.SUPERSEDED]),
            or_(Attestation.recall_id.is_(None), Attestation.state == AttestationState.SUBMITTED),
        )
    ):
        found[row.creditor_id, row.agency_id].append(row)
    return found
