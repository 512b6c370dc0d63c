"""A creditor makes, amends and ends its mandates with agencies; a version, once made, is never edited."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.errors import Conflict, Invalid, NotFound, msg
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.mandates.lifecycle import VersionTooEarly, check_open
from agencies.mandates.models import (
    CommissionBand,
    LocateFee,
    Mandate,
    MandateState,
    MandateVersion,
    Service,
    SlaClause,
)
from agencies.mandates.terms import TermSheet, check_terms
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from agencies.standing import panel


class MandateNameTaken(Conflict):
    """A creditor's mandates go by different names."""

    text = msg("You already have a mandate called %(name)s. Choose another name.")


class MandateNameMissing(Invalid):
    """A mandate is known by its name."""

    text = msg("Give the mandate a name.")


def make(
    session: Session,
    actor: Actor,
    *,
    agency_id: int,
    name: str,
    terms: TermSheet,
    valid_from: date,
    service: Service = Service.COLLECT,
    now: datetime,
) -> Mandate:
    """Make a mandate and its first version; raises `MandateNameTaken`, and what panel and terms refuse."""
    require(actor, Permission.MANDATE_MAKE)
    creditor_id = require_side(actor, Side.CREDITOR)
    check_terms(terms)
    name = name.strip()
    if not name:
        raise MandateNameMissing
    panel.bring_in(session, actor, agency_id, now=now)
    mandate: Mandate | None = session.scalar(
        insert(Mandate)
        .values(
            creditor_id=creditor_id,
            agency_id=agency_id,
            name=name,
            service=service,
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
    version = _add_version(session, actor, mandate, 1, terms, valid_from, now)
    _record(session, actor, "mandate.made", mandate, now, version)
    return mandate


def amend(
    session: Session,
    actor: Actor,
    mandate_id: int,
    *,
    terms: TermSheet,
    valid_from: date,
    now: datetime,
) -> MandateVersion:
    """Add the terms that apply from a date on; what is already placed keeps its own."""
    mandate = _mine(session, actor, mandate_id)
    check_open(mandate)
    check_terms(terms)
    last = session.scalars(
        select(MandateVersion)
        .where(MandateVersion.creditor_id == mandate.creditor_id, MandateVersion.mandate_id == mandate_id)
        .order_by(MandateVersion.version.desc())
        .limit(1)
    ).one()
    if valid_from < last.valid_from:
        raise VersionTooEarly(earliest=last.valid_from)
    version = _add_version(session, actor, mandate, last.version + 1, terms, valid_from, now)
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
    terms: TermSheet,
    valid_from: date,
    now: datetime,
) -> MandateVersion:
    version = MandateVersion(
        creditor_id=mandate.creditor_id,
        agency_id=mandate.agency_id,
        mandate_id=mandate.id,
        version=number,
        valid_from=valid_from,
        commission_bp=terms.commission_bp,
        report_frequency=terms.report_frequency,
        report_due_days=terms.report_due_days,
        settlement_discount_bp=terms.settlement_discount_bp,
        tail_days=terms.tail_days,
        term_days=terms.term_days,
        no_work_days=terms.no_work_days,
        no_payment_days=terms.no_payment_days,
        created_at=now,
        created_by=actor.user_id,
    )
    session.add(version)
    session.flush()
    _add_lines(session, version, terms)
    return version


def _add_lines(session: Session, version: MandateVersion, terms: TermSheet) -> None:
    key = {
        "creditor_id": version.creditor_id,
        "agency_id": version.agency_id,
        "mandate_version_id": version.id,
    }
    currency = (
        terms.currency
        or session.scalars(select(Organisation.currency).where(Organisation.id == version.creditor_id)).one()
    )
    session.add_all(
        [
            *(CommissionBand(**key, from_days=one.from_days, commission_bp=one.commission_bp) for one in terms.bands),
            *(
                LocateFee(
                    **key,
                    fee_class=one.fee_class,
                    grade=one.grade,
                    currency=currency,
                    amount_minor=one.amount_minor,
                )
                for one in terms.fees
            ),
            *(SlaClause(**key, clause=one.clause, hours=one.hours, target_bp=one.target_bp) for one in terms.promises),
        ]
    )
    session.flush()


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
