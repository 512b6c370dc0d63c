"""Books what an accepted finding earns, in the transaction that grades it; nothing is booked for what earns nothing."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agencies.kernel.clock import local_date
from agencies.kernel.tenancy import Actor
from agencies.mandates.models import LocateGrade
from agencies.organisations.models import Organisation
from assignments.ledger.models import Account, Entry, EntryKind, Posting
from assignments.locates import verifying
from assignments.locates.models import Finding, VerificationMethod
from assignments.locates.verifying import Graded


def accept(
    session: Session,
    actor: Actor,
    finding_id: int,
    *,
    grade: LocateGrade,
    method: VerificationMethod,
    note: str | None = None,
    now: datetime,
) -> Finding:
    """Grade a finding and book its fee once; a second time changes nothing. Raises what `verifying.grade` raises."""
    graded = verifying.grade(session, actor, finding_id, grade=grade, method=method, note=note, now=now)
    if graded.fee.minor:
        _book(session, graded, now)
    return graded.finding


def _book(session: Session, graded: Graded, now: datetime) -> None:
    finding, batch, fee = graded.finding, graded.batch, graded.fee
    zone = session.scalars(select(Organisation.time_zone).where(Organisation.id == finding.creditor_id)).one()
    inputs = (
        finding.creditor_id,
        finding.agency_id,
        finding.id,
        batch.mandate_version_id,
        batch.fee_class.value,
        finding.grade.value if finding.grade else "",
        fee.currency,
        fee.minor,
    )
    entry_id = session.scalar(
        insert(Entry)
        .values(
            creditor_id=finding.creditor_id,
            agency_id=finding.agency_id,
            kind=EntryKind.LOCATE_FEE,
            idempotency_key=f"finding:{finding.id}",
            inputs_hash=hashlib.sha256("|".join(map(str, inputs)).encode()).digest(),
            finding_id=finding.id,
            mandate_version_id=batch.mandate_version_id,
            commission_bp=0,
            occurred_on=local_date(finding.graded_at or now, zone),
            currency=fee.currency,
            total_minor=fee.minor,
            booked_at=now,
        )
        .on_conflict_do_nothing(index_elements=["creditor_id", "agency_id", "idempotency_key"])
        .returning(Entry.id)
    )
    if entry_id is None:
        return
    session.add(
        Posting(
            creditor_id=finding.creditor_id,
            agency_id=finding.agency_id,
            entry_id=entry_id,
            position=1,
            source=Account.FEES_PAYABLE,
            destination=Account.LOCATE_FEES,
            currency=fee.currency,
            amount_minor=fee.minor,
        )
    )
