"""A creditor makes, amends and ends its mandates with agencies; a version, once made, is never edited."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.mandates.lifecycle import VersionTooEarly, check_open, check_terms
from agencies.mandates.models import Mandate, MandateState, MandateVersion, ReportFrequency, Service
from agencies.organisations.models import Organisation, OrganisationKind, OrganisationState
from agencies.organisations.permissions import Permission


class MandateNameTaken(Conflict):
    """A creditor's mandates go by different names."""

    text = msg("You already have a mandate called %(name)s. Choose another name.")


class MandateNameMissing(Invalid):
    """A mandate is known by its name."""

    text = msg("Give the mandate a name.")


class AgencyNotApproved(Invalid):
    """Mandates are made with agencies that may work."""

    text = msg("This agency is not approved to work.")


def make(
    session: Session,
    actor: Actor,
    *,
    agency_id: int,
    name: str,
    commission_bp: int,
    report_due_days: int,
    valid_from: date,
    now: datetime,
) -> Mandate:
    """Make a mandate and its first version; raises `AgencyNotApproved`, `MandateNameTaken` and those of the terms."""
    require(actor, Permission.MANDATE_MAKE)
    creditor_id = require_side(actor, Side.CREDITOR)
    check_terms(commission_bp, report_due_days)
    name = name.strip()
    if not name:
        raise MandateNameMissing
    agency = session.scalar(
        select(Organisation).where(Organisation.id == agency_id, Organisation.kind == OrganisationKind.AGENCY)
    )
    if agency is None:
        raise NotFound
    if agency.state is not OrganisationState.APPROVED:
        raise AgencyNotApproved
    mandate: Mandate | None = session.scalar(
        insert(Mandate)
        .values(
            creditor_id=creditor_id,
            agency_id=agency_id,
            name=name,
            service=Service.COLLECT,
            state=MandateState.IN_FORCE,
            created_at=now,
            created_by=actor.user_id,
        )
        # Of two requests with one name at the same time, the second waits here for the first and is told.
        .on_conflict_do_nothing(index_elements=["creditor_id", "name"])
        .returning(Mandate)
    )
    if mandate is None:
        raise MandateNameTaken(name=name)
    version = _add_version(session, actor, mandate, 1, commission_bp, report_due_days, valid_from, now)
    _record(session, actor, "mandate.made", mandate, now, version)
    return mandate


def amend(
    session: Session,
    actor: Actor,
    mandate_id: int,
    *,
    commission_bp: int,
    report_due_days: int,
    valid_from: date,
    now: datetime,
) -> MandateVersion:
    """Add the terms that apply from a date on; what is already placed keeps its own."""
    mandate = _mine(session, actor, mandate_id)
    check_open(mandate)
    check_terms(commission_bp, report_due_days)
    last = session.scalars(
        select(MandateVersion)
        .where(MandateVersion.creditor_id == mandate.creditor_id, MandateVersion.mandate_id == mandate_id)
        .order_by(MandateVersion.version.desc())
        .limit(1)
    ).one()
    if valid_from < last.valid_from:
        raise VersionTooEarly(earliest=last.valid_from)
    version = _add_version(session, actor, mandate, last.version + 1, commission_bp, report_due_days, valid_from, now)
    _record(session, actor, "mandate.amended", mandate, now, version)
    return version


def end(session: Session, actor: Actor, mandate_id: int, *, now: datetime) -> Mandate:
    """End a mandate: nothing more is placed under it, what is placed goes on."""
    mandate = _mine(session, actor, mandate_id)
    check_open(mandate)
    mandate.state, mandate.ended_at = MandateState.ENDED, now
    _record(session, actor, "mandate.ended", mandate, now)
    return mandate


def _mine(session: Session, actor: Actor, mandate_id: int) -> Mandate:
    require(actor, Permission.MANDATE_MAKE)
    creditor_id = require_side(actor, Side.CREDITOR)
    mandate = session.scalar(
        select(Mandate)
        .where(Mandate.creditor_id == creditor_id, Mandate.id == mandate_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if mandate is None:
        raise NotFound
    return mandate


def _add_version(
    session: Session,
    actor: Actor,
    mandate: Mandate,
    number: int,
    commission_bp: int,
    report_due_days: int,
    valid_from: date,
    now: datetime,
) -> MandateVersion:
    version = MandateVersion(
        creditor_id=mandate.creditor_id,
        agency_id=mandate.agency_id,
        mandate_id=mandate.id,
        version=number,
        valid_from=valid_from,
        commission_bp=commission_bp,
        report_frequency=ReportFrequency.MONTHLY,
        report_due_days=report_due_days,
        created_at=now,
        created_by=actor.user_id,
    )
    session.add(version)
    session.flush()
    return version


def _record(
    session: Session,
    actor: Actor,
    action: str,
    mandate: Mandate,
    now: datetime,
    version: MandateVersion | None = None,
) -> None:
    terms = (
        {
            "version": version.version,
            "commission_bp": version.commission_bp,
            "report_due_days": version.report_due_days,
            "valid_from": version.valid_from.isoformat(),
        }
        if version
        else {}
    )
    audit.record(
        session,
        actor,
        action,
        now=now,
        organisations=[mandate.creditor_id, mandate.agency_id],
        mandate_id=mandate.id,
        **terms,
    )
