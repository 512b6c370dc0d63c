"""Takes in what debtors paid to the creditor itself, each payment once, whoever tells of it first.

An agency's report and the creditor's file lock a case before they compare, so that the later one meets the earlier.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Text, TextualSelect, column, select, text, update
from sqlalchemy.orm import Session

from agencies.kernel import audit
from agencies.kernel.clock import local_date
from agencies.kernel.errors import msg
from agencies.kernel.notices import notify
from agencies.kernel.statistics import gather_statistics
from agencies.kernel.tenancy import Actor, Side, require, require_side
from agencies.organisations.models import Organisation
from agencies.organisations.permissions import Permission
from assignments.reports import credit_rows as rows
from assignments.reports.creditor_payments import CreditorPayment
from uploads.checking.rejecting import reject_rows
from uploads.checking.remarking import remark_rows
from uploads.lifecycle import CannotBeUndone
from uploads.models import Upload, UploadState
from uploads.rows import Loaded

#: Why payments cannot be taken back.
_BUILT_UPON = msg("an agency reported one of the payments too, or cases of them were updated or placed after them")


def screen_creditor_payments(session: Session, actor: Actor, upload: Upload) -> int:
    """Turn away payments that are no payments of the creditor's cases, and remark on those told by an agency too."""
    creditor_id = require_side(actor, Side.CREDITOR)
    if upload.state is UploadState.APPLYING:
        _lock(session, creditor_id, upload)
    keys = _keys(session, creditor_id, upload)
    rejected = reject_rows(session, upload, _found(rows.FAULTS, keys))
    remark_rows(session, upload, _found(rows.REMARKS, keys))
    return rejected


def load_creditor_payments(session: Session, actor: Actor, upload: Upload, *, now: datetime) -> Loaded:
    """Add the payments that are new, let them lower their cases' balances, and tell the agencies that work them."""
    require(actor, Permission.PORTFOLIO_UPLOAD)
    creditor_id = require_side(actor, Side.CREDITOR)
    _lock(session, creditor_id, upload)
    keys = _keys(session, creditor_id, upload)
    added = len(session.execute(text(rows.ADD), {**keys, "now": now}).all())
    gather_statistics(session, added, "creditor_payments")
    touched = _settle(session, creditor_id, upload.id)
    _told(session, actor, upload, touched, "payments.received_directly", now)
    return Loaded(added, upload.rows_good - added, upload.rows_read - upload.rows_good)


def refuse_used_payments(session: Session, actor: Actor, upload: Upload) -> None:
    """Raise `CannotBeUndone` when an agency told of one of the payments, or a later word on a case went by them."""
    keys = {"creditor": require_side(actor, Side.CREDITOR), "upload": upload.id, "applied_at": upload.applied_at}
    if session.scalar(text(rows.BUILT_UPON), keys):
        raise CannotBeUndone(_BUILT_UPON)


def undo_creditor_payments(session: Session, actor: Actor, upload: Upload, now: datetime) -> dict[str, int]:
    """Take a file's payments back; says how many. Raises `CannotBeUndone`."""
    require(actor, Permission.PORTFOLIO_UPLOAD)
    creditor_id = require_side(actor, Side.CREDITOR)
    _lock(session, creditor_id, upload)
    refuse_used_payments(session, actor, upload)
    gone = session.scalars(
        update(CreditorPayment)
        .where(CreditorPayment.creditor_id == creditor_id, CreditorPayment.upload_id == upload.id)
        .values(taken_back_at=now)
        .returning(CreditorPayment.id)
        .execution_options(synchronize_session=False)
    ).all()
    touched = _settle(session, creditor_id, upload.id)
    _told(session, actor, upload, touched, "payments.taken_back", now)
    return {"payments": len(gone)}


def _keys(session: Session, creditor_id: int, upload: Upload) -> dict[str, Any]:
    zone = session.scalars(select(Organisation.time_zone).where(Organisation.id == creditor_id)).one()
    today = local_date(upload.created_at, zone)
    return {"creditor": creditor_id, "upload": upload.id, "zone": zone, "today": today}


def _found(statement: str, keys: dict[str, Any]) -> TextualSelect:
    bound = text(statement).bindparams(**{name: value for name, value in keys.items() if f":{name}" in statement})
    return bound.columns(column("line", BigInteger), column("field", Text), column("code", Text), column("value", Text))


def _lock(session: Session, creditor_id: int, upload: Upload) -> None:
    """The cases, in the order in which reports lock them; two files of one creditor come one after the other."""
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended('creditor payments', :creditor))"),
        {"creditor": creditor_id},
    )
    session.execute(text(rows.LOCK_CASES), {"creditor": creditor_id, "upload": upload.id})


def _settle(session: Session, creditor_id: int, upload_id: int) -> list[int]:
    keys = {"creditor": creditor_id, "upload": upload_id}
    touched: list[int] = session.scalars(text(rows.TOUCHED_CASES), keys).one()
    session.execute(text(rows.SETTLE), {"creditor": creditor_id, "touched": touched})
    # What the session has read of these cases is not so any more.
    session.expire_all()
    return touched


def _told(session: Session, actor: Actor, upload: Upload, touched: list[int], action: str, now: datetime) -> None:
    keys = {"creditor": actor.tenant, "upload": upload.id}
    totals = {row.currency: int(row.minor) for row in session.execute(text(rows.TOTALS), keys)}
    audit.record(session, actor, action, now=now, upload_id=upload.id, cases=len(touched), received=totals)
    for agency_id, cases in session.execute(text(rows.HOLDERS), {"creditor": actor.tenant, "touched": touched}):
        facts = {"creditor_id": actor.tenant, "cases": cases}
        audit.record(session, actor, "case.paid_directly", now=now, organisations=[agency_id], **facts)
        notify(
            session,
            agency_id,
            "case.paid_directly",
            key=f"{action}:{upload.id}",
            permission=Permission.CASE_VIEW,
            now=now,
            about=actor.tenant,
            cases=cases,
        )
