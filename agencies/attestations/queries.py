"""Attestations as the two sides of them see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from agencies.attestations.catalogue import Own, as_signed, asked, own_templates, to_sign
from agencies.attestations.models import Attestation, AttestationFile, AttestationSignature, AttestationState
from agencies.attestations.rules import TemplateStanding, blocked_acts, score_bp, stand
from agencies.attestations.templates import Act, Template
from agencies.attestations.timeline import Declared, as_of
from agencies.kernel.clock import end_of_day, local_date
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
    #: What the creditor asks for, in order of codes, as it reads on the day.
    catalogue: tuple[Template, ...]
    #: Of the creditor.
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


def standings(
    session: Session, actor: Actor, *, creditor_id: int | None = None, on: date | None = None, now: datetime
) -> list[AgencyStanding]:
    """How every relation of the actor's organisation stands, in three queries whatever their number.

    Today, or as it stood at the end of a day that has passed: read from the dates of the rows, not from their states.
    """
    require(actor, Permission.ATTESTATION_VIEW)
    relations = _relations(actor)
    if creditor_id is not None:
        relations = relations.where(PanelMember.creditor_id == creditor_id)
    rows = _rows(session, actor)
    known = [_Relation(*one) for one in session.execute(relations)]
    own = own_templates(session, {one.creditor_id for one in known})
    found = (_stood(one, rows[one.creditor_id, one.agency_id], own, on, now) for one in known)
    return [one for one in found if one is not None]


def score_history(
    session: Session, actor: Actor, other_id: int, *, days: Sequence[date], now: datetime
) -> list[AgencyStanding]:
    """How the relation with one counterpart stood at the end of each day; days before there was one are left out."""
    require(actor, Permission.ATTESTATION_VIEW)
    other = PanelMember.agency_id if actor.side is Side.CREDITOR else PanelMember.creditor_id
    told = session.execute(_relations(actor).where(other == other_id)).one_or_none()
    if told is None:
        raise NotFound
    relation = _Relation(*told)
    rows = _rows(session, actor, other_id)[relation.creditor_id, relation.agency_id]
    own = own_templates(session, [relation.creditor_id])
    found = (_stood(relation, rows, own, day, now) for day in days)
    return [one for one in found if one is not None]


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
        today = local_date(now, homes[row.creditor_id].time_zone)
        template = to_sign(session, row.creditor_id, row.code, row.country, today)
    else:
        template = as_signed(session, row.creditor_id, row.code, row.country, row.template_version)
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


@dataclass(frozen=True)
class _Relation:
    creditor_id: int
    agency_id: int
    joined_at: datetime
    country: str
    time_zone: str


def _relations(actor: Actor) -> Select[int, int, datetime, str, str]:
    return (
        select(
            PanelMember.creditor_id,
            PanelMember.agency_id,
            PanelMember.joined_at,
            Organisation.country,
            Organisation.time_zone,
        )
        .join(Organisation, Organisation.id == PanelMember.creditor_id)
        .where(owned_by(actor, PanelMember.creditor_id, PanelMember.agency_id))
        .order_by(PanelMember.creditor_id, PanelMember.agency_id)
    )


def _stood(
    relation: _Relation, rows: Sequence[Attestation], own: Own, on: date | None, now: datetime
) -> AgencyStanding | None:
    """One relation today or at the end of a day that has passed; nothing where there was none yet."""
    today = local_date(now, relation.time_zone)
    told: Sequence[Declared] = rows
    if on is not None and on < today:
        instant = end_of_day(on, relation.time_zone) - timedelta(microseconds=1)
        if relation.joined_at > instant:
            return None
        today, told = on, as_of(rows, instant)
    catalogue = asked(own, relation.creditor_id, relation.country, today)
    stood = stand(catalogue, told, today)
    return AgencyStanding(
        creditor_id=relation.creditor_id,
        agency_id=relation.agency_id,
        score_bp=score_bp(stood),
        templates=stood,
        blocked_acts=blocked_acts(stood),
        waiting=sum(row.state is AttestationState.SUBMITTED for row in told),
        catalogue=catalogue,
        country=relation.country,
        today=today,
    )


def _rows(session: Session, actor: Actor, other_id: int | None = None) -> dict[tuple[int, int], list[Attestation]]:
    found: dict[tuple[int, int], list[Attestation]] = defaultdict(list)
    statement = _visible(actor) if other_id is None else _with(actor, other_id)
    for row in session.scalars(
        statement.where(
            Attestation.state != AttestationState.DRAFT,
            or_(Attestation.recall_id.is_(None), Attestation.state == AttestationState.SUBMITTED),
        )
    ):
        found[row.creditor_id, row.agency_id].append(row)
    return found
