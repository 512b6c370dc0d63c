"""Waves, consignments and placements as the two sides see them, in pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, func, select, tuple_
from sqlalchemy.orm import Session, aliased

from agencies.kernel import audit
from agencies.kernel.errors import NotFound
from agencies.kernel.pages import PAGE, Page, cut
from agencies.kernel.tenancy import Actor, Side, owned_by, require, require_side
from agencies.mandates.models import CommissionLine, Mandate, MandateVersion
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.placements.models import Consignment, Placement, PlacementState, Wave, WaveState


@dataclass(frozen=True)
class ConsignmentRow:
    """A consignment with the names of its sides and the terms it was made under."""

    id: int
    name: str
    creditor_id: int
    creditor_name: str
    agency_id: int
    agency_name: str
    wave_id: int
    mandate_id: int
    mandate_name: str
    #: From the lowest to the highest of its terms, by the age of the debts.
    lowest_bp: int
    highest_bp: int
    #: Empty while the wave is a draft.
    state: PlacementState | None
    currency: str | None
    cases: int
    placed_minor: int
    sent_at: datetime | None
    acknowledged_at: datetime | None
    manifest_downloaded_at: datetime | None
    #: What the agency's attestations were when it was sent.
    snapshot_id: int | None = None


@dataclass(frozen=True)
class PlacementRow:
    """One case with one agency."""

    id: int
    case_id: int
    account_ref: str
    creditor_id: int
    agency_id: int
    agency_name: str
    consignment_id: int
    consignment_name: str
    state: PlacementState
    currency: str
    placed_minor: int
    stratum: str
    #: At the age it had when it was placed.
    commission_bp: int
    age_days: int | None
    placed_at: datetime
    ended_at: datetime | None
    #: `recalled`, or the code of its return.
    end_code: str | None
    #: The last day on which a payment still earns the commission.
    tail_until: date | None


def list_waves(
    session: Session, actor: Actor, *, state: WaveState | None = None, after: int | None = None
) -> Page[Wave]:
    """The creditor's waves, newest first."""
    require(actor, Permission.PLACEMENT_VIEW)
    creditor_id = require_side(actor, Side.CREDITOR)
    statement = select(Wave).where(Wave.creditor_id == creditor_id)
    if state is not None:
        statement = statement.where(Wave.state == state)
    if after is not None:
        statement = statement.where(Wave.id < after)
    rows = session.scalars(statement.order_by(Wave.id.desc()).limit(PAGE + 1)).all()
    return cut(rows, PAGE, lambda wave: wave.id)


def get_wave(session: Session, actor: Actor, wave_id: int) -> Wave:
    """One wave of the creditor; raises `NotFound`."""
    require(actor, Permission.PLACEMENT_VIEW)
    creditor_id = require_side(actor, Side.CREDITOR)
    wave = session.scalar(select(Wave).where(Wave.creditor_id == creditor_id, Wave.id == wave_id))
    if wave is None:
        raise NotFound
    return wave


def record_export(session: Session, actor: Actor, wave: Wave, *, now: datetime) -> None:
    """Write down that the figures of a wave left as a file."""
    require(actor, Permission.PLACEMENT_VIEW)
    audit.record(session, actor, "wave.exported", now=now, wave_id=wave.id)


def list_consignments(
    session: Session,
    actor: Actor,
    *,
    wave_id: int | None = None,
    state: PlacementState | None = None,
    is_untouched: bool = False,
    after: int | None = None,
) -> Page[ConsignmentRow]:
    """What agencies received from the creditor, or the agency from its creditors, newest first.

    Only of committed waves, unless one wave is asked for; `is_untouched` keeps those whose cases nobody has downloaded.
    """
    require(actor, Permission.PLACEMENT_VIEW)
    statement = _consignments(actor)
    if wave_id is None:
        statement = statement.where(Consignment.state.is_not(None))
    else:
        statement = statement.where(Consignment.wave_id == wave_id)
    if state is not None:
        statement = statement.where(Consignment.state == state)
    if is_untouched:
        statement = statement.where(Consignment.manifest_downloaded_at.is_(None))
    if after is not None:
        statement = statement.where(Consignment.id < after)
    rows = session.execute(statement.order_by(Consignment.id.desc()).limit(PAGE + 1)).all()
    return cut([ConsignmentRow(*row) for row in rows], PAGE, lambda row: row.id)


