"""Writes a version and its lines down, in the transaction that proposes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.kernel.tenancy import Actor
from agencies.mandates.models import CommissionLine, LocateFee, Mandate, MandateVersion, Party, SlaClause
from agencies.mandates.signing import AlreadyAnswered
from agencies.mandates.terms import TermSheet
from agencies.organisations.models import Organisation


def with_currency(session: Session, creditor_id: int, terms: TermSheet) -> TermSheet:
    """The terms with the currency of their amounts: the creditor's own unless they name one."""
    if terms.currency:
        return terms
    own = session.scalars(select(Organisation.currency).where(Organisation.id == creditor_id)).one()
    return replace(terms, currency=own)


def add_version(
    session: Session,
    actor: Actor,
    mandate: Mandate,
    number: int,
    terms: TermSheet,
    valid_from: date,
    side: Party,
    now: datetime,
) -> MandateVersion:
    """Add a version with everything it says; raises `AlreadyAnswered` when another of its number came first."""
    limits, authority = terms.limits, terms.authority
    version: MandateVersion | None = session.scalar(
        insert(MandateVersion)
        .values(
            creditor_id=mandate.creditor_id,
            agency_id=mandate.agency_id,
            mandate_id=mandate.id,
            version=number,
            valid_from=valid_from,
            proposed_by=side,
            currency=terms.currency,
            commission_bp=terms.commission_bp,
            floor_minor=limits.floor_minor,
            cap_minor=limits.cap_minor,
            direct_bp=limits.direct_bp,
            discovery_bp=limits.discovery_bp,
            recall_free_days=limits.recall_free_days,
            report_frequency=terms.report_frequency,
            report_due_days=terms.report_due_days,
            settlement_discount_bp=authority.discount_bp,
            tail_days=terms.tail_days,
            term_days=terms.term_days,
            no_work_days=terms.no_work_days,
            no_payment_days=terms.no_payment_days,
            plan_tail_days=terms.plan_tail_days,
            bonus_from_minor=limits.bonus_from_minor,
            bonus_bp=limits.bonus_bp,
            longest_plan_months=authority.plan_months,
            smallest_instalment_minor=authority.instalment_minor,
            approver=authority.approver,
            exclusive_days=terms.exclusive_days,
            subcontracting=terms.subcontracting,
            created_at=now,
            created_by=actor.user_id,
        )
        # Of two proposals at the same moment the second waits here for the first and is told.
        .on_conflict_do_nothing(index_elements=["creditor_id", "mandate_id", "version"])
        .returning(MandateVersion)
    )
    if version is None:
        raise AlreadyAnswered
    _add_lines(session, version, terms)
    return version


def _add_lines(session: Session, version: MandateVersion, terms: TermSheet) -> None:
    key = {
        "creditor_id": version.creditor_id,
        "agency_id": version.agency_id,
        "mandate_version_id": version.id,
    }
    session.add_all(
        [
            *(
                CommissionLine(
                    **key,
                    position=position,
                    rate_bp=one.rate_bp,
                    tier=one.tier,
                    age_from=one.age_from,
                    age_to=one.age_to,
                    balance_from_minor=one.balance_from,
                    balance_to_minor=one.balance_to,
                    product=one.product,
                    debtor_type=one.debtor_type,
                )
                for position, one in enumerate(terms.lines, start=1)
            ),
            *(
                LocateFee(
                    **key,
                    fee_class=one.fee_class,
                    grade=one.grade,
                    currency=terms.currency,
                    amount_minor=one.amount_minor,
                )
                for one in terms.fees
            ),
            *(SlaClause(**key, clause=one.clause, hours=one.hours, target_bp=one.target_bp) for one in terms.promises),
        ]
    )
    session.flush()
