"""Mandates as the two sides of them see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from agencies.kernel.errors import NotFound
from agencies.kernel.tenancy import Actor, owned_by, require
from agencies.mandates.lifecycle import MandateNotInForce, in_force
from agencies.mandates.models import (
    Clause,
    CommissionBand,
    FeeClass,
    LocateFee,
    LocateGrade,
    Mandate,
    MandateState,
    MandateVersion,
    Service,
    SlaClause,
)
from agencies.mandates.terms import AgeBand, Fee, Promise, TermSheet
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission


@dataclass(frozen=True)
class MandateRow:
    """A mandate with the names of its sides and the terms that apply, or will."""

    id: int
    name: str
    creditor_id: int
    creditor_name: str
    #: In which its amounts are.
    currency: str
    agency_id: int
    agency_name: str
    state: MandateState
    version_id: int
    version: int
    valid_from: date
    commission_bp: int
    report_due_days: int
    service: Service
    #: Everything the version shown says.
    terms: TermSheet
    #: Every version, newest first.
    versions: tuple[MandateVersion, ...]
    created_at: datetime
    ended_at: datetime | None


def list_mandates(session: Session, actor: Actor, *, on: date | None = None) -> list[MandateRow]:
    """All mandates of the actor's organisation, standing ones first, then by name.

    Each shows the terms in force on the date or, without a date or before the first has begun, the newest.
    """
    require(actor, Permission.MANDATE_VIEW)
    return _rows(session, _mandates(actor), on)


def get_mandate(session: Session, actor: Actor, mandate_id: int, *, on: date | None = None) -> MandateRow:
    """One mandate of the actor's organisation; raises `NotFound`."""
    require(actor, Permission.MANDATE_VIEW)
    rows = _rows(session, _mandates(actor).where(Mandate.id == mandate_id), on)
    if not rows:
        raise NotFound
    return rows[0]


def version_in_force(session: Session, actor: Actor, mandate_id: int, on: date) -> MandateVersion:
    """The terms of a mandate on a date; raises `NotFound`, or `MandateNotInForce` when there are none."""
    mandate = session.scalar(
        select(Mandate).where(owned_by(actor, Mandate.creditor_id, Mandate.agency_id), Mandate.id == mandate_id)
    )
    if mandate is None:
        raise NotFound
    versions = session.scalars(
        select(MandateVersion).where(
            owned_by(actor, MandateVersion.creditor_id, MandateVersion.agency_id),
            MandateVersion.mandate_id == mandate_id,
        )
    )
    found = in_force(versions, on) if mandate.state is MandateState.IN_FORCE else None
    if found is None:
        raise MandateNotInForce(name=mandate.name, on=on)
    return found


def terms_of(session: Session, actor: Actor, version_ids: Collection[int]) -> dict[int, TermSheet]:
    """What each of the actor's mandate versions says; ids that are not its own are left out."""
    versions = session.scalars(
        select(MandateVersion).where(
            owned_by(actor, MandateVersion.creditor_id, MandateVersion.agency_id), MandateVersion.id.in_(version_ids)
        )
    )
    return _sheets(session, list(versions))


_creditor = aliased(Organisation)
_agency = aliased(Organisation)


def _mandates(actor: Actor) -> Select[Mandate, str, str, str]:
    return (
        select(Mandate, _creditor.name, _creditor.currency, _agency.name)
        .join(_creditor, _creditor.id == Mandate.creditor_id)
        .join(_agency, _agency.id == Mandate.agency_id)
        .where(owned_by(actor, Mandate.creditor_id, Mandate.agency_id))
        .order_by(Mandate.ended_at.is_not(None), Mandate.name, Mandate.id)
    )


def _rows(session: Session, statement: Select[Mandate, str, str, str], on: date | None) -> list[MandateRow]:
    found = session.execute(statement).all()
    versions: dict[int, list[MandateVersion]] = defaultdict(list)
    for version in session.scalars(
        select(MandateVersion)
        .where(MandateVersion.mandate_id.in_([mandate.id for mandate, *_ in found]))
        .order_by(MandateVersion.version.desc())
    ):
        versions[version.mandate_id].append(version)
    sheets = _sheets(session, [one for of_one in versions.values() for one in of_one])
    return [_row(mandate, names, versions[mandate.id], sheets, on) for mandate, *names in found]


def _row(
    mandate: Mandate,
    names: Sequence[str],
    versions: list[MandateVersion],
    sheets: dict[int, TermSheet],
    on: date | None,
) -> MandateRow:
    creditor, currency, agency = names
    shown = (in_force(versions, on) if on else None) or versions[0]
    return MandateRow(
        id=mandate.id,
        name=mandate.name,
        creditor_id=mandate.creditor_id,
        creditor_name=creditor,
        currency=sheets[shown.id].currency or currency,
        agency_id=mandate.agency_id,
        agency_name=agency,
        state=mandate.state,
        version_id=shown.id,
        version=shown.version,
        valid_from=shown.valid_from,
        commission_bp=shown.commission_bp,
        report_due_days=shown.report_due_days,
        service=mandate.service,
        terms=sheets[shown.id],
        versions=tuple(versions),
        created_at=mandate.created_at,
        ended_at=mandate.ended_at,
    )


def _sheets(session: Session, versions: Sequence[MandateVersion]) -> dict[int, TermSheet]:
    ids = [one.id for one in versions]
    bands: dict[int, list[AgeBand]] = defaultdict(list)
    for band in session.scalars(
        select(CommissionBand).where(CommissionBand.mandate_version_id.in_(ids)).order_by(CommissionBand.from_days)
    ):
        bands[band.mandate_version_id].append(AgeBand(band.from_days, band.commission_bp))
    fees: dict[int, list[LocateFee]] = defaultdict(list)
    for fee in session.scalars(select(LocateFee).where(LocateFee.mandate_version_id.in_(ids))):
        fees[fee.mandate_version_id].append(fee)
    promises: dict[int, list[Promise]] = defaultdict(list)
    for clause in session.scalars(select(SlaClause).where(SlaClause.mandate_version_id.in_(ids))):
        promises[clause.mandate_version_id].append(Promise(clause.clause, clause.hours, clause.target_bp))
    return {one.id: _sheet(one, bands[one.id], fees[one.id], promises[one.id]) for one in versions}


def _sheet(version: MandateVersion, bands: list[AgeBand], fees: list[LocateFee], promises: list[Promise]) -> TermSheet:
    grades, classes, clauses = list(LocateGrade), list(FeeClass), list(Clause)
    in_order = sorted(fees, key=lambda fee: (classes.index(fee.fee_class), grades.index(fee.grade)))
    return TermSheet(
        commission_bp=version.commission_bp,
        report_due_days=version.report_due_days,
        report_frequency=version.report_frequency,
        bands=tuple(bands),
        fees=tuple(Fee(one.fee_class, one.grade, one.amount_minor) for one in in_order),
        currency=fees[0].currency if fees else None,
        promises=tuple(sorted(promises, key=lambda one: clauses.index(one.clause))),
        settlement_discount_bp=version.settlement_discount_bp,
        tail_days=version.tail_days,
        term_days=version.term_days,
        no_work_days=version.no_work_days,
        no_payment_days=version.no_payment_days,
    )