def get_consignment(session: Session, actor: Actor, consignment_id: int) -> ConsignmentRow:
    """One consignment of the actor's organisation; raises `NotFound`."""
    require(actor, Permission.PLACEMENT_VIEW)
    row = session.execute(_consignments(actor).where(Consignment.id == consignment_id)).one_or_none()
    if row is None:
        raise NotFound
    return ConsignmentRow(*row)


def list_placements(
    session: Session,
    actor: Actor,
    consignment_id: int | None = None,
    *,
    case_id: int | None = None,
    recall_id: int | None = None,
    after: tuple[int, int, int] | None = None,
    limit: int = PAGE,
) -> Page[PlacementRow]:
    """Placements of the actor's organisation: all, those of a consignment or recall, or the history of a case.

    By creditor and agency, then the oldest first: the order in which each side's index has them.
    """
    require(actor, Permission.PLACEMENT_VIEW)
    statement: Select[*tuple[Any, ...]] = (
        select(
            Placement.id,
            Placement.case_id,
            Placement.account_ref,
            Placement.creditor_id,
            Placement.agency_id,
            Organisation.name,
            Placement.consignment_id,
            Consignment.name,
            Placement.state,
            Placement.currency,
            Placement.placed_minor,
            Placement.stratum,
            Placement.commission_bp,
            Placement.age_days,
            Placement.placed_at,
            Placement.ended_at,
            Placement.end_code,
            Placement.tail_until,
        )
        .join(Organisation, Organisation.id == Placement.agency_id)
        .join(
            Consignment,
            and_(
                Consignment.creditor_id == Placement.creditor_id,
                Consignment.agency_id == Placement.agency_id,
                Consignment.id == Placement.consignment_id,
            ),
        )
        .where(owned_by(actor, Placement.creditor_id, Placement.agency_id))
    )
    if consignment_id is not None:
        statement = statement.where(Placement.consignment_id == consignment_id)
    if case_id is not None:
        statement = statement.where(Placement.case_id == case_id)
    if recall_id is not None:
        statement = statement.where(Placement.recall_id == recall_id)
    key = (Placement.creditor_id, Placement.agency_id, Placement.id)
    if after is not None:
        statement = statement.where(tuple_(*key) > after)
    rows = session.execute(statement.order_by(*key).limit(limit + 1)).all()
    return cut([PlacementRow(*row) for row in rows], limit, lambda row: (row.creditor_id, row.agency_id, row.id))


_creditor = aliased(Organisation)
_agency = aliased(Organisation)


def _of_lines(extreme: Any) -> Any:
    return (
        select(extreme(CommissionLine.rate_bp))
        .where(
            CommissionLine.creditor_id == MandateVersion.creditor_id,
            CommissionLine.agency_id == MandateVersion.agency_id,
            CommissionLine.mandate_version_id == MandateVersion.id,
        )
        .correlate(MandateVersion)
        .scalar_subquery()
    )


def _consignments(actor: Actor) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Consignment.id,
            Consignment.name,
            Consignment.creditor_id,
            _creditor.name,
            Consignment.agency_id,
            _agency.name,
            Consignment.wave_id,
            Mandate.id,
            Mandate.name,
            func.least(MandateVersion.commission_bp, _of_lines(func.min)),
            func.greatest(MandateVersion.commission_bp, _of_lines(func.max)),
            Consignment.state,
            Consignment.currency,
            Consignment.cases,
            Consignment.placed_minor,
            Consignment.sent_at,
            Consignment.acknowledged_at,
            Consignment.manifest_downloaded_at,
            Consignment.snapshot_id,
        )
        .join(_creditor, _creditor.id == Consignment.creditor_id)
        .join(_agency, _agency.id == Consignment.agency_id)
        .join(
            MandateVersion,
            and_(
                MandateVersion.creditor_id == Consignment.creditor_id,
                MandateVersion.agency_id == Consignment.agency_id,
                MandateVersion.id == Consignment.mandate_version_id,
            ),
        )
        .join(
            Mandate,
            and_(
                Mandate.creditor_id == MandateVersion.creditor_id,
                Mandate.agency_id == MandateVersion.agency_id,
                Mandate.id == MandateVersion.mandate_id,
            ),
        )
        .where(owned_by(actor, Consignment.creditor_id, Consignment.agency_id))
    )
